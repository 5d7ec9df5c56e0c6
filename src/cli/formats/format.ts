import type { CheckResult } from '../../rules/check-files.ts';
import type { Finding } from '../../rules/finding.ts';
import type { RulePage } from '../../skill/rule-pages.ts';

/** What every output format is made from. */
export interface Report {
  /** The findings to report, sorted. */
  readonly findings: readonly Finding[];
  readonly result: CheckResult;
  readonly pages: ReadonlyMap<string, RulePage>;
  /** The product's version. */
  readonly version: string;
  /** The text of a line of a file, for formats that show source. */
  sourceLine(path: string, line: number): string;
  /** True where the output may be coloured. */
  readonly colour: boolean;
}

/** Turns a report into the whole text for standard output, final line break included. */
export type Format = (report: Report) => string;

/** The items under each key, keys in the order they first appear. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
