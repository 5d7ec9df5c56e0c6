import { afterAll, describe, expect, it } from 'vitest';
import { PythonSettings } from '../src/python/python-settings.ts';
import { CheckEngine } from '../src/rules/engine.ts';
import { CHECKS } from '../src/rules/registry.ts';
import { loadRulePages, type RuleExample, type RulePage } from '../src/skill/rule-pages.ts';
import { Workspace } from '../src/workspace/workspace.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const engine = new CheckEngine();
const workspace = await Workspace.open(await temporaryFolder());
const settings = new PythonSettings(workspace);
const pages = await loadRulePages();

afterAll(() => engine.close());

async function findingLines(page: RulePage, example: RuleExample): Promise<number[]> {
  const result = await engine.check(workspace, example.path, example.code, [page], settings);
  return [...new Set(result.findings.map((finding) => finding.line))];
}

describe.each([...pages.values()])('$id', (page) => {
  it('is decided by Ruff or by a check', () => {
    expect(page.ruff.length > 0 || CHECKS.has(page.id)).toBe(true);
  });

  it('has at least two bad and two good examples', () => {
    expect(page.bad.length).toBeGreaterThanOrEqual(2);
    expect(page.good.length).toBeGreaterThanOrEqual(2);
    expect(page.why.length).toBeGreaterThan(80);
    for (const example of page.bad) expect(example.findingLines).not.toEqual([]);
  });

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
