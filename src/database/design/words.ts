import data from '../../../data/design-words.json';
import { anyOf, wholly } from '../../workspace/vocabulary.ts';
import { type ColumnType, type Expression, type ForeignKey, tableKey, type Unknown } from '../schema.ts';
import type { SqlParser } from '../script/postgresql/parser.ts';
import { columnType, isSerial, namedType } from '../script/postgresql/types.ts';

/** The database a design document is written for. */
export type DesignDialect = 'postgresql' | 'mysql';

/** What a cell or bullet says about a column beside its name, type and default. */
export interface ColumnMarks {
  readonly isNullable: boolean | undefined;
  readonly isPrimaryKey: boolean;
  readonly isUnique: boolean;
  readonly foreignKey: Pick<ForeignKey, 'table' | 'targets' | 'onDelete' | 'onUpdate'> | undefined;
  /** The texts of checks, without the word CHECK. */
  readonly checks: readonly string[];
}

const { counted, empty, knownTypes, mysqlTypes, noKey, vagueTypes } = data.entries;
/** What is longer is no cell of a design. */
const MAX_CELL = 1000;
const EMPTY = anyOf(['^$', ...empty.map((pattern) => `^(?:${pattern})$`)], 'i');
const COUNTED = anyOf(counted, 'i');
const NO_KEY = anyOf(noKey, 'i');
const TARGET =
  String.raw`\s*` +
  '`?' +
  String.raw`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)` +
  '`?' +
  String.raw`(?:\s*[(（]\s*` +
  '`?' +
  String.raw`([A-Za-z_]\w*)` +
  '`?' +
  String.raw`\s*[)）])?`;
const POINTS_TO = new RegExp(`(?:→|->|\\breferences\\b|引用|参照)${TARGET}`, 'i');
const NAMED_KEY = new RegExp(`(?:\\bFK\\b|foreign key|外键|外部キー)\\s*[:：]?\\s*[(（]?${TARGET}`, 'i');
/** Types of MySQL under the name that PostgreSQL and SQLAlchemy's generic types come closest to. */
const OF_MYSQL: ReadonlyMap<string, string> = new Map(Object.entries(mysqlTypes));
/** Words that name no type of a database until they are made exact. */
const VAGUE = wholly(vagueTypes, 'i');
const KNOWN_TYPES = wholly(knownTypes);

/** True for cells that say nothing. */
export function isEmpty(text: string): boolean {
  return EMPTY.test(plain(text));
}

/** A cell without backticks, bold signs and surrounding space. */
export function plain(text: string): string {
  return text
    .slice(0, MAX_CELL)
    .replace(/<br\s*\/?>/gi, ' ')
    .replace(/[`*]/g, '')
    .trim();
}

/** The column type that a design names, and whether the database counts it up; why where the name is vague. */
export function designType(
  text: string,
  dialect: DesignDialect,
  parser: SqlParser,
): { readonly type: ColumnType | Unknown; readonly isCounted: boolean } {
  const written = plain(text);
  const isCounted = COUNTED.test(written) || /serial\b/i.test(written);
  const words = enumValues(written);
  if (words !== undefined) return { type: { name: 'enum', parameters: [], isArray: false, values: words }, isCounted };
  const vague: Unknown = { unknown: `the document's type \`${written}\` is vague` };
  const sized = /^string\s*\((\d+)\)$/i.exec(written)?.[1];
  if (sized !== undefined) return { type: namedType('varchar', [Number(sized)]), isCounted };
  if (VAGUE.test(written) || /^enum\b/i.test(written)) return { type: vague, isCounted };
  if (dialect === 'mysql') return { type: mysqlType(written) ?? vague, isCounted };
  return { type: postgresType(written, parser) ?? vague, isCounted };
}

function enumValues(text: string): string[] | undefined {
  const list = /^enum\s*[(（](.+)[)）]$/i.exec(text)?.[1];
  const values = list === undefined ? [] : [...list.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, one, two]) => one ?? two ?? '');
  return values.length === 0 ? undefined : values;
}

function postgresType(text: string, parser: SqlParser): ColumnType | undefined {
  const cleaned = text.replace(COUNTED, (word) => (/serial/i.test(word) ? word : '')).replace(/\bgenerated\b.*$/i, '');
  const parsed = parser.parse(`CREATE TABLE t (c ${cleaned})`);
  const [statement] = parsed.kind === 'parsed' ? parsed.statements : [];
  const [column] = statement !== undefined && 'CreateStmt' in statement ? (statement.CreateStmt.tableElts ?? []) : [];
  const typeName = column !== undefined && 'ColumnDef' in column ? column.ColumnDef.typeName : undefined;
  if (typeName === undefined) return undefined;
  const type = columnType(typeName);
  return KNOWN_TYPES.test(type.name) || isSerial(typeName) ? type : undefined;
}

function mysqlType(text: string): ColumnType | undefined {
  const [, name = '', list = ''] = /^([a-z]+)\s*(?:\(([\d\s,]+)\))?/i.exec(text) ?? [];
  const lower = name.toLowerCase();
  const numbers = list === '' ? [] : list.split(',').map(Number);
  if (/^(bool|boolean)$/.test(lower) || (lower === 'tinyint' && numbers[0] === 1)) return namedType('boolean');
  const mapped = OF_MYSQL.get(lower);
  const type = namedType(mapped ?? lower, /int|time|double|float|text|blob/.test(lower) ? [] : numbers);
  return KNOWN_TYPES.test(type.name) ? type : undefined;
}

/** The default that a design gives; `none` for an empty cell, why where it is no SQL. */
export function designDefault(
  text: string,
  type: ColumnType | Unknown | undefined,
  parser: SqlParser,
): Expression | Unknown | 'none' | 'counted' {
  const written = plain(text)
    .replace(/\s+on\s+update\s+.*$/i, '')
    .replace(/^default\s+/i, '');
  if (isEmpty(written)) return 'none';
  if (/^(?:auto|自动|自動)$/i.test(written) || COUNTED.test(written)) return 'counted';
  const literal = (value: string): Expression | Unknown =>
    parser.expression(`'${value.replaceAll("'", "''")}'`) ?? { unknown: 'the default cannot be read' };
  if (/^"[^"]*"$/.test(written)) return literal(written.slice(1, -1));
  if (/^(?:now|current time|当前时间|現在時刻)$/i.test(written)) return parser.expression('now()') ?? 'none';
  const isText = type !== undefined && !('unknown' in type) && /^(?:character|text|enum|citext|jsonb?)/.test(type.name);
  const isWord =
    (isText ? /^[A-Za-z][\w./+-]*$/ : /^[A-Za-z][\w-]*$/).test(written) && !/^(?:true|false|current_\w+|localtime\w*)$/i.test(written);
  if (/^(?:\{\}|\[\])$/.test(written)) return literal(written);
  if (isWord)
    return isText || type === undefined || 'unknown' in type
      ? literal(written)
      : { unknown: `the document's default \`${written}\` is no SQL` };
  return parser.expression(written) ?? { unknown: `the document's default \`${written}\` is no SQL` };
}

/** What a cell of constraints, keys or remarks says. `isRemark`: only words that stand alone between commas count. */
export function columnMarks(text: string, isRemark: boolean): ColumnMarks {
  const written = plain(text);
  const words = (isRemark ? written.replace(/[(（][^()（）]*[)）]/g, '') : written)
    .split(/[，,、;；。]|\s\/\s|\s—\s/)
    .map((word) => word.trim());
  const has = (pattern: RegExp): boolean =>
    words.some((word) => (isRemark ? new RegExp(`^(?:${pattern.source})$`, 'i') : pattern).test(word));
  const isRequired = has(/not\s+null|非空|必填|必須|不可/i);
  return {
    isNullable: isRequired ? false : has(/(?<!not\s+)\bnull(?:able)?\b|可空|可为空|任意/i) ? true : undefined,
    isPrimaryKey: has(/\bPK\b|primary key|主键(?:之一)?|主キー/i) && !/外键|FK/.test(words[0] ?? ''),
    isUnique: has(/\bunique\b(?!\s*\()|唯一(?!索引)|\bUK\b|\bUQ\b|ユニーク(?!インデックス)/i),
    foreignKey: foreignKeyIn(written),
    checks: checksIn(written),
  };
}

/** `FK → loans.id`, `外键 users(id)`, `references books(id) ON DELETE CASCADE`; undefined where the application keeps it. */
export function foreignKeyIn(text: string): ColumnMarks['foreignKey'] {
  if (NO_KEY.test(text)) return undefined;
  const arrow = POINTS_TO.exec(text);
  const found = arrow ?? NAMED_KEY.exec(text);
  const [, name = '', inBrackets] = found ?? [];
  const isNamed = /\bFK\b|foreign key|外键|外部キー|\breferences\b/i.test(text);
  // `raw → fired` is how a status goes on.
  const isExact = name.includes('.') || inBrackets !== undefined;
  if (found === null || name === '' || !(isExact || (isNamed && arrow !== null))) return undefined;
  const parts = name.split('.');
  const column = inBrackets ?? (parts.length > 1 ? parts.pop() : undefined);
  const table = parts.pop() ?? '';
  return { table: tableKey(parts.pop(), table), targets: column === undefined ? [] : [column], ...actionsIn(text) };
}

/** What happens to the row when its target goes; undefined where the text does not say. */
export function actionsIn(text: string): Pick<ForeignKey, 'onDelete' | 'onUpdate'> {
  const said = (event: string): string | undefined =>
    new RegExp(`on\\s+${event}\\s+(cascade|set\\s+null|set\\s+default|restrict|no\\s+action)`, 'i')
      .exec(text)?.[1]
      ?.replace(/\s+/g, ' ')
      .toUpperCase();
  const inWords = /级联删除|カスケード削除/.test(text) ? 'CASCADE' : /删除时?置空|NULLに(?:する|設定)/.test(text) ? 'SET NULL' : undefined;
  return { onDelete: said('delete') ?? inWords, onUpdate: said('update') };
}

/** The conditions behind the word CHECK. */
export function checksIn(text: string): string[] {
  return [...text.matchAll(/\bcheck\s*[(（]/gi)].flatMap((found) => {
    const start = found.index + found[0].length;
    let depth = 1;
    for (let at = start; at < text.length; at++) {
      if (text[at] === '(' || text[at] === '（') depth += 1;
      if (text[at] === ')' || text[at] === '）') depth -= 1;
      if (depth === 0) return [text.slice(start, at)];
    }
    return [];
  });
}

/** Yes and no in the languages of design documents; undefined for an empty cell. */
export function yesOrNo(text: string): boolean | undefined {
  const written = plain(text);
  if (/^(?:y|yes|true|是|可|可空|○|◯|✓|✔|√|必須|必填|required|null|nullable|允许|はい)$/i.test(written)) return true;
  if (/^(?:n|no|false|否|不可|×|✗|x|not null|非空|不允许|いいえ|optional)$/i.test(written)) return false;
  return undefined;
}
