import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fastGlob from 'fast-glob';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { sampleWorkspace } from '../support/client.ts';
import { BIN } from '../support/connect.ts';
import { git, makeRepository } from '../support/git.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('documents the tools, the rules and the demo as they are', () => {
  expect(execFileSync(process.execPath, ['build/docs.js', '--check'], { encoding: 'utf8' })).toBe('');
});

it('links only to files that exist', async () => {
  const pages = await fastGlob(['*.md', 'docs/*.md']);
  expect(pages.length).toBeGreaterThan(8);
  for (const page of pages) {
    const links = [...(await readFile(page, 'utf8')).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1] ?? '');
    expect(
      links.filter((link) => !existsSync(path.join(path.dirname(page), link))),
      page,
    ).toEqual([]);
  }
});

it('shows commands for CI that do what is said of them', async () => {
  const page = await readFile('docs/ci.md', 'utf8');
  const commands = [...page.matchAll(/^ +(?:run|entry): (.*)$/gm)].map((match) => match[1] ?? '');
  expect(commands).toHaveLength(3);
  const origin = await sampleWorkspace();
  makeRepository(origin, '.');
  const clone = path.join(await temporaryFolder(), 'clone');
  git(path.dirname(clone), 'clone', origin, clone);
  await writeFile(
    path.join(clone, 'src/wait.py'),
    '"""Wait."""\n\nimport time\n\n\nasync def wait() -> None:\n    """Wait."""\n    time.sleep(1)\n',
  );
  const run = (command: string): { status: number | null; stdout: string } => {
    const own = command.replace(/^(?:npx -y )?python-engineer-mcp/, `"${process.execPath}" "${BIN}"`);
    expect(own).not.toBe(command);
    return spawnSync('/bin/sh', ['-c', own], { cwd: clone, env: { ...process.env, GITHUB_BASE_REF: 'main' }, encoding: 'utf8' });
  };
  const [added = '', everything = '', hook = ''] = commands;
  expect(run(added)).toMatchObject({ status: 1, stdout: expect.stringContaining('::error file=src/wait.py,line=8') });
  expect(run(everything).status).toBe(0);
  const report = JSON.parse(await readFile(path.join(clone, 'python-engineer.sarif'), 'utf8'));
  const result = z.object({
    ruleId: z.string(),
    message: z.object({ text: z.string().min(1) }),
    locations: z
      .array(z.object({ physicalLocation: z.object({ artifactLocation: z.object({ uri: z.string().regex(/^(?![/.])/) }) }) }))
      .min(1),
    partialFingerprints: z.record(z.string(), z.string()),
  });
  // What code scanning needs to show an alert, and to know it again.
  expect(z.object({ runs: z.tuple([z.object({ results: z.array(result).min(1) })]) }).safeParse(report).error).toBeUndefined();
  expect(run(hook)).toMatchObject({ status: 1, stdout: expect.stringContaining('src/wait.py:8:5') });
});
