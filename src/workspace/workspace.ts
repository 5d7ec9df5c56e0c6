import { constants, lstatSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { foldForComparison, type PathUse, refuseProtected, toRelativePath } from './paths.ts';
import { errnoOf, Refusal } from './refusal.ts';
import { decodeText, hashOf, type TextFile } from './text.ts';

/** The most that is read of any one file, in bytes. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** Where a checked path leads: what the caller called it, and the file that would really be opened. */
export interface ResolvedPath {
  /** Workspace-relative, `/` separated, as the caller named it. */
  readonly relative: string;
  /** Absolute, every link resolved. For a file that does not exist yet: below its nearest real folder. */
  readonly real: string;
  readonly exists: boolean;
}

/** A folder that holds one project. Every file access of the product goes through here. */
export class Workspace {
  /** The root as it was named; used to print and to recognise absolute paths. */
  readonly root: string;
  /** The root with every link resolved. */
  readonly realRoot: string;

  private constructor(root: string, realRoot: string) {
    this.root = root;
    this.realRoot = realRoot;
  }

  /**
   * Opens `root` (absolute) as a workspace.
   * @throws Refusal `no_root` when it is missing or no folder
   */
  static async open(root: string): Promise<Workspace> {
    let realRoot: string;
    try {
      realRoot = await realpath(root);
      if (!(await stat(realRoot)).isDirectory()) throw new Error('not a folder');
    } catch (error) {
      const reason = errnoOf(error) === 'ENOENT' ? 'does not exist' : 'is not a readable folder';
      throw new Refusal('no_root', `The workspace root "${root}" ${reason}.`, 'Start the server with --root <project folder>.');
    }
    return new Workspace(root, realRoot);
  }

  /**
   * Checks a path a caller gave and resolves every link in it.
   * @throws Refusal `path_*` when it is malformed, leads outside, or is protected for this use
   */
  async resolve(input: string, use: PathUse): Promise<ResolvedPath> {
    const relative = toRelativePath(input, [this.root, this.realRoot]);
    refuseProtected(relative, use);
    const wanted = path.join(this.realRoot, relative);
    const { real, exists } = await resolveLinks(wanted, relative);
    const realRelative = path.relative(this.realRoot, real);
    if (realRelative === '..' || realRelative.startsWith(`..${path.sep}`) || path.isAbsolute(realRelative)) {
      throw new Refusal('path_outside', `"${relative}" leads outside the workspace through a link.`, 'Use a path inside the workspace.');
    }
    if (realRelative !== '') refuseProtected(realRelative.replaceAll(path.sep, '/'), use);
    return { relative, real, exists };
  }

  /**
   * What a checked path is called without links inside the workspace, relative and `/` separated: roles and kinds of files are judged by
   * it, too. A project may keep its whole `.ai` folder elsewhere behind a link; what lies in it is still called `.ai/...`.
   */
  async canonical({ real }: ResolvedPath): Promise<string> {
    const documents = await resolveLinks(path.join(this.realRoot, '.ai'), '.ai').catch(() => undefined);
    const inDocuments = documents === undefined ? undefined : path.relative(documents.real, real);
    const isDocument = inDocuments !== undefined && !inDocuments.startsWith('..') && !path.isAbsolute(inDocuments);
    const name = isDocument ? path.join('.ai', inDocuments) : path.relative(this.realRoot, real);
    return name.replaceAll(path.sep, '/');
  }

  /**
   * Resolves a path that the server itself chose for writing: its logs, its records, and what it makes of documents.
   * @throws Refusal `path_outside` when a link leads to another place than the one the path names
   */
  async resolveOwn(name: string): Promise<ResolvedPath> {
    const resolved = await this.resolve(name, 'write');
    const canonical = await this.canonical(resolved);
    if (foldForComparison(canonical) === foldForComparison(resolved.relative)) return resolved;
    throw new Refusal(
      'path_outside',
      `"${resolved.relative}" leads to "${canonical}" through a link, where this is not kept.`,
      'Ask the user to replace the link by a folder or file of its own.',
    );
  }

  /**
   * Reads a text file. The text comes without its byte order mark; line endings are as on disk.
   * @throws Refusal when it is missing, no regular file, over {@link MAX_FILE_BYTES}, binary or not UTF-8
   */
  async readText(input: string): Promise<TextFile> {
    const resolved = await this.resolve(input, 'read');
    const { bytes, mode } = await this.readResolved(resolved);
    return { path: resolved.relative, hash: hashOf(bytes), size: bytes.length, mode, ...decodeText(bytes, resolved.relative) };
  }

  /** Like {@link readText}, but undefined when there is no such file. */
  async readTextIfExists(input: string): Promise<TextFile | undefined> {
    // Every call looks for a dozen optional files: a missing one must cost microseconds. A dangling link is not missing.
    const relative = toRelativePath(input, [this.root, this.realRoot]);
    if (isCertainlyMissing(path.join(this.realRoot, relative))) {
      refuseProtected(relative, 'read');
      return undefined;
    }
    try {
      return await this.readText(input);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'not_found') return undefined;
      throw error;
    }
  }

  /** True when the path exists and is a regular file or a link to one inside the workspace. */
  async isFile(input: string): Promise<boolean> {
    return (await this.statsOf(input))?.isFile() ?? false;
  }

  /** True when the path exists and is a folder or a link to one inside the workspace. */
  async isFolder(input: string): Promise<boolean> {
    return (await this.statsOf(input))?.isDirectory() ?? false;
  }

  private async statsOf(input: string): Promise<Stats | undefined> {
    try {
      const resolved = await this.resolve(input, 'read');
      return resolved.exists ? await stat(resolved.real) : undefined;
    } catch (error) {
      if (error instanceof Refusal || errnoOf(error) !== undefined) return undefined;
      throw error;
    }
  }

  private async readResolved(resolved: ResolvedPath): Promise<{ bytes: Buffer; mode: number }> {
    if (!resolved.exists) {
      throw new Refusal('not_found', `"${resolved.relative}" does not exist.`, 'Check the path with find_files.');
    }
    let handle: FileHandle;
    try {
      // O_NONBLOCK: opening a named pipe must not wait for a writer.
      handle = await open(resolved.real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      throw refusalForOpen(error, resolved.relative);
    }
    try {
      const opened = await handle.stat();
      refuseUnusualFile(opened, resolved.relative);
      await this.refuseIfReplaced(resolved, opened);
      // One byte more than the limit shows a file that grew since it was measured.
      const buffer = Buffer.alloc(Math.min(opened.size + 1, MAX_FILE_BYTES + 1));
      let length = 0;
      while (length < buffer.length) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return { bytes: buffer.subarray(0, length), mode: opened.mode };
    } finally {
      await handle.close();
    }
  }

  /** Guards against a link that was swapped in between the check and the opening. */
  private async refuseIfReplaced(resolved: ResolvedPath, opened: Stats): Promise<void> {
    const again = await this.resolve(resolved.relative, 'read');
    const now = again.exists ? await stat(again.real) : undefined;
    if (now?.ino !== opened.ino || now.dev !== opened.dev) {
      throw new Refusal('stale', `"${resolved.relative}" was replaced while it was being opened.`, 'Call again.');
    }
  }
}

function refuseUnusualFile(stats: Stats, relative: string): void {
  if (stats.isDirectory()) {
    throw new Refusal('not_a_file', `"${relative}" is a folder.`, 'Name a file in it; find_files lists them.');
  }
  if (!stats.isFile()) {
    throw new Refusal('not_a_file', `"${relative}" is no regular file (a pipe, socket or device).`, 'Name a regular file.');
  }
  if (stats.size > MAX_FILE_BYTES) {
    const megabytes = (stats.size / 1024 / 1024).toFixed(1);
    throw new Refusal(
      'too_large',
      `"${relative}" is ${megabytes} MB; at most ${MAX_FILE_BYTES / 1024 / 1024} MB is read.`,
      'Ask the user for the part that matters.',
    );
  }
}

function refusalForOpen(error: unknown, relative: string): unknown {
  switch (errnoOf(error)) {
    case 'ENOENT':
      return new Refusal('not_found', `"${relative}" does not exist.`, 'Check the path with find_files.');
    case 'EACCES':
    case 'EPERM':
      return new Refusal('unreadable', `"${relative}" may not be read (permission denied).`, 'Ask the user to allow it.');
    case 'EISDIR':
      return new Refusal('not_a_file', `"${relative}" is a folder.`, 'Name a file in it; find_files lists them.');
    case 'ELOOP':
      return new Refusal('stale', `"${relative}" was replaced by a link while it was being opened.`, 'Call again.');
    case 'ENXIO':
      return new Refusal('not_a_file', `"${relative}" is no regular file (a pipe, socket or device).`, 'Name a regular file.');
    default:
      return error;
  }
}

async function resolveLinks(wanted: string, relative: string): Promise<{ real: string; exists: boolean }> {
  const missing: string[] = [];
  let current = wanted;
  for (;;) {
    try {
      return { real: path.join(await realpath(current), ...missing), exists: missing.length === 0 };
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ELOOP') {
        throw new Refusal('path_invalid', `"${relative}" is a circle of links.`, 'Name the file itself.');
      }
      if (code === 'ENOTDIR') {
        throw new Refusal('not_a_file', `"${relative}" goes through a file as if it were a folder.`, 'Check the path with find_files.');
      }
      if (code === 'ENAMETOOLONG') {
        throw new Refusal('path_invalid', 'The path is too long.', 'Choose a shorter path.');
      }
      if (code === 'EACCES') {
        throw new Refusal('unreadable', `"${relative}" may not be read (permission denied).`, 'Ask the user to allow it.');
      }
      if (code !== 'ENOENT') throw error;
      if (await isLink(current)) {
        throw new Refusal('path_invalid', `"${relative}" is a link that points to nothing.`, 'Ask the user to mend or remove the link.');
      }
      missing.unshift(path.basename(current));
      current = path.dirname(current);
    }
  }
}

function isCertainlyMissing(absolute: string): boolean {
  try {
    return lstatSync(absolute, { throwIfNoEntry: false }) === undefined;
  } catch {
    // Something else is in the way: resolving the path says what.
    return false;
  }
}

async function isLink(absolute: string): Promise<boolean> {
  try {
    return (await lstat(absolute)).isSymbolicLink();
  } catch {
    return false;
  }
}
