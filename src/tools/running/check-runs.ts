import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CHECKS, type CheckName, type CheckResult, type CheckRun } from '../../toolchain/check.ts';
import { findEnvironment, pythonVersion } from '../../toolchain/environment.ts';
import { type MeasuringSettings, readMeasuringSettings } from '../../toolchain/measuring-settings.ts';
import { runMypy } from '../../toolchain/mypy.ts';
import { readMypySettings } from '../../toolchain/mypy-settings.ts';
import { runPytest } from '../../toolchain/pytest.ts';
import { runRuff } from '../../toolchain/ruff-check.ts';
import { secretValuesMask } from '../../toolchain/secrets.ts';
import { sourcesOf } from '../../toolchain/sources.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { ToolCall } from '../tool.ts';

/** What is run; requests with the same words share a run. */
export interface CheckRequest {
  /** The package's, workspace-relative. */
  readonly folder: string;
  readonly checks: readonly CheckName[];
  /** Undefined for all of them. */
  readonly tests: readonly string[] | undefined;
  readonly expression: string | undefined;
  /** In seconds, for each tool. */
  readonly timeout: number;
}

/** What one run gave. */
export interface CheckOutcome {
  readonly environment: string;
  /** What of the package was checked, relative to it. */
  readonly sources: readonly string[];
  readonly results: readonly CheckResult[];
  readonly warnings: readonly string[];
  /** Absolute paths of what the tools printed, by the name that read_file takes. */
  readonly logs: ReadonlyMap<string, string>;
}

/** A run under way, and how many wait for it. */
interface SharedRun {
  readonly outcome: Promise<CheckOutcome>;
  readonly controller: AbortController;
  readonly reports: Set<NonNullable<ToolCall['progress']>>;
  waiting: number;
}

const PREFIX = 'python-engineer-checks-';
/** What a server that was killed left is removed after this, in milliseconds. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

const running = new Map<string, SharedRun>();
const folders = new Set<string>();

/** Requests for the same checks at the same time share one run; it is ended when nobody waits for it any more. */
export async function runShared(workspace: Workspace, request: CheckRequest, call: ToolCall): Promise<CheckOutcome> {
  call.signal.throwIfAborted();
  const key = JSON.stringify([workspace.realRoot, request]);
  const run = running.get(key) ?? begin(key, workspace, request);
  run.waiting += 1;
  if (call.progress !== undefined) run.reports.add(call.progress);
  const leave = (): void => {
    if (call.progress !== undefined) run.reports.delete(call.progress);
    run.waiting -= 1;
    if (run.waiting > 0) return;
    // One that is ended is not joined.
    if (running.get(key) === run) running.delete(key);
    run.controller.abort();
  };
  call.signal.addEventListener('abort', leave, { once: true });
  return run.outcome.finally(() => call.signal.removeEventListener('abort', leave));
}

/** True where only some of the tests are asked for: that says nothing about the coverage of the whole. */
export function isPartial({ tests, expression }: Pick<CheckRequest, 'tests' | 'expression'>): boolean {
  return tests !== undefined || expression !== undefined;
}

/** A folder for what the tools write, absolute. It is removed when the server ends. */
export function temporaryFolder(): string {
  if (folders.size === 0) {
    process.once('exit', () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });
    void removeAbandoned();
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), PREFIX));
  folders.add(folder);
  return folder;
}

function begin(key: string, workspace: Workspace, request: CheckRequest): SharedRun {
  const controller = new AbortController();
  const reports: SharedRun['reports'] = new Set();
  const report: NonNullable<ToolCall['progress']> = (done, total, message) => {
    for (const each of reports) each(done, total, message);
  };
  const outcome = runAll(workspace, request, controller.signal, report).finally(() => {
    if (running.get(key) === run) running.delete(key);
  });
  const run: SharedRun = { outcome, controller, reports, waiting: 0 };
  running.set(key, run);
  return run;
}

async function runAll(
  workspace: Workspace,
  request: CheckRequest,
  signal: AbortSignal,
  progress: NonNullable<ToolCall['progress']>,
): Promise<CheckOutcome> {
  const { folder, timeout } = request;
  const environment = await findEnvironment(workspace, folder, signal);
  const version = await pythonVersion(workspace, folder, environment, signal);
  const mypy = await readMypySettings(workspace, folder);
  const measuring = await readMeasuringSettings(workspace, folder);
  const temporary = temporaryFolder();
  const sources = await sourcesOf(workspace, folder);
  const wanted = CHECKS.filter((check) => request.checks.includes(check));
  const results: CheckResult[] = [];
  for (const [index, check] of wanted.entries()) {
    signal.throwIfAborted();
    progress(index, wanted.length, check);
    const run: CheckRun = {
      root: workspace.realRoot,
      folder,
      environment,
      sources,
      temporary,
      timeLimit: timeout * 1000,
      signal,
      onProgress: (done, total) => progress(index + done / total, wanted.length, `${check}: ${done} of ${total} tests`),
    };
    results.push(withoutSecretsIn(await runOne(check, run, request, mypy.hasTargets, measuring)));
  }
  progress(wanted.length, wanted.length, 'done');
  const weaker =
    mypy.weakenings.length === 0 || !wanted.includes('mypy')
      ? []
      : [`mypy is less strict here than --strict: ${mypy.weakenings.join('; ')}.`];
  return {
    environment: version.found === undefined ? environment.name : `${environment.name} (Python ${version.found})`,
    sources,
    results,
    warnings: [...version.warnings, ...weaker, ...results.flatMap((result) => result.warnings)],
    logs: new Map(wanted.map((check) => [`run_checks:${check}.log`, path.join(temporary, `${check}.log`)])),
  };
}

function runOne(
  check: CheckName,
  run: CheckRun,
  request: CheckRequest,
  hasOwnTargets: boolean,
  measuring: MeasuringSettings,
): Promise<CheckResult> {
  switch (check) {
    case 'ruff':
      return runRuff(run);
    case 'mypy':
      return runMypy(run, hasOwnTargets);
    case 'pytest':
      return runPytest(run, {
        paths: request.tests ?? [],
        expression: request.expression,
        withCoverage: !isPartial(request),
        ...measuring,
      });
  }
}

function withoutSecretsIn(result: CheckResult): CheckResult {
  const mask = secretValuesMask();
  const findings = result.findings.map((each) => ({
    ...each,
    message: mask(each.message),
    ...(each.test === undefined ? {} : { test: { ...each.test, reason: mask(each.test.reason) } }),
  }));
  return { ...result, findings };
}

async function removeAbandoned(): Promise<void> {
  const names = (await readdir(os.tmpdir()).catch(() => [])).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const folder = path.join(os.tmpdir(), name);
    const age = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    // Another user's stays where it is.
    if (age > ABANDONED_MS) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}
