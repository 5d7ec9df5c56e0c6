import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { sampleWorkspace, startClient, workspaceWith } from '../support/client.ts';
import type { TestClient } from '../support/connect.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A client that has read the context and may write code. */
async function ready(root: string): Promise<TestClient['call']> {
  const { call } = await startClient({ args: ['--root', root] });
  await call('read_context', { task: 'Try things.' });
  return call;
}

async function snapshot(root: string): Promise<string[]> {
  return (await readdir(root, { recursive: true })).sort();
}

describe('files that cannot be read', () => {
  it.each<[string, (file: string) => Promise<unknown>, string]>([
    ['missing', async () => {}, 'does not exist'],
    ['a folder', (file) => mkdir(file), 'is a folder'],
    ['binary', (file) => writeFile(file, Buffer.from([1, 0, 2])), 'binary'],
    ['invalid UTF-8', (file) => writeFile(file, Buffer.from([0x63, 0xff, 0xc3])), 'no valid UTF-8'],
    ['UTF-16', (file) => writeFile(file, Buffer.from('\uFEFFabc', 'utf16le')), 'UTF-16'],
    ['50 MB', (file) => writeFile(file, '').then(() => truncate(file, 50 * 1024 * 1024)), '50.0 MB'],
    ['a pipe', async (file) => execFileSync('mkfifo', [file]), 'no regular file'],
    ['a link to nothing', (file) => symlink('nowhere.py', file), 'points to nothing'],
    ['a circle of links', (file) => symlink('notes.py', file), 'circle of links'],
  ])('%s', async (_name, make, message) => {
    const root = await temporaryFolder();
    await make(path.join(root, 'notes.py'));
    const call = await ready(root);
    const results = [
      await call('read_file', { path: 'notes.py' }),
      await call('write_file', { path: 'notes.py', edits: [{ old: 'a', new: 'b' }] }),
      // A folder may be checked, whatever its name.
      ...(message === 'is a folder' ? [] : [await call('check_code', { paths: ['notes.py'] })]),
    ];
    for (const result of results) {
      expect(result.isError || JSON.stringify(result.structured).includes('skipped')).toBe(true);
      expect(result.text).toContain(message);
      expect(result.text).not.toContain(root);
    }
  });

  it('does not leave the workspace, by dots, links or absolute paths', async () => {
    const outside = await workspaceWith({ 'secret.py': 'SECRET = 1\n' });
    const root = await workspaceWith({ 'src/a.py': 'A = 1\n' });
    await symlink(outside, path.join(root, 'linked'));
    await symlink(path.join(outside, 'secret.py'), path.join(root, 'src/link.py'));
    const call = await ready(root);
    for (const target of [
      '../secret.py',
      'src/../../secret.py',
      path.join(outside, 'secret.py'),
      'linked/secret.py',
      'src/link.py',
      'linked/new.py',
    ]) {
      for (const [tool, args] of [
        ['read_file', {}],
        ['write_file', { content: 'A = 2\n' }],
      ] as const) {
        const result = await call(tool, { path: target, ...args });
        expect(result.isError, target).toBe(true);
        expect(result.text, target).toMatch(/outside the workspace|climbs with/);
      }
    }
    expect(await snapshot(outside)).toEqual(['secret.py']);
    expect(await readFile(path.join(outside, 'secret.py'), 'utf8')).toBe('SECRET = 1\n');
    expect((await call('find_files', { text: 'SECRET' })).structured).toMatchObject({ total: 0 });
  });

  it.each<[string, Record<string, string>, string, RegExp]>([
    ['a link to a link outside', { 'one.py': 'two.py', 'two.py': '/etc/hosts' }, 'one.py', /outside the workspace/],
    ['a folder behind two links', { one: 'two', two: '/etc' }, 'one/hosts', /outside the workspace/],
    ['a link that climbs', { 'src/up': '../..' }, 'src/up/a.py', /outside the workspace/],
    ['what a process sees', { 'env.txt': '/proc/self/environ', here: '/proc/self/cwd' }, 'env.txt', /outside the workspace/],
    ['a folder of a process', { root: '/proc/self/root' }, 'root/etc/hosts', /outside the workspace/],
    ['a secret under another name', { 'notes.txt': '.env' }, 'notes.txt', /holds secrets/],
    ['a folder of git under another name', { history: '.git' }, 'history/config', /belongs to git/],
    ['a device', { 'null.txt': '/dev/null' }, 'null.txt', /outside the workspace/],
  ])('is not led astray by %s', async (_name, links, target, message) => {
    const root = await workspaceWith({ '.env': 'TOKEN=secret\n', '.git/config': '[core]\n', 'src/a.py': 'A = 1\n' });
    for (const [name, to] of Object.entries(links)) await symlink(to, path.join(root, name));
    const call = await ready(root);
    for (const result of [
      await call('read_file', { path: target }),
      await call('write_file', { path: target, content: 'A = 2\n' }),
      await call('check_code', { paths: [target] }),
    ]) {
      expect(result.isError).toBe(true);
      expect(result.text).toMatch(message);
    }
    expect((await call('find_files', { pattern: 'secret|core|localhost' })).structured).toMatchObject({ total: 0 });
  });

  it.each(['{.,..}/{.,..}/*', '{..,src}/**', '@(..)/**', '[.][.]/*', '.{.,}/*'])('finds nothing outside by the glob %j', async (glob) => {
    const root = await workspaceWith({ 'inner/src/a.py': 'A = 1\n', 'outside.py': 'B = 1\n' });
    const { call } = await startClient({ args: ['--root', path.join(root, 'inner')] });
    expect(JSON.stringify((await call('find_files', { glob })).structured)).not.toContain('outside');
  });

  it('neither lists nor takes names that show as others, and shows control characters', async () => {
    const root = await workspaceWith({ 'a\u202eyp.txt': '', 'b\n.txt': '', 'c\u001b[2J.txt': '', 'd.txt': 'red \u001b[31m and\ttab\r\n' });
    const call = await ready(root);
    expect((await call('find_files', { glob: '*.txt' })).structured).toMatchObject({ files: ['d.txt'] });
    expect((await call('read_file', { path: 'd.txt' })).blocks[1]).toBe('red ␛[31m and\ttab\r\n');
    expect((await call('read_file', { path: 'c\u001b[2J.txt' })).text).toContain('control');
  });

  it('works in a root that is itself reached through a link', async () => {
    const root = await workspaceWith({ 'src/a.py': '"""Constants."""\n\nA = 1\n' });
    const link = path.join(await temporaryFolder(), 'project');
    await symlink(root, link);
    const call = await ready(link);
    expect((await call('read_file', { path: path.join(link, 'src/a.py') })).isError).toBe(false);
    expect((await call('write_file', { path: 'src/b.py', content: '"""Constants."""\n\nB = 1\n' })).isError).toBe(false);
  });
});

describe('write_file', () => {
  it('asks for the context first, and for an answer where documents are missing', async () => {
    const { call } = await startClient({ args: ['--root', await temporaryFolder()] });
    const early = await call('write_file', { path: 'src/a.py', content: 'A = 1\n' });
    expect(early.text).toContain('Call read_context first');
    const context = await call('read_context', {});
    expect(context.text).toContain(
      'The API contract file (.ai/temp/api-contract.md) is missing. Should I run Phase 5a contract definition first, or do you have an existing specification to reference?',
    );
    expect(context.structured).toMatchObject({ ready: false });
    const blocked = await call('write_file', { path: 'src/a.py', content: 'A = 1\n' });
    expect(blocked.isError).toBe(true);
    expect(blocked.text).toContain('task "<what the user said>"');
    await call('read_context', { task: 'Add a constant.' });
    expect((await call('write_file', { path: 'src/a.py', content: '"""Constants."""\n\nA = 1\n' })).isError).toBe(false);
  });

  it('keeps what belongs to others', async () => {
    const root = await sampleWorkspace();
    const call = await ready(root);
    for (const [target, remedy] of [
      ['.ai/temp/api-contract.md', 'contract is authoritative'],
      ['.ai/temp/wbs.md', 'belongs to the roles upstream'],
      ['.ai/context/workflow-config.md', 'kept by people'],
      ['.AI/context/workflow-config.md', 'kept by people'],
      ['.ai/reports/review.md', 'versioned archive'],
      ['.ai/records/python-engineer/v1.2.0.0001/task-notes-phase1.md', 'write_work_log'],
      ['.ai/records/architect/notes.md', "another role's record"],
      ['.git/config', 'belongs to git'],
      ['.env', 'secrets'],
      ['.venv/lib/a.py', 'other tools manage'],
    ]) {
      const result = await call('write_file', { path: target, content: 'x\n' });
      expect(result.isError, target).toBe(true);
      expect(result.text, target).toContain(remedy);
    }
    expect(await readFile(path.join(root, '.ai/context/workflow-config.md'), 'utf8')).toContain('database-first');
  });

  it('keeps CRLF, the byte order mark and every byte an edit does not touch', async () => {
    const before = '\uFEFF# Notes\r\n\r\nFirst line  \r\nsecond\tline\r\nlast without break';
    const root = await workspaceWith({ 'docs/notes.md': before });
    const call = await ready(root);
    const result = await call('write_file', {
      path: 'docs/notes.md',
      edits: [{ old: 'First line  \nsecond', new: 'First line\nand more\nsecond' }],
    });
    expect(result.structured).toMatchObject({ action: 'edited' });
    expect(await readFile(path.join(root, 'docs/notes.md'), 'utf8')).toBe(
      '\uFEFF# Notes\r\n\r\nFirst line\r\nand more\r\nsecond\tline\r\nlast without break',
    );
    await call('read_file', { path: 'docs/notes.md' });
    await call('write_file', { path: 'docs/notes.md', content: '# Notes\nreplaced\n' });
    expect(await readFile(path.join(root, 'docs/notes.md'), 'utf8')).toBe('\uFEFF# Notes\r\nreplaced\r\n');
  });

  it('keeps the mode of a file', async () => {
    const root = await workspaceWith({ 'run.sh': '#!/bin/sh\necho a\n' });
    await chmod(path.join(root, 'run.sh'), 0o755);
    const call = await ready(root);
    await call('write_file', { path: 'run.sh', edits: [{ old: 'echo a', new: 'echo b' }] });
    expect(execFileSync(path.join(root, 'run.sh')).toString()).toBe('b\n');
  });

  it('refuses to lose what changed meanwhile', async () => {
    const root = await workspaceWith({ 'notes.txt': 'one\n' });
    const call = await ready(root);
    const unread = await call('write_file', { path: 'notes.txt', content: 'mine\n' });
    expect(unread.text).toContain('was not read in this session');
    await call('read_file', { path: 'notes.txt' });
    await writeFile(path.join(root, 'notes.txt'), 'two\n');
    for (const args of [
      { content: 'mine\n' },
      { edits: [{ old: 'two', new: 'mine' }] },
      { content: 'mine\n', expected_hash: '0123456789abcdef' },
    ]) {
      const stale = await call('write_file', { path: 'notes.txt', ...args });
      expect(stale.isError).toBe(true);
      expect(stale.text).toContain('Call read_file again');
    }
    expect(await readFile(path.join(root, 'notes.txt'), 'utf8')).toBe('two\n');
    await call('read_file', { path: 'notes.txt' });
    expect((await call('write_file', { path: 'notes.txt', content: 'mine\n' })).structured).toMatchObject({ action: 'replaced' });
    await rm(path.join(root, 'notes.txt'));
    const gone = await call('write_file', { path: 'notes.txt', edits: [{ old: 'mine', new: 'x' }] });
    expect(gone.text).toContain('does not exist');
  });

  it('lets one of two simultaneous writers win, whole, and leaves no debris', async () => {
    const root = await workspaceWith({ 'notes.txt': 'start\n' });
    const clients = await Promise.all([ready(root), ready(root), ready(root)]);
    await Promise.all(clients.map((call) => call('read_file', { path: 'notes.txt' })));
    const texts = clients.map((_call, index) => `${`writer ${index}\n`.repeat(100)}`);
    const results = await Promise.all(clients.map((call, index) => call('write_file', { path: 'notes.txt', content: texts[index] })));
    const winners = results.flatMap((result, index) => (result.isError ? [] : [index]));
    expect(winners).toHaveLength(1);
    expect(await readFile(path.join(root, 'notes.txt'), 'utf8')).toBe(texts[winners[0] ?? -1]);
    expect(await snapshot(root)).toEqual(['notes.txt']);

    const created = await Promise.all(clients.map((call, index) => call('write_file', { path: 'new.txt', content: `${index}\n` })));
    expect(created.filter((result) => !result.isError)).toHaveLength(1);
  });

  it('clears what a killed server left behind, and nothing of a living one', async () => {
    const root = await workspaceWith({
      'src/.a.py.999999999-0123456789ab.pemcp-tmp': 'half',
      [`src/.b.py.${process.pid}-0123456789ab.pemcp-tmp`]: 'in use',
      [`src/.d.py.${process.pid}-0123456789ab.pemcp-tmp`]: 'of an earlier process with this number',
      'src/.c.pemcp-tmp': 'not ours',
    });
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
    await utimes(path.join(root, `src/.d.py.${process.pid}-0123456789ab.pemcp-tmp`), longAgo, longAgo);
    const call = await ready(root);
    await call('find_files', {});
    expect(await snapshot(path.join(root, 'src'))).toEqual([`.b.py.${process.pid}-0123456789ab.pemcp-tmp`, '.c.pemcp-tmp']);
  });

  it('says precisely why an edit does not fit', async () => {
    const root = await workspaceWith({ 'a.txt': 'alpha beta\ngamma\nalpha beta\n' });
    const call = await ready(root);
    const twice = await call('write_file', { path: 'a.txt', edits: [{ old: 'alpha beta', new: 'x' }] });
    expect(twice.text).toContain('stands 2 times in "a.txt" (lines 1, 3)');
    const near = await call('write_file', { path: 'a.txt', edits: [{ old: 'gama', new: 'x' }] });
    expect(near.text).toContain('Nearest lines: 2: gamma');
    expect((await call('write_file', { path: 'a.txt', edits: [{ old: 'alpha beta', new: 'x', all: true }] })).isError).toBe(false);
    expect(await readFile(path.join(root, 'a.txt'), 'utf8')).toBe('x\ngamma\nx\n');
    const cut = await call('write_file', { path: 'a.txt' });
    expect(cut.text).toContain('may have been cut off');
    const both = await call('write_file', { path: 'a.txt', content: '', edits: [{ old: 'x', new: 'y' }] });
    expect(both.text).toContain('edits are given beside content');
    for (const content of ['nul \0', 'half \ud800 pair']) expect((await call('write_file', { path: 'b.txt', content })).isError).toBe(true);
    expect((await call('write_file', { path: 'a.txt/b.txt', content: 'x' })).text).toContain('goes through a file');
  });

  it('refuses only findings that the write adds, and reports the old ones', async () => {
    const old = '"""Old code."""\n\n\ndef total(prices):\n    """Sum."""\n    return sum(prices)\n';
    const root = await workspaceWith({ 'src/services/prices.py': old });
    const call = await ready(root);
    const harmless = await call('write_file', { path: 'src/services/prices.py', edits: [{ old: 'Old code.', new: 'Prices.' }] });
    expect(harmless.structured).toMatchObject({ action: 'edited', findings: [{ rule: 'typing/annotated-signatures' }] });
    const worse = await call('write_file', {
      path: 'src/services/prices.py',
      edits: [{ old: '    return sum', new: '    print(prices)\n    return sum' }],
    });
    expect(worse.isError).toBe(true);
    expect(worse.text).toContain('it adds 1 error');
    expect(worse.text).toContain('src/services/prices.py:6:5: error code/no-print');
    const broken = await call('write_file', {
      path: 'src/services/prices.py',
      edits: [{ old: 'return sum(prices)', new: 'return sum(prices' }],
    });
    expect(broken.text).toContain('code/complete');
  });

  it('applies safe fixes when asked to, with any line ending', async () => {
    const root = await workspaceWith({ 'src/clients/mail.py': '"""Mail."""\r\n' });
    const call = await ready(root);
    const draft =
      '"""Mail."""\r\n\r\n\r\nclass Mail:\r\n    """A mail – 邮件."""\r\n\r\n    def send(self, to: str):\r\n        """Send it."""\r\n        self.to = to\r\n';
    await call('read_file', { path: 'src/clients/mail.py' });
    const refused = await call('write_file', { path: 'src/clients/mail.py', content: draft });
    expect(refused.text).toContain('`send` is not fully annotated: the return type is missing.');
    const written = await call('write_file', { path: 'src/clients/mail.py', content: draft, fix: true, format: false });
    expect(written.isError).toBe(false);
    expect(written.text).toContain('Formatted or fixed by Ruff');
    expect(await readFile(path.join(root, 'src/clients/mail.py'), 'utf8')).toBe(draft.replace('to: str):', 'to: str) -> None:'));
  });

  it('leaves to the agent what it cannot fix safely', async () => {
    const call = await ready(await workspaceWith({}));
    const draft = '"""Mail."""\n\n\ndef send(to):\n    """Send."""\n    print(to)\n';
    const refused = await call('write_file', { path: 'src/clients/mail.py', content: draft, fix: true });
    expect(refused.text).toContain('it adds 2 errors');
    const code =
      '"""Mail."""\n\n\ndef send() -> int:\n    """Send."""\n\n    def inner():\n        return None\n\n    inner()\n    return 1\n';
    const checked = await call('check_code', { code });
    expect(checked.structured.findings).toMatchObject([
      { rule: 'typing/annotated-signatures', edits: [{ line: 7, column: 16, endLine: 7, endColumn: 16, text: ' -> None' }] },
    ]);
  });

  it('formats new files, but not a file that nobody formatted', async () => {
    const root = await workspaceWith({
      'pyproject.toml': '[tool.ruff.format]\nquote-style = "single"\n',
      'src/old.py': '"""Old."""\n\nX = {  "a":1 }\nY = 2\n',
    });
    const call = await ready(root);
    await call('write_file', { path: 'src/new.py', content: '"""New."""\nX = {  "a":1 }\n' });
    expect(await readFile(path.join(root, 'src/new.py'), 'utf8')).toBe('"""New."""\n\nX = {\'a\': 1}\n');
    await call('write_file', { path: 'src/old.py', edits: [{ old: 'Y = 2', new: 'Y = 3' }] });
    expect(await readFile(path.join(root, 'src/old.py'), 'utf8')).toBe('"""Old."""\n\nX = {  "a":1 }\nY = 3\n');
    await call('write_file', { path: 'src/old.py', format: true, edits: [{ old: 'Y = 3', new: 'Y = 4' }] });
    expect(await readFile(path.join(root, 'src/old.py'), 'utf8')).toContain("X = {'a': 1}");
  });

  it('sends long documents through the skeleton', async () => {
    const root = await temporaryFolder();
    const call = await ready(root);
    const long = `# Guide\n\n${'A line of text.\n'.repeat(160)}`;
    const refused = await call('write_file', { path: 'docs/guide.md', content: long });
    expect(refused.text).toContain('162 lines');
    expect(refused.text).toContain('skeleton');
    expect((await call('check_batch_write', { path: 'docs/guide.md', expected_lines: 162 })).structured).toMatchObject({
      batches: true,
      next: 'write_skeleton',
    });
    expect((await call('check_batch_write', { path: 'docs/guide.md', expected_lines: 20 })).structured).toMatchObject({
      batches: false,
      next: 'write_whole',
    });

    const skeleton = '# Guide\n\n[TBD]\n\n## Install\n\n[TBD]\n';
    expect((await call('write_file', { path: 'docs/guide.md', content: skeleton })).isError).toBe(false);
    expect((await call('check_batch_write', { path: 'docs/guide.md' })).structured).toMatchObject({
      next: 'fill_section',
      next_section: 'Guide',
      open_sections: ['Guide', 'Install'],
    });
    const tooLong = await call('write_file', {
      path: 'docs/guide.md',
      edits: [{ old: '# Guide\n\n[TBD]', new: `# Guide\n\n${'Text.\n'.repeat(160)}` }],
    });
    expect(tooLong.text).toContain('at most 100 lines');
    expect(
      (await call('write_file', { path: 'docs/guide.md', edits: [{ old: '# Guide\n\n[TBD]', new: `# Guide\n\n${'Text.\n'.repeat(90)}` }] }))
        .isError,
    ).toBe(false);
  });
});

it('reads by lines and by section, and says how to go on', async () => {
  const root = await workspaceWith({
    'doc.md': '---\ntitle: x\n---\n# One\n\na\n\n## 二、接口\n\n```\n# no heading\n```\nb\n\n# Two\n\nc\n',
    'big.txt': 'line of twenty bytes\n'.repeat(5000),
    'empty.py': '',
  });
  const { call } = await startClient({ args: ['--root', root] });
  const section = await call('read_file', { path: 'doc.md', section: '## 二、接口' });
  expect(section.blocks[1]).toBe('## 二、接口\n\n```\n# no heading\n```\nb\n\n');
  expect((await call('read_file', { path: 'doc.md', section: 'Three' })).text).toContain('# One | ## 二、接口 | # Two');
  const lines = await call('read_file', { path: 'doc.md', start_line: 4, end_line: 6 });
  expect(lines.blocks[1]).toBe('# One\n\na\n');
  const big = await call('read_file', { path: 'big.txt' });
  expect(big.structured).toMatchObject({ truncated: true, total_lines: 5000 });
  expect(big.text).toMatch(/go on with start_line \d+/);
  expect((await call('read_file', { path: 'empty.py' })).text).toContain('empty file');
  expect((await call('read_file', { path: 'doc.md', start_line: 99 })).text).toContain('past the end');
});

it('finds files and lines, without secrets, ignored files and runaway patterns', async () => {
  const root = await workspaceWith({
    '.gitignore': 'build/\n*.log\n!keep.log\n',
    'build/a.py': 'needle',
    'x.log': 'needle',
    'keep.log': 'needle',
    '.env': 'needle',
    'src/a.py': 'one\n  needle here\n',
    'sub/.gitignore': 'b.txt\n',
    'sub/b.txt': 'needle',
  });
  const { call } = await startClient({ args: ['--root', root] });
  expect((await call('find_files', { text: 'needle' })).structured).toMatchObject({
    total: 2,
    matches: [{ path: 'keep.log' }, { path: 'src/a.py', line: 2, text: 'needle here' }],
  });
  expect((await call('find_files', { pattern: '^(n+)+x$|ne{2}dle' })).structured).toMatchObject({ total: 2 });
  expect((await call('find_files', { pattern: '(' })).text).toContain('The pattern is not valid');
  expect((await call('find_files', { glob: '../**' })).text).toContain('outside the workspace');
  expect((await call('find_files', { glob: '**/*.py' })).structured).toMatchObject({ files: ['src/a.py'] });
});
