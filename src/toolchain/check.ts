import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { PythonEnvironment } from './environment.ts';
import { workspacePath } from './paths.ts';
import { lastLines, type ProcessResult, runProcess } from './process.ts';
import { secretValuesMask } from './secrets.ts';

/** The tools that are run, in this order. */
export const CHECKS = ['ruff', 'mypy', 'pytest'] as const;
export type CheckName = (typeof CHECKS)[number];

/** Something that a tool found, in the shape of the server's own findings. */
export interface ToolFinding {
  /** A rule of the skill, or what the tool calls it: `ruff/F401`, `pytest/failed`. */
  readonly rule: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** Workspace-relative. */
  readonly path: string;
  /** 1-based; 1 where the tool names none. */
  readonly line: number;
  readonly column: number;
  /** The test that failed, and what it shares with others that failed for the same reason. */
  readonly test?: { readonly id: string; readonly reason: string; readonly cause: string };
}

/** How one tool ended. A crash is told apart from what it found. */
export interface CheckResult {
  readonly check: CheckName;
  readonly state: 'passed' | 'failed' | 'missing' | 'crashed' | 'timed_out';
  /** One sentence. */
  readonly summary: string;
  readonly findings: readonly ToolFinding[];
  /** The end of what it printed, where that is what there is to say. */
  readonly output: string;
  /** Lines covered by file, workspace-relative. */
  readonly coverage?: ReadonlyMap<string, FileCoverage>;
  /** What else there is to know, one sentence each. */
  readonly warnings: readonly string[];
}

export interface FileCoverage {
  readonly covered: number;
  readonly statements: number;
  /** 1-based. */
  readonly missing: readonly number[];
  /** How many lines of each function (`function`, `Class.method`) ran; empty where that was not told. */
  readonly functions: ReadonlyMap<string, number>;
}

/** What a run works with. */
export interface CheckRun {
  /** The workspace's root, absolute. */
  readonly root: string;
  /** The package that is checked, workspace-relative. */
  readonly folder: string;
  readonly environment: PythonEnvironment;
  /** Folders or files of the package's sources, relative to it. */
  readonly sources: readonly string[];
  /** A folder for the tools' own files, absolute. */
  readonly temporary: string;
  /** In milliseconds, for each tool. */
  readonly timeLimit: number;
  readonly signal: AbortSignal;
  /** Called with the tests that are done, of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

const MAX_OUTPUT_LINES = 30;
const MAX_LINE = 400;
/** What others say while they measure or are measured is not why a run failed. */
const NOISE = /CoverageWarning|PytestDeprecationWarning|PytestUnraisableExceptionWarning|^\s+self\._warn\(|warnings\.warn\(/;

/** What else a tool needs. */
export interface ToolOptions {
  readonly variables?: Readonly<Record<string, string>>;
  /** Gets what the tool prints as it comes. */
  readonly onOutput?: (chunk: string) => void;
  /** At its time limit the tool is asked to stop, so that it can report what it has. */
  readonly isInterruptible?: boolean;
}

/** Runs a module of the environment in the package's folder; `name` is that of its log. */
export function startTool(run: CheckRun, name: string, args: readonly string[], options: ToolOptions = {}): Promise<ProcessResult> {
  return runProcess({
    program: run.environment.program,
    args,
    folder: path.join(run.root, run.folder),
    timeLimit: run.timeLimit,
    signal: run.signal,
    environment: { ...run.environment.variables, ...options.variables },
    logFile: logOf(run, name),
    isInterruptible: options.isInterruptible ?? false,
    ...(options.onOutput === undefined ? {} : { onOutput: options.onOutput }),
  });
}

/** A tool that is not there, that was ended, or that never began; undefined for one that ran. */
export function unusableResult(check: CheckName, result: ProcessResult, run: CheckRun): CheckResult | undefined {
  const { environment } = run;
  if (result.end === 'timed_out') return { ...emptyResult(check, 'timed_out', timeLimitText(check, run)), output: tail(result.output) };
  if (result.end === 'cancelled') return emptyResult(check, 'timed_out', `${check} was cancelled.`);
  if (result.end === 'failed_to_start')
    return emptyResult(check, 'missing', `${environment.program} could not be started (${environment.name}).`);
  if (result.code !== 0 && new RegExp(`No module named ['"]?${check}\\b`).test(result.output))
    return emptyResult(
      check,
      'missing',
      `${check} is not installed in ${environment.name}: ask the user to run ${environment.addCommand(check)}.`,
    );
  return undefined;
}

/** What is said of a tool that was ended at its limit. */
export function timeLimitText(check: CheckName, { timeLimit }: CheckRun): string {
  return `${check} did not end within ${timeLimit / 1000} s and was ended, with everything it started.`;
}

/** A tool that failed itself. */
export function crashedResult(check: CheckName, result: ProcessResult): CheckResult {
  const how = result.killedBy === undefined ? `exit code ${result.code ?? 'unknown'}` : `killed by ${result.killedBy}`;
  return {
    ...emptyResult(check, 'crashed', `${check} itself failed (${how}): what it printed says why.`),
    output: [...fatalLines(result.output), tail(result.output)].join('\n'),
  };
}

/** A tool that ran to its end; `more` goes into its summary. */
export function decidedResult(
  check: CheckName,
  findings: readonly ToolFinding[],
  result: ProcessResult,
  more = '',
  warnings: readonly string[] = [],
): CheckResult {
  const state = findings.length === 0 && result.code === 0 ? 'passed' : 'failed';
  const files = new Set(findings.map((finding) => finding.path)).size;
  const summary = state === 'passed' ? `${check}: nothing found.` : `${check} found ${findings.length} (files: ${files})${more}.`;
  return { ...emptyResult(check, state, summary), findings, warnings };
}

/** A result without findings. */
export function emptyResult(check: CheckName, state: CheckResult['state'], summary: string): CheckResult {
  return { check, state, summary, findings: [], output: '', warnings: [] };
}

/** A path that a tool printed, workspace-relative. */
export function inWorkspace(run: CheckRun, file: string): string {
  return workspacePath(run.root, path.resolve(run.root, run.folder, file));
}

/** The end of what a tool printed. */
export function tail(output: string): string {
  const telling = output.split('\n').filter((line) => !NOISE.test(line));
  return secretValuesMask()(lastLines(telling.join('\n'), MAX_OUTPUT_LINES, MAX_LINE));
}

/** Where the interpreter itself ended, the innermost call comes first. */
function fatalLines(output: string): string[] {
  const lines = output.split('\n');
  const at = lines.findIndex((line) => line.startsWith('Fatal Python error'));
  return at === -1 ? [] : [...lines.slice(at, at + 8), '…'];
}

/** The absolute path of what a tool prints. */
export function logOf(run: CheckRun, name: string): string {
  return path.join(run.temporary, `${name}.log`);
}

/** Undefined where a tool wrote nothing, or not to the end. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}
