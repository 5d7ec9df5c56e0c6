import type { Span } from '../python/syntax.ts';

export type Severity = 'error' | 'warning';

/** Replaces the text between two places; lines and columns are 1-based, columns in UTF-16 units, the end exclusive. */
export interface TextEdit {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly text: string;
}

/** One place where code departs from a rule. */
export interface Finding {
  /** A rule id such as `async/no-time-sleep`. */
  readonly rule: string;
  readonly severity: Severity;
  /** Names the thing and the reason, in one line. */
  readonly message: string;
  /** Workspace-relative, `/` separated. */
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, UTF-16 units. */
  readonly column: number;
  readonly endLine: number;
  /** Exclusive. */
  readonly endColumn: number;
  /** What to do, in one line. */
  readonly fix: string;
  /** Changes of the file that remove the finding and cannot change what the code does; empty where a person must decide. */
  readonly edits: readonly TextEdit[];
  /** The function or class it lies in (`Class.method`), empty at module level. */
  readonly symbol: string;
}

/** A finding that a `# allow:` comment turned off. */
export interface AllowedFinding extends Finding {
  readonly reason: string;
}

/** Which kind of file a rule applies to. */
export const FILE_ROLES = ['source', 'settings', 'tests', 'migrations', 'scripts', 'stubs', 'generated'] as const;
export type FileRole = (typeof FILE_ROLES)[number];

/**
 * What a rule judges: a `file` as it stands; only what is new in a `change`, because no existing code base follows it; or
 * the whole `project`, which one write cannot put right, so that it is reported but never refuses a write.
 */
export const RULE_SCOPES = ['file', 'change', 'project'] as const;
export type RuleScope = (typeof RULE_SCOPES)[number];

/** What a rule page's front matter tells the engine. */
export interface RuleDefinition {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** Ruff codes that count as this rule. */
  readonly ruff: readonly string[];
  readonly applies: readonly FileRole[];
  readonly scope: RuleScope;
  /** The fix in one line, where a check gives none of its own. */
  readonly fix: string;
}

/** What files are judged by. */
export interface Judgement {
  readonly rules: readonly RuleDefinition[];
  /** Further folders that the project's modules are imported from, workspace-relative. */
  readonly roots: readonly string[];
  /** What the tests ran of each file, where that was measured. */
  readonly tested?: ReadonlyMap<string, TestedFunctions>;
}

/** The functions of a file (`function`, `Class.method`) by what the tests ran of their bodies. */
export interface TestedFunctions {
  readonly run: readonly string[];
  readonly missed: readonly string[];
}

/** What a check reports; the engine adds path, position and defaults. */
export interface Report {
  readonly rule: string;
  readonly span: Span;
  readonly message: string;
  readonly fix?: string;
  readonly severity?: Severity;
  readonly edits?: readonly TextEdit[];
}

/** By path, then position, then rule: the one order findings are shown in. */
export function compareFindings(a: Finding, b: Finding): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  if (a.line !== b.line) return a.line - b.line;
  if (a.column !== b.column) return a.column - b.column;
  if (a.rule !== b.rule) return a.rule < b.rule ? -1 : 1;
  return a.message < b.message ? -1 : a.message > b.message ? 1 : 0;
}

/**
 * The findings of `after` that `before` did not have. Counted for each rule and function or class, so that moved or edited
 * lines with an old finding are not blamed on the change.
 */
export function addedFindings(before: readonly Finding[], after: readonly Finding[]): Finding[] {
  const known = new Map<string, number>();
  for (const finding of before) known.set(keyOf(finding), (known.get(keyOf(finding)) ?? 0) + 1);
  return after.filter((finding) => {
    const left = known.get(keyOf(finding)) ?? 0;
    known.set(keyOf(finding), left - 1);
    return left <= 0;
  });
}

function keyOf(finding: Finding): string {
  return `${finding.rule} ${finding.severity} ${finding.symbol}`;
}
