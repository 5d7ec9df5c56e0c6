import { chmod, link, mkdir, readFile, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/workspace/refusal.ts';
import { hashOf } from '../../src/workspace/text.ts';
import { Workspace } from '../../src/workspace/workspace.ts';
import { writeAtomically } from '../../src/workspace/write.ts';
import { startClient, workspaceWith } from '../support/client.ts';
import type { TestClient } from '../support/connect.ts';
import { textsBelow } from '../support/tree.ts';

const PROSE = `${'Prices are kept in cents, and never change after an order was placed. '.repeat(6)}\n\n`;
/** Longer than the limit that the server runs under. */
const LONG = PROSE.repeat(12);
const LIMIT_BLOCKS = 8;
const DOCUMENTS = {
  '.ai/temp/architect.md': '# Architecture\n\nA shop.\n',
  '.ai/temp/wbs.md': '# WBS\n\nT1.1 prices\n',
  '.ai/temp/api-contract.md': `# API contract\n\n${LONG}\n### DELETE /api/v1/prices\n\n[TBD]\n`,
  'docs/kept.txt': 'kept\n',
  'docs/long.txt': LONG,
};
const DEFINITION = {
  endpoints: [
    {
      endpoint: 'DELETE /api/v1/prices',
      responses: [{ status: 204 }],
      errors: [{ status: 403, code: 'NOT_STAFF', when: 'the caller is no member of the staff' }],
    },
  ],
};

/** Text by path, of everything in a folder. */
async function treeOf(root: string): Promise<Record<string, string>> {
  return Object.fromEntries(await textsBelow(root));
}

/** Makes every kind of write, each of which must be refused with a text like this, and checks that nothing has changed. */
async function refuseEveryWrite(root: string, { call }: TestClient, message: RegExp): Promise<void> {
  await call('read_context', { mode: 'develop', task: 'Add the prices.' });
  await call('read_file', { path: 'docs/kept.txt' });
  await call('read_file', { path: 'docs/long.txt' });
  const before = await treeOf(root);
  const calls: (readonly [string, Record<string, unknown>])[] = [
    ['write_file', { path: 'docs/new.txt', content: LONG }],
    ['write_file', { path: 'docs/kept.txt', content: LONG }],
    ['write_file', { path: 'docs/long.txt', edits: [{ old: 'Prices', new: 'The prices', all: true }] }],
    ['write_work_log', { summary: 'Prices.', changes: [{ task: 'T1.1', description: LONG, files: ['docs/kept.txt'] }] }],
  ];
  for (const [tool, args] of calls) {
    const result = await call(tool, args);
    expect(result.text).toMatch(message);
    expect(result.isError).toBe(true);
    expect(result.text).not.toContain(root);
  }
  await call('read_context', { mode: 'contract', task: 'Define the prices.' });
  expect((await call('define_contract', DEFINITION)).text).toMatch(message);
  expect(await treeOf(root)).toEqual(before);
}

it('says that the disk is full or a limit reached, and leaves every file as it was', async () => {
  const root = await workspaceWith(DOCUMENTS);
  const client = await startClient({ args: ['--root', root], through: ['/bin/sh', '-c', `ulimit -f ${LIMIT_BLOCKS} && exec "$0" "$@"`] });
  await refuseEveryWrite(root, client, /disk is full, or a limit is reached/);
});

it('says that a folder is read-only, and leaves every file as it was', async () => {
  const root = await workspaceWith(DOCUMENTS);
  const folders = ['docs', '.ai/temp', '.ai', '.'].map((folder) => path.join(root, folder));
  for (const folder of folders) await chmod(folder, 0o555);
  // Root may write everywhere unless the right to do so is taken from it.
  const through = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all'] : [];
  try {
    await refuseEveryWrite(root, await startClient({ args: ['--root', root], through }), /may not be written/);
  } finally {
    for (const folder of folders) await chmod(folder, 0o755);
  }
});

describe('what changes between the check and the write', () => {
  async function codeOf(run: Promise<unknown>): Promise<string> {
    try {
      await run;
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      throw error;
    }
    return 'written';
  }

  it('a file replaced by a link is not followed', async () => {
    const outside = await workspaceWith({ 'secret.txt': 'secret\n' });
    const root = await workspaceWith({ 'notes.txt': 'old\n' });
    const workspace = await Workspace.open(root);
    const target = await workspace.resolve('notes.txt', 'write');
    await rename(path.join(root, 'notes.txt'), path.join(root, 'moved.txt'));
    await symlink(path.join(outside, 'secret.txt'), path.join(root, 'notes.txt'));
    const old = hashOf('old\n');
    expect(await codeOf(writeAtomically(target, Buffer.from('new\n'), { kind: 'hash', hash: old }))).toBe('stale');
    // Even with the content that the attacker's link shows, the link itself is replaced, never what it leads to.
    await codeOf(writeAtomically(target, Buffer.from('new\n'), { kind: 'hash', hash: hashOf('secret\n') }));
    expect(await treeOf(outside)).toEqual({ 'secret.txt': 'secret\n' });
  });

  it('a folder replaced by a link is not written through', async () => {
    const outside = await workspaceWith({ 'notes.txt': 'old\n' });
    const root = await workspaceWith({ 'docs/notes.txt': 'old\n' });
    const workspace = await Workspace.open(root);
    const target = await workspace.resolve('docs/notes.txt', 'write');
    const added = await workspace.resolve('docs/new.txt', 'write');
    await rename(path.join(root, 'docs'), path.join(root, 'moved'));
    await symlink(outside, path.join(root, 'docs'));
    expect(await codeOf(writeAtomically(target, Buffer.from('new\n'), { kind: 'hash', hash: hashOf('old\n') }))).toBe('stale');
    expect(await codeOf(writeAtomically(added, Buffer.from('new\n'), { kind: 'absent' }))).toBe('stale');
    expect(await treeOf(outside)).toEqual({ 'notes.txt': 'old\n' });
  });

  it('a hard link to a file outside is cut, not written through', async () => {
    const outside = await workspaceWith({ 'shared.txt': 'old\n' });
    const root = await workspaceWith({ 'other.txt': '' });
    await link(path.join(outside, 'shared.txt'), path.join(root, 'shared.txt'));
    const { call } = await startClient({ args: ['--root', root] });
    await call('read_context', { task: 'Try things.' });
    await call('read_file', { path: 'shared.txt' });
    expect((await call('write_file', { path: 'shared.txt', content: 'new\n' })).isError).toBe(false);
    expect(await treeOf(outside)).toEqual({ 'shared.txt': 'old\n' });
    expect(await readFile(path.join(root, 'shared.txt'), 'utf8')).toBe('new\n');
  });

  it('a file that another program changes, deletes or turns into a folder is refused', async () => {
    const root = await workspaceWith({ 'a.txt': 'old\n', 'b.txt': 'old\n' });
    const workspace = await Workspace.open(root);
    const [a, b] = await Promise.all(['a.txt', 'b.txt'].map((name) => workspace.resolve(name, 'write')));
    if (a === undefined || b === undefined) throw new Error('unreachable');
    const expected = { kind: 'hash', hash: hashOf('old\n') } as const;
    await writeFile(a.real, 'another\n');
    expect(await codeOf(writeAtomically(a, Buffer.from('new\n'), expected))).toBe('stale');
    expect(await codeOf(writeAtomically(a, Buffer.from('new\n'), { kind: 'absent' }))).toBe('already_exists');
    await rename(b.real, path.join(root, 'c.txt'));
    expect(await codeOf(writeAtomically(b, Buffer.from('new\n'), expected))).toBe('stale');
    expect(await treeOf(root)).toEqual({ 'a.txt': 'another\n', 'c.txt': 'old\n' });
  });

  it('a file that another server is writing is refused, and the lock of a dead one is taken over', async () => {
    const root = await workspaceWith({ 'a.txt': 'old\n' });
    const target = await (await Workspace.open(root)).resolve('a.txt', 'write');
    const folder = path.join(os.tmpdir(), `python-engineer-mcp-${process.getuid?.() ?? -1}`, `${hashOf(target.real)}.lock`);
    await writeAtomically(target, Buffer.from('one\n'), { kind: 'hash', hash: hashOf('old\n') });
    await mkdir(folder);
    const future = new Date(Date.now() + 3_600_000);
    await utimes(folder, future, future);
    expect(await codeOf(writeAtomically(target, Buffer.from('two\n'), { kind: 'hash', hash: hashOf('one\n') }))).toBe('stale');
    const past = new Date(Date.now() - 3_600_000);
    await utimes(folder, past, past);
    expect(await codeOf(writeAtomically(target, Buffer.from('two\n'), { kind: 'hash', hash: hashOf('one\n') }))).toBe('written');
  });
});
