import { type Column, type ColumnType, type Expression, isUnknown, type Said, type Table, typeText } from '../schema.ts';
import type { Difference } from './differences.ts';
import { sqlAlchemyType } from './sqlalchemy-spelling.ts';

/** What is found about the columns of one table. */
export interface ColumnFindings {
  readonly differences: Difference[];
  /** What could not be decided: the column, and why. */
  readonly undecided: string[];
  readonly compared: number;
}

/** Holds the columns of a table of the models against those of the same table in a script or design. */
export function compareColumns(sql: Table, model: Table): ColumnFindings {
  const differences: Difference[] = [];
  const undecided: string[] = [];
  let compared = 0;
  const own = new Map(model.columns.map((column) => [column.name, column]));
  for (const column of sql.columns) {
    const match = own.get(column.name);
    own.delete(column.name);
    if (match !== undefined) {
      compared += 1;
      compareColumn(new ColumnPair(sql.key, column, match, differences, undecided));
    } else if (!model.isOpen) differences.push(missingColumn(column, sql, model));
    else undecided.push(`${sql.key}.${column.name}: whether the models have it is not known`);
  }
  for (const column of own.values()) {
    if (sql.isOpen || sql.silentOn.has('columns')) continue;
    if (isUnread(column)) undecided.push(`${sql.key}.${column.name}: whether the attribute is a column is not known`);
    else differences.push(extraColumn(column, sql, model));
  }
  return { differences, undecided, compared };
}

/** True for attributes of which nothing could be read but the name. */
function isUnread({ type, isNullable }: Column): boolean {
  return type !== undefined && isUnknown(type) && isUnknown(isNullable);
}

function missingColumn(column: Column, sql: Table, model: Table): Difference {
  const isNeeded = column.isNullable === false && column.default === 'none' && !column.isAutoincrement && column.generated === undefined;
  const type = column.type === undefined || isUnknown(column.type) ? '' : typeText(column.type);
  return {
    kind: 'missing_column',
    table: sql.key,
    column: column.name,
    sql: type === '' ? column.name : type,
    model: '',
    severity: 'error',
    // Every INSERT fails without it.
    rank: isNeeded ? 1 : 2,
    fix: `Add the column \`${column.name}\`${type === '' ? '' : ` with the type \`${spelledType(column.type)}\``}.`,
    sqlPlace: column.place,
    modelPlace: model.place,
  };
}

function extraColumn(column: Column, sql: Table, model: Table): Difference {
  return {
    kind: 'extra_column',
    table: model.key,
    column: column.name,
    sql: '',
    model: column.type === undefined || isUnknown(column.type) ? column.name : typeText(column.type),
    severity: 'error',
    rank: 0,
    fix: 'Remove it, or correct its name: every query of this table names it and fails. If the column is needed, ask the user to have it added.',
    sqlPlace: sql.place,
    modelPlace: column.place,
  };
}

/** A column on both sides, and where what is found about it goes. */
class ColumnPair {
  readonly sql: Column;
  readonly model: Column;
  private readonly table: string;
  private readonly differences: Difference[];
  private readonly undecided: string[];

  constructor(table: string, sql: Column, model: Column, differences: Difference[], undecided: string[]) {
    this.table = table;
    this.sql = sql;
    this.model = model;
    this.differences = differences;
    this.undecided = undecided;
  }

  report(found: Pick<Difference, 'kind' | 'sql' | 'model' | 'severity' | 'rank' | 'fix'>): void {
    this.differences.push({
      ...found,
      table: this.table,
      column: this.sql.name,
      sqlPlace: this.sql.place,
      modelPlace: this.model.place,
    });
  }

  leaveOpen(what: string, reason: string): void {
    this.undecided.push(`${this.table}.${this.sql.name}: ${what}: ${reason}`);
  }
}

function compareColumn(pair: ColumnPair): void {
  compareTypes(pair);
  compareNullability(pair);
  if (pair.sql.generated !== undefined || pair.model.generated !== undefined) compareGenerated(pair);
  else compareDefaults(pair);
}

/** A value that is known on both sides; otherwise says why, unless one side just does not say it. */
function bothKnown<T extends object | string | boolean>(
  pair: ColumnPair,
  what: string,
  sql: Said<T>,
  model: Said<T>,
): { readonly sql: T; readonly model: T } | undefined {
  if (sql === undefined || model === undefined) return undefined;
  if (isUnknown(sql)) pair.leaveOpen(what, sql.unknown);
  else if (isUnknown(model)) pair.leaveOpen(what, model.unknown);
  else return { sql, model };
  return undefined;
}

function compareTypes(pair: ColumnPair): void {
  const known = bothKnown(pair, 'type', pair.sql.type, pair.model.type);
  if (known === undefined) return;
  const { sql, model } = known;
  const missing = missingValues(sql, model);
  if (sameType(sql, model)) return;
  const isHarmless = behavesAlike(sql, model);
  pair.report({
    kind: 'type',
    sql: missing.length > 0 ? `${sql.name} with ${missing.map(quoted).join(', ')}` : typeText(sql),
    model: missing.length > 0 ? `${model.name} without` : typeText(model),
    severity: isHarmless ? 'warning' : 'error',
    rank: isHarmless ? 5 : 1,
    fix:
      missing.length > 0 ? `Give the enumeration ${missing.map(quoted).join(' and ')}.` : `Write the type as \`${sqlAlchemyType(sql)}\`.`,
  });
}

/** The values that only the database's enumeration of the same name has. */
function missingValues(sql: ColumnType, model: ColumnType): string[] {
  if (sql.values === undefined || model.values === undefined || baseName(sql.name) !== baseName(model.name)) return [];
  const own = new Set(model.values);
  return sql.values.filter((value) => !own.has(value));
}

function sameType(sql: ColumnType, model: ColumnType): boolean {
  if (sql.isArray !== model.isArray) return false;
  // A design lists the values and leaves open how they are stored; a name may be computed.
  if (sql.name === 'enum' || (model.name === '' && sql.values !== undefined)) return sameValues(sql.values, model.values ?? model.written);
  if (sql.values !== undefined && model.values !== undefined) {
    // A type without a schema is looked up in the search path.
    const sameName = sql.name === model.name || baseName(sql.name) === baseName(model.name);
    return sameName && sameValues(sql.values, model.values);
  }
  return sql.name === model.name && sql.parameters.join() === model.parameters.join();
}

function sameValues(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  return [...(one ?? [])].sort().join() === [...(other ?? [])].sort().join();
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Types that hold the same values for a program: a difference of words. */
function behavesAlike(sql: ColumnType, model: ColumnType): boolean {
  if (sql.isArray !== model.isArray) return false;
  const isText = (type: ColumnType): boolean => type.name === 'text' || type.name === 'character varying';
  if (isText(sql) && isText(model)) {
    // What the program writes into it fits.
    if (sql.parameters.length === 0) return model.parameters.length === 0 || model.written !== undefined;
    return model.written?.every((value) => value.length <= (sql.parameters[0] ?? 0)) === true;
  }
  return sql.name === model.name && /^time/.test(sql.name);
}

function compareNullability(pair: ColumnPair): void {
  const known = bothKnown(pair, 'nullability', pair.sql.isNullable, pair.model.isNullable);
  if (known === undefined || known.sql === known.model) return;
  pair.report({
    kind: 'nullability',
    sql: known.sql ? 'NULL' : 'NOT NULL',
    model: known.model ? 'nullable' : 'not nullable',
    severity: 'error',
    rank: known.model ? 1 : 3,
    fix: known.sql
      ? 'Write `Mapped[... | None]`, and no `nullable=False`: NULL is allowed.'
      : 'Write `Mapped[...]` without `None`, and no `nullable=True`: the database refuses NULL.',
  });
}

function compareGenerated(pair: ColumnPair): void {
  const { sql, model } = pair;
  const wanted = sql.generated;
  const given = model.generated;
  if (wanted !== undefined && isUnknown(wanted)) {
    pair.leaveOpen('generated', wanted.unknown);
    return;
  }
  // Whatever computes it, the column is not generated there.
  if (given !== undefined && isUnknown(given) && wanted !== undefined) {
    pair.leaveOpen('generated', given.unknown);
    return;
  }
  const expression = given === undefined || isUnknown(given) ? undefined : given;
  if (given === undefined ? wanted === undefined : expression !== undefined && expression.canonical === wanted?.canonical) return;
  pair.report({
    kind: 'default',
    sql: wanted === undefined ? 'not generated' : `GENERATED ALWAYS AS (${wanted.text})`,
    model: given === undefined ? 'no Computed()' : `Computed(${expression?.text ?? '…'})`,
    severity: 'error',
    rank: 1,
    fix:
      wanted === undefined
        ? 'Remove `Computed()`.'
        : `Write \`Computed("${wanted.text}", persisted=True)\`: the database refuses values for it.`,
  });
}

function compareDefaults(pair: ColumnPair): void {
  const { sql, model } = pair;
  if (sql.isAutoincrement || model.isAutoincrement) {
    compareCounting(pair);
    return;
  }
  const known = bothKnown(pair, 'default', sql.default, model.default);
  if (known === undefined) return;
  const type = sql.type === undefined || isUnknown(sql.type) ? undefined : sql.type;
  const wanted = normalDefault(known.sql, type);
  const given = normalDefault(known.model, type);
  if (wanted === given) return;
  const wantedText = known.sql === 'none' ? '' : known.sql.text;
  if (given === 'none' && model.clientDefault !== undefined) {
    pair.report({
      kind: 'client_default',
      sql: `DEFAULT ${wantedText}`,
      model: model.clientDefault,
      severity: contradicts(model.clientDefault, wanted, type) ? 'error' : 'warning',
      rank: 4,
      fix: `${contradicts(model.clientDefault, wanted, type) ? 'The values differ. ' : ''}Write \`${serverDefault(known.sql)}\` instead: other programs and plain SQL get the database's default.`,
    });
    return;
  }
  const isNullInserted = given === 'none' && sql.isNullable === false;
  pair.report({
    kind: 'default',
    sql: wanted === 'none' ? 'no default' : `DEFAULT ${wantedText}`,
    model: known.model === 'none' ? 'no server_default' : `server_default ${shownDefault(known.model)}`,
    severity: 'error',
    rank: isNullInserted || wanted === 'none' || isQuotedFunction(known.model) ? 1 : 3,
    fix: defaultFix(known.sql, known.model, isNullInserted),
  });
}

/** True for a constant that the program sets where the database sets another one. */
function contradicts(clientDefault: string, wanted: string, type: ColumnType | undefined): boolean {
  const literal = /^\w+=(?:"([^"]*)"|(true|false|-?[\d.]+))$/.exec(clientDefault);
  if (literal === null || !/^(?:'|true$|false$|-?\d)/.test(wanted)) return false;
  const canonical = `'${literal[1] ?? literal[2] ?? ''}'`;
  return normalDefault({ canonical, text: canonical }, type) !== wanted;
}

function compareCounting(pair: ColumnPair): void {
  const { sql, model } = pair;
  // A Sequence() is asked by the program itself, whatever the column's default.
  if ((sql.isAutoincrement && model.isAutoincrement) || model.clientDefault?.startsWith('Sequence(') === true) return;
  if (sql.isAutoincrement) {
    if (model.clientDefault !== undefined) {
      pair.report({
        kind: 'client_default',
        sql: 'counted up by the database',
        model: model.clientDefault,
        severity: 'warning',
        rank: 4,
        fix: 'Remove the default, and let the database count.',
      });
      return;
    }
    if (model.default !== undefined && model.default !== 'none') return;
    pair.report({
      kind: 'default',
      sql: 'counted up by the database',
      model: 'no default',
      severity: 'error',
      rank: 1,
      fix: 'Write `autoincrement=True` in a primary key, `Identity()` elsewhere: the ORM inserts NULL otherwise.',
    });
    return;
  }
  // A default of another kind fills the key just as well.
  if (sql.default !== 'none' || sql.isNullable !== false) return;
  pair.report({
    kind: 'default',
    sql: 'no default',
    model: 'counted up by the database',
    severity: 'error',
    rank: 1,
    fix: 'The database gives this key no value: set it in code and write `autoincrement=False`, or ask the user to have it made an identity column.',
  });
}

function defaultFix(sql: Expression | 'none', model: Expression | 'none', isNullInserted: boolean): string {
  if (sql === 'none') return 'Remove `server_default`, or give the value in code: the database has no default here.';
  if (isQuotedFunction(model)) return `Write \`${serverDefault(sql)}\`: plain text is quoted, and is a literal for the database.`;
  const reason = isNullInserted ? ': without it the ORM inserts NULL into a NOT NULL column' : '';
  return `Write \`${serverDefault(sql)}\`${reason}.`;
}

/** Text that is meant as a function: `server_default="CURRENT_TIMESTAMP"`. */
function isQuotedFunction(model: Expression | 'none'): boolean {
  return model !== 'none' && /^'(current_(timestamp|date|time)|now\(\)|\w+\(.*\))'$/i.test(model.canonical);
}

/** How the default is written in a model. */
function serverDefault(sql: Expression | 'none'): string {
  if (sql === 'none') return 'server_default=None';
  if (sql.canonical === 'now()') return 'server_default=func.now()';
  return `server_default=text(${JSON.stringify(sql.text)})`;
}

function shownDefault(expression: Expression): string {
  return /^\((.*)\)$/s.exec(expression.text)?.[1] ?? expression.text;
}

/** One text for defaults that give the same value in a column of this type. */
function normalDefault(value: Expression | 'none', type: ColumnType | undefined): string {
  if (value === 'none') return 'none';
  const literal = /^'((?:[^']|'')*)'$/.exec(value.canonical)?.[1];
  if (literal === undefined || type === undefined) return value.canonical;
  if (type.name === 'boolean') return /^(t|true|1|y|yes|on)$/i.test(literal) ? 'true' : 'false';
  if (/^(smallint|integer|bigint|numeric|real|double precision)$/.test(type.name) && literal.trim() !== '') {
    const number = Number(literal);
    return Number.isNaN(number) ? literal : String(number);
  }
  if (/^jsonb?$/.test(type.name)) return normalJson(literal);
  if (type.name === 'interval') return literal.replace(/\s+/g, ' ').trim().toLowerCase();
  return value.canonical;
}

function normalJson(text: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return text;
  }
}

/** The order of keys means nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

function spelledType(type: Said<ColumnType>): string {
  return type === undefined || isUnknown(type) ? '' : sqlAlchemyType(type);
}

function quoted(text: string): string {
  return `'${text}'`;
}
