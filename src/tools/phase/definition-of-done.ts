import { listWorkLogs } from '../../documents/work-log.ts';
import { workMark, workState } from '../../documents/work-state.ts';
import { CHECKS, type CheckResult, type ToolFinding } from '../../toolchain/check.ts';
import { Refusal } from '../../workspace/refusal.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { checkCode } from '../check-code.ts';
import { checkContractReadOnly } from '../check-contract.ts';
import { checkSchema } from '../check-schema.ts';
import { SERVICE_COVERED } from '../running/tested-services.ts';
import type { AnyTool, ToolCall } from '../tool.ts';

/** What the project's own tools gave. */
interface Evidence {
  readonly results: readonly CheckResult[];
  readonly findings: readonly ToolFinding[];
  /** Only some of the tests were run. */
  readonly isPartial: boolean;
}

/** What the phase still demands, in the order in which to settle it; from evidence, not from what anybody says. */
export async function missingForPhase(call: ToolCall, { results, findings, isPartial }: Evidence): Promise<string[]> {
  const missing: string[] = [];
  const log = await logProblem(await call.session.workspace());
  if (call.session.mode === 'contract') {
    const problem = await problemOf(checkContractReadOnly, call);
    return [...(problem === undefined ? [] : [`check_contract: ${problem}`]), ...(log === undefined ? [] : [log])];
  }
  const isMeasured = results.some((result) => result.coverage !== undefined);
  const code = await checkCode.call({ severity: 'error', limit: 1, ...(isMeasured ? await withoutCoverage(call) : {}) }, call);
  if (code.structured.clean !== true) missing.push(`check_code: ${firstLine(code.text)}`);
  for (const [tool, name] of [
    [checkContractReadOnly, 'check_contract'],
    [checkSchema, 'check_schema'],
  ] as const) {
    const problem = await problemOf(tool, call);
    if (problem !== undefined) missing.push(`${name}: ${problem}`);
  }
  for (const result of results) if (result.state !== 'passed') missing.push(`run_checks: ${result.summary}`);
  const unrun = CHECKS.filter((check) => !results.some((result) => result.check === check));
  if (unrun.length > 0) missing.push(`run_checks: ${unrun.join(', ')} did not run; leave checks out.`);
  if (isPartial) missing.push('run_checks: only a part of the tests has run; leave tests and expression out.');
  for (const { rule, message, path, line } of findings)
    if (rule === 'testing/coverage' || rule === SERVICE_COVERED) missing.push(`${rule}: ${message} (${path}:${line})`);
  for (const { check, coverage, warnings } of results)
    if (check === 'pytest' && coverage === undefined) missing.push(...warnings.map((warning) => `testing/coverage: ${warning}`));
  if (log !== undefined) missing.push(log);
  return missing;
}

/** Every rule but the one that the run of the tests has decided. */
async function withoutCoverage({ session }: ToolCall): Promise<{ readonly rules: readonly string[] }> {
  const { rules } = await session.projectRules(await session.workspace());
  return { rules: rules.map((rule) => rule.id).filter((id) => id !== SERVICE_COVERED) };
}

async function problemOf(tool: AnyTool, call: ToolCall): Promise<string | undefined> {
  try {
    const { text, structured } = await tool.call({}, call);
    const differences = Array.isArray(structured.differences) ? structured.differences : [];
    const errors = differences.filter(
      (each: unknown) => typeof each !== 'object' || each === null || !('severity' in each) || each.severity === 'error',
    );
    const isReady = structured.ready !== false || call.session.mode !== 'contract';
    return errors.length === 0 && isReady ? undefined : firstLine(text);
  } catch (error) {
    if (error instanceof Refusal) return `${error.message} ${error.remedy}`;
    throw error;
  }
}

function firstLine(text: readonly string[]): string {
  return text.join('\n').split('\n')[0] ?? '';
}

/** One of the logs has to speak of the work as it is now. */
async function logProblem(workspace: Workspace): Promise<string | undefined> {
  const logs = await listWorkLogs(workspace);
  if (logs.length === 0) return 'write_work_log: there is no work log yet.';
  const mark = workMark(await workState(workspace));
  for (const log of logs.toReversed()) if ((await workspace.readText(log.path)).text.includes(mark)) return undefined;
  return 'write_work_log: no work log speaks of the code and the contract as they are now.';
}
