import type { CheckResult } from '../../rules/engine/check-files.ts';
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
