import path from 'node:path';
import type { Workspace } from '../workspace/workspace.ts';
import { type Manager, managerOf, pythonIn } from './managers.ts';
import { runProcess } from './process.ts';

/** In milliseconds. */
const VERSION_LIMIT = 20_000;

/** The Python environment of a project. */
export interface PythonEnvironment {
  /** The absolute path of its Python, or a name on the PATH. */
  readonly program: string;
  /** What activating it would set. */
  readonly variables: Readonly<Record<string, string>>;
  /** Which it is, for people: `.venv in backend`. */
  readonly name: string;
  /** The command that adds a package, for people. */
  addCommand(name: string): string;
}

/**
 * The environment of the package in `folder` (workspace-relative): a virtual environment in it or above it, or the one that the
 * manager whose files lie there keeps elsewhere, then what is active. Nothing is installed or changed. `environment` is that of the
 * server.
 */
export async function findEnvironment(
  workspace: Workspace,
  folder: string,
  signal: AbortSignal,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<PythonEnvironment> {
  let withoutEnvironment: Manager | undefined;
  for (const at of foldersUp(folder)) {
    const absolute = path.join(workspace.realRoot, at);
    const manager = await managerOf(workspace, at);
    for (const name of ['.venv', 'venv', '.conda']) {
      const program = await pythonIn(path.join(absolute, name));
      if (program === undefined) continue;
      const add = manager?.add ?? `${at === '.' ? '' : `${at}/`}${name}/bin/python -m pip install`;
      return used(program, `${name} in ${shown(at)}`, environment, (what) => `${add} ${what}`);
    }
    const program = await manager?.find(absolute, { environment, signal });
    if (manager !== undefined && program !== undefined)
      return used(program, `the environment that ${manager.name} keeps for ${shown(at)}`, environment, (what) => `${manager.add} ${what}`);
    withoutEnvironment ??= manager;
  }
  return otherEnvironment(withoutEnvironment, environment);
}

/** The version of an environment's Python, and what is wrong with it for the package in `folder` (workspace-relative). */
export async function pythonVersion(
  workspace: Workspace,
  folder: string,
  { program, variables }: PythonEnvironment,
  signal: AbortSignal,
): Promise<{ readonly found: string | undefined; readonly warnings: readonly string[] }> {
  const place = path.join(workspace.realRoot, folder);
  const { output } = await runProcess({
    program,
    args: ['--version'],
    folder: place,
    environment: variables,
    signal,
    timeLimit: VERSION_LIMIT,
  });
  const found = /^Python (\d+\.\d+\S*)/m.exec(output)?.[1];
  const manifest = (await workspace.readTextIfExists(path.posix.join(folder, 'pyproject.toml')).catch(() => undefined))?.text ?? '';
  const [, major = '', minor = ''] = /^requires-python\s*=\s*["'][^"'\n]*>=\s*(\d+)\.(\d+)/m.exec(manifest) ?? [];
  const [foundMajor = 0, foundMinor = 0] = (found ?? '').split('.').map(Number);
  const isOlder = found !== undefined && minor !== '' && foundMajor * 1000 + foundMinor < Number(major) * 1000 + Number(minor);
  return { found, warnings: isOlder ? [`Python ${found} is older than the project's requires-python, >=${major}.${minor}.`] : [] };
}

/** What is active, or else on the PATH, for a project that has no environment of its own. */
async function otherEnvironment(manager: Manager | undefined, environment: NodeJS.ProcessEnv): Promise<PythonEnvironment> {
  const add =
    manager === undefined
      ? undefined
      : (what: string) => `${manager.setup}, or ${manager.add} ${what} if the project does not declare it yet`;
  const why = manager === undefined ? '' : `, since ${manager.name} has made none for the project`;
  const active = [environment.VIRTUAL_ENV, environment.CONDA_PREFIX].find((each) => each !== undefined && path.isAbsolute(each));
  const program = active === undefined ? undefined : await pythonIn(active);
  if (program !== undefined)
    return used(program, `the active environment${why}`, environment, add ?? ((what) => `python -m pip install ${what}`));
  const python = process.platform === 'win32' ? 'python' : 'python3';
  return {
    program: python,
    variables: {},
    name: `${python} on the PATH${why}`,
    addCommand: add ?? ((what) => `${python} -m venv .venv, then .venv/bin/python -m pip install ${what}`),
  };
}

function used(
  program: string,
  name: string,
  environment: NodeJS.ProcessEnv,
  addCommand: PythonEnvironment['addCommand'],
): PythonEnvironment {
  const folder = path.dirname(program);
  // Tests start the programs of the environment by their names.
  const PATH = [folder, environment.PATH ?? ''].filter((each) => each !== '').join(path.delimiter);
  const isInBin = ['bin', 'Scripts'].includes(path.basename(folder));
  return { program, variables: { PATH, VIRTUAL_ENV: isInBin ? path.dirname(folder) : folder }, name, addCommand };
}

/** The folder and those above it, up to the root of the workspace. */
function foldersUp(folder: string): string[] {
  const parts = folder === '.' ? [] : folder.split('/');
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), '.'];
}

function shown(folder: string): string {
  return folder === '.' ? 'the project' : folder;
}
