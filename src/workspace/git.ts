import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasControlCharacter } from './paths.ts';
import { errnoOf, Refusal } from './refusal.ts';
import type { Workspace } from './workspace.ts';

const run = promisify(execFile);
const MAX_OUTPUT = 32 * 1024 * 1024;
const TIME_LIMIT_MS = 20_000;

/** A file that differs from a revision. */
export interface ChangedFile {
  /** Workspace-relative. */
  readonly path: string;
  /** Where it was in the revision; undefined for a new file. Relative to the workspace. */
  readonly previousPath: string | undefined;
}

/**
 * Files that were added or changed since a revision, in the working tree, untracked ones included.
 * @throws Refusal when there is no git, no repository, or no such revision
 */
export async function changedFiles(workspace: Workspace, revision: string): Promise<ChangedFile[]> {
  const commit = await commitOf(workspace, revision);
  const status = await git(workspace, [
    'diff',
    '--name-status',
    '--no-ext-diff',
    '--no-textconv',
    '-z',
    '-M',
    '--relative',
    '--diff-filter=ACMR',
    commit,
    '--',
  ]);
  const untracked = await git(workspace, ['ls-files', '-z', '--others', '--exclude-standard']);
  const changed = parseNameStatus(status);
  for (const path of untracked.split('\0').filter((each) => each !== '')) changed.push({ path, previousPath: undefined });
  return changed.filter(({ path }) => !hasControlCharacter(path));
}

/** The text a file had in a revision; undefined when it was not there or is no UTF-8 text. */
export async function textAtRevision(workspace: Workspace, revision: string, path: string): Promise<string | undefined> {
  const commit = await commitOf(workspace, revision);
  try {
    return await git(workspace, ['cat-file', 'blob', `${commit}:./${path}`]);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

async function commitOf(workspace: Workspace, revision: string): Promise<string> {
  // A revision is never an option, whatever it looks like.
  if (revision.startsWith('-') || /[\0\n]/.test(revision))
    throw new Refusal('invalid_input', `"${revision}" is no git revision.`, 'Use a branch, a tag or a commit, such as HEAD or main.');
  try {
    return (await git(workspace, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`])).trim();
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === 'not_found') throw error;
    throw new Refusal('invalid_input', `git knows no revision "${revision}".`, 'Use a branch, a tag or a commit, such as HEAD or main.');
  }
}

/** Runs git without anything that a repository's settings can make it start: hooks, a file watcher, a pager, programs that compare. */
async function git(workspace: Workspace, args: readonly string[]): Promise<string> {
  try {
    const options = {
      cwd: workspace.realRoot,
      maxBuffer: MAX_OUTPUT,
      timeout: TIME_LIMIT_MS,
      env: { ...process.env, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' },
    };
    const { stdout } = await run(
      'git',
      ['--no-pager', '-c', 'core.quotepath=off', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', ...args],
      options,
    );
    return stdout;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new Refusal('not_found', 'git is not installed.', 'Name the files with paths instead.');
    const detail = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] : '';
    if (detail?.includes('not a git repository'))
      throw new Refusal('not_found', 'The workspace is not a git repository.', 'Name the files with paths instead.');
    throw new Refusal('unreadable', `git failed: ${detail === '' ? 'no reason given' : detail}`, 'Name the files with paths instead.');
  }
}

function parseNameStatus(output: string): ChangedFile[] {
  const parts = output.split('\0').filter((part) => part !== '');
  const changed: ChangedFile[] = [];
  while (parts.length > 0) {
    const status = parts.shift() ?? '';
    const first = parts.shift() ?? '';
    if (/^[RC]/.test(status)) changed.push({ path: parts.shift() ?? first, previousPath: first });
    else changed.push({ path: first, previousPath: status.startsWith('A') ? undefined : first });
  }
  return changed;
}
