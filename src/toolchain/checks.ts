import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { PythonEnvironment } from './environment.ts';
import { readJunit, type TestResults } from './junit.ts';
import type { MeasuringSettings } from './measuring-settings.ts';
import { exists, workspacePath } from './paths.ts';
import { lastLines, type ProcessResult, runProcess } from './process.ts';
import { secretValuesMask, withoutSecrets } from './secrets.ts';

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
  readonly tests?: TestResults;
  /** Lines covered by file, workspace-relative. */
  readonly coverage?: ReadonlyMap<string, FileCoverage>;
  /** Why coverage that was wanted is not there. */
  readonly warning?: string;
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

/** What of the tests is run. */
export interface TestSelection extends MeasuringSettings {
  /** Files, folders or node ids, relative to the package. */
  readonly paths: readonly string[];
  /** An expression for pytest's `-k`. */
  readonly expression: string | undefined;
  readonly withCoverage: boolean;
}

const MYPY_LINE = /^(.+?):(\d+):(?:(\d+):)? (error|note): (.*?)(?: {2}\[([\w-]+)\])?$/;
const MAX_OUTPUT_LINES = 30;
const MAX_LINE = 400;
const ruffShape = z.array(
  z.object({
    code: z.string().nullable(),
    message: z.string(),
    filename: z.string(),
    location: z.object({ row: z.number(), column: z.number() }).nullable(),
  }),
);
const coverageShape = z.object({
  files: z.record(
    z.string(),
    z.object({
      summary: z.object({ covered_lines: z.number(), num_statements: z.number() }),
      missing_lines: z.array(z.number()),
      // Since coverage 7.5.
      functions: z.record(z.string(), z.object({ summary: z.object({ covered_lines: z.number() }) })).default({}),
    }),
  ),
});

/** Runs `mypy --strict` with the project's own configuration. */
export async function runMypy(run: CheckRun, hasOwnTargets: boolean): Promise<CheckResult> {
  const shape = [
    '--no-color-output',
    '--no-error-summary',
    '--show-column-numbers',
    '--show-error-codes',
    '--no-pretty',
    '--hide-error-context',
  ];
  const targets = hasOwnTargets ? [] : ['--', ...run.sources];
  const strict = ['-m', 'mypy', '--strict', ...shape];
  let result = await start(run, 'mypy', [...strict, ...targets]);
  // Folders without `__init__.py`, where only the place below the source root tells two modules apart.
  if (/Duplicate module named|Source file found twice/.test(result.output)) {
    const base = run.sources.includes('src') ? 'src' : '.';
    result = await start(run, 'mypy', [...strict, '--explicit-package-bases', ...targets], { MYPYPATH: base });
  }
  const unusable = unusableResult('mypy', 'mypy', result, run);
  if (unusable !== undefined) return unusable;
  // The log is longer than what is kept of the output.
  const printed = await readFile(logOf(run, 'mypy'), 'utf8');
  const findings = printed.split('\n').flatMap((line): ToolFinding[] => {
    const [, file = '', row = '1', column = '1', kind, message = '', code = 'misc'] = MYPY_LINE.exec(line) ?? [];
    if (kind !== 'error') return [];
    return [
      {
        rule: 'typing/mypy-strict',
        severity: 'error',
        message: `${message} [${code}]`,
        path: inWorkspace(run, file),
        line: Number(row),
        column: Number(column),
      },
    ];
  });
  if (result.code !== 0 && findings.length === 0) return crashed('mypy', result);
  return decided('mypy', findings, result);
}

/** Runs `ruff check` with the project's own configuration. */
export async function runRuff(run: CheckRun): Promise<CheckResult> {
  const target = path.join(run.temporary, 'ruff.json');
  const result = await start(run, 'ruff', ['-m', 'ruff', 'check', '--output-format', 'json', '--output-file', target, '--no-fix', '.']);
  const unusable = unusableResult('ruff', 'ruff', result, run);
  if (unusable !== undefined) return unusable;
  const parsed = ruffShape.safeParse(await readJson(target));
  if (!parsed.success) return crashed('ruff', result);
  const findings = parsed.data.map(
    ({ code, message, filename, location }): ToolFinding => ({
      rule: `ruff/${code ?? 'invalid-syntax'}`,
      severity: 'error',
      message,
      path: inWorkspace(run, filename),
      line: location?.row ?? 1,
      column: location?.column ?? 1,
    }),
  );
  await appendFile(logOf(run, 'ruff'), findings.map((each) => `${each.path}:${each.line}: ${each.rule} ${each.message}\n`).join(''));
  return decided('ruff', findings, result);
}

/** Runs pytest, those that failed last time first, and measures coverage where that is wanted and possible. */
export async function runPytest(run: CheckRun, selection: TestSelection): Promise<CheckResult> {
  const junit = path.join(run.temporary, 'junit.xml');
  const data = path.join(run.temporary, 'coverage.data');
  const { result, measuring } = await startPytest(run, selection, junit, data);
  const unusable = unusableResult('pytest', 'pytest', result, run);
  if (unusable !== undefined) return unusable;
  const tests = await readFile(junit, 'utf8').then(
    (text) => readJunit(text, (file) => inWorkspace(run, file)),
    () => undefined,
  );
  if (tests === undefined || result.code === 3 || result.code === 4) return crashed('pytest', result);
  await appendFile(logOf(run, 'pytest'), secretValuesMask()(tests.tracebacks.map((each) => `\n${each}\n`).join('')));
  // Interrupted (2) or without a test (5): what was not reached says nothing about coverage.
  const isComplete = result.code === 0 || result.code === 1;
  const coverage = measuring === 'measured' && isComplete ? await coverageOf(run, data) : undefined;
  const warning =
    measuring === 'not_installed'
      ? `coverage was not measured: ask the user to run ${run.environment.addCommand('coverage')}.`
      : measuring === 'measured' && isComplete && coverage === undefined
        ? `coverage measured nothing in ${run.sources.join(', ')}.`
        : undefined;
  const state = result.code === 0 ? 'passed' : 'failed';
  const passed = tests.total - tests.findings.length - tests.skipped;
  const summary =
    tests.total === 0
      ? 'pytest found no test.'
      : `pytest: ${passed} passed, ${tests.findings.length} failed, ${tests.skipped} skipped in ${tests.seconds.toFixed(1)} s.`;
  return {
    check: 'pytest',
    state,
    summary,
    findings: tests.findings,
    output: state === 'failed' && tests.findings.length === 0 ? tail(result.output) : '',
    tests,
    ...(coverage === undefined ? {} : { coverage }),
    ...(warning === undefined ? {} : { warning }),
  };
}

/** The first way of running it that the environment allows: each of the others ends before the first test. */
async function startPytest(
  run: CheckRun,
  selection: TestSelection,
  junit: string,
  data: string,
): Promise<{ readonly result: ProcessResult; readonly measuring: 'measured' | 'not_wanted' | 'not_installed' }> {
  const report = ['--tb=short', '-o', 'junit_family=xunit1', `--junitxml=${junit}`];
  const pytest = ['-m', 'pytest', '-q', '--failed-first', '--color=no', '-o', 'console_output_style=count', ...report];
  // Takes minutes for thousands of failures; the report holds the same.
  const quick = '--no-summary';
  const selected = [
    ...(selection.expression === undefined ? [] : [`-k=${selection.expression}`]),
    ...(selection.paths.length === 0 ? [] : ['--', ...selection.paths]),
  ];
  if (selection.withCoverage) {
    const coverage = ['-m', 'coverage', 'run', `--data-file=${data}`, `--source=${run.sources.join(',')}`];
    const measured = [...pytest, quick, ...selection.options, ...selected];
    // SQLAlchemy's asyncio runs in greenlets, whose lines are lost otherwise.
    const greenlets = selection.hasOwnConcurrency ? [] : ['--concurrency=thread,greenlet'];
    for (const concurrency of greenlets.length === 0 ? [[]] : [greenlets, []]) {
      const result = await start(run, 'pytest', [...coverage, ...concurrency, ...measured]);
      if (/No module named ['"]?coverage/.test(result.output)) break;
      if (!/^.*(?:Couldn't trace with concurrency|Can't .*concurrency)/m.test(result.output)) return { result, measuring: 'measured' };
    }
  }
  return {
    result: await start(run, 'pytest', [...pytest, quick, ...selected]),
    measuring: selection.withCoverage ? 'not_installed' : 'not_wanted',
  };
}

async function coverageOf(run: CheckRun, data: string): Promise<ReadonlyMap<string, FileCoverage> | undefined> {
  const target = path.join(run.temporary, 'coverage.json');
  // With `parallel` in the project's configuration there is a file a process.
  if (!(await exists(data))) await start(run, 'coverage', ['-m', 'coverage', 'combine', `--data-file=${data}`, '--quiet', run.temporary]);
  await start(run, 'coverage', ['-m', 'coverage', 'json', `--data-file=${data}`, '-o', target, '--quiet', '--ignore-errors']);
  const parsed = coverageShape.safeParse(await readJson(target));
  if (!parsed.success) return undefined;
  return new Map(
    Object.entries(parsed.data.files).map(([file, { summary, missing_lines: missing, functions }]) => [
      inWorkspace(run, file),
      {
        covered: summary.covered_lines,
        statements: summary.num_statements,
        missing,
        functions: new Map(Object.entries(functions).map(([name, each]) => [name, each.summary.covered_lines])),
      },
    ]),
  );
}

function start(
  run: CheckRun,
  name: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<ProcessResult> {
  return runProcess({
    program: run.environment.program,
    args,
    folder: path.join(run.root, run.folder),
    timeLimit: run.timeLimit,
    signal: run.signal,
    environment: { ...run.environment.variables, ...variables },
    logFile: logOf(run, name),
    onOutput: (chunk) => {
      const [, done, total] = [...chunk.matchAll(/\[ {0,8}(\d{1,9})\/(\d{1,9})\]/g)].at(-1) ?? [];
      if (total !== undefined && total !== '0') run.onProgress?.(Number(done), Number(total));
    },
  });
}

/** A tool that is not there, that was ended, or that never began. */
function unusableResult(
  check: CheckName,
  module: string,
  result: ProcessResult,
  { environment, timeLimit }: CheckRun,
): CheckResult | undefined {
  const because = (state: CheckResult['state'], summary: string): CheckResult => ({ check, state, summary, findings: [], output: '' });
  if (result.end === 'timed_out')
    return {
      ...because('timed_out', `${check} did not end within ${timeLimit / 1000} s and was ended, with everything it started.`),
      output: tail(result.output),
    };
  if (result.end === 'cancelled') return because('timed_out', `${check} was cancelled.`);
  if (result.end === 'failed_to_start') return because('missing', `${environment.program} could not be started (${environment.name}).`);
  if (result.code !== 0 && new RegExp(`No module named ['"]?${module}\\b`).test(result.output))
    return because('missing', `${check} is not installed in ${environment.name}: ask the user to run ${environment.addCommand(module)}.`);
  return undefined;
}

function crashed(check: CheckName, result: ProcessResult): CheckResult {
  return {
    check,
    state: 'crashed',
    summary: `${check} itself failed (exit code ${result.code ?? 'unknown'}): this is no finding about the code.`,
    findings: [],
    output: tail(result.output),
  };
}

function decided(check: CheckName, findings: readonly ToolFinding[], result: ProcessResult): CheckResult {
  const state = findings.length === 0 && result.code === 0 ? 'passed' : 'failed';
  const files = new Set(findings.map((finding) => finding.path)).size;
  const summary = state === 'passed' ? `${check}: nothing found.` : `${check} found ${findings.length} (files: ${files}).`;
  return { check, state, summary, findings, output: '' };
}

function inWorkspace(run: CheckRun, file: string): string {
  return workspacePath(run.root, path.resolve(run.root, run.folder, file));
}

function tail(output: string): string {
  return lastLines(withoutSecrets(output), MAX_OUTPUT_LINES, MAX_LINE);
}

/** The absolute path of what a tool prints. */
function logOf(run: CheckRun, name: string): string {
  return path.join(run.temporary, `${name}.log`);
}

/** Undefined where a tool wrote nothing, or not to the end. */
async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}
