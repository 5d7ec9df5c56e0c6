import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { globMatcher } from '../../src/workspace/glob-matcher.ts';
import { startClient, workspaceWith } from '../support/client.ts';
import { BIN } from '../support/connect.ts';
import { git, makeRepository } from '../support/git.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// What independent attacks broke once: each is a kind, not a line.

const CLEAN = '"""Prices."""\n\nLIMIT = 1\n';

describe('a text that exhausts the parsers', () => {
  const EXHAUSTING = {
    'a chain of calls': `x = (a${'.b()'.repeat(2500)})\n`,
    'a long sum': `x = ${Array(4000).fill('a').join(' + ')}\n`,
    'a stack of operators': `x = ${'not '.repeat(5000)}a\n`,
  };

  it.each(Object.entries(EXHAUSTING))('is not judged, and nothing after it is: %s', async (_name, code) => {
    const { call } = await startClient({ args: ['--root', await workspaceWith({ 'src/prices.py': CLEAN })] });
    const refused = await call('check_code', { code });
    expect(refused.isError).toBe(true);
    expect(refused.text).toContain('could not be checked');
    expect((await call('check_code', { code: CLEAN })).structured).toMatchObject({ clean: true });
    expect((await call('check_code')).structured).toMatchObject({ clean: true });
  });

  it('is never kept in the cache of results', async () => {
    const modules = Array.from({ length: 30 }, (_, index) => [`src/m${index}.py`, CLEAN] as const);
    const root = await workspaceWith({ ...Object.fromEntries(modules), 'src/a.py': EXHAUSTING['a long sum'] });
    const env = { ...process.env, XDG_CACHE_HOME: await temporaryFolder() };
    for (let run = 0; run < 2; run++) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, 'check'], { cwd: root, env, encoding: 'utf8' });
      expect([status, stdout]).toEqual([0, expect.stringContaining('30 files')]);
      expect(stdout + stderr).toContain('skipped src/a.py');
    }
  });
});

describe('a link inside the workspace', () => {
  async function linkedWorkspace(): Promise<string> {
    const root = await workspaceWith({
      'src/prices.py': CLEAN,
      '.ai/temp/wbs.md': '# Tasks\n',
      '.ai/temp/api-contract.md': '# API\n\n### GET /prices\n\n[TBD]\n',
      '.ai/context/workflow-config.md': '# Workflow\n\n- current_version: v1.0.0.0001\n',
      '.ai/reports/README.md': '# Archive\n',
    });
    await mkdir(path.join(root, '.ai/records/python-engineer'), { recursive: true });
    await symlink('.ai', path.join(root, 'documents'));
    await symlink('../../src/prices.py', path.join(root, '.ai/temp/api-contract-prices.md'));
    await symlink('src/prices.py', path.join(root, 'notes.md'));
    await symlink('../../reports', path.join(root, '.ai/records/python-engineer/v1.0.0.0001'));
    return root;
  }

  it.each([
    ['develop', 'documents/temp/wbs.md', /not this role's to write/],
    ['develop', 'documents/context/workflow-config.md', /not this role's to write/],
    ['contract', '.ai/temp/api-contract-prices.md', /may not be written in contract mode/],
  ])('does not change what the role may write in %s mode: %s', async (mode, file, reason) => {
    const root = await linkedWorkspace();
    const { call } = await startClient({ args: ['--root', root] });
    await call('read_context', { mode, task: 'Prices' });
    const before = await readFile(path.join(root, file), 'utf8');
    const result = await call('write_file', { path: file, edits: [{ old: before.slice(0, 5), new: 'Other' }] });
    expect(result.isError).toBe(true);
    expect(result.text).toMatch(reason);
    expect(await readFile(path.join(root, file), 'utf8')).toBe(before);
  });

  it('does not take Python out of the rules', async () => {
    const root = await linkedWorkspace();
    const { call } = await startClient({ args: ['--root', root] });
    await call('read_context', { mode: 'develop', task: 'Prices' });
    const sleeping = 'import time\n\n\nasync def wait() -> None:\n    """Wait."""\n    time.sleep(1)\n';
    const result = await call('write_file', { path: 'notes.md', edits: [{ old: 'LIMIT = 1\n', new: sleeping }] });
    expect(result.text).toContain('async/no-time-sleep');
    expect(await readFile(path.join(root, 'src/prices.py'), 'utf8')).toBe(CLEAN);
  });

  it('does not lead work logs into another archive', async () => {
    const root = await linkedWorkspace();
    const { call } = await startClient({ args: ['--root', root] });
    await call('read_context', { mode: 'develop', task: 'Prices' });
    const result = await call('write_work_log', { summary: 'Done.', changes: [{ task: 'T1', description: 'Limits', files: [] }] });
    expect(result.text).toContain('through a link');
    expect(await readdir(path.join(root, '.ai/reports'))).toEqual(['README.md']);
  });

  it('may keep all documents of a project elsewhere in it', async () => {
    const root = await workspaceWith({ 'docs/ai/temp/api-contract.md': '# API\n\n### GET /prices\n\n[TBD]\n' });
    await symlink('docs/ai', path.join(root, '.ai'));
    const { call } = await startClient({ args: ['--root', root] });
    await call('read_context', { mode: 'contract', task: 'Prices' });
    const edit = { path: '.ai/temp/api-contract.md', edits: [{ old: '# API', new: '# The API' }] };
    expect((await call('write_file', edit)).isError).toBe(false);
    await call('read_context', { mode: 'develop', task: 'Prices' });
    const direct = await call('write_file', { path: 'docs/ai/temp/api-contract.md', edits: [{ old: '# The API', new: '# API' }] });
    expect(direct.text).toContain("not this role's to write");
  });
});

it('starts no program and fetches nothing for a repository, whatever its settings say', async () => {
  const folder = await temporaryFolder();
  const [origin, clone, marks] = ['origin', 'clone', 'marks'].map((name) => path.join(folder, name));
  if (origin === undefined || clone === undefined || marks === undefined) throw new Error('three folders');
  await Promise.all([mkdir(path.join(origin, 'src'), { recursive: true }), mkdir(marks)]);
  await writeFile(path.join(origin, 'src/prices.py'), CLEAN);
  makeRepository(origin, '.');
  git(origin, 'config', 'uploadpack.allowFilter', 'true');
  execFileSync('git', ['clone', '--quiet', '--filter=blob:none', '--no-checkout', `file://${origin}`, clone]);
  const marking = (name: string): string => `touch ${path.join(marks, name)}; cat`;
  git(clone, 'config', 'remote.origin.uploadpack', `touch ${path.join(marks, 'fetch')}; git-upload-pack`);
  git(clone, 'config', 'filter.own.clean', marking('clean'));
  git(clone, 'config', 'filter.a=b.process', marking('process'));
  git(clone, 'config', 'filter.own.required', 'true');
  await mkdir(path.join(clone, '.git/info'), { recursive: true });
  await writeFile(path.join(clone, '.git/info/attributes'), '*.py filter=own\n');
  git(clone, 'read-tree', 'HEAD');
  await mkdir(path.join(clone, 'src'), { recursive: true });
  await writeFile(path.join(clone, 'src/prices.py'), `${CLEAN}OTHER = 2\n`);
  await writeFile(path.join(clone, 'src/test_prices.py'), 'def test_it() -> None:\n    """It."""\n    assert True\n');
  const { call } = await startClient({ args: ['--root', clone, '--read-only'] });
  expect((await call('check_code')).isError).toBe(false);
  const changed = await call('check_code', { changed_since: 'HEAD' });
  expect(changed.structured.skipped).toEqual([{ path: 'src/prices.py', reason: expect.stringContaining('partial clone') }]);
  expect(await readdir(marks)).toEqual([]);
});

describe('what would keep the server busy', () => {
  it('is bounded, and the protocol goes on meanwhile', async () => {
    const root = await workspaceWith({
      'src/prices.py': CLEAN,
      [`src/${'a'.repeat(120)}.py`]: CLEAN,
      'lazy.md': `> a\n${'a\n'.repeat(50_000)}`,
      'long.md': `# A\n\n${'words and words\n'.repeat(200_000)}`,
      'one.txt': 'a',
    });
    const { client, call } = await startClient({ args: ['--root', root] });
    await call('read_context', { mode: 'develop', task: 'Prices' });
    for (const glob of ['src/*a*a*a*a*a*a*a*b', 'src/+(a*)+(a*)+(a*)c'])
      expect((await call('find_files', { glob })).structured).toMatchObject({ total: 0 });
    expect((await call('find_files', { pattern: '((a{1000}){1000})' })).isError).toBe(true);
    expect((await call('read_file', { path: 'long.md', section: 'A' })).text).toContain('million characters');
    const doubling = Array.from({ length: 28 }, () => ({ old: 'a', new: 'aa', all: true }));
    expect((await call('write_file', { path: 'one.txt', edits: doubling })).text).toContain('over 20000 places');
    expect(await readFile(path.join(root, 'one.txt'), 'utf8')).toBe('a');
    const reading = call('read_file', { path: 'lazy.md', section: 'A' });
    await client.ping({ timeout: 5_000 });
    expect((await reading).text).toContain('takes over 10 s');
  });

  it('does not keep it from ending', async () => {
    const root = await workspaceWith({ 'lazy.md': `> a\n${'a\n'.repeat(50_000)}` });
    const { client, call, pid } = await startClient({ args: ['--root', root] });
    const reading = call('read_file', { path: 'lazy.md', section: 'A' }).catch(() => undefined);
    await client.ping();
    const closed = new Promise<void>((resolve) => {
      client.onclose = resolve;
    });
    process.kill(pid, 'SIGTERM');
    await closed;
    await reading;
  });

  it('is refused where an ignore file has no bounds', async () => {
    const { call } = await startClient({ args: ['--root', await workspaceWith({ '.gitignore': 'x'.repeat(2_000_000) })] });
    const result = await call('find_files', {});
    expect([result.isError, result.text]).toEqual([true, expect.stringContaining('ignore files are read up to 1 MB')]);
  });
});

it('works for a user without a name, a home and an entry in the list of users', async () => {
  const root = await workspaceWith({ 'src/prices.py': CLEAN });
  const locks = await temporaryFolder();
  for (const folder of [root, path.join(root, 'src'), locks]) await chmod(folder, 0o777);
  // Only root may become somebody else, who may not reach a Node or a checkout in root's own folders.
  const stranger = { uid: 54_321, gid: 54_321 };
  const probe = spawnSync(process.execPath, ['-e', 'fs.accessSync(process.argv[1])', BIN], stranger);
  const identity = probe.status === 0 ? stranger : {};
  const env = { PATH: process.env.PATH, TMPDIR: locks };
  const check = spawnSync(process.execPath, [BIN, 'check'], { cwd: root, env, ...identity, encoding: 'utf8' });
  expect([check.status, check.stdout]).toEqual([0, expect.stringContaining('1 file')]);
  const version = spawnSync(process.execPath, [BIN, '--version'], { cwd: root, env, ...identity, encoding: 'utf8' });
  expect(version.status).toBe(0);
});

it.each([
  ['**/*.py', ['a.py', 'src/a.py', '.hidden/a.py'], ['a.pyi', 'a.py/b']],
  ['src/**/*.{py,pyi}', ['src/a.py', 'src/x/y/a.pyi'], ['a.py', 'lib/src/a.py']],
  ['src/[a-c]?.py', ['src/ab.py', 'src/cx.py'], ['src/d1.py', 'src/a.py']],
  ['src/[!a]*.py', ['src/b.py'], ['src/a.py', 'src/']],
  ['**/tests/**', ['tests/a', 'a/tests/b/c'], ['tests', 'atests/b']],
  ['a\\*b', ['a*b'], ['axb']],
  ['@(one|two)/+(x).md', ['one/x.md', 'two/xxx.md'], ['three/x.md', 'one/.md']],
  ['**', ['a', 'a/b/c'], []],
  ['docs/*', ['docs/a.md'], ['docs/a/b.md']],
])('reads the glob %s', (glob, fitting, other) => {
  const { matches } = globMatcher(glob);
  expect(fitting.filter((each) => !matches(each))).toEqual([]);
  expect(other.filter(matches)).toEqual([]);
});
