import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fastGlob from 'fast-glob';
import { expect, it } from 'vitest';

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
