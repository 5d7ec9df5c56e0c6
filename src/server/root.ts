import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { homeFolder } from '../workspace/home.ts';
import { Refusal } from '../workspace/refusal.ts';
import { Workspace } from '../workspace/workspace.ts';

/** Where a root may come from, best first. */
export interface RootSources {
  /** `--root` */
  readonly argument: string | undefined;
  /** `PYTHON_ENGINEER_ROOT` */
  readonly environment: string | undefined;
  /** The client's roots as URIs; empty when it has none. Asked only when nothing better is there. */
  clientRoots(): Promise<readonly string[]>;
  /** The folder the server was started in. */
  readonly workingFolder: string;
}

const HOW_TO_SET =
  'Set it in the client\'s configuration: "args": ["--root", "/path/to/project"], or the environment variable PYTHON_ENGINEER_ROOT.';

/**
 * Opens the workspace: `--root`, then `PYTHON_ENGINEER_ROOT`, then the client's roots, then the working folder.
 * What was set on purpose is never silently replaced by something else.
 * @throws Refusal `no_root`
 */
export async function openRoot(sources: RootSources): Promise<Workspace> {
  const configured = given(sources.argument) ?? given(sources.environment);
  if (configured !== undefined) return open(path.resolve(sources.workingFolder, configured));
  for (const uri of await sources.clientRoots()) {
    const folder = folderOf(uri);
    if (folder !== undefined) return open(folder);
  }
  if (isUsableByDefault(sources.workingFolder)) return open(sources.workingFolder);
  throw new Refusal(
    'no_root',
    `No workspace is set, and the server was started in "${sources.workingFolder}", which is no project.`,
    HOW_TO_SET,
  );
}

async function open(folder: string): Promise<Workspace> {
  if (path.dirname(folder) === folder) throw new Refusal('no_root', `"${folder}" is the whole file system, no project.`, HOW_TO_SET);
  try {
    return await Workspace.open(folder);
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal('no_root', error.message, HOW_TO_SET);
    throw error;
  }
}

/** A placeholder that the client did not expand counts as not set. */
function given(value: string | undefined): string | undefined {
  const trimmed = value?.trim() ?? '';
  return trimmed === '' || /\$\{[^}]*\}/.test(trimmed) ? undefined : trimmed;
}

function folderOf(uri: string): string | undefined {
  try {
    return fileURLToPath(uri);
  } catch {
    // Another scheme, or a file of another host: not a folder of this machine.
    return undefined;
  }
}

/** Desktop clients start servers in the file system's root or the home folder: neither is a project. */
function isUsableByDefault(folder: string): boolean {
  const home = homeFolder();
  return path.dirname(folder) !== folder && (home === undefined || path.relative(folder, home) !== '');
}
