import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, readFile, realpath, rename, rm, unlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { errnoOf, Refusal } from './refusal.ts';
import { hashOf } from './text.ts';
import type { ResolvedPath } from './workspace.ts';

/** What must be on disk for a write to go ahead: nothing, or exactly this content. */
export type Expectation = { readonly kind: 'absent' } | { readonly kind: 'hash'; readonly hash: string };

const TEMPORARY_SUFFIX = '.pemcp-tmp';
const TEMPORARY_NAME = /^\..+\.(\d+)-[0-9a-f]{12}\.pemcp-tmp$/;
/** A lock of a killed server is taken over after this; a write itself takes milliseconds. */
const LOCK_STALE_MS = 3_000;
/** No write takes an hour: the number of the process belongs to another by now. */
const ABANDONED_MS = 3_600_000;
/** With the growing waits between them about six seconds: longer than a lock that nobody holds any more is honoured. */
const LOCK_RETRIES = 30;

/**
 * Puts `bytes` at `target` whole or not at all: a temporary file in the same folder, flushed, then renamed.
 * Holds a lock shared by every server of this user, so that two writers of one file never interleave.
 * Missing parent folders are made. Mode bits of an existing file are kept.
 * @throws Refusal `stale` or `already_exists` when the disk is not as expected, `not_writable` when it cannot be written
 */
export async function writeAtomically(target: ResolvedPath, bytes: Buffer, expected: Expectation, mode?: number): Promise<void> {
  const folder = path.dirname(target.real);
  try {
    await mkdir(folder, { recursive: true });
    const release = await lock(target.real);
    try {
      await replace(target, folder, bytes, expected, mode);
    } finally {
      await release();
    }
  } catch (error) {
    throw refusalForWrite(error, target.relative);
  }
}

async function replace(
  target: ResolvedPath,
  folder: string,
  bytes: Buffer,
  expected: Expectation,
  mode: number | undefined,
): Promise<void> {
  const temporary = path.join(
    folder,
    `.${path.basename(target.real).slice(0, 100)}.${process.pid}-${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`,
  );
  try {
    const handle = await open(temporary, 'wx', 0o666);
    try {
      await handle.writeFile(bytes);
      if (mode !== undefined) await handle.chmod(mode & 0o7777);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if ((await realpath(folder)) !== folder) {
      throw new Refusal('stale', `The folder of "${target.relative}" was replaced by a link during the write.`, 'Call again.');
    }
    if (expected.kind === 'absent') {
      await claimName(temporary, target.real);
    } else {
      await refuseIfChanged(target, expected.hash);
      await rename(temporary, target.real);
    }
    await flushFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A hard link fails when the name is taken, where a rename would silently replace the other file. */
async function claimName(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
    await unlink(temporary);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(errnoOf(error) ?? '')) throw error;
    // This file system has no hard links: the lock alone keeps other servers away.
    const taken = await lstat(target).then(
      () => true,
      () => false,
    );
    if (taken) throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    await rename(temporary, target);
  }
}

async function refuseIfChanged(target: ResolvedPath, hash: string): Promise<void> {
  let current: Buffer;
  try {
    current = await readFile(target.real);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new Refusal(
      'stale',
      `"${target.relative}" was deleted since you read it.`,
      'Check with find_files, then write it as a new file if it should exist.',
    );
  }
  if (hashOf(current) !== hash) {
    throw new Refusal(
      'stale',
      `"${target.relative}" changed since you read it.`,
      'Call read_file again and repeat the change on the new text.',
    );
  }
}

/** Makes the rename itself durable; not every platform can open a folder. */
async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows refuses to open folders: the rename is then as durable as that system makes it.
  }
}

/** Locks live outside the workspace, so that a killed server leaves nothing in the project. */
async function lock(real: string): Promise<() => Promise<void>> {
  const { default: lockfile } = await import('proper-lockfile');
  const folder = path.join(os.tmpdir(), `python-engineer-mcp-${process.getuid?.() ?? -1}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return lockfile.lock(real, {
    realpath: false,
    stale: LOCK_STALE_MS,
    lockfilePath: path.join(folder, `${hashOf(real)}.lock`),
    retries: { retries: LOCK_RETRIES, minTimeout: 10, maxTimeout: 250, factor: 1.5 },
  });
}

function refusalForWrite(error: unknown, relative: string): unknown {
  switch (errnoOf(error)) {
    case 'EEXIST':
      return new Refusal('already_exists', `"${relative}" exists already.`, 'Read it with read_file first, then edit or replace it.');
    case 'ELOCKED':
      return new Refusal('stale', `"${relative}" is being written by another process.`, 'Call again in a moment.');
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new Refusal(
        'not_writable',
        `"${relative}" may not be written (permission denied or read-only).`,
        'Ask the user to make it writable.',
      );
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new Refusal(
        'not_writable',
        `The disk is full, or a limit is reached: "${relative}" was not written, and what was there is unchanged.`,
        'Ask the user to free space or raise the limit, then call again.',
      );
    case 'EISDIR':
    case 'ENOTDIR':
      return new Refusal('not_a_file', `"${relative}" is a folder, or goes through a file.`, 'Choose the path of a file.');
    default:
      return error;
  }
}

/**
 * Removes temporary files that a killed server left below `root` (absolute). New ones of a process that still runs stay.
 * Returns how many were removed.
 */
export async function clearAbandonedWrites(root: string): Promise<number> {
  const { default: fastGlob } = await import('fast-glob');
  const found = await fastGlob(`**/.*${TEMPORARY_SUFFIX}`, {
    cwd: root,
    dot: true,
    absolute: true,
    ignore: ['**/node_modules/**', '**/.git/**', '**/.venv/**'],
    followSymbolicLinks: false,
    suppressErrors: true,
  });
  let removed = 0;
  for (const file of found) {
    const pid = TEMPORARY_NAME.exec(path.basename(file))?.[1];
    if (pid === undefined || (isRunning(Number(pid)) && !(await isOld(file)))) continue;
    await rm(file, { force: true });
    removed += 1;
  }
  return removed;
}

async function isOld(file: string): Promise<boolean> {
  const stats = await lstat(file).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_MS;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
