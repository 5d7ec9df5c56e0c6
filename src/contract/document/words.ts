import { ANY, type Constraints, type Shape, UNKNOWN, withoutNull } from '../../api/shape.ts';

import { plainText } from './endpoint-text.ts';

const NONE: Constraints = {};

/** What people call types in tables and lists; only whole words count. */
const TYPES: readonly (readonly [RegExp, Shape])[] = [
  [/^(uuid|guid)\b/i, { kind: 'string', format: 'uuid', constraints: NONE }],
  [
    /^(datetime|date-time|timestamp|timestamptz|日期时间|时间戳|日時|日付時刻)/i,
    { kind: 'string', format: 'date-time', constraints: NONE },
  ],
  [/^(date|日期|日付)\b/i, { kind: 'string', format: 'date', constraints: NONE }],
  [/^(日期|日付)/, { kind: 'string', format: 'date', constraints: NONE }],
  [/^(email|e-mail|邮箱|メール)/i, { kind: 'string', format: 'email', constraints: NONE }],
  [/^(url|uri)\b/i, { kind: 'string', format: 'uri', constraints: NONE }],
  [/^(decimal|numeric|money|金额)(?![A-Za-z_])/i, { kind: 'string', format: 'decimal', constraints: NONE }],
  [/^(string|str|text|varchar|char|字符串|文本|文字列)(?![A-Za-z_])/i, { kind: 'string', constraints: NONE }],
  [/^(integer|int|int32|int64|long|bigint|smallint|整数|整型)(?![A-Za-z_])/i, { kind: 'number', isInteger: true, constraints: NONE }],
  [/^(number|float|double|real|小数|浮点数|数字|数値|浮動小数点)(?![A-Za-z_])/i, { kind: 'number', isInteger: false, constraints: NONE }],
  [/^(boolean|bool|布尔|真偽)(?![A-Za-z_])/i, { kind: 'boolean' }],
  [/^(file|binary|bytes|upload|文件|二进制|ファイル|バイナリ)(?![A-Za-z_])/i, { kind: 'binary' }],
  [/^(array|list|数组|列表|配列|リスト)(?![A-Za-z_])/i, { kind: 'array', items: UNKNOWN, constraints: NONE }],
  [/^(object|dict|json|map|对象|字典|オブジェクト)(?![A-Za-z_])/i, { kind: 'object', fields: [], isOpen: true }],
  [/^(any|任意)\b/i, ANY],
];
export const LIST_OF = /^(?:array|list|数组|列表|配列|リスト)\s{0,20}(?:<|\[|\(|of\s+)\s{0,20}([^>\])]+?)\s{0,20}[>\])]?$/i;

/** `list of X or null`: the list may be null, not what is in it. */
export function withoutOrNull(text: string): { plain: string; isNullable: boolean } {
  const plain = text.replace(/\s*(?:\bor null|\|\s*(?:null|None))\s*$/i, '');
  return { plain, isNullable: plain !== text && plain !== '' };
}

/** The type that a cell or bullet names in words; undefined when it names none that is known. */
export function typeInWords(text: string): Shape | undefined {
  const { plain, isNullable } = withoutOrNull(plainText(text));
  if (isNullable) {
    const inner = typeInWords(plain);
    return inner === undefined ? undefined : { kind: 'union', options: [inner, { kind: 'null' }] };
  }
  const item = /^(.+?)\s*\[\]$/.exec(plain)?.[1] ?? LIST_OF.exec(plain)?.[1];
  if (item !== undefined) return { kind: 'array', items: typeInWords(item) ?? UNKNOWN, constraints: NONE };
  const choices = enumeration(plain);
  if (choices !== undefined) return { kind: 'enum', values: choices };
  const found = TYPES.find(([pattern]) => pattern.test(plain))?.[1];
  return found !== undefined && isNullableInWords(plain) ? { kind: 'union', options: [found, { kind: 'null' }] } : found;
}

/** `enum(a, b)`, `"a" | "b"`, `枚举：a、b`. */
function enumeration(text: string): string[] | undefined {
  const listed = /(?:^|\b)(?:enum|枚举|列挙)\s*(?:\(|（|\[|:|：)?\s*([^)）\]]+)/i.exec(text)?.[1];
  if (listed !== undefined) {
    const values = listed.split(/[,、，/|]/).map((value) => value.replace(/["'“”`]/g, '').trim());
    return values.length > 1 && values.every((value) => /^[\w.-]+$/.test(value)) ? values : undefined;
  }
  const quoted = /^(["'])[\w.-]+\1(?:\s*[|/]\s*(["'])[\w.-]+\2)+$/.test(text);
  return quoted ? text.split(/[|/]/).map((value) => value.replace(/["']/g, '').trim()) : undefined;
}

const ONE_OF =
  /(?:\bone of|\ballowed(?: values)?|\benum|取值(?:范围)?|可选值|枚举(?:值)?|列挙)\s*[:：]?\s*(`[^`]+`(?:\s*(?:[,，、/|]|\bor\b|或)\s*`[^`]+`)+)/i;

/** The values that words restrict a text to: "one of `open`, `closed`"; undefined when they name none. */
export function choicesInWords(text: string): string[] | undefined {
  const listed = ONE_OF.exec(text)?.[1];
  if (listed === undefined) return undefined;
  return [...listed.matchAll(/`([^`]+)`/g)].map((match) => (match[1] ?? '').replace(/^["']|["']$/g, ''));
}

/** Whether words say that a value must be given; undefined when they say nothing. */
export function requiredInWords(text: string): boolean | undefined {
  const plain = plainText(text).toLowerCase();
  if (
    /^(no|n|false|否|いいえ|✗|✘|❌|×|o(ptional)?)$/.test(plain) ||
    /\b(optional|not required)\b|可选|选填|非必填|可不填|任意|省略可/.test(plain)
  )
    return false;
  if (/^(yes|y|true|是|はい|✓|✔|✅|○|◯|m(andatory)?)$/.test(plain) || /\b(required|mandatory)\b|必填|必须|必需|必須/.test(plain))
    return true;
  return undefined;
}

/** The value that words give as the default; undefined when they name none. */
export function defaultInWords(text: string): string | undefined {
  const found =
    /\bdefaults?(?:\s+(?:to|is|value))?\s*[:：=]?\s*[`"']?([\w.-]+)/i.exec(text)?.[1] ??
    /(?:默认|デフォルト|既定)(?:值|値)?(?:为|是|は)?\s{0,20}[:：=]?\s{0,20}[`"'「]?([\w.-]+)/.exec(text)?.[1];
  return found === undefined || /^(to|is|none|null|the|a|an)$/i.test(found) ? undefined : found.replace(/[.]$/, '');
}

/** A default in words as a value of this kind; undefined for one that is certain of no kind, such as a word for text. */
export function defaultOf(text: string, shape: Shape): string | number | boolean | undefined {
  const plain = plainText(text).replace(/^["']|["']$/g, '');
  const { shape: inner } = withoutNull(shape);
  if (inner.kind === 'number') return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : undefined;
  if (inner.kind === 'boolean') return /^true$/i.test(plain) ? true : /^false$/i.test(plain) ? false : undefined;
  return inner.kind === 'enum' ? inner.values.find((value) => String(value) === plain) : undefined;
}

/** True when words say that a value may be null. */
export function isNullableInWords(text: string): boolean {
  return (
    /\bnullable\b|\|\s*(null|None)\b|\bor null\b|可为空|可为 ?null|可空|允许为空|null可|NULL ?許容/i.test(text) &&
    !/\bnot nullable\b|non-null|不可为空/i.test(text)
  );
}

const RANGE = /(?<![\w.:/-])(\d+(?:\.\d+)?)\s*(?:-|–|—|~|～|到|至|\.\.+|\bto\b)\s*(\d+(?:\.\d+)?)(?![\w:/]|-\d|\.\d)/i;
const KEYWORD = /\b(gt|ge|lt|le|multiple_of|min_length|max_length)\s*[=:：]\s*(-?\d+(?:\.\d+)?)/g;
const PATTERN = /\b(?:pattern|regex)\s*[=:：]\s*(?:r?["'`]|`)(.+?)["'`]/i;
const MINIMUM =
  /(?:\bmin(?:imum)?\b|最小|最少|最短|至少|at least|≥|>=|大于等于|不小于|不少于|以上)\s*(?:length|value|长度|值|为|[=:：])?\s*(-?\d+(?:\.\d+)?)/i;
const MAXIMUM =
  /(?:\bmax(?:imum)?\b|最大|最多|最长|至多|at most|up to|≤|<=|小于等于|不超过|不大于|不多于)\s*(?:length|value|长度|值|为|[=:：])?\s*(-?\d+(?:\.\d+)?)/i;
const ABOVE = /(?:(?<![-=<])>(?!=)|大于(?!等于)|greater than|more than)\s*(-?\d+(?:\.\d+)?)/i;
const BELOW = /(?:(?<![-=])<(?![=\w])|(?<!不)小于(?!等于)|less than)\s*(-?\d+(?:\.\d+)?)/i;
const ABOUT_LENGTH = /length|长度|字符|字以|字內|chars?|characters?|位|文字|桁|長さ/i;

/** The limits that words put on a value of this kind. Only what is said clearly counts. */
export function constraintsInWords(text: string, shape: Shape): Constraints {
  const inner = shape.kind === 'union' ? (shape.options.find((option) => option.kind !== 'null') ?? shape) : shape;
  const isNumber = inner.kind === 'number' || (inner.kind === 'string' && inner.format === 'decimal');
  const isSized = !isNumber && (inner.kind === 'array' || (inner.kind === 'string' && inner.format === undefined));
  if (!isNumber && !isSized) return NONE;
  const plain = text.replace(/[`*]/g, '');
  const found: Record<string, number | string> = {};
  const [low, high] = isNumber ? ['ge', 'le'] : ['min_length', 'max_length'];
  // A range in a text field's description may be about anything, unless it says that it is about the length.
  const counts = isNumber || ABOUT_LENGTH.test(plain) || /\b(min|max)\b/i.test(plain);
  const range = RANGE.exec(plain);
  if (range !== null && counts && Number(range[1]) <= Number(range[2])) {
    found[low ?? 'ge'] = Number(range[1]);
    found[high ?? 'le'] = Number(range[2]);
  } else if (counts) {
    const [minimum, maximum] = [MINIMUM.exec(plain)?.[1], MAXIMUM.exec(plain)?.[1]];
    if (minimum !== undefined) found[low ?? 'ge'] = Number(minimum);
    if (maximum !== undefined) found[high ?? 'le'] = Number(maximum);
    if (isNumber) {
      const [above, below] = [ABOVE.exec(plain)?.[1], BELOW.exec(plain)?.[1]];
      if (above !== undefined) found.gt = Number(above);
      if (below !== undefined) found.lt = Number(below);
    }
  }
  for (const match of plain.matchAll(KEYWORD)) if (match[1] !== undefined) found[match[1]] = Number(match[2]);
  const pattern = PATTERN.exec(text)?.[1];
  if (pattern !== undefined && isSized) found.pattern = pattern;
  return found;
}

/** A shape with further limits; those it has already are overruled. */
export function withConstraints(shape: Shape, constraints: Constraints): Shape {
  if (Object.keys(constraints).length === 0) return shape;
  if (shape.kind === 'union') return { kind: 'union', options: shape.options.map((option) => withConstraints(option, constraints)) };
  return 'constraints' in shape ? { ...shape, constraints: { ...shape.constraints, ...constraints } } : shape;
}
