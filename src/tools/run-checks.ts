import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import {
  CHECKS,
  type CheckName,
  type CheckResult,
  type CheckRun,
  runMypy,
  runPytest,
  runRuff,
  type ToolFinding,
} from '../toolchain/checks.ts';
import { findEnvironment } from '../toolchain/environment.ts';
import { type MeasuringSettings, readMeasuringSettings } from '../toolchain/measuring-settings.ts';
import { readMypySettings } from '../toolchain/mypy-settings.ts';
import { secretValuesMask } from '../toolchain/secrets.ts';
import { groupBy } from '../workspace/group-by.ts';
import { listFiles } from '../workspace/listing.ts';
import { Refusal } from '../workspace/refusal.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { missingForPhase } from './definition-of-done.ts';
import { coverageByLayer, coverageFindings } from './layer-coverage.ts';
import { findingSchema, plural } from './present.ts';
import type { Session } from './session.ts';
import { untestedServices } from './tested-services.ts';
import { type AnyTool, defineTool, type ToolCall } from './tool.ts';

/** More places of one cause are counted instead of named. */
const MAX_NAMED = 8;

const input = z.strictObject({
  path: z.string().optional().describe('Folder of the package, where there are several'),
  checks: z.array(z.enum(CHECKS)).min(1).optional().describe('Default: all'),
  tests: z.array(z.string().regex(/^[^-]/)).optional().describe('Files, folders or node ids'),
  expression: z.string().optional().describe("pytest's -k"),
  gate: z.boolean().default(false),
  limit: z.number().int().min(1).max(1000).default(50),
  timeout: z.number().int().min(5).max(7200).default(900).describe('Seconds for each tool'),
});
type Input = z.output<typeof input>;

const output = z.strictObject({
  passed: z.boolean(),
  environment: z.string(),
  checks: z.array(z.strictObject({ check: z.string(), state: z.string(), summary: z.string() })),
  findings: z.array(findingSchema.pick({ rule: true, severity: true, message: true, path: true, line: true, column: true })),
  total: z.number().int(),
  coverage: z.array(z.strictObject({ layer: z.string(), covered: z.number().int(), statements: z.number().int(), percent: z.number() })),
  missing: z.array(z.string()),
  warnings: z.array(z.string()),
  logs: z.array(z.string()),
});

/** What one run gave; several requests for the same share it. */
interface Outcome {
  readonly environment: string;
  readonly results: readonly CheckResult[];
  readonly warnings: readonly string[];
  /** Absolute paths of what the tools printed, by the name that read_file takes. */
  readonly logs: ReadonlyMap<string, string>;
}

/** A run under way, and how many wait for it. */
interface SharedRun {
  readonly outcome: Promise<Outcome>;
  readonly controller: AbortController;
  readonly reports: Set<NonNullable<ToolCall['progress']>>;
  waiting: number;
}

const NOTHING_RUN: Outcome = { environment: 'no environment', results: [], warnings: [], logs: new Map() };

const running = new Map<string, SharedRun>();

/** `run_checks`: the project's own tools in its own environment, and whether the phase is done. */
export const runChecks: AnyTool = defineTool({
  name: 'run_checks',
  title: 'Run the checks',
  description:
    "ruff, mypy --strict and pytest with coverage in the project's own environment. gate: is the phase done (also code, contract, schema, work log)?",
  hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  input,
  output,
  async run(given, call) {
    const { session } = call;
    const workspace = await session.workspace();
    // There is no code yet that the tools could judge.
    const isContractPhase = given.gate && session.mode === 'contract';
    const outcome = isContractPhase ? NOTHING_RUN : await shared(workspace, await packageFolder(workspace, given.path), given, call);
    call.signal.throwIfAborted();
    for (const [name, file] of outcome.logs) session.logs.set(name, file);
    const { results } = outcome;
    const coverage = coverageByLayer(results);
    const untested = await untestedServices(session, results);
    const findings = [...results.flatMap((result) => result.findings), ...coverageFindings(coverage, results), ...(untested ?? [])];
    const causes = grouped(findings);
    const all = causes.length > given.limit ? await keepAll(causes, session) : undefined;
    const missing = given.gate ? await missingForPhase(call, { results, findings, isPartial: isPartial(given) }) : [];
    const passed = findings.length === 0 && results.every((result) => result.state === 'passed') && missing.length === 0;
    return {
      text: [
        verdict(given.gate, passed, outcome, missing),
        ...missing.map((each, index) => `${index + 1}. ${each}`),
        ...results.flatMap((result) => [`- ${result.summary}`, ...(result.output === '' ? [] : [result.output])]),
        ...coverage.map(
          ({ layer, percent, covered, statements }) => `- coverage of ${layer}: ${percent}% (${covered} of ${statements} lines).`,
        ),
        ...outcome.warnings.map((each) => `Warning: ${each}`),
        ...causes.slice(0, given.limit),
        ...(all === undefined ? [] : [`… ${plural(causes.length - given.limit, 'cause')} more: read_file ${all}.`]),
        ...(outcome.logs.size === 0
          ? []
          : [`Run in ${outcome.environment}. All that was printed: read_file ${[...outcome.logs.keys()].join(', ')}.`]),
      ].join('\n'),
      structured: {
        passed,
        environment: outcome.environment,
        checks: results.map(({ check, state, summary }) => ({ check, state, summary })),
        findings: findings.slice(0, given.limit),
        total: findings.length,
        coverage,
        missing,
        warnings: [...outcome.warnings],
        logs: [...outcome.logs.keys()],
      },
    };
  },
});

/** The package that is checked: the one named, the workspace itself, or the only folder with a manifest. */
async function packageFolder(workspace: Workspace, wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) {
    const { relative } = await workspace.resolve(wanted, 'read');
    if (await workspace.isFolder(wanted)) return relative === '' ? '.' : relative;
    throw new Refusal('not_a_file', `"${wanted}" is no folder.`, 'Name the folder of the package.');
  }
  const manifests = await listFiles(workspace, ['**/pyproject.toml', '**/setup.py', '**/setup.cfg']);
  const folders = [...new Set(manifests.map((file) => path.posix.dirname(file)))];
  const [only] = folders;
  if (folders.includes('.') || only === undefined) return '.';
  if (folders.length === 1) return only;
  throw new Refusal('invalid_input', `There are several packages: ${folders.join(', ')}.`, 'Name the folder of one with path.');
}

/** Requests for the same checks at the same time share one run; it is ended when nobody waits for it any more. */
async function shared(workspace: Workspace, folder: string, given: Input, call: ToolCall): Promise<Outcome> {
  call.signal.throwIfAborted();
  const key = JSON.stringify([workspace.realRoot, folder, given.checks, given.tests, given.expression, given.timeout]);
  const run = running.get(key) ?? begin(key, workspace, folder, given);
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

function begin(key: string, workspace: Workspace, folder: string, given: Input): SharedRun {
  const controller = new AbortController();
  const reports: SharedRun['reports'] = new Set();
  const report: NonNullable<ToolCall['progress']> = (done, total, message) => {
    for (const each of reports) each(done, total, message);
  };
  const outcome = runAll(workspace, folder, given, controller.signal, report).finally(() => {
    if (running.get(key) === run) running.delete(key);
  });
  const run: SharedRun = { outcome, controller, reports, waiting: 0 };
  running.set(key, run);
  return run;
}

async function runAll(
  workspace: Workspace,
  folder: string,
  given: Input,
  signal: AbortSignal,
  progress: NonNullable<ToolCall['progress']>,
): Promise<Outcome> {
  const environment = await findEnvironment(workspace, folder, signal);
  const mypy = await readMypySettings(workspace, folder);
  const measuring = await readMeasuringSettings(workspace, folder);
  const wanted = given.checks ?? CHECKS;
  const temporary = await mkdtemp(path.join(os.tmpdir(), 'python-engineer-checks-'));
  const sources = await sourcesOf(workspace, folder);
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
      timeLimit: given.timeout * 1000,
      signal,
      onProgress: (done, total) => progress(index + done / total, wanted.length, `${check}: ${done} of ${total} tests`),
    };
    results.push(withoutSecretsIn(await runOne(check, run, given, mypy.hasTargets, measuring)));
  }
  progress(wanted.length, wanted.length, 'done');
  const weaker =
    mypy.weakenings.length === 0 || !wanted.includes('mypy')
      ? []
      : [`mypy is less strict here than --strict: ${mypy.weakenings.join('; ')}.`];
  return {
    environment: environment.name,
    results,
    warnings: [...weaker, ...results.flatMap((result) => result.warning ?? [])],
    logs: new Map(wanted.map((check) => [`run_checks:${check}.log`, path.join(temporary, `${check}.log`)])),
  };
}

/** Writes what is too much for an answer where read_file finds it; the name it takes. */
async function keepAll(causes: readonly string[], session: Session): Promise<string> {
  const name = 'run_checks:findings.log';
  const file = path.join(await mkdtemp(path.join(os.tmpdir(), 'python-engineer-checks-')), 'findings.log');
  await writeFile(file, causes.map((cause) => `${cause}\n`).join(''), { mode: 0o600 });
  session.logs.set(name, file);
  return name;
}

function runOne(check: CheckName, run: CheckRun, given: Input, hasOwnTargets: boolean, measuring: MeasuringSettings): Promise<CheckResult> {
  switch (check) {
    case 'ruff':
      return runRuff(run);
    case 'mypy':
      return runMypy(run, hasOwnTargets);
    case 'pytest': {
      // A part of the tests says nothing about the coverage of the whole.
      return runPytest(run, { paths: given.tests ?? [], expression: given.expression, withCoverage: !isPartial(given), ...measuring });
    }
  }
}

function withoutSecretsIn(result: CheckResult): CheckResult {
  const mask = secretValuesMask();
  return { ...result, findings: result.findings.map((each) => ({ ...each, message: mask(each.message) })) };
}

/** True where only some of the tests are asked for. */
function isPartial({ tests, expression }: Input): boolean {
  return tests !== undefined || expression !== undefined;
}

/** Where the sources of a package lie, relative to it: `src` or `app`, else its own packages, else all of it. */
async function sourcesOf(workspace: Workspace, folder: string): Promise<string[]> {
  const usual = ['src', 'app'];
  const found = await Promise.all(usual.map((name) => workspace.isFolder(path.posix.join(folder, name))));
  const there = usual.filter((_, index) => found[index]);
  if (there.length > 0) return there;
  const packages = await listFiles(workspace, [path.posix.join(folder, '*/__init__.py')]);
  const names = packages.map((file) => path.posix.basename(path.posix.dirname(file))).filter((name) => !/^tests?$/.test(name));
  return names.length === 0 ? ['.'] : names;
}

function verdict(gate: boolean, passed: boolean, { results }: Outcome, missing: readonly string[]): string {
  if (gate)
    return passed
      ? 'Done: everything that the phase demands is there.'
      : `Not done: ${plural(missing.length, 'point')}, in the order to settle them.`;
  const failed = results.filter((result) => result.state !== 'passed').map((result) => result.check);
  if (passed) return `Passed: ${results.map((result) => result.check).join(', ')}.`;
  return `Failed: ${failed.length === 0 ? 'the tests do not reach enough' : failed.join(', ')}.`;
}

/** One entry a cause: what stands at the same place (a test with many parameters), or in the same words. */
function grouped(findings: readonly ToolFinding[]): string[] {
  const groups = groupBy(findings, ({ rule, message, path: file, line }) =>
    rule.startsWith('pytest/') ? `${rule}\t${file}:${line}` : `${rule}\t${message}`,
  );
  return [...groups.values()].map((group) => {
    const [first] = group;
    if (first === undefined) return '';
    const places = [...new Set(group.map(({ path: file, line, column }) => `${file}:${line}:${column}`))];
    const more = places.length > MAX_NAMED ? ` and ${places.length - MAX_NAMED} more` : '';
    const times = group.length === 1 ? '' : `, ${group.length} times`;
    return `${places.slice(0, MAX_NAMED).join(', ')}${more}: ${first.severity} ${first.rule}${times}: ${first.message}`;
  });
}
