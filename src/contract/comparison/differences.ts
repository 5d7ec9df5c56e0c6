import type { Place } from '../../api/endpoint.ts';

/** What a difference is about, in the order of a reply. */
export const DIFFERENCE_KINDS = [
  'missing_in_code',
  'extra_in_code',
  'status',
  'response',
  'request',
  'parameter',
  'auth',
  'error',
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** One place where the code departs from the contract. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** `METHOD /path`, as the contract spells it where it has the endpoint. */
  readonly endpoint: string;
  readonly detail: string;
  readonly contract: Place | undefined;
  readonly code: Place | undefined;
}

/** The result of holding code against a contract. */
export interface Comparison {
  readonly endpoints: { readonly contract: number; readonly code: number; readonly matched: number };
  readonly differences: readonly Difference[];
  /** What differs for every endpoint in the same way. */
  readonly global: readonly Difference[];
  /** What reading alone cannot decide, each a sentence. */
  readonly undecided: readonly string[];
  readonly applications: readonly Place[];
}
