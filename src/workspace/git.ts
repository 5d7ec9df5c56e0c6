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
  const status = await namesChangedSince(workspace, commit);
  const untracked = await git(workspace, ['ls-files', '-z', '--others', '--exclude-standard']);
  const changed = parseNameStatus(status);
  for (const path of untracked.split('\0').filter((each) => each !== '')) changed.push({ path, previousPath: undefined });
  return changed.filter(({ path }) => !hasControlCharacter(path));
}

async function namesChangedSince(workspace: Workspace, commit: string): Promise<string> {
  const options = ['--name-status', '--no-ext-diff', '--no-textconv', '--ignore-submodules=all', '-z', '--relative', '--diff-filter=ACMR'];
  const settings = await withoutFilters(workspace);
  try {
    return await git(workspace, ['diff', ...options, '-M', commit, '--'], settings);
  } catch (error) {
    if (!isPartialClone(error)) throw error;
    // Without the texts a renamed file is a new one, and a file that was only touched counts as changed.
    return git(workspace, ['diff-index', ...options, '--no-renames', commit, '--'], settings);
  }
}

/**
 * The text a file had in a revision; undefined when it was not there or is no UTF-8 text.
 * @throws Refusal `unsupported` where a partial clone lacks it
 */
export async function textAtRevision(workspace: Workspace, revision: string, path: string): Promise<string | undefined> {
  const commit = await commitOf(workspace, revision);
  try {
    return await git(workspace, ['cat-file', 'blob', `${commit}:./${path}`]);
  } catch (error) {
    if (error instanceof Refusal && !isPartialClone(error)) return undefined;
    throw error;
  }
}

function isPartialClone(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'unsupported';
}

async function commitOf(workspace: Workspace, revision: string): Promise<string> {
  // A revision is never an option, whatever it looks like.
  if (revision.startsWith('-') || /[\0\n]/.test(revision))
    throw new Refusal('invalid_input', `"${revision}" is no git revision.`, 'Use a branch, a tag or a commit, such as HEAD or main.');
  try {
    return (await git(workspace, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`])).trim();
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'unreadable') throw error;
    throw new Refusal('invalid_input', `git knows no revision "${revision}".`, 'Use a branch, a tag or a commit, such as HEAD or main.');
  }
}

/** Settings by which a repository would make git start a program, or read names in another way than they are. */
const SAFE_SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['core.quotepath', 'off'],
  ['core.fsmonitor', 'false'],
  ['core.hooksPath', '/dev/null'],
];
const FILTERS = String.raw`^filter\..*\.(clean|smudge|process|required)$`;

/** The settings that switch off every filter of a repository: comparing the working tree would run them on its files. */
async function withoutFilters(workspace: Workspace): Promise<typeof SAFE_SETTINGS> {
  const names = await git(workspace, ['config', '--null', '--name-only', '--get-regexp', FILTERS]).catch((error) => {
    // It ends with 1 where there are none; what else is wrong the real call says.
    if (error instanceof Refusal && error.code === 'unreadable') return '';
    throw error;
  });
  const off = names.split('\0').filter((name) => name !== '');
  return [...SAFE_SETTINGS, ...off.map((name) => [name, name.endsWith('.required') ? 'false' : ''] as const)];
}

/**
 * Runs git without anything that a repository's settings can make it start: hooks, a file watcher, a pager, programs that compare or
 * convert files, and whatever fetches objects that a partial clone lacks.
 */
async function git(workspace: Workspace, args: readonly string[], settings = SAFE_SETTINGS): Promise<string> {
  try {
    const options = {
      cwd: workspace.realRoot,
      maxBuffer: MAX_OUTPUT,
      timeout: TIME_LIMIT_MS,
      env: { ...process.env, ...settingsAsEnvironment(settings), ...SAFE_ENVIRONMENT },
    };
    const { stdout } = await run('git', ['--no-pager', ...args], options);
    return stdout;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new Refusal('not_found', 'git is not installed.', 'Name the files with paths instead.');
    const detail = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] : '';
    if (detail?.includes('not a git repository'))
      throw new Refusal('not_found', 'The workspace is not a git repository.', 'Name the files with paths instead.');
    if (error instanceof Error && 'stderr' in error && /promisor remote|lazy fetching/.test(String(error.stderr)))
      throw new Refusal(
        'unsupported',
        'This is a partial clone: the earlier text is not in it, and nothing is fetched.',
        'Ask the user to run git fetch --refetch --filter=blob:limit=1m, or name the files with paths instead.',
      );
    throw new Refusal('unreadable', `git failed: ${detail === '' ? 'no reason given' : detail}`, 'Name the files with paths instead.');
  }
}

/** No protocol is allowed, so that nothing is fetched whatever a remote's settings say; newer versions do not even try. */
const SAFE_ENVIRONMENT = {
  GIT_OPTIONAL_LOCKS: '0',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_NO_LAZY_FETCH: '1',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
};

/** Settings as variables: in an argument, a name with an equals sign would be cut at it. */
function settingsAsEnvironment(settings: typeof SAFE_SETTINGS): Record<string, string> {
  const variables: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  for (const [index, [name, value]] of settings.entries()) {
    variables[`GIT_CONFIG_KEY_${index}`] = name;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return variables;
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
