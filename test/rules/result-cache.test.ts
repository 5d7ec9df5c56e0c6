import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { closureHashes } from '../../src/rules/engine/dependency-graph.ts';
import { workspaceWith } from '../support/client.ts';
import { addFiles, BIN } from '../support/connect.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** For tests that start the program many times, on a machine that may be busy. */
const MANY_RUNS_MS = 180_000;

const report = z.object({ findings: z.array(z.object({ rule: z.string(), path: z.string(), line: z.number(), message: z.string() })) });

/** What `check` finds, as `path:line rule`, with a cache folder of the test's own. */
function check(root: string, cache: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH ?? '', HOME: cache, XDG_CACHE_HOME: cache, LOCALAPPDATA: cache };
    execFile(
      process.execPath,
      [BIN, 'check', '--format', 'json'],
      { cwd: root, env, maxBuffer: 64 * 1024 * 1024 },
      (_error, stdout, stderr) => {
        try {
          resolve(report.parse(JSON.parse(stdout)).findings.map((each) => `${each.path}:${each.line} ${each.rule}`));
        } catch {
          reject(new Error(stderr));
        }
      },
    );
  });
}

/** Enough files for the cache to be used: routers that call helpers of helpers. */
function project(): Record<string, string> {
  const files: Record<string, string> = {
    'src/shop/__init__.py': '',
    'src/shop/lib/__init__.py': '',
    'src/shop/lib/deep.py': '"""Deep."""\n\n\ndef load(name: str) -> str:\n    """Load."""\n    return name\n',
    'src/shop/lib/middle.py':
      '"""Middle."""\n\nfrom shop.lib.deep import load\n\n\ndef read(name: str) -> str:\n    """Read."""\n    return load(name)\n',
  };
  for (let index = 0; index < 30; index++) {
    files[`src/shop/jobs_${index}.py`] =
      `"""Job ${index}."""\n\nfrom shop.lib.middle import read\n\n\nasync def job_${index}() -> str:\n    """Run."""\n    return read("x")\n`;
  }
  return files;
}

async function storeIn(cache: string): Promise<string> {
  const files = await readdir(cache, { recursive: true });
  const stores = files.filter((file) => file.endsWith('.json'));
  expect(stores).toHaveLength(1);
  return path.join(cache, stores[0] ?? '');
}

it('answers from the cache what still holds', async () => {
  const root = await workspaceWith({ ...project(), 'src/shop/old.py': '"""Old."""\n\nprint(1)\n' });
  const cache = await temporaryFolder();
  expect(await check(root, cache)).toEqual(['src/shop/old.py:3 code/no-print']);
  const store = await storeIn(cache);
  await writeFile(store, (await readFile(store, 'utf8')).replaceAll('code/no-print', 'code/no-swallowed-exception'));
  expect(await check(root, cache)).toEqual(['src/shop/old.py:3 code/no-swallowed-exception']);
});

it('checks again whatever a change reaches, and only gives what is true', { timeout: MANY_RUNS_MS }, async () => {
  const root = await workspaceWith(project());
  const cache = await temporaryFolder();
  expect(await check(root, cache)).toEqual([]);

  // Two modules away.
  await addFiles(root, {
    'src/shop/lib/deep.py':
      '"""Deep."""\n\nimport requests\n\n\ndef load(name: str) -> str:\n    """Load."""\n    return requests.get(name).text\n',
  });
  const blocked = await check(root, cache);
  expect(blocked).toHaveLength(30);
  expect(blocked).toContain('src/shop/jobs_7.py:8 async/io-is-async');
  await addFiles(root, { 'src/shop/lib/deep.py': project()['src/shop/lib/deep.py'] ?? '' });
  expect(await check(root, cache)).toEqual([]);

  // A new file that takes the place of a library, and one that answers a question about the whole project.
  await addFiles(root, {
    'pyproject.toml': '[project]\nname = "shop"\ndependencies = ["httpx"]\n',
    'src/shop/jobs_3.py': '"""Job."""\n\nimport pricing\n\nRATE = pricing.RATE\n',
    'src/shop/services/orders.py': '"""Orders."""\n\n\nasync def cancel_order(number: int) -> int:\n    """Cancel."""\n    return number\n',
  });
  expect(await check(root, cache)).toEqual([
    'src/shop/jobs_3.py:3 code/declared-dependencies',
    'src/shop/services/orders.py:4 testing/service-covered',
  ]);
  await addFiles(root, {
    'src/pricing.py': '"""Prices."""\n\nRATE = 2\n',
    'tests/test_orders.py': '"""Tests."""\n\nfrom shop.services.orders import cancel_order\n\nCALLED = cancel_order\n',
  });
  expect(await check(root, cache)).toEqual([]);
  await rm(path.join(root, 'tests/test_orders.py'));
  expect(await check(root, cache)).toEqual(['src/shop/services/orders.py:4 testing/service-covered']);

  // Another configuration.
  await addFiles(root, { '.ai/context/python-engineer.md': '---\nrules: {testing/service-covered: off}\n---\n' });
  expect(await check(root, cache)).toEqual([]);
});

it('does without a cache that is broken, foreign or cannot be written', { timeout: MANY_RUNS_MS }, async () => {
  const root = await workspaceWith({ ...project(), 'src/shop/old.py': '"""Old."""\n\nprint(1)\n' });
  const cache = await temporaryFolder();
  const expected = ['src/shop/old.py:3 code/no-print'];
  expect(await check(root, cache)).toEqual(expected);
  const store = await storeIn(cache);
  const whole = await readFile(store, 'utf8');
  for (const broken of [
    whole.slice(0, whole.length / 2),
    '',
    '\0\0',
    '[]',
    '{"version":"","entries":{}}',
    whole.replaceAll('"line":3', '"line":"3"'),
  ]) {
    await writeFile(store, broken);
    expect(await check(root, cache)).toEqual(expected);
  }
  const file = path.join(cache, 'occupied');
  await writeFile(file, '');
  expect(await check(root, file)).toEqual(expected);
});

it('can be shared by processes that run at once', { timeout: MANY_RUNS_MS }, async () => {
  const root = await workspaceWith({ ...project(), 'src/shop/old.py': '"""Old."""\n\nprint(1)\n' });
  const cache = await temporaryFolder();
  const runs = await Promise.all(Array.from({ length: 4 }, () => check(root, cache)));
  for (const run of runs) expect(run).toEqual(['src/shop/old.py:3 code/no-print']);
  expect(await readdir(path.dirname(await storeIn(cache)))).toHaveLength(1);
  expect(await check(root, cache)).toEqual(['src/shop/old.py:3 code/no-print']);
});

describe('closureHashes', () => {
  const hashes = (edges: Record<string, string[]>, own: Record<string, string> = {}): ReadonlyMap<string, string> =>
    closureHashes(
      Object.keys(edges),
      (node) => own[node] ?? node,
      (node) => edges[node] ?? [],
    );

  it('changes for everything that reaches a change, through circles, and for nothing else', () => {
    const edges = { a: ['b'], b: ['c'], c: ['b', 'd'], d: [], e: ['d'], f: [] };
    const before = hashes(edges);
    const changed = (own: Record<string, string>): string[] => {
      const after = hashes(edges, own);
      return Object.keys(edges).filter((node) => before.get(node) !== after.get(node));
    };
    expect(changed({ d: 'new' })).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(changed({ c: 'new' })).toEqual(['a', 'b', 'c']);
    expect(changed({ a: 'new' })).toEqual(['a']);
    expect(changed({ f: 'new' })).toEqual(['f']);
  });

  it('follows chains of any length', () => {
    const chain = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`n${index}`, [`n${index + 1}`]]));
    expect(hashes(chain).get('n0')).not.toBe(hashes(chain, { n50000: 'new' }).get('n0'));
  });
});
