import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { CHECKS } from '../toolchain/check.ts';
import { missingForPhase } from './phase/definition-of-done.ts';
import type { Session } from './phase/session.ts';
import { causesOf, sharedOut } from './reporting/check-report.ts';
import { findingSchema, plural } from './reporting/present.ts';
import { type CheckOutcome, isPartial, runShared, temporaryFolder } from './running/check-runs.ts';
import { coverageByLayer, coverageFindings } from './running/layer-coverage.ts';
import { packageFolder, testsIn } from './running/package-folder.ts';
import { untestedServices } from './running/tested-services.ts';
import { type AnyTool, defineTool } from './tool.ts';

const input = z.strictObject({
  path: z.string().optional().describe('Folder of the package'),
  checks: z.array(z.enum(CHECKS)).min(1).optional().describe('Default: all'),
  tests: z.array(z.string().regex(/^[^-]/)).optional().describe('Files or node ids'),
  expression: z.string().optional().describe("pytest's -k"),
  gate: z.boolean().default(false),
  limit: z.number().int().min(1).max(1000).default(50),
  timeout: z.number().int().min(5).max(7200).default(900).describe('Seconds a tool'),
});

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

const NOTHING_RUN: CheckOutcome = { environment: 'no environment', sources: [], results: [], warnings: [], logs: new Map() };

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
    const folder = isContractPhase ? '.' : await packageFolder(workspace, given.path);
    const tests = given.tests === undefined || given.tests.length === 0 ? undefined : await testsIn(workspace, folder, given.tests);
    const partial = isPartial({ tests, expression: given.expression });
    // Who asks for some of the tests waits for those.
    const checks = given.checks ?? (partial ? (['pytest'] as const) : CHECKS);
    const request = { folder, checks, tests, expression: given.expression, timeout: given.timeout };
    const outcome = isContractPhase ? NOTHING_RUN : await runShared(workspace, request, call);
    call.signal.throwIfAborted();
    for (const [name, file] of outcome.logs) session.logs.set(name, file);
    const { results } = outcome;
    const found = results.flatMap((result) => result.findings);
    // Tests that could not even start have reached nothing, which says nothing of what they would reach.
    const isJudged = !found.some(({ rule }) => rule === 'pytest/error');
    const coverage = isJudged ? coverageByLayer(results, folder) : [];
    const unreached = isJudged ? [...coverageFindings(coverage, results, folder), ...(await untestedServices(session, results))] : [];
    const findings = [...found, ...unreached];
    const causes = causesOf(findings);
    const all = causes.length > given.limit ? await keepAll(causes, session) : undefined;
    const missing = given.gate ? await missingForPhase(call, { results, findings, isPartial: partial }) : [];
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
        ...sharedOut(causes, ({ tool }) => tool, given.limit).map(({ text }) => text),
        ...(all === undefined ? [] : [`… ${plural(causes.length - given.limit, 'cause')} more: read_file ${all}.`]),
        ...(outcome.logs.size === 0
          ? []
          : [
              `Run in ${outcome.environment}, on ${outcome.sources.join(', ')}${folder === '.' ? '' : ` of ${folder}`}. All that was printed: read_file ${[...outcome.logs.keys()].join(', ')}.`,
            ]),
      ].join('\n'),
      structured: {
        passed,
        environment: outcome.environment,
        checks: results.map(({ check, state, summary }) => ({ check, state, summary })),
        findings: sharedOut(findings, ({ rule }) => rule.split('/')[0] ?? '', given.limit).map(({ test: _test, ...finding }) => finding),
        total: findings.length,
        coverage,
        missing,
        warnings: [...outcome.warnings],
        logs: [...outcome.logs.keys()],
      },
    };
  },
});

/** Writes what is too much for an answer where read_file finds it; the name it takes. */
async function keepAll(causes: readonly { readonly text: string }[], session: Session): Promise<string> {
  const name = 'run_checks:findings.log';
  const file = path.join(temporaryFolder(), 'findings.log');
  await writeFile(file, causes.map(({ text }) => `${text}\n`).join(''), { mode: 0o600 });
  session.logs.set(name, file);
  return name;
}

function verdict(gate: boolean, passed: boolean, { results }: CheckOutcome, missing: readonly string[]): string {
  if (gate)
    return passed
      ? 'Done: everything that the phase demands is there.'
      : `Not done: ${plural(missing.length, 'point')}, in the order to settle them.`;
  const failed = results.filter((result) => result.state !== 'passed').map((result) => result.check);
  if (passed) return `Passed: ${results.map((result) => result.check).join(', ')}.`;
  return `Failed: ${failed.length === 0 ? 'the tests do not reach enough' : failed.join(', ')}.`;
}
