import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ContractEngine } from '../../src/contract/engine.ts';
import { DatabaseEngine } from '../../src/database/engine.ts';
import { PythonSettings } from '../../src/python/python-settings.ts';
import { CheckEngine } from '../../src/rules/engine/engine.ts';
import { CHECKS } from '../../src/rules/registry.ts';
import { type ExampleFile, loadRuleDefinitions, loadRulePages, type RuleExample, type RulePage } from '../../src/skill/rule-pages.ts';
import { checkReply } from '../../src/tools/check-reply.ts';
import { Session } from '../../src/tools/phase/session.ts';
import { parseWorkflowConfig } from '../../src/workspace/config.ts';
import { Workspace } from '../../src/workspace/workspace.ts';
import { addFiles } from '../support/connect.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const engine = new CheckEngine();
const database = new DatabaseEngine();
const contracts = new ContractEngine();
const empty = await Workspace.open(await temporaryFolder());
const pages = await loadRulePages();

afterAll(() => Promise.all([engine.close(), database.close(), contracts.close()]));

/** Rules that `check_schema` decides: its examples stand in a project with the DBA's document. */
async function schemaLines(example: RuleExample): Promise<number[]> {
  const files = [...example.context, { path: example.path, text: example.code }];
  const workspace = await workspaceOf(files);
  const config = parseWorkflowConfig(files.find((file) => file.path.endsWith('workflow-config.md'))?.text);
  const document = (name: string): { path: string; text: string } | undefined => files.find((file) => file.path.endsWith(name));
  const authority = config.dbApproach.value === 'database-first' ? 'script' : 'design';
  const question = { roots: [], script: document('db-init.sql'), design: document('db-design.md'), authority } as const;
  const { differences } = await database.check(workspace, question, new AbortController().signal);
  return [...new Set(differences.map(({ modelPlace }) => modelPlace.line))].sort((one, other) => one - other);
}

/** Rules that `run_checks` decides with the project's own tools. */
const DECIDED_BY_TOOLCHAIN = ['testing/coverage', 'typing/mypy-strict'];

/** Rules about replies, which `check_reply` decides. */
async function replyLines(rule: string, example: RuleExample): Promise<number[]> {
  const workspace = await workspaceOf(example.context);
  const session = new Session({
    openWorkspace: async () => workspace,
    engine,
    contracts,
    database,
    rules: loadRuleDefinitions,
    ask: async () => undefined,
    now: () => new Date(),
  });
  const { structured } = await checkReply.call({ reply: example.code }, { session, signal: new AbortController().signal });
  const findings = z.array(z.object({ rule: z.string(), line: z.number() })).parse(structured.findings);
  return [...new Set(findings.filter((each) => each.rule === rule).map((each) => each.line))];
}

async function findingLines(page: RulePage, example: RuleExample): Promise<number[]> {
  if (page.how === 'tool') return schemaLines(example);
  if (page.how === 'reply') return replyLines(page.id, example);
  const workspace = example.context.length === 0 ? empty : await workspaceOf(example.context);
  const result = await engine.check(workspace, example.path, example.code, { rules: [page], roots: [] }, new PythonSettings(workspace));
  return [...new Set(result.findings.map((finding) => finding.line))];
}

async function workspaceOf(files: readonly ExampleFile[]): Promise<Workspace> {
  const root = await temporaryFolder();
  await addFiles(root, Object.fromEntries(files.map((file) => [file.path, file.text])));
  return Workspace.open(root);
}

describe.each([...pages.values()])('$id', (page) => {
  it('is decided by Ruff, by a check or by a tool', () => {
    expect(page.ruff.length > 0 || CHECKS.has(page.id) || page.how === 'tool' || page.how === 'reply').toBe(true);
  });

  it('has at least two bad and two good examples', () => {
    expect(page.bad.length).toBeGreaterThanOrEqual(2);
    expect(page.good.length).toBeGreaterThanOrEqual(2);
    expect(page.why.length).toBeGreaterThan(80);
    for (const example of page.bad) expect(example.findingLines).not.toEqual([]);
  });

  // Real tools decide these in test/real-python.
  if (DECIDED_BY_TOOLCHAIN.includes(page.id)) return;

  it.each(
    page.bad.map((example, index) => ({ index: index + 1, example })),
  )('finds every marked line of bad example $index and nothing else', async ({ example }) => {
    expect(await findingLines(page, example)).toEqual(example.findingLines);
  });

  it.each(page.good.map((example, index) => ({ index: index + 1, example })))('stays silent on good example $index', async ({
    example,
  }) => {
    expect(await findingLines(page, example)).toEqual([]);
  });
});

it('has a page for every check', () => {
  expect([...CHECKS.keys()].filter((id) => !pages.has(id))).toEqual([]);
});
