import { type Check, type ForeignKey, type Index, isUnknown, type Place, type Table } from '../schema.ts';
import type { Difference } from './differences.ts';

/** What is found about the keys, checks and indexes of one table. */
export interface ConstraintFindings {
  readonly differences: Difference[];
  readonly undecided: string[];
  readonly compared: number;
}

type Found = Pick<Difference, 'kind' | 'sql' | 'model' | 'rank' | 'fix'> & {
  readonly severity?: Difference['severity'];
  readonly column?: string | undefined;
  readonly sqlPlace?: Place | undefined;
  readonly modelPlace?: Place | undefined;
};

/** Holds the constraints and indexes of a table of the models against those of the same table in a script or design. */
export function compareConstraints(sql: Table, model: Table): ConstraintFindings {
  const comparison = new ConstraintComparison(sql, model);
  comparison.primaryKeys();
  comparison.foreignKeys();
  comparison.indexes();
  comparison.checks();
  return comparison;
}

class ConstraintComparison implements ConstraintFindings {
  readonly differences: Difference[] = [];
  readonly undecided: string[] = [];
  compared = 0;
  private readonly sql: Table;
  private readonly model: Table;

  constructor(sql: Table, model: Table) {
    this.sql = sql;
    this.model = model;
  }

  private report({ column, sqlPlace, modelPlace, ...found }: Found): void {
    this.differences.push({
      severity: 'error',
      ...found,
      table: this.sql.key,
      ...(column === undefined ? {} : { column }),
      sqlPlace: sqlPlace ?? this.sql.place,
      modelPlace: modelPlace ?? this.model.place,
    });
  }

  /** Something that only the script has: missing in the models, unless they may have more than can be read. */
  private missing(kind: 'foreign_key' | 'unique' | 'check' | 'index', found: Omit<Found, 'kind' | 'model'>): void {
    if (!this.isSilent(this.model, kind)) this.report({ ...found, kind, model: '' });
    else this.undecided.push(`${this.sql.key}: whether the models have ${found.sql} is not known`);
  }

  private extra(kind: 'foreign_key' | 'unique' | 'check' | 'index', found: Omit<Found, 'kind' | 'sql'>): void {
    if (!this.isSilent(this.sql, kind)) this.report({ ...found, kind, sql: '' });
  }

  private isSilent(table: Table, kind: 'foreign_key' | 'unique' | 'check' | 'index'): boolean {
    return table.isOpen || table.silentOn.has(kind);
  }

  /** The place of a column, where a constraint that is missing would be written. */
  private columnPlace(table: Table, names: readonly string[]): Place | undefined {
    return table.columns.find((column) => column.name === names[0])?.place;
  }

  primaryKeys(): void {
    const wanted = this.sql.primaryKey;
    const given = this.model.primaryKey;
    if (this.sql.silentOn.has('primary_key') && wanted === undefined) return;
    if (wanted !== undefined || given !== undefined) this.compared += 1;
    const text = (columns: readonly string[] | undefined): string =>
      columns === undefined ? 'no primary key' : `PRIMARY KEY (${columns.join(', ')})`;
    if (sameSet(wanted?.columns ?? [], given?.columns ?? [])) return;
    if ((this.model.isOpen || this.model.silentOn.has('primary_key')) && isSubset(given?.columns ?? [], wanted?.columns ?? [])) {
      this.undecided.push(`${this.sql.key}: whether its primary key is the same is not known`);
      return;
    }
    // A table without a key cannot be mapped by the ORM at all: the models then name some columns that are unique.
    const isUnmappable = wanted === undefined && given !== undefined;
    this.report({
      kind: 'primary_key',
      sql: text(wanted?.columns),
      model: text(given?.columns),
      severity: isUnmappable ? 'warning' : 'error',
      rank: isUnmappable ? 4 : 1,
      fix:
        wanted === undefined
          ? 'The ORM needs a key, and the table has none: make sure that these columns are unique, and ask the user whether it should have a primary key.'
          : `Set \`primary_key=True\` on ${wanted.columns.map((name) => `\`${name}\``).join(' and ')}, and on no other column.`,
      sqlPlace: wanted?.place,
      modelPlace: given?.place,
    });
  }

  foreignKeys(): void {
    const left = [...this.model.foreignKeys];
    for (const wanted of this.sql.foreignKeys) {
      this.compared += 1;
      const exact = left.findIndex((given) => samePairs(wanted, given));
      const at = exact === -1 ? left.findIndex((given) => sameSet(wanted.columns, given.columns)) : exact;
      const given = left[at];
      if (given === undefined) {
        this.missing('foreign_key', {
          sql: foreignKeyText(wanted),
          rank: 3,
          column: wanted.columns[0],
          fix: `Add \`${foreignKeyCall(wanted)}\`.`,
          sqlPlace: wanted.place,
          modelPlace: this.columnPlace(this.model, wanted.columns),
        });
        continue;
      }
      left.splice(at, 1);
      if (exact === -1) this.reportForeignKey(wanted, given, 'target');
      else this.compareActions(wanted, given);
    }
    for (const given of left) {
      this.compared += 1;
      this.extra('foreign_key', {
        model: foreignKeyText(given),
        rank: 3,
        column: given.columns[0],
        fix: 'Remove the foreign key: there is none here.',
        sqlPlace: this.columnPlace(this.sql, given.columns),
        modelPlace: given.place,
      });
    }
  }

  private compareActions(wanted: ForeignKey, given: ForeignKey): void {
    const pairs = [
      ['ON DELETE', wanted.onDelete, given.onDelete],
      ['ON UPDATE', wanted.onUpdate, given.onUpdate],
    ] as const;
    for (const [word, sql, model] of pairs) {
      if (sql === undefined || sql === model) continue;
      if (model === undefined) this.undecided.push(`${this.sql.key}.${wanted.columns.join(', ')}: ${word} is computed`);
      else this.reportForeignKey(wanted, given, 'action');
      return;
    }
  }

  private reportForeignKey(wanted: ForeignKey, given: ForeignKey, what: 'target' | 'action'): void {
    // Both refuse to delete what is still referred to.
    const isAlike =
      what === 'action' && [wanted.onDelete, given.onDelete].every((action) => action === 'NO ACTION' || action === 'RESTRICT');
    this.report({
      kind: 'foreign_key',
      sql: foreignKeyText(wanted),
      model: foreignKeyText(given),
      severity: isAlike && wanted.onUpdate === given.onUpdate ? 'warning' : 'error',
      rank: 3,
      column: wanted.columns[0],
      fix: `Write \`${foreignKeyCall(wanted)}\`.`,
      sqlPlace: wanted.place,
      modelPlace: given.place,
    });
  }

  indexes(): void {
    const wanted = withoutKey(this.sql);
    const given = withoutKey(this.model);
    // First those that are the same, then those that are meant to be: a unique key is often there as an index too.
    const pairs: [Index, Index][] = [];
    this.take(wanted, given, sameIndex, () => {
      this.compared += 1;
    });
    this.take(wanted, given, isMeantToBe, (one, other) => {
      this.compared += 1;
      pairs.push([one, other]);
    });
    for (const [one, other] of pairs) this.reportIndex(one, other);
    for (const index of wanted) {
      this.compared += 1;
      this.missing(kindOf(index), {
        sql: indexText(index),
        rank: index.isUnique ? 3 : 4,
        column: plainColumn(index),
        fix: `Add \`${indexCall(index)}\` to \`__table_args__\`.`,
        sqlPlace: index.place,
        modelPlace: this.columnPlace(this.model, index.keys),
      });
    }
    for (const index of given) {
      this.compared += 1;
      this.extra(kindOf(index), {
        model: indexText(index),
        rank: index.isUnique ? 3 : 4,
        column: plainColumn(index),
        fix: index.isUnique ? 'Remove it: nothing says that these values are unique.' : 'Remove it: there is no such index.',
        sqlPlace: this.columnPlace(this.sql, index.keys),
        modelPlace: index.place,
      });
    }
  }

  private take(
    wanted: Index[],
    given: Index[],
    match: (one: Index, other: Index) => boolean,
    found: (one: Index, other: Index) => void,
  ): void {
    for (const one of [...wanted]) {
      const at = given.findIndex((other) => match(one, other));
      const other = given[at];
      if (other === undefined) continue;
      wanted.splice(wanted.indexOf(one), 1);
      given.splice(at, 1);
      found(one, other);
    }
  }

  private reportIndex(wanted: Index, given: Index): void {
    const isUnique = wanted.isUnique || given.isUnique;
    this.report({
      kind: isUnique ? 'unique' : 'index',
      sql: indexText(wanted),
      model: indexText(given),
      rank: isUnique ? 3 : 4,
      column: plainColumn(wanted),
      fix: indexFix(wanted, given),
      sqlPlace: wanted.place,
      modelPlace: given.place,
    });
  }

  checks(): void {
    const left = [...this.model.checks];
    for (const wanted of this.sql.checks) {
      this.compared += 1;
      const column = this.allowedColumn(wanted);
      const exact = left.findIndex((given) => given.expression.canonical === wanted.expression.canonical);
      const at = exact === -1 ? left.findIndex((given) => sameName(wanted, given)) : exact;
      const given = left[at];
      if (given !== undefined) left.splice(at, 1);
      if (column !== undefined) this.forbiddenValues(wanted, column.name, column.written);
      if (exact !== -1 || (given === undefined && column !== undefined)) continue;
      const found = {
        sql: `CHECK (${wanted.expression.text})`,
        rank: 4,
        fix: `Write \`CheckConstraint(${JSON.stringify(wanted.expression.text)}${nameArgument(wanted)})\` in \`__table_args__\`.`,
        sqlPlace: wanted.place,
      };
      if (given === undefined) this.missing('check', found);
      else this.report({ ...found, kind: 'check', model: `CHECK (${given.expression.text})`, modelPlace: given.place });
    }
    for (const given of left) {
      this.compared += 1;
      this.extra('check', {
        model: `CHECK (${given.expression.text})`,
        rank: 4,
        fix: 'Remove it: there is no such check.',
        modelPlace: given.place,
      });
    }
  }

  /** The column that a check like `status IN ('a', 'b')` is about, where the model lists the values it writes. */
  private allowedColumn({ expression }: Check): { name: string; written: readonly string[] } | undefined {
    const name = /^(\w+) (?:in \(|= ')/.exec(expression.canonical)?.[1];
    const column = this.model.columns.find((each) => each.name === name);
    const written = column?.type === undefined || isUnknown(column.type) ? undefined : column.type.written;
    return name === undefined || written === undefined ? undefined : { name, written };
  }

  private forbiddenValues(check: Check, column: string, written: readonly string[]): void {
    const allowed = new Set(
      [...check.expression.canonical.matchAll(/'((?:[^']|'')*)'/g)].map(([, value = '']) => value.replaceAll("''", "'")),
    );
    const forbidden = written.filter((value) => !allowed.has(value));
    if (forbidden.length === 0) return;
    this.report({
      kind: 'check',
      column,
      sql: `CHECK (${check.expression.text})`,
      model: `may write ${forbidden.map((value) => `'${value}'`).join(', ')}`,
      rank: 1,
      fix: 'Take these values out of the enumeration: the database refuses them.',
      sqlPlace: check.place,
      modelPlace: this.columnPlace(this.model, [column]),
    });
  }
}

/** The indexes of a table but those that its primary key makes anyway. */
function withoutKey({ indexes, primaryKey }: Table): Index[] {
  return indexes.filter((index) => !index.isUnique || index.where !== undefined || !sameSet(index.keys, primaryKey?.columns ?? []));
}

function kindOf(index: Index): 'unique' | 'index' {
  return index.isUnique ? 'unique' : 'index';
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return [...one].sort().join('\n') === [...other].sort().join('\n');
}

function isSubset(one: readonly string[], other: readonly string[]): boolean {
  return one.every((each) => other.includes(each));
}

/** The same columns pointing to the same columns, in any order. */
function samePairs(one: ForeignKey, other: ForeignKey): boolean {
  const pairs = (key: ForeignKey): string[] => key.columns.map((column, index) => `${column}>${key.targets[index] ?? ''}`);
  return one.table === other.table && sameSet(pairs(one), pairs(other));
}

function sameIndex(one: Index, other: Index): boolean {
  const sameKeys = one.isUnique ? sameSet(one.keys, other.keys) : one.keys.join('\n') === other.keys.join('\n');
  return sameKeys && one.isUnique === other.isUnique && one.method === other.method && one.where?.canonical === other.where?.canonical;
}

/** Of the same name or on the same columns: one was written for the other. */
function isMeantToBe(one: Index, other: Index): boolean {
  return (one.name !== undefined && one.name === other.name) || sameSet(one.keys, other.keys);
}

/** With a naming convention, `name="amount"` becomes `ck_fines_amount`. */
function sameName(one: Check, other: Check): boolean {
  if (one.name === undefined || other.name === undefined) return false;
  return one.name === other.name || one.name.endsWith(`_${other.name}`);
}

function foreignKeyText({ columns, table, targets, onDelete, onUpdate }: ForeignKey): string {
  const actions = [
    onDelete === undefined || onDelete === 'NO ACTION' ? '' : ` ON DELETE ${onDelete}`,
    onUpdate === undefined || onUpdate === 'NO ACTION' ? '' : ` ON UPDATE ${onUpdate}`,
  ];
  return `(${columns.join(', ')}) REFERENCES ${table}${targets.length === 0 ? '' : ` (${targets.join(', ')})`}${actions.join('')}`;
}

function foreignKeyCall({ columns, table, targets, onDelete, onUpdate }: ForeignKey): string {
  const actions = [
    onDelete === undefined || onDelete === 'NO ACTION' ? '' : `, ondelete="${onDelete}"`,
    onUpdate === undefined || onUpdate === 'NO ACTION' ? '' : `, onupdate="${onUpdate}"`,
  ].join('');
  const names = targets.map((target) => `"${table}.${target}"`);
  if (columns.length === 1) return `ForeignKey(${names[0] ?? `"${table}"`}${actions})`;
  return `ForeignKeyConstraint([${columns.map((column) => `"${column}"`).join(', ')}], [${names.join(', ')}]${actions})`;
}

function indexText({ keys, isUnique, method, where }: Index): string {
  return `${isUnique ? 'UNIQUE' : 'INDEX'}${method === 'btree' ? '' : ` USING ${method}`} (${keys.join(', ')})${where === undefined ? '' : ` WHERE ${where.text}`}`;
}

function indexFix(wanted: Index, given: Index): string {
  const isFlag = given.name === undefined && given.where === undefined && given.keys.length === 1;
  const isOnlyUnique =
    isFlag && given.isUnique && !wanted.isUnique && wanted.where === undefined && wanted.keys.join() === given.keys.join();
  if (isOnlyUnique) return given.isConstraint ? 'Write `index=True` instead of `unique=True`.' : 'Remove `unique=True`, keep `index=True`.';
  return `Write \`${indexCall(wanted)}\` in \`__table_args__\` instead.`;
}

function indexCall(index: Index): string {
  const { name, keys, isUnique, method, where } = index;
  const shown = keys.map((key) => (/^\w+$/.test(key) ? `"${key}"` : `text(${JSON.stringify(key)})`)).join(', ');
  if (isUnique && where === undefined && method === 'btree' && keys.every((key) => /^\w+$/.test(key)))
    return `UniqueConstraint(${shown}${nameArgument(index)})`;
  const options = [
    isUnique ? ', unique=True' : '',
    method === 'btree' ? '' : `, postgresql_using="${method}"`,
    where === undefined ? '' : `, postgresql_where=text(${JSON.stringify(where.text)})`,
  ];
  return `Index(${name === undefined ? 'None' : `"${name}"`}, ${shown}${options.join('')})`;
}

function nameArgument({ name }: { readonly name: string | undefined }): string {
  return name === undefined ? '' : `, name="${name}"`;
}

/** The column of an index on one column. */
function plainColumn({ keys }: Index): string | undefined {
  const [only, ...others] = keys;
  return others.length === 0 && only !== undefined && /^\w+$/.test(only) ? only : undefined;
}
