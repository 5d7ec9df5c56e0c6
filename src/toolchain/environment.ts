import path from 'node:path';
import type { Workspace } from '../workspace/workspace.ts';
import { exists } from './paths.ts';

/** The Python environment of a project: how a module is run in it, and why this one. */
export interface PythonEnvironment {
  readonly program: string;
  /** What stands before `-m module`. */
  readonly args: readonly string[];
  /** `.venv in backend`, for people. */
  readonly name: string;
  /** The command that adds a package, for people. */
  addCommand(name: string): string;
}

/** A manager that runs programs in the environment it made. */
interface Manager {
  readonly name: string;
  readonly program: string;
  /** A file of the folder, or a table of its pyproject.toml, that shows its use. */
  readonly files: readonly string[];
  readonly table: string;
  /** Undefined where running would make an environment that is not there: it is used directly, or not at all. */
  readonly run: readonly string[] | undefined;
  readonly add: string;
}

const MANAGERS: readonly Manager[] = [
  { name: 'uv', program: 'uv', files: ['uv.lock'], table: 'tool.uv', run: undefined, add: 'uv add --dev' },
  {
    name: 'Poetry',
    program: 'poetry',
    files: ['poetry.lock'],
    table: 'tool.poetry',
    run: ['run', 'python'],
    add: 'poetry add --group dev',
  },
  { name: 'PDM', program: 'pdm', files: ['pdm.lock'], table: 'tool.pdm', run: ['run', 'python'], add: 'pdm add -d' },
  { name: 'Hatch', program: 'hatch', files: [], table: 'tool.hatch.envs', run: ['run', 'python'], add: 'hatch run pip install' },
];

/**
 * The environment of the package in `folder` (workspace-relative): a virtual environment in it or above it, the manager whose
 * lock file lies there, then what is active. Nothing is installed or changed. `environment` is that of the server.
 */
export async function findEnvironment(
  workspace: Workspace,
  folder: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<PythonEnvironment> {
  let isUnsynced = false;
  for (const at of foldersUp(folder)) {
    const manager = await managerOf(workspace, at);
    const own = await virtualEnvironment(path.join(workspace.realRoot, at), at, manager);
    if (own !== undefined) return own;
    if (manager === undefined) continue;
    if (manager.run === undefined) isUnsynced = true;
    else if (await isOnPath(manager.program, environment))
      return {
        program: manager.program,
        args: manager.run,
        name: `${manager.name} in ${shown(at)}`,
        addCommand: (name) => `${manager.add} ${name}`,
      };
  }
  const add = isUnsynced ? (name: string) => `uv sync, or uv add --dev ${name} if it is not declared yet` : undefined;
  const active = (isUnsynced ? environment.UV_PROJECT_ENVIRONMENT : undefined) ?? environment.VIRTUAL_ENV ?? environment.CONDA_PREFIX;
  if (active !== undefined && active !== '') {
    const program = await pythonIn(path.resolve(workspace.realRoot, active));
    if (program !== undefined)
      return { program, args: [], name: 'the active environment', addCommand: add ?? ((name) => `python -m pip install ${name}`) };
  }
  const program = process.platform === 'win32' ? 'python' : 'python3';
  return {
    program,
    args: [],
    name: `${program} on the PATH`,
    addCommand: add ?? ((name) => `${program} -m venv .venv, then .venv/bin/pip install ${name}`),
  };
}

async function virtualEnvironment(folder: string, at: string, manager: Manager | undefined): Promise<PythonEnvironment | undefined> {
  for (const name of ['.venv', 'venv']) {
    const program = await pythonIn(path.join(folder, name));
    if (program === undefined) continue;
    const add = manager?.add ?? `${at === '.' ? '' : `${at}/`}${name}/bin/pip install`;
    return { program, args: [], name: `${name} in ${shown(at)}`, addCommand: (what) => `${add} ${what}` };
  }
  return undefined;
}

async function pythonIn(folder: string): Promise<string | undefined> {
  for (const program of [path.join(folder, 'bin', 'python'), path.join(folder, 'Scripts', 'python.exe')])
    if (await exists(program)) return program;
  return undefined;
}

async function managerOf(workspace: Workspace, folder: string): Promise<Manager | undefined> {
  const manifest = (await workspace.readTextIfExists(path.posix.join(folder, 'pyproject.toml')).catch(() => undefined))?.text ?? '';
  for (const manager of MANAGERS) {
    const files = await Promise.all(manager.files.map((file) => workspace.isFile(path.posix.join(folder, file))));
    if (files.includes(true) || manifest.includes(`[${manager.table}`)) return manager;
  }
  return undefined;
}

/** The folder and those above it, up to the root of the workspace. */
function foldersUp(folder: string): string[] {
  const parts = folder === '.' ? [] : folder.split('/');
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), '.'];
}

function shown(folder: string): string {
  return folder === '.' ? 'the project' : folder;
}

async function isOnPath(program: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program];
  const folders = (environment.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const found = await Promise.all(folders.flatMap((folder) => names.map((name) => exists(path.join(folder, name)))));
  return found.includes(true);
}
