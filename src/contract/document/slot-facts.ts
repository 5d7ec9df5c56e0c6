import {
  type Basis,
  type Content,
  type ErrorResponse,
  type Field,
  type Parameter,
  type ParameterPlace,
  type Place,
  type Shape,
  UNKNOWN,
} from '../../api/endpoint.ts';
import type { Block, Cell, ListItem, Row, Table } from '../../documents/markdown.ts';
import { hasUnknown, type ShapeReader } from '../../fastapi/shapes.ts';
import { isOpenText, plainText } from './endpoint-text.ts';
import type { Slot } from './entries.ts';
import { readExample } from './examples.ts';
import { isNothing, roleOf, splitLabel, statusesIn } from './labels.ts';
import { type ContractModels, modelSite } from './models.ts';
import {
  choicesInWords,
  constraintsInWords,
  defaultInWords,
  defaultOf,
  isNullableInWords,
  LIST_OF,
  requiredInWords,
  typeInWords,
  withConstraints,
  withoutOrNull,
} from './words.ts';

/** What a slot says about a body. */
export interface BodyFacts {
  readonly content: Content | 'none' | undefined;
  /** Names of the contract's classes it is made of. */
  readonly models: readonly string[];
  /** Names that look like models and are defined nowhere. */
  readonly undefinedModels: readonly string[];
  readonly example: unknown;
  /** Something stands there that could not be read as a body. */
  readonly isNotUnderstood: boolean;
}

export type ColumnName = 'name' | 'type' | 'required' | 'text' | 'in' | 'status' | 'code' | 'default';

interface Column {
  readonly name: ColumnName;
  readonly pattern: RegExp;
}

/** The first that fits decides. */
const COLUMNS: readonly Column[] = [
  { name: 'status', pattern: /status|http|状态码|ステータス/i },
  {
    name: 'name',
    pattern:
      /^(field|name|key|property|attribute|parameter|param|query|header|字段|字段名|名称|参数|参数名|属性|フィールド|フィールド名|項目|項目名|名前|パラメータ|パラメータ名)$|field name|parameter name/i,
  },
  { name: 'type', pattern: /type|类型|型/i },
  { name: 'required', pattern: /required|mandatory|必填|必须|必需|必須|可选|optional/i },
  { name: 'default', pattern: /default|默认|デフォルト|既定/i },
  { name: 'in', pattern: /^(in|location|place|位置|参数位置|来源|場所|種別)$/i },
  { name: 'code', pattern: /code|错误码|业务码|コード/i },
  { name: 'text', pattern: /.*/ },
];
const MEDIA_TYPE = /\b((?:application|text|image|audio|video|multipart)\/[\w.+*-]+)/i;

/** A name in backticks with its words after it, or in a list of names. */
const FIELD_START = /`[A-Za-z_][\w.-]*`\s*(?:[:：（(—–,，、;；-]|<br|$)/;
const FIELD_GAP = new RegExp(`(?:[;；,，、]|<br\\s*/?>)\\s*(?=${FIELD_START.source})`);
/** "Form data" in words. */
const FORM = /\bform[- ](data|fields?|(url)?encoded)\b|表单(提交|数据|格式|参数)|フォーム(データ|形式)/i;

/** Reads the parts of an endpoint: bodies, parameters and errors, in all the ways people write them. */
export class SlotReader {
  private readonly models: ContractModels;
  private readonly shapes: ShapeReader;
  private readonly names: ReadonlySet<string>;
  private readonly path: string;

  /** `path` is the document's. */
  constructor(models: ContractModels, shapes: ShapeReader, path: string) {
    this.models = models;
    this.shapes = shapes;
    this.names = new Set([...models.classes.map((model) => model.node.name), ...models.described.keys()]);
    this.path = path;
  }

  /** The body that a slot describes. */
  body(slot: Slot, direction: 'input' | 'output'): BodyFacts {
    const first = slot.content[0];
    const text = [slot.label, slot.value, first?.kind === 'line' || first?.kind === 'item' ? first.text : ''].join(' ');
    const named = MEDIA_TYPE.exec([text, ...slot.content.flatMap((block) => ('text' in block ? [block.text] : []))].join(' '));
    const mediaType = named?.[1]?.toLowerCase() ?? (FORM.test(text) ? 'application/x-www-form-urlencoded' : undefined);
    const typed = this.typeNamed(slot, direction);
    const basis = typed.models.some((name) => this.models.described.has(name)) ? 'words' : 'schema';
    if (typed.shape !== undefined) return this.bodyOf(typed.shape, basis, mediaType, typed.models, typed.undefinedModels);
    const structured = this.structured(slot.content, direction);
    if (structured !== undefined)
      return {
        ...this.bodyOf(isListOf(slot) ? listOf(structured.shape) : structured.shape, structured.basis, mediaType, structured.models, []),
        example: structured.example,
      };
    const own = slot.value === '' && first?.kind === 'line' ? first.text : slot.value;
    const said = plainText(own.replace(/^[\s:：-]*\d{3}\b[\s:：,，—–-]*/, ''));
    if (
      isNothing(said) ||
      isNothing(own) ||
      /\b(no (request |response )?body|no content|without (a )?body|empty body)\b|无请求体|无响应体|无内容|ボディなし|本文なし/i.test(text)
    )
      return { content: 'none', models: [], undefinedModels: [], example: undefined, isNotUnderstood: false };
    const inline = this.inlineFields(slot);
    const areFields = inline.some((field) => field.shape.kind !== 'unknown' || field.required !== undefined);
    if (mediaType !== undefined && /form/.test(mediaType))
      return this.bodyOf(areFields ? nested(inline) : UNKNOWN, 'words', mediaType, [], []);
    if (mediaType !== undefined && !/json/.test(mediaType))
      return this.bodyOf(/^text\//.test(mediaType) ? { kind: 'string', constraints: {} } : { kind: 'binary' }, 'words', mediaType, [], []);
    const coded = /`([^`]+)`/.exec(own)?.[1];
    const plainType = coded === undefined || /^\w+$/.test(coded) ? undefined : this.shapeOf(coded, direction);
    if (plainType !== undefined) return this.bodyOf(plainType, 'schema', mediaType, [], []);
    if (areFields) return this.bodyOf(nested(inline), 'words', mediaType, [], []);
    const words = typeInWords(said);
    if (words !== undefined && said.length < 40) return this.bodyOf(words, 'words', mediaType, [], []);
    const hasContent = said !== '' && !isOpenText(said);
    return {
      content: undefined,
      models: [],
      undefinedModels: typed.undefinedModels,
      example: undefined,
      isNotUnderstood: hasContent && slot.content.length > 0,
    };
  }

  private bodyOf(
    shape: Shape,
    basis: Basis,
    mediaType: string | undefined,
    models: readonly string[],
    undefinedModels: readonly string[],
  ): BodyFacts {
    return {
      content: { mediaType: mediaType ?? 'application/json', shape, basis },
      models,
      undefinedModels,
      example: undefined,
      isNotUnderstood: false,
    };
  }

  /** The type expression on the label's line or the first lines below it: `201 `list[LoanResponse]` — the loans`. */
  private typeNamed(
    slot: Slot,
    direction: 'input' | 'output',
  ): { shape: Shape | undefined; models: readonly string[]; undefinedModels: readonly string[] } {
    const undefinedModels: string[] = [];
    const lines = [
      slot.value,
      slot.label,
      ...slot.content.flatMap((block) => (block.kind === 'line' || block.kind === 'item' ? [block.text] : [])).slice(0, 2),
    ];
    for (const line of lines) {
      for (const text of typeExpressions(line)) {
        const models = [...text.matchAll(/[A-Za-z_]\w*/g)].map((match) => match[0]);
        const known = models.filter((name) => this.names.has(name));
        if (known.length === 0) {
          if (/^[A-Z][a-z]\w*[a-z]\w*$/.test(text) && line.includes(`\`${text}\``) && /[a-z][A-Z]/.test(text)) undefinedModels.push(text);
          continue;
        }
        const shape = this.shapeOf(text, direction);
        if (shape !== undefined) return { shape, models: known, undefinedModels: [] };
      }
    }
    return { shape: undefined, models: [], undefinedModels };
  }

  /** The shape of a Python type expression in terms of the contract's models; undefined when it is none. */
  shapeOf(text: string, direction: 'input' | 'output'): Shape | undefined {
    const annotation = this.models.parseType(text);
    if (annotation === undefined) return undefined;
    const shape = this.shapes.shapeOf(modelSite(this.models), annotation, direction);
    return shape.kind === 'unknown' ? undefined : shape;
  }

  /** What code blocks, tables and bullets below a label show. */
  private structured(
    content: readonly Block[],
    direction: 'input' | 'output',
  ): { shape: Shape; basis: Basis; models: readonly string[]; example: unknown } | undefined {
    for (const block of content) {
      if (block.kind === 'item') {
        const inner = block.blocks.some((each) => each.kind === 'code' || each.kind === 'table')
          ? this.structured(block.blocks, direction)
          : undefined;
        if (inner !== undefined) return inner;
      }
      if (block.kind === 'code') {
        const own = this.classesIn(block.contentLine, block.value);
        const root = rootOf(own);
        const shape = root === undefined ? undefined : this.shapeOf(root, direction);
        if (shape !== undefined) return { shape, basis: 'schema', models: own.map(({ name }) => name), example: undefined };
        const example = readExample(block.value, block.contentLine);
        if (example !== undefined)
          return {
            shape: this.refined(example.shape, content, direction),
            basis: 'example',
            models: [],
            example: example.isWhole ? example.value : undefined,
          };
      }
      if (block.kind === 'table') {
        const fields = this.tableFields(block, direction);
        if (fields.length > 0) return { shape: nested(fields), basis: 'words', models: [], example: undefined };
      }
    }
    const inline = content
      .map((block) => ('text' in block ? /`(\{.*\}|\[.*\])`/.exec(block.text)?.[1] : undefined))
      .find((text) => text !== undefined);
    const fields = this.bulletFields(content, direction);
    if (fields.length > 0) return { shape: nested(fields), basis: 'words', models: [], example: undefined };
    const example = inline === undefined ? undefined : readExample(inline, content[0]?.line ?? 1);
    return example === undefined ? undefined : { shape: example.shape, basis: 'example', models: [], example: undefined };
  }

  /** An example whose fields a table or list beside it describes. */
  private refined(shape: Shape, content: readonly Block[], direction: 'input' | 'output'): Shape {
    const tables = content.filter((block) => block.kind === 'table').flatMap((table) => this.tableFields(table, direction));
    return refineFields(shape, [...tables, ...this.bulletFields(content, direction)]);
  }

  private classesIn(line: number, code: string): { name: string; source: string }[] {
    const last = line + code.split('\n').length;
    return this.models.classes
      .filter((model) => model.place.path === this.path && line <= model.place.line && model.place.line < last)
      .map(({ node, source }) => ({ name: node.name, source }));
  }

  /** The fields a table describes; none when it has no column of names. */
  tableFields(table: Table, direction: 'input' | 'output'): (Field & { in: ParameterPlace | undefined })[] {
    const columns = columnsOf(table.header);
    const nameAt = columns.indexOf('name');
    if (nameAt === -1 || columns.includes('status')) return [];
    return table.rows.flatMap((row) => this.rowField(row, columns, nameAt, table, direction));
  }

  private rowField(
    row: Row,
    columns: readonly ColumnName[],
    nameAt: number,
    table: Table,
    direction: 'input' | 'output',
  ): (Field & { in: ParameterPlace | undefined })[] {
    const cell = (name: ColumnName): string =>
      columns
        .flatMap((column, index) => (column === name ? [row.cells[index]?.text ?? ''] : []))
        .join(' ')
        .trim();
    const name = fieldName(row.cells[nameAt]?.text ?? '');
    if (name === undefined) return [];
    const words = [cell('type'), cell('text')].join(' ');
    const isOptionalColumn = table.header.some((header) => /^(optional|可选)/i.test(plainText(header.text)));
    const stated = requiredInWords(cell('required'));
    const required = isOptionalColumn && stated !== undefined ? !stated : (stated ?? requiredInWords(words));
    const hasDefault = columns.includes('default') && cell('default') !== '' && !isNothing(cell('default'));
    const shape = this.fieldShape(cell('type'), words, direction);
    const defaultText = columns.includes('default') ? cell('default') : (defaultInWords(words) ?? '');
    const defaultValue = defaultOf(defaultText, shape);
    return [
      {
        name,
        shape,
        required: required ?? (hasDefault ? false : undefined),
        line: row.line,
        in: parameterPlace(cell('in')),
        ...described(cell('text')),
        ...(defaultValue === undefined ? {} : { defaultValue }),
      },
    ];
  }

  /** Bullets such as `- `days`: int, required, 1-30`. */
  bulletFields(content: readonly Block[], direction: 'input' | 'output'): (Field & { in: ParameterPlace | undefined })[] {
    return content.flatMap((block) => {
      if (block.kind !== 'item') return [];
      const field = this.bulletField(block, direction);
      return field === undefined ? [] : [field];
    });
  }

  private bulletField(item: ListItem, direction: 'input' | 'output'): (Field & { in: ParameterPlace | undefined }) | undefined {
    return this.fieldIn(item.text, item.line, item.blocks, direction);
  }

  /** A field in a line of text: `` `days`: int, required, 1-30 ``; blocks below it are its own fields. */
  private fieldIn(
    text: string,
    line: number,
    below: readonly Block[],
    direction: 'input' | 'output',
  ): (Field & { in: ParameterPlace | undefined }) | undefined {
    const coded = /^`([^`]+)`\s{0,20}(?:[（(]([^）)]*)[）)])?\s{0,20}[:：—–-]?\s{0,20}(.*)$/.exec(text);
    const label = coded === null ? splitLabel(text) : null;
    const name = fieldName(coded?.[1] ?? label?.title ?? '');
    if (name === undefined) return undefined;
    // `POST` and `LoanCreate` in backticks are no fields.
    if (coded === null && (label === null || label === undefined || roleOf(label.title) !== undefined)) return undefined;
    if (/^[A-Z]/.test(name) && !name.includes('-')) return undefined;
    const words =
      coded === null ? (label?.value ?? '') : [coded[2], coded[3]].filter((part) => part !== undefined && part !== '').join(', ');
    const children = this.bulletFields(below, direction);
    const typed = [...words.matchAll(/`([^`]+)`/g)]
      .map((match) => match[1] ?? '')
      .find((each) => this.fieldType(each, direction) !== undefined);
    const pieces = words
      .replace(/`[^`]*`/g, (code) => (code === `\`${typed}\`` ? '' : code))
      .split(/[,，;；]|\s[—–]\s/)
      .map((piece) => piece.trim());
    const noted = coded?.[2] !== undefined && this.fieldType(coded[2], direction) !== undefined ? coded[2] : undefined;
    const typeText = typed ?? noted ?? pieces.find((piece) => this.fieldType(piece, direction) !== undefined) ?? '';
    const own = this.fieldShape(typeText, words, direction);
    const shape = children.length === 0 ? own : own.kind === 'array' ? { ...own, items: nested(children) } : nested(children);
    const place = pieces.map(parameterPlace).find((each) => each !== undefined);
    const rest = pieces.filter(
      (piece) => piece !== typeText && parameterPlace(piece) === undefined && requiredInWords(piece) === undefined,
    );
    const description = /\s[—–]\s(.+)$/.exec(words)?.[1] ?? rest.filter((piece) => piece !== '').join(', ');
    const defaultValue = defaultOf(defaultInWords(words) ?? '', shape);
    return {
      name,
      shape,
      required: requiredOf(pieces, words),
      line,
      in: place,
      ...described(description),
      ...(defaultValue === undefined ? {} : { defaultValue }),
    };
  }

  private fieldType(text: string, direction: 'input' | 'output'): Shape | undefined {
    const { plain, isNullable } = withoutOrNull(plainText(text).replace(/\?$/, ''));
    if (plain === '') return undefined;
    if (isNullable) {
      const inner = this.fieldType(plain, direction);
      return inner === undefined ? undefined : { kind: 'union', options: [inner, { kind: 'null' }] };
    }
    const item = LIST_OF.exec(plain)?.[1];
    const items = item === undefined ? undefined : this.fieldType(item, direction);
    if (items !== undefined) return { kind: 'array', items, constraints: {} };
    const [expression] = typeExpressions(text).filter((each) =>
      [...each.matchAll(/[A-Za-z_]\w*/g)].some((match) => this.names.has(match[0])),
    );
    const modelled = expression === undefined ? undefined : this.shapeOf(expression, direction);
    return (
      modelled ??
      (/^(list|dict|set|tuple|Literal|Annotated|Optional|Union|List|Dict)\[|\|/.test(plain) ? this.shapeOf(plain, direction) : undefined) ??
      typeInWords(plain)
    );
  }

  private fieldShape(type: string, words: string, direction: 'input' | 'output'): Shape {
    const typed = this.fieldType(type, direction) ?? UNKNOWN;
    const choices = choicesInWords(words);
    const isText = typed.kind === 'string' && typed.format === undefined;
    const shape: Shape = choices !== undefined && isText ? { kind: 'enum', values: choices } : typed;
    const isNullable = isNullableInWords(words) && shape.kind !== 'union' && shape.kind !== 'unknown';
    const whole: Shape = isNullable ? { kind: 'union', options: [shape, { kind: 'null' }] } : shape;
    return withConstraints(whole, constraintsInWords(words, whole));
  }

  /** The parameters that a slot lists; `where` is what the slot's label says, if it does. */
  parameters(slot: Slot, where: ParameterPlace | undefined, pathNames: readonly string[]): Parameter[] {
    const blocks = slot.content;
    const fields = [
      ...blocks.filter((block) => block.kind === 'table').flatMap((table) => this.tableFields(table, 'input')),
      ...this.bulletFields(blocks, 'input'),
      ...this.inlineFields(slot),
    ];
    return fields.map(({ in: stated, ...field }) => {
      const place = stated ?? where ?? (pathNames.includes(field.name) ? 'path' : 'query');
      return { ...field, in: place, required: place === 'path' ? true : field.required };
    });
  }

  /** `Query: `page`, `size``, or fields with their words, one after the other: `` `page`: int, optional; `size`: int ``. */
  private inlineFields(slot: Slot): (Field & { in: ParameterPlace | undefined })[] {
    const start = slot.value.search(FIELD_START);
    if (start === -1 || isOpenText(slot.value)) return [];
    // Commas inside brackets and backticks separate nothing.
    const pieces = slot.value.slice(start).split(FIELD_GAP);
    return pieces.flatMap((piece) => {
      const field = this.fieldIn(piece.trim(), slot.line, [], 'input');
      return field === undefined || this.names.has(field.name) ? [] : [field];
    });
  }

  /** The errors that a slot lists. */
  errors(slot: Slot): ErrorResponse[] {
    const inTitle = statusesIn(slot.label).filter((status) => status >= 400);
    const lines = errorLines(slot.content, this.path);
    const place: Place = { path: this.path, line: slot.line };
    const inline = isOpenText(slot.value) ? [] : errorsInText(slot.value, place);
    const own = [...inline, ...lines];
    if (own.length > 0 || inTitle.length === 0) return own;
    // `**404**: no such loan`, or a label with the status and an example below it.
    const code =
      errorCode(slot.content.map((block) => (block.kind === 'code' ? block.value : 'text' in block ? block.text : '')).join('\n')) ||
      errorCode(slot.value);
    return inTitle.map((status) => ({ status, code, when: plainText(slot.value), place }));
  }
}

/** The errors that blocks list, one a line or row. */
export function errorLines(blocks: readonly Block[], path: string): ErrorResponse[] {
  return blocks.flatMap((block): ErrorResponse[] => {
    const place: Place = { path, line: block.line };
    switch (block.kind) {
      case 'line':
        return errorsInText(block.text, place);
      case 'item': {
        const below = block.blocks.map((inner) => (inner.kind === 'code' ? inner.value : 'text' in inner ? inner.text : '')).join('\n');
        const own = errorsInText(block.text, place);
        const nestedErrors = own.length === 0 ? errorLines(block.blocks, path) : [];
        return [...own.map((error) => (error.code === '' ? { ...error, code: errorCode(below) } : error)), ...nestedErrors];
      }
      case 'table':
        return tableErrors(block, path);
      case 'code':
        return [];
      default:
        return [];
    }
  });
}

function tableErrors(table: Table, path: string): ErrorResponse[] {
  const columns = columnsOf(table.header);
  return table.rows.flatMap((row): ErrorResponse[] => {
    const texts = row.cells.map((cell) => plainText(cell.text));
    const statusAt = columns.includes('status') ? columns.indexOf('status') : texts.findIndex((text) => /^[45]\d\d\b/.test(text));
    const statuses = statusesIn(texts[statusAt] ?? '').filter((status) => status >= 400);
    const codeAt = columns.findIndex((column, index) => column === 'code' && index !== statusAt);
    const code =
      codeAt === -1
        ? (texts.map((text, index) => (index === statusAt ? '' : errorCode(text))).find((each) => each !== '') ?? '')
        : (texts[codeAt] ?? '');
    const when = texts.filter((_, index) => index !== statusAt && index !== codeAt).find((text) => text !== '' && text !== code) ?? '';
    return statuses.map((status) => ({
      status,
      code: isOpenText(code) || /^[-—–]$/.test(code) ? '' : code,
      when,
      place: { path, line: row.line },
    }));
  });
}

/** `409 CONFLICT：{"code": "CONFLICT"}`, `401/403`, `404, 409`. */
function errorsInText(text: string, place: Place): ErrorResponse[] {
  const plain = plainText(text);
  const head = /^[^A-Za-z\d]*(?:HTTP\s*)?(?=\d)|^[A-Z_]{3,}\s*[（(:：]?\s*(?=\d{3}\b)/.exec(plain);
  const parts = plain.split(/[,，、;；](?=\s*(?:HTTP\s*)?[45]\d\d\b)/);
  if (head === null && !parts.some((part) => /(?<!\d)[45]\d\d(?!\d)/.test(part.slice(0, 40)))) return [];
  return parts.flatMap((part) => {
    const statuses = [...new Set(statusesIn(part.split(/[:：—]/)[0] ?? part).filter((status) => status >= 400))];
    const found =
      statuses.length > 0
        ? statuses
        : statusesIn(part)
            .filter((status) => status >= 400)
            .slice(0, 1);
    const code = errorCode(text.includes('{') ? text : part);
    const when = part
      .replace(/^[\s\d/|]*(?:HTTP)?/, '')
      .replace(code, '')
      .replace(/^[\s:：—–-]+|\{.*\}/g, '')
      .trim();
    return found.map((status) => ({ status, code, when, place }));
  });
}

const REASONS = /^(OK|CREATED|HTTP|JSON|TBD|POST|GET|PUT|PATCH|DELETE|ID|URL|API|JWT|UUID|SQL)$/;

/** The machine-readable code in a text: of a JSON example, or a word in capitals. */
export function errorCode(text: string): string {
  const named = /["'](?:code|error_code|errorCode|error|type)["']\s*:\s*["']?([A-Za-z][\w.-]+|\d{4,6})["']?/.exec(text)?.[1];
  if (named !== undefined) return named;
  const capital = [...text.matchAll(/(?<![\w.])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{4,}\d*)(?![\w.])/g)]
    .map((match) => match[1] ?? '')
    .find((word) => !REASONS.test(word));
  return capital ?? '';
}

/** What each column of a table holds. */
export function columnsOf(header: readonly Cell[]): ColumnName[] {
  return header.map((cell) => COLUMNS.find(({ pattern }) => pattern.test(plainText(cell.text)))?.name ?? 'text');
}

function parameterPlace(text: string): ParameterPlace | undefined {
  const plain = plainText(text).toLowerCase();
  if (/^(path|路径|パス)/.test(plain)) return 'path';
  if (/^(query|查询|クエリ)/.test(plain)) return 'query';
  if (/^(header|请求头|头|ヘッダ)/.test(plain)) return 'header';
  return /^cookie/.test(plain) ? 'cookie' : undefined;
}

/** The name of a field, without marks of nesting; undefined for text that is no name. */
function fieldName(text: string): string | undefined {
  const plain = plainText(text)
    .replace(/^[└├│─>\s·-]+/, '')
    .replace(/[*?]$/, '');
  return /^[A-Za-z_][\w-]*(?:\[\])?(?:\.[A-Za-z_][\w-]*(?:\[\])?)*$/.test(plain) ? plain : undefined;
}

function requiredOf(pieces: readonly string[], words: string): boolean | undefined {
  for (const piece of pieces) {
    const stated = requiredInWords(piece);
    if (stated !== undefined) return stated;
  }
  return /\bdefaults?( to)?\b|默认|デフォルト/i.test(words) ? false : undefined;
}

function described(text: string): { description?: string } {
  const plain = plainText(text);
  return plain === '' ? {} : { description: plain };
}

/** Fields with dotted names as objects inside objects: `items[].id`. */
export function nested(fields: readonly Field[]): Shape {
  const own = new Map<string, { field: Field; below: Field[] }>();
  for (const field of fields) {
    const [first = '', ...rest] = field.name.split('.');
    const name = first.replace(/\[\]$/, '');
    const entry = own.get(name) ?? {
      field: { ...field, name, shape: rest.length > 0 ? UNKNOWN : field.shape, required: rest.length > 0 ? undefined : field.required },
      below: [],
    };
    if (rest.length > 0) entry.below.push({ ...field, name: rest.join('.') });
    if (first.endsWith('[]') && entry.field.shape.kind !== 'array')
      entry.field = { ...entry.field, shape: { kind: 'array', items: UNKNOWN, constraints: {} } };
    own.set(name, entry);
  }
  const result = [...own.values()].map(({ field, below }): Field => {
    if (below.length === 0) return field;
    const inner = nested(below);
    return { ...field, shape: field.shape.kind === 'array' ? { ...field.shape, items: inner } : inner };
  });
  return { kind: 'object', fields: result, isOpen: false };
}

/** A shape whose fields of the same name get the types, limits and obligations that words give them. */
export function refineFields(shape: Shape, fields: readonly Field[]): Shape {
  if (shape.kind !== 'object' || fields.length === 0) return shape;
  const byName = new Map(fields.map((field) => [field.name, field]));
  return {
    ...shape,
    fields: shape.fields.map((field) => {
      const said = byName.get(field.name);
      if (said === undefined) return field;
      const typed = said.shape.kind === 'unknown' || hasUnknown(said.shape) ? field.shape : said.shape;
      return {
        ...field,
        shape: withConstraints(typed, constraintsInWords(said.description ?? '', typed)),
        required: said.required ?? field.required,
      };
    }),
  };
}

/** The pieces of a line that may be type expressions: in backticks, or a capitalised word with or without brackets. */
function typeExpressions(line: string): string[] {
  const coded = [...line.matchAll(/`([^`]+)`/g)].map((match) => {
    const [before, after] = [line.slice(0, match.index), line.slice(match.index + match[0].length)];
    const isList = /\b(list|array) of\s*$/i.test(before) || /^\s*の?(列表|数组|配列|リスト)/.test(after);
    return isList ? `list[${match[1] ?? ''}]` : (match[1] ?? '');
  });
  const bare = [
    ...line
      .replace(/`[^`]*`/g, ' ')
      .matchAll(/(?<![\w.])((?:list|dict|List|Optional|Page)\[[^\]]*\]+|[A-Z]\w+(?:\[[^\]]*\]+)?(?:\[\])?(?:\s*\|\s*(?:None|null))?)/g),
  ].map((match) => match[1] ?? '');
  return [...coded, ...bare].map(asPython).filter((text) => text !== '');
}

/** `LoanResponse[]`, `array<LoanResponse>`, `List of X` as Python writes them. */
function asPython(text: string): string {
  const plain = plainText(text).replace(/\bnull\b/g, 'None');
  const list = /^(?:array|list|List)\s{0,20}(?:<\s{0,20}(.+?)\s{0,20}>|of\s+(\w+))$/.exec(plain) ?? /^(.+)\[\]$/.exec(plain);
  const item = list?.slice(1).find((part) => part !== undefined);
  return item === undefined ? plain : `list[${item}]`;
}

/** `**Response**: 200, list of`, with the fields of an item below. */
function isListOf(slot: Slot): boolean {
  const lines = [slot.value, ...slot.content.flatMap((block) => (block.kind === 'line' ? [block.text] : []))];
  return lines.some((line) =>
    /\b(list|array)( of)?\b[^.]{0,40}[:：]?$|(数组|列表|配列|リスト|一覧)[^。]{0,10}[:：]?$/i.test(plainText(line)),
  );
}

function listOf(shape: Shape): Shape {
  return shape.kind === 'object' ? { kind: 'array', items: shape, constraints: {} } : shape;
}

/** The class that no other class of its block uses: what the block is about. */
function rootOf(classes: readonly { name: string; source: string }[]): string | undefined {
  const roots = classes.filter(
    ({ name }) => !classes.some((other) => other.name !== name && new RegExp(`\\b${name}\\b`).test(other.source)),
  );
  return roots.length === 1 ? roots[0]?.name : classes.length === 1 ? classes[0]?.name : undefined;
}
