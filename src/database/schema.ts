/** Where something is written: workspace-relative path and 1-based line. */
export interface Place {
  readonly path: string;
  readonly line: number;
}

/** Something that reading alone cannot know, and why. */
export interface Unknown {
  readonly unknown: string;
}

/** A value, why it cannot be known, or undefined where the source does not say it. */
export type Said<T> = T | Unknown | undefined;

/** A column type as PostgreSQL names it in full: `character varying`, `timestamp with time zone`. */
export interface ColumnType {
  /** Lower case; for types of the script itself as written, with its schema where it has one. Empty where it is computed. */
  readonly name: string;
  /** Length, precision and scale. */
  readonly parameters: readonly number[];
  readonly isArray: boolean;
  /** The values of an enumeration, in order. */
  readonly values?: readonly string[];
  /** The values that the program writes into a column that takes any text. */
  readonly written?: readonly string[];
}

export interface Column {
  readonly name: string;
  readonly place: Place;
  readonly type: Said<ColumnType>;
  readonly isNullable: Said<boolean>;
  /** The DEFAULT as a canonical expression; `none` when there is none. */
  readonly default: Said<Expression | 'none'>;
  /** The database counts up: serial, identity, or a key that the ORM leaves to the database. */
  readonly isAutoincrement: boolean;
  /** The expression of a generated column. */
  readonly generated: Expression | Unknown | undefined;
  /** The default that the program sets itself, as written; models only. */
  readonly clientDefault: string | undefined;
}

/** An SQL expression. */
export interface Expression {
  /** Equal for expressions that mean the same. */
  readonly canonical: string;
  /** For people. */
  readonly text: string;
}

interface Named {
  /** The name as given; undefined where the database chooses it. */
  readonly name: string | undefined;
  readonly place: Place;
}

export interface PrimaryKey extends Named {
  readonly columns: readonly string[];
}

export interface ForeignKey extends Named {
  readonly columns: readonly string[];
  /** The key of the table it points to, see {@link tableKey}. */
  readonly table: string;
  /** Empty for the primary key of the table. */
  readonly targets: readonly string[];
  /** Upper case; undefined where the document does not say. `NO ACTION` when SQL or code give none. */
  readonly onDelete: string | undefined;
  readonly onUpdate: string | undefined;
}

export interface Check extends Named {
  readonly expression: Expression;
}

/** A unique constraint, or an index, unique or not. */
export interface Index extends Named {
  /** Column names and canonical expressions, with `desc` where the order is not the usual one. */
  readonly keys: readonly string[];
  readonly isUnique: boolean;
  /** `btree` unless said. */
  readonly method: string;
  /** The predicate of a partial index. */
  readonly where: Expression | undefined;
  readonly isConstraint: boolean;
}

export interface Table {
  readonly key: string;
  readonly place: Place;
  readonly columns: readonly Column[];
  /** Undefined where the table has none, or the document does not say. */
  readonly primaryKey: PrimaryKey | undefined;
  readonly foreignKeys: readonly ForeignKey[];
  readonly checks: readonly Check[];
  readonly indexes: readonly Index[];
  /** True when the table has columns or constraints that reading cannot see. */
  readonly isOpen: boolean;
  /** What is written only in part: a section that holds changes, a document without indexes. */
  readonly silentOn: ReadonlySet<'columns' | 'primary_key' | 'foreign_key' | 'unique' | 'check' | 'index'>;
}

/** Something that could not be read, as a sentence, and where. */
export interface Remark {
  readonly text: string;
  readonly place: Place;
}

/** Tables in one canonical form, whatever they were read from. */
export interface Schema {
  readonly tables: ReadonlyMap<string, Table>;
  /** What could not be known. */
  readonly undecided: readonly Remark[];
}

/** How a table is called in comparisons: with its schema unless that is `public`. */
export function tableKey(schema: string | undefined, name: string): string {
  return schema === undefined || schema === '' || schema === 'public' ? name : `${schema}.${name}`;
}

export function isUnknown<T extends object>(said: T | Unknown | string | boolean | undefined): said is Unknown {
  return typeof said === 'object' && 'unknown' in said;
}

/** `numeric(18, 4)[]`. */
export function typeText(type: ColumnType): string {
  const parameters = type.parameters.length === 0 ? '' : `(${type.parameters.join(', ')})`;
  const values = type.values === undefined ? '' : ` (${type.values.join(', ')})`;
  return `${type.name === '' ? 'enumeration' : type.name}${parameters}${values}${type.isArray ? '[]' : ''}`;
}
