import type { Place } from '../schema.ts';

/** What can differ; missing and extra are said of the models. */
export const DIFFERENCE_KINDS = [
  'missing_table',
  'extra_table',
  'missing_column',
  'extra_column',
  'type',
  'nullability',
  'default',
  'client_default',
  'primary_key',
  'foreign_key',
  'unique',
  'check',
  'index',
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** What has the last word: a script has built the database, a design says what migrations will build. */
export type Authority = 'script' | 'design';

/** The rule that says so. */
export const RULE_OF = { script: 'database/schema-matches', design: 'database/design-matches' } as const;

/** One place where two descriptions of the database are not the same. */
export interface Difference {
  readonly kind: DifferenceKind;
  readonly table: string;
  readonly column?: string;
  /** What the script or design says; empty where it has nothing. */
  readonly sql: string;
  /** What the models say; empty where they have nothing. */
  readonly model: string;
  readonly severity: 'error' | 'warning';
  /** The lower, the sooner something breaks when the program runs. */
  readonly rank: number;
  readonly fix: string;
  readonly sqlPlace: Place;
  readonly modelPlace: Place;
}

/** How much was held against each other. */
export interface Compared {
  readonly tables: number;
  readonly columns: number;
  readonly constraints: number;
}

/** A difference that somebody keeps on purpose. */
export interface AllowedDifference extends Difference {
  readonly reason: string;
}

export interface SchemaComparison {
  readonly compared: Compared;
  /** What breaks first comes first. */
  readonly differences: readonly Difference[];
  /** What reading alone cannot decide, as sentences with their place. */
  readonly undecided: readonly string[];
}
