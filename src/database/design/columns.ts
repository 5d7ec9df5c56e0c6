import { z } from 'zod';
import data from '../../../data/design-words.json';
import type { Cell } from '../../documents/markdown.ts';
import { anyOf } from '../../workspace/vocabulary.ts';
import type { Column, ColumnType, Expression, Place, Unknown } from '../schema.ts';
import type { SqlParser } from '../script/postgresql/parser.ts';
import {
  actionsIn,
  type ColumnMarks,
  columnMarks,
  type DesignDialect,
  designDefault,
  designType,
  isEmpty,
  plain,
  yesOrNo,
} from './words.ts';

/** A column as a design describes it, and what its row or bullet says about keys. */
export interface DesignedColumn {
  readonly column: Column;
  readonly marks: ColumnMarks;
}

/** What the columns of a field table are about. */
const ROLES = ['name', 'type', 'nullable', 'required', 'key', 'default', 'remark', 'other'] as const;
type Role = (typeof ROLES)[number];

const roleShape = z.enum(ROLES);
/** The first that fits decides. */
const VOCABULARY = data.entries.columns.map(({ role, patterns }) => ({ role: roleShape.parse(role), pattern: anyOf(patterns, 'i') }));
const KEY_COLUMN = /^(?:主键|PK|primary key|主キー)$/i;
const BASELINE = /same as baseline|see preamble|baseline|同基线|同上|与基线一致|共通カラム|审计字段|audit (?:fields|columns)/i;
/** A longer line describes no column. */
const MAX_LINE = 1000;
const IDENTIFIER = /^[A-Za-z_]\w*$/;
const TYPE_WORD =
  /\b(timestamptz|timestamp(?:\s+with(?:out)?\s+time\s+zone)?|datetime|bigserial|serial|bigint|integer|int|smallint|boolean|bool|uuid|text|date|jsonb?|varchar\(\d+\)|numeric\(\d+(?:,\s*\d+)?\))/i;

/** The languages' words for what SQL says in a bullet. */
const TRANSLATIONS: readonly (readonly [RegExp, string])[] = [
  [/主键|主キー/g, ' primary key '],
  [/非空|必須/g, ' not null '],
  [/可空|可为空/g, ' null '],
  [/唯一|ユニーク/g, ' unique '],
  [/默认值?|デフォルト/g, ' default '],
  [/自增|自動採番/g, ' '],
];

/** Reads the rows and bullets that describe columns. */
export class DesignColumns {
  private readonly parser: SqlParser;
  private readonly dialect: DesignDialect;
  /** Columns that tables share, described once. */
  readonly baseline = new Map<string, DesignedColumn>();

  constructor(parser: SqlParser, dialect: DesignDialect) {
    this.parser = parser;
    this.dialect = dialect;
  }

  /** What each column of a table is about; undefined for a table that describes no fields. */
  rolesOf(header: readonly Cell[]): readonly Role[] | undefined {
    const roles = header.map(({ text }): Role => {
      const words = plain(text);
      if (KEY_COLUMN.test(words)) return 'key';
      return VOCABULARY.find(({ pattern }) => pattern.test(words))?.role ?? 'other';
    });
    return roles.includes('name') && roles.includes('type') ? roles : undefined;
  }

  /** The columns that a row of a field table describes: several where names are joined. */
  row(cells: readonly Cell[], roles: readonly Role[], header: readonly Cell[], place: Place): DesignedColumn[] {
    const cell = (role: Role): string | undefined => cells[roles.indexOf(role)]?.text;
    const typeText = cell('type') ?? '';
    const written = namesIn(cell('name') ?? '');
    const names = written.every((name) => IDENTIFIER.test(name)) ? written : [];
    if (BASELINE.test(typeText) || (names.length === 0 && BASELINE.test(cell('name') ?? ''))) return this.shared(names);
    if (names.length === 0) return [];
    const { type, isCounted } = isEmpty(typeText) ? { type: undefined, isCounted: false } : designType(typeText, this.dialect, this.parser);
    const said = roles.includes('default') ? designDefault(cell('default') ?? '', type, this.parser) : undefined;
    const keys = roles.flatMap((role, index) => (role === 'key' ? [keyText(cells[index]?.text ?? '', header[index]?.text ?? '')] : []));
    const marks = mergedMarks([
      columnMarks(keys.join(', '), false),
      ...roles.flatMap((role, index) => (role === 'remark' ? [columnMarks(cells[index]?.text ?? '', true)] : [])),
      columnMarks(typeText, true),
    ]);
    const isNullable = this.nullability(cell('nullable'), cell('required'), marks);
    const { foreignKey } = marks;
    // The key may stand in one cell and ON DELETE in another.
    const actions = actionsIn(cells.map(({ text }) => text).join(' '));
    const whole = foreignKey === undefined ? marks : { ...marks, foreignKey: { ...foreignKey, ...actions } };
    return names.map((name) => ({
      marks: whole,
      column: column({ name, place, type, isNullable, said, isCounted, isKey: marks.isPrimaryKey }),
    }));
  }

  private nullability(nullable: string | undefined, required: string | undefined, marks: ColumnMarks): boolean | undefined {
    if (nullable !== undefined && yesOrNo(nullable) !== undefined) return yesOrNo(nullable);
    if (required !== undefined) return isEmpty(required) ? true : yesOrNo(required) === undefined ? marks.isNullable : !yesOrNo(required);
    return marks.isNullable;
  }

  /** The columns of a bullet such as `` `days` int not null default 14 ``; empty where it describes none. */
  bullet(text: string, place: Place): DesignedColumn[] {
    // `` `a` bigint, `b` bigint `` are two.
    const parts = text.split(/,\s*(?=`\w+`\s+\w)/);
    return parts.length > 1 && parts.every((part) => /^`\w+`\s+\w/.test(part))
      ? parts.flatMap((part) => this.one(part, place))
      : this.one(text, place);
  }

  private one(text: string, place: Place): DesignedColumn[] {
    const inCode = /^`([A-Za-z_]\w*)\s+([^`]+)`/.exec(text);
    const found = inCode === null ? leadingNames(text) : { names: [inCode[1] ?? ''], rest: inCode[2] ?? '' };
    if (found === undefined) return [];
    const { names, rest } = found;
    const sql = TRANSLATIONS.reduce((written, [pattern, word]) => written.replace(pattern, word), plain(rest)).replace(
      /\bcomment\s+'[^']*'/i,
      '',
    );
    const typeText =
      /^\s*([a-z][a-z0-9_]*(?:\s+(?:precision|varying|unsigned|with(?:out)?\s+time\s+zone))*\s*(?:\([^)]*\))?(?:\[\])?)/i.exec(sql)?.[1];
    const { type, isCounted } =
      typeText === undefined ? { type: undefined, isCounted: false } : designType(typeText, this.dialect, this.parser);
    if (
      typeText === undefined ||
      type === undefined ||
      ('unknown' in type && !/^(?:string|varchar|enum|datetime|decimal)\b/i.test(typeText))
    )
      return [];
    const after = sql.slice(sql.indexOf(typeText) + typeText.length);
    const defaultText = /\bdefault\s+('(?:[^']|'')*'(?:::\w+)?|[^\s,，;；]+)/i.exec(after)?.[1];
    const marks = columnMarks(after.replace(/\bdefault\s+'[^']*'/i, ''), false);
    const isExplicitNull = /(?<!not\s+)(?<!set\s+)\bnull\b/i.test(after);
    const said = defaultText === undefined ? 'none' : designDefault(defaultText, type, this.parser);
    const isNullable = marks.isNullable === false || marks.isPrimaryKey ? false : isExplicitNull ? true : undefined;
    return names.map((name) => ({ marks, column: column({ name, place, type, isNullable, said, isCounted, isKey: marks.isPrimaryKey }) }));
  }

  /** Columns of which a design gives the names only. */
  named(names: readonly string[], place: Place): DesignedColumn[] {
    return names.map((name) => ({
      marks: columnMarks('', false),
      column: column({ name, place, type: undefined, isNullable: undefined, said: undefined, isCounted: false, isKey: false }),
    }));
  }

  /** Remembers the columns that a line outside of any table describes: `` `created_at` ... timestamptz, not null, default now() ``. */
  noteBaseline(text: string, place: Place): void {
    if (text.length > MAX_LINE) return;
    const inCode = [...text.matchAll(/`([A-Za-z_]\w*\s+[^`]+)`/g)].flatMap(([, code = '']) => this.bullet(`\`${code}\``, place));
    const bullet = this.bullet(text, place);
    const found = inCode.length > 0 ? inCode : bullet.length > 0 ? bullet : this.listed(text, place);
    for (const each of found) this.baseline.set(each.column.name, each);
  }

  private listed(text: string, place: Place): DesignedColumn[] {
    const names = [...text.matchAll(/`([A-Za-z_]\w*)`/g)].map(([, name = '']) => name).filter((name) => !TYPE_WORD.test(name));
    const typeText = TYPE_WORD.exec(text)?.[1];
    if (names.length === 0 || typeText === undefined || !/_at\b|_time\b|审计|audit|共通|baseline|公共/i.test(text)) return [];
    const { type, isCounted } = designType(typeText, this.dialect, this.parser);
    const marks = columnMarks(text, false);
    const now = /\bnow\(\)|current_timestamp/i.exec(text)?.[0];
    const said = now === undefined ? undefined : designDefault(now, type, this.parser);
    return names.map((name) => ({
      marks,
      column: column({ name, place, type, isNullable: marks.isNullable, said, isCounted, isKey: false }),
    }));
  }

  /** The shared columns of these names; all of them where none is given. */
  shared(names: readonly string[]): DesignedColumn[] {
    if (names.length === 0) return [...this.baseline.values()].filter((each) => !each.marks.isPrimaryKey);
    return names
      .map((name) => this.baseline.get(name) ?? this.named([name], { path: '', line: 1 })[0])
      .filter((each) => each !== undefined);
  }
}

/** The names in backticks that a bullet begins with, and what follows them. */
function leadingNames(text: string): { names: string[]; rest: string } | undefined {
  const names: string[] = [];
  const name = /`([A-Za-z_]\w*)`/y;
  const between = /\s*[,/、]\s*/y;
  for (let at = 0; ; at = between.lastIndex) {
    name.lastIndex = at;
    const found = name.exec(text)?.[1];
    if (found === undefined) break;
    names.push(found);
    between.lastIndex = name.lastIndex;
    if (!between.test(text)) return { names, rest: text.slice(name.lastIndex).replace(/^[\s:：]+/, '') };
  }
  return names.length === 0 ? undefined : { names, rest: text.slice(between.lastIndex) };
}

/** `created_at / updated_at` is two names. */
export function namesIn(text: string): string[] {
  return plain(text)
    .split(/\s*[/,，、+]\s*|\s+and\s+/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** True for bullets and cells that stand for the shared columns. */
export function meansBaseline(text: string): boolean {
  return BASELINE.test(text);
}

/** What a cell says below its header: `是` under 主键 means the primary key. */
function keyText(text: string, header: string): string {
  const words = plain(text);
  if (KEY_COLUMN.test(plain(header))) return yesOrNo(words) === true || /^PK|^1$/i.test(words) ? 'PK' : '';
  return words.replace(/\bPRI\b/g, 'PK').replace(/\bUNI\b/g, 'UNIQUE');
}

function mergedMarks(all: readonly ColumnMarks[]): ColumnMarks {
  return {
    isNullable: all.find((each) => each.isNullable !== undefined)?.isNullable,
    isPrimaryKey: all.some((each) => each.isPrimaryKey),
    isUnique: all.some((each) => each.isUnique),
    foreignKey: all.find((each) => each.foreignKey !== undefined)?.foreignKey,
    checks: all.flatMap((each) => each.checks),
  };
}

function column({
  name,
  place,
  type,
  isNullable,
  said,
  isCounted,
  isKey,
}: {
  readonly name: string;
  readonly place: Place;
  readonly type: ColumnType | Unknown | undefined;
  readonly isNullable: boolean | undefined;
  readonly said: Expression | Unknown | 'none' | 'counted' | undefined;
  readonly isCounted: boolean;
  readonly isKey: boolean;
}): Column {
  const counted = isCounted || said === 'counted';
  // A key without a default may be counted all the same: the document just does not say it.
  const isSilent = said === 'counted' || (isKey && said === 'none');
  return {
    name,
    place,
    type,
    isNullable: isKey ? false : isNullable,
    default: counted ? 'none' : isSilent ? undefined : said,
    isAutoincrement: counted,
    generated: undefined,
    clientDefault: undefined,
  };
}
