import { randomUUID } from 'node:crypto';
import type { TestedFunctions } from '../../rules/finding.ts';
import { layerOf } from '../../rules/knowledge/layers.ts';
import type { CheckResult, ToolFinding } from '../../toolchain/check.ts';
import type { Session } from '../phase/session.ts';

/** The rule that the code alone decides less surely than a run of the tests. */
export const SERVICE_COVERED = 'testing/service-covered';

/** testing/service-covered, by what the tests ran; nothing where that was not measured. */
export async function untestedServices(session: Session, results: readonly CheckResult[]): Promise<ToolFinding[]> {
  const tested = new Map(
    results
      .flatMap((result) => [...(result.coverage ?? [])])
      .filter(([file, { functions }]) => layerOf(file) === 'services' && functions.size > 0)
      .map(([file, { functions }]) => [file, byRun(functions)] as const),
  );
  const workspace = await session.workspace();
  const project = await session.projectRules(workspace);
  const judgement = { rules: project.rules.filter((rule) => rule.id === SERVICE_COVERED), roots: project.roots, tested };
  const run = { generation: randomUUID(), lane: 0 } as const;
  const found: ToolFinding[] = [];
  for (const file of tested.keys()) {
    const read = await workspace.readTextIfExists(file);
    if (read === undefined) continue;
    const { findings } = await session.services.engine.check(workspace, file, read.text, judgement, session.pythonSettings(workspace), run);
    found.push(...findings.map(({ rule, severity, message, path, line, column }) => ({ rule, severity, message, path, line, column })));
  }
  return found;
}

function byRun(functions: ReadonlyMap<string, number>): TestedFunctions {
  const named = [...functions].filter(([name]) => name !== '');
  return {
    run: named.filter(([, lines]) => lines > 0).map(([name]) => name),
    missed: named.filter(([, lines]) => lines === 0).map(([name]) => name),
  };
}
