import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type CheckResult,
  type CheckRun,
  crashedResult,
  emptyResult,
  logOf,
  startTool,
  type ToolFinding,
  tail,
  timeLimitText,
  unusableResult,
} from './check.ts';
import { measuredSources, readCoverage } from './coverage.ts';
import { conftestFailure, failedTests, hungAt } from './failed-tests.ts';
import { type JunitReport, type JunitTest, readJunit } from './junit.ts';
import type { MeasuringSettings } from './measuring-settings.ts';
import type { ProcessResult } from './process.ts';
import { secretValuesMask } from './secrets.ts';

/** What of the tests is run. */
export interface TestSelection extends MeasuringSettings {
  /** Files, folders or node ids, relative to the package. */
  readonly paths: readonly string[];
  /** An expression for pytest's `-k`. */
  readonly expression: string | undefined;
  readonly withCoverage: boolean;
}

/** pytest's own exit codes. */
const INTERRUPTED = 2;
const INTERNAL_ERROR = 3;
const USAGE_ERROR = 4;

/** Runs pytest, those that failed last time first, and measures coverage where that is wanted and possible. */
export async function runPytest(run: CheckRun, selection: TestSelection): Promise<CheckResult> {
  const junit = path.join(run.temporary, 'junit.xml');
  const data = path.join(run.temporary, 'coverage.data');
  const { result, measuring } = await startPytest(run, selection, junit, data);
  const report = await readFile(junit, 'utf8').then(readJunit, () => undefined);
  const tests = report?.tests ?? [];
  const findings = failedTests(run, tests);
  await appendTracebacks(run, tests);
  const hung = hungAt(run, result.output);
  if (result.end === 'timed_out' && (tests.length > 0 || hung !== undefined)) {
    const where = hung === undefined ? '' : ` The last it was seen in is ${hung}.`;
    return { ...emptyResult('pytest', 'timed_out', `${timeLimitText('pytest', run)} So far: ${countsText(tests)}.${where}`), findings };
  }
  const unusable = unusableResult('pytest', result, run);
  if (unusable !== undefined) return unusable;
  const notStarted = beforeTheFirstTest(run, result);
  if (notStarted !== undefined) return notStarted;
  if (report === undefined || result.code === INTERNAL_ERROR || result.killedBy !== undefined) return crashedResult('pytest', result);
  // Interrupted, or without a test: what was not reached says nothing about coverage.
  const isComplete = result.code === 0 || result.code === 1;
  const coverage = measuring === 'measured' && isComplete ? await readCoverage(run, data) : undefined;
  const state = result.code === 0 ? 'passed' : 'failed';
  return {
    check: 'pytest',
    state,
    summary: summaryOf(report, result),
    findings,
    output: state === 'failed' && findings.length === 0 ? tail(result.output) : '',
    ...(coverage === undefined ? {} : { coverage }),
    warnings: measuringWarning(run, measuring, isComplete, coverage !== undefined),
  };
}

/** The first way of running it that the environment allows: each of the others ends before the first test. */
async function startPytest(
  run: CheckRun,
  selection: TestSelection,
  junit: string,
  data: string,
): Promise<{ readonly result: ProcessResult; readonly measuring: 'measured' | 'not_wanted' | 'not_installed' }> {
  const pytest = [
    ...['-m', 'pytest', '-q', '--failed-first', '--color=no', '--tb=short'],
    // Paths in the report are relative to the package, wherever its configuration lies.
    ...['--rootdir=.', '-o', 'junit_family=xunit1', `--junitxml=${junit}`],
    ...['-o', 'console_output_style=count'],
    // A test that hangs says where, before the whole run is ended.
    ...['-o', `faulthandler_timeout=${Math.max(1, Math.floor(run.timeLimit / 2000))}`],
    // Takes minutes for thousands of failures; the report holds the same.
    '--no-summary',
  ];
  const selected = [
    ...(selection.expression === undefined ? [] : [`-k=${selection.expression}`]),
    ...(selection.paths.length === 0 ? [] : ['--', ...selection.paths]),
  ];
  const start = (args: readonly string[]): Promise<ProcessResult> =>
    startTool(run, 'pytest', args, { isInterruptible: true, onOutput: (chunk) => reportProgress(run, chunk) });
  if (selection.withCoverage) {
    const coverage = ['-m', 'coverage', 'run', `--data-file=${data}`, `--source=${measuredSources(run)}`];
    // SQLAlchemy's asyncio runs in greenlets, whose lines are lost otherwise.
    const greenlets = selection.hasOwnConcurrency ? [] : ['--concurrency=thread,greenlet'];
    for (const concurrency of greenlets.length === 0 ? [[]] : [greenlets, []]) {
      const result = await start([...coverage, ...concurrency, ...pytest, ...selection.options, ...selected]);
      if (/No module named ['"]?coverage/.test(result.output)) break;
      if (!/^.*(?:Couldn't trace with concurrency|Can't .*concurrency)/m.test(result.output)) return { result, measuring: 'measured' };
    }
  }
  return { result: await start([...pytest, ...selected]), measuring: selection.withCoverage ? 'not_installed' : 'not_wanted' };
}

function reportProgress(run: CheckRun, chunk: string): void {
  const [, done, total] = [...chunk.matchAll(/\[ {0,8}(\d{1,9})\/(\d{1,9})\]/g)].at(-1) ?? [];
  if (total !== undefined && total !== '0') run.onProgress?.(Number(done), Number(total));
}

/** What kept pytest from its first test: a conftest.py, or what was asked for. */
function beforeTheFirstTest(run: CheckRun, result: ProcessResult): CheckResult | undefined {
  if (result.code !== USAGE_ERROR) return undefined;
  const finding: ToolFinding | undefined = conftestFailure(run, result.output);
  if (finding !== undefined)
    return { ...emptyResult('pytest', 'failed', 'pytest: no test ran, since conftest.py could not be imported.'), findings: [finding] };
  const reason = /^ERROR: (.+)$/m.exec(result.output)?.[1];
  if (reason === undefined) return undefined;
  return emptyResult(
    'pytest',
    'failed',
    `pytest: no test ran: ${reason}. Tests are named from ${run.folder === '.' ? 'the root' : run.folder}.`,
  );
}

function summaryOf({ tests, seconds }: JunitReport, result: ProcessResult): string {
  const deselected = /\b(\d+) deselected\b/.exec(result.output)?.[1];
  if (tests.length === 0)
    return deselected === undefined ? 'pytest found no test.' : `pytest ran no test: the expression leaves out all ${deselected}.`;
  if (result.code === INTERRUPTED && tests.every((test) => test.outcome === 'error'))
    return `pytest: no test ran, since not every module could be imported (${tests.length} failed).`;
  return `pytest: ${countsText(tests)} in ${seconds.toFixed(1)} s${result.code === INTERRUPTED ? ', then it was interrupted' : ''}.`;
}

function countsText(tests: readonly JunitTest[]): string {
  const count = (outcome: JunitTest['outcome']): number => tests.filter((test) => test.outcome === outcome).length;
  const errors = count('error');
  return `${count('passed')} passed, ${count('failed')} failed, ${errors === 0 ? '' : `${errors} with errors, `}${count('skipped')} skipped`;
}

function measuringWarning(run: CheckRun, measuring: string, isComplete: boolean, isMeasured: boolean): string[] {
  if (measuring === 'not_installed') return [`coverage was not measured: ask the user to run ${run.environment.addCommand('coverage')}.`];
  if (measuring === 'measured' && isComplete && !isMeasured) return [`coverage measured nothing in ${run.sources.join(', ')}.`];
  return [];
}

async function appendTracebacks(run: CheckRun, tests: readonly JunitTest[]): Promise<void> {
  const failed = tests.filter(({ text }) => text !== '');
  if (failed.length === 0) return;
  const text = failed.map((test) => `\n${test.classname}.${test.name}\n${test.text}\n`).join('');
  await appendFile(logOf(run, 'pytest'), secretValuesMask()(text));
}
