import { cp } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadRulePages, type RuleExample } from '../../src/skill/rule-pages.ts';
import { startClient } from '../support/client.ts';
import { addFiles } from '../support/connect.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { linkEnvironment, pythonEnvironment } from './python-environment.ts';

const pages = await loadRulePages();
const found = z.array(z.object({ rule: z.string(), path: z.string(), line: z.number() }));

/** The lines on which `run_checks` finds the rule in an example that stands in the sample package. */
async function findingLines(rule: string, check: string, example: RuleExample): Promise<number[]> {
  const root = await temporaryFolder();
  await cp('test/fixtures/checks', root, { recursive: true });
  await linkEnvironment(root, await pythonEnvironment());
  await addFiles(
    root,
    Object.fromEntries([...example.context, { path: example.path, text: example.code }].map((file) => [file.path, file.text])),
  );
  const client = await startClient({ args: ['--root', root] });
  const { structured } = await client.call('run_checks', { checks: [check] });
  const own = found.parse(structured.findings).filter((each) => each.rule === rule && each.path === path.posix.normalize(example.path));
  return [...new Set(own.map((each) => each.line))];
}

describe.each([
  ['testing/coverage', 'pytest'],
  ['typing/mypy-strict', 'mypy'],
])('%s', (rule, check) => {
  const examples = [...(pages.get(rule)?.bad ?? []), ...(pages.get(rule)?.good ?? [])];

  it.each(examples.map((example, index) => ({ index: index + 1, example })))('finds what is marked in example $index', async ({
    example,
  }) => {
    expect(await findingLines(rule, check, example)).toEqual(example.findingLines);
  });
});
