import path from 'node:path';
import { z } from 'zod';
import { listFiles } from '../workspace/listing.ts';
import { Refusal } from '../workspace/refusal.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { findEnvironment, type PythonEnvironment } from './environment.ts';
import { workspacePath } from './paths.ts';
import { lastLines, type ProcessResult, runProcess } from './process.ts';
import { withoutSecrets } from './secrets.ts';

/** An Alembic set-up in a workspace. */
export interface AlembicSetup {
  /** The folder of `alembic.ini`, workspace-relative. */
  readonly folder: string;
  readonly environment: PythonEnvironment;
}

/** A migration as Alembic knows it. */
export interface Revision {
  readonly revision: string;
  /** The revisions it follows; several for a merge. */
  readonly follows: readonly string[];
  /** The first line of its docstring. */
  readonly description: string;
  /** Workspace-relative. */
  readonly path: string;
}

/** How a run ended: its output without credentials. */
export interface AlembicRun {
  readonly isDone: boolean;
  readonly output: string;
}

export interface RunLimits {
  /** In milliseconds. */
  readonly timeLimit: number;
  readonly signal: AbortSignal;
}

const UNREACHABLE =
  /connection refused|could not connect|connect call failed|connection to server .{0,200} failed|could not translate host|name or service not known|getaddrinfo|timeout expired|network is unreachable/i;
const REFUSED_LOGIN =
  /password authentication failed|InvalidPasswordError|no pg_hba\.conf entry|(?:role|database) ".{0,100}" does not exist/i;
const MISSING_MODULE = /No module named ['"]?([\w.]+)/;
/** What is shown of a failure. */
const SHOWN_LINES = 12;
const MAX_LINE = 300;
/** Asks Alembic itself, oldest first: where migrations lie and how they follow one another can be said in many ways. */
const LISTED = 'revisions:';
const LIST_REVISIONS = `
import json
from alembic.config import Config
from alembic.script import ScriptDirectory

try:
    config = Config("alembic.ini", toml_file="pyproject.toml")
except TypeError:
    config = Config("alembic.ini")
found = []
for each in ScriptDirectory.from_config(config).walk_revisions():
    down = each.down_revision or ()
    follows = [down] if isinstance(down, str) else list(down)
    found.append({"revision": each.revision, "follows": follows, "doc": each.doc or "", "path": each.path})
print("\\n${LISTED}" + json.dumps(found[::-1]))
`;
const listedSchema = z.array(z.object({ revision: z.string(), follows: z.array(z.string()), doc: z.string(), path: z.string() }));

/**
 * The Alembic set-up of a workspace; `folder` names it where there are several.
 * @throws Refusal `not_found` or `invalid_input` that says what to do
 */
export async function findAlembic(workspace: Workspace, folder: string | undefined, signal: AbortSignal): Promise<AlembicSetup> {
  const files = await listFiles(workspace, ['**/alembic.ini']);
  const found = files.map((file) => path.posix.dirname(file));
  const named = folder?.replace(/(^|\/)alembic\.ini$/, '');
  const wanted = named === undefined ? undefined : path.posix.normalize(named === '' ? '.' : named).replace(/(.)\/$/, '$1');
  const [only, ...others] = wanted === undefined ? found : found.filter((each) => each === wanted);
  const choices = found.map((each) => (each === '.' ? '. (the workspace itself)' : each)).join(', ');
  if (only === undefined)
    throw new Refusal(
      'not_found',
      wanted === undefined ? 'The workspace has no alembic.ini.' : `There is no alembic.ini in "${wanted}".`,
      found.length === 0
        ? 'Set Alembic up first: alembic init -t async migrations, with target_metadata of the models in its env.py.'
        : `Choose one of: ${choices}.`,
    );
  if (others.length > 0)
    throw new Refusal('invalid_input', `There are several alembic.ini: in ${choices}.`, 'Name the folder of one with path.');
  return { folder: only, environment: await findEnvironment(workspace, only, signal) };
}

/**
 * Runs Alembic in the project's own environment. After `hasConnected` a failure is the migration's own.
 * @throws Refusal when there is no Alembic, when the database cannot be reached, on cancellation and at the time limit
 */
export async function runAlembic(
  workspace: Workspace,
  setup: AlembicSetup,
  args: readonly string[],
  { hasConnected, ...limits }: RunLimits & { readonly hasConnected: boolean },
): Promise<AlembicRun> {
  const run = await runPython(workspace, setup, ['-m', 'alembic', ...args], limits);
  if (!run.isDone && !hasConnected) refuseUnreachable(run.output);
  return run;
}

/**
 * Every migration of the project, oldest first; the database is not asked.
 * @throws Refusal when Alembic cannot read them
 */
export async function listRevisions(workspace: Workspace, setup: AlembicSetup, limits: RunLimits): Promise<Revision[]> {
  const run = await runPython(workspace, setup, ['-c', LIST_REVISIONS], limits);
  const line = run.output.split('\n').findLast((each) => each.startsWith(LISTED));
  if (!run.isDone || line === undefined)
    throw new Refusal(
      'gate',
      `Alembic cannot read the migrations:\n${failureText(run.output)}`,
      'Correct the file that it names, or script_location in alembic.ini.',
    );
  return listedSchema.parse(JSON.parse(line.slice(LISTED.length))).map(({ revision, follows, doc, path: file }) => ({
    revision,
    follows,
    description: doc.split('\n')[0]?.trim() ?? '',
    path: workspacePath(workspace.realRoot, path.resolve(workspace.realRoot, setup.folder, file)),
  }));
}

/** The revisions that `heads` are built on, themselves included. */
export function upTo(heads: readonly string[], revisions: readonly Revision[]): ReadonlySet<string> {
  const follows = new Map(revisions.map((each) => [each.revision, each.follows]));
  const found = new Set<string>();
  const pending = [...heads];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    pending.push(...(follows.get(next) ?? []));
  }
  return found;
}

async function runPython(
  workspace: Workspace,
  { folder, environment }: AlembicSetup,
  args: readonly string[],
  limits: RunLimits,
): Promise<AlembicRun> {
  const result = await runProcess({
    program: environment.program,
    args,
    environment: environment.variables,
    folder: path.join(workspace.realRoot, folder),
    ...limits,
  });
  const output = withoutSecrets(result.output);
  refuseUnusable(result, output, environment, limits.timeLimit);
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
  const missing = code === 0 ? undefined : MISSING_MODULE.exec(output)?.[1];
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
  return lastLines(output, SHOWN_LINES, MAX_LINE);
}

/** The line that names the error. */
function failureLine(output: string): string {
  const lines = output.trimEnd().split('\n');
  const telling = lines.findLast((line) => /error|refused|failed|does not exist/i.test(line) && !/^\s*File |^\(Background/.test(line));
  return (telling ?? lines.at(-1) ?? '').trim().slice(0, MAX_LINE);
}

/**
 * The revisions that the database is at, as `alembic current` prints them; empty where Alembic has never run on it. Only what
 * `known` names counts: env.py may print anything.
 */
export function currentRevisions(output: string, known: ReadonlySet<string>): string[] {
  const words = output.split('\n').flatMap((line) => /^(\S+)(?:\s+\([^()]*\))*\s*$/.exec(line.slice(0, MAX_LINE))?.[1] ?? []);
  return [...new Set(words)].filter((word) => known.has(word));
}
