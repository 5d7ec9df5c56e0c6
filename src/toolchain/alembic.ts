import path from 'node:path';
import { listFiles } from '../workspace/listing.ts';
import { Refusal } from '../workspace/refusal.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { findEnvironment, type PythonEnvironment } from './environment.ts';
import { type ProcessResult, runProcess } from './process.ts';
import { withoutSecrets } from './secrets.ts';

/** An Alembic set-up in a workspace. */
export interface AlembicSetup {
  /** The folder of `alembic.ini`, workspace-relative. */
  readonly folder: string;
  /** The folders of the migration files, workspace-relative. */
  readonly versions: readonly string[];
  readonly environment: PythonEnvironment;
}

/** How a run of Alembic ended: its output without credentials. */
export interface AlembicRun {
  readonly isDone: boolean;
  readonly output: string;
}

const UNREACHABLE =
  /connection refused|could not connect|connect call failed|connection to server .* failed|could not translate host|name or service not known|getaddrinfo|timeout expired|network is unreachable|no such file or directory.*s\.PGSQL/i;
const REFUSED_LOGIN =
  /password authentication failed|InvalidPasswordError|no pg_hba\.conf entry|role ".*" does not exist|database ".*" does not exist/i;
const MISSING_DRIVER = /No module named ['"]?([\w.]+)/;
/** Lines of a failure that are shown. */
const SHOWN_LINES = 12;

/**
 * The Alembic set-up of a workspace; `folder` names it where there are several.
 * @throws Refusal `not_found` or `invalid_input` that says what to do
 */
export async function findAlembic(workspace: Workspace, folder: string | undefined): Promise<AlembicSetup> {
  const files = await listFiles(workspace, ['**/alembic.ini']);
  const found = files.map((file) => path.posix.dirname(file));
  const wanted = folder === undefined ? undefined : path.posix.normalize(folder).replace(/\/(?:alembic\.ini)?$/, '');
  const [only, ...others] = wanted === undefined ? found : found.filter((each) => each === wanted);
  if (only === undefined)
    throw new Refusal(
      'not_found',
      wanted === undefined ? 'The workspace has no alembic.ini.' : `There is no alembic.ini in "${wanted}".`,
      found.length === 0
        ? 'Set Alembic up first: alembic init -t async migrations, with target_metadata of the models in its env.py.'
        : `Choose one of: ${found.join(', ')}.`,
    );
  if (others.length > 0)
    throw new Refusal('invalid_input', `There are several alembic.ini: in ${found.join(', ')}.`, 'Name the folder of one with path.');
  const settings = (await workspace.readText(path.posix.join(only, 'alembic.ini'))).text;
  const manifest = (await workspace.readTextIfExists(path.posix.join(only, 'pyproject.toml')).catch(() => undefined))?.text ?? '';
  return {
    folder: only,
    versions: await versionFolders(workspace, only, settings, manifest),
    environment: await findEnvironment(workspace, only),
  };
}

/** Where the settings, those of alembic.ini first, say that migrations lie. */
async function versionFolders(workspace: Workspace, folder: string, settings: string, manifest: string): Promise<string[]> {
  const tool = /^\[tool\.alembic\]$([\s\S]*?)(?=^\[|(?![\s\S]))/m.exec(manifest)?.[1] ?? '';
  const setting = (name: string): string | undefined => {
    const pattern = new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*["']?([^"'\\r\\n]+?)["']?[ \\t]*\\r?$`, 'm');
    return (pattern.exec(settings) ?? pattern.exec(tool))?.[1];
  };
  const script = setting('script_location') ?? 'alembic';
  const listed = setting('version_locations')?.split(/[\s,;]+/);
  const found = await Promise.all(
    (listed ?? [script]).filter((place) => place !== '').map((place) => existingFolder(workspace, folder, place)),
  );
  const folders = found.filter((place) => place !== undefined);
  // The folder of the files themselves Alembic makes with the first one.
  if (folders.length > 0) return listed === undefined ? folders.map((place) => `${place}/versions`) : folders;
  throw new Refusal(
    'not_found',
    `The folder of the migrations was not found: ${path.posix.join(folder, 'alembic.ini')} says "${(listed ?? [script]).join(', ')}".`,
    'Ask the user to correct script_location, or make the folder with alembic init.',
  );
}

/** `%(here)s/migrations`, a path, or a package such as `shop:migrations`. */
async function existingFolder(workspace: Workspace, folder: string, place: string): Promise<string | undefined> {
  const plain = place.replace(/%\(here\)s\/?/, '');
  const asPath = plain.includes(':') ? plain.replace(/^([\w.]+):/, (_, name: string) => `${name.replaceAll('.', '/')}/`) : plain;
  for (const base of [folder, path.posix.join(folder, 'src')]) {
    const candidate = path.posix.normalize(path.posix.join(base, asPath));
    if (await workspace.isFolder(candidate)) return candidate;
  }
  return undefined;
}

/**
 * Runs Alembic in the project's own environment.
 * @throws Refusal when there is no Alembic, when the database cannot be reached, on cancellation and at the time limit.
 * After `hasConnected` a failure is the migration's own.
 */
export async function runAlembic(
  workspace: Workspace,
  { folder, environment }: AlembicSetup,
  args: readonly string[],
  { hasConnected, ...limits }: { readonly timeLimit: number; readonly signal: AbortSignal; readonly hasConnected: boolean },
): Promise<AlembicRun> {
  const result = await runProcess({
    program: environment.program,
    args: [...environment.args, '-m', 'alembic', ...args],
    folder: path.join(workspace.realRoot, folder),
    ...limits,
  });
  const output = withoutSecrets(result.output);
  refuseUnusable(result, output, environment, limits.timeLimit);
  if (result.code !== 0 && !hasConnected) refuseUnreachable(output);
  return { isDone: result.code === 0, output };
}

function refuseUnusable({ end, code }: ProcessResult, output: string, environment: PythonEnvironment, timeLimit: number): void {
  if (end === 'failed_to_start')
    throw new Refusal(
      'not_found',
      `${environment.program} could not be started (${environment.name}).`,
      'Ask the user to set up the Python environment.',
    );
  if (end === 'cancelled')
    throw new Refusal(
      'gate',
      'The call was cancelled; Alembic and everything it started was ended.',
      'Check the state with action "history".',
    );
  if (end === 'timed_out')
    throw new Refusal(
      'gate',
      `Alembic did not end within ${timeLimit / 1000} s and was ended, with everything it started.`,
      'Another session may hold a lock on a table. Check the state with action "history", then call again, with a longer timeout where it is needed.',
    );
  if (code === 0) return;
  const missing = MISSING_DRIVER.exec(output)?.[1];
  if (missing === 'alembic' || missing?.startsWith('alembic.') === true)
    throw new Refusal(
      'not_found',
      `Alembic is not installed in ${environment.name}.`,
      `Ask the user to run: ${environment.addCommand('alembic')}.`,
    );
}

function refuseUnreachable(output: string): void {
  if (UNREACHABLE.test(output))
    throw new Refusal(
      'gate',
      `The database cannot be reached: ${failureLine(output)}`,
      'Ask the user to start it, or to correct the address in the settings that env.py uses.',
    );
  if (REFUSED_LOGIN.test(output))
    throw new Refusal(
      'gate',
      `The database refused the connection: ${failureLine(output)}`,
      'Ask the user to correct the address, user or password in the settings that env.py uses.',
    );
}

/** What a failed run says in the end. */
export function failureText(output: string): string {
  return output.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
}

/** The line that names the error. */
function failureLine(output: string): string {
  const lines = output.trimEnd().split('\n');
  const telling = lines.findLast((line) => /error|refused|failed|does not exist/i.test(line) && !/^\s*File |^\(Background/.test(line));
  return (telling ?? lines.at(-1) ?? '').trim().slice(0, 300);
}

/**
 * The revisions that the database is at; empty where Alembic has never run on it. Only what `known` names counts: env.py may
 * print anything.
 */
export function currentRevisions(output: string, known: ReadonlySet<string>): string[] {
  const words = output.split('\n').flatMap((line) => /^(\w+)(?: \(.*\))*\s*$/.exec(line.trim())?.[1] ?? []);
  return [...new Set(words)].filter((word) => known.has(word));
}

/** The file that `alembic revision` made, as it prints it. */
export function generatedFile(output: string): string | undefined {
  // Long paths are wrapped in the middle of the line.
  return /Generating\s+([\s\S]+?\.py)\s*\.\.\.\s+done/.exec(output)?.[1]?.replace(/\n\s*/g, '');
}
