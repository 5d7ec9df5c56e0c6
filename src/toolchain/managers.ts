import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { homeFolder } from '../workspace/home.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { exists } from './paths.ts';
import { runProcess } from './process.ts';

/** What makes and keeps the Python environment of a project. */
export interface Manager {
  readonly name: string;
  /** The command that adds a package for development, before its name. */
  readonly add: string;
  /** The command that makes the environment. */
  readonly setup: string;
  /** The Python of the environment that it keeps elsewhere for `folder` (absolute), if there is one. Nothing is made by asking. */
  find(folder: string, question: Question): Promise<string | undefined>;
}

/** What a search for an environment works with. */
export interface Question {
  /** That of the server. */
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

interface Sign {
  readonly files: readonly string[];
  /** The beginning of a table in pyproject.toml. */
  readonly table?: string;
}

/** In milliseconds. */
const ANSWER_LIMIT = 20_000;

const uv: Manager = {
  name: 'uv',
  add: 'uv add --dev',
  setup: 'uv sync',
  // `uv run` would make an environment that is not there.
  async find(folder, { environment }) {
    const own = environment.UV_PROJECT_ENVIRONMENT ?? '';
    return own === '' ? undefined : pythonIn(path.resolve(folder, own));
  },
};

const poetry: Manager = {
  name: 'Poetry',
  add: 'poetry add --group dev',
  setup: 'poetry install',
  async find(folder, question) {
    const answer = await ask('poetry', ['env', 'info', '--path', '--no-interaction', '--no-ansi'], folder, question);
    return answer === undefined ? undefined : pythonIn(answer);
  },
};

const pdm: Manager = {
  name: 'PDM',
  add: 'pdm add -d',
  setup: 'pdm install',
  // `pdm info` would make an environment that is not there.
  async find(folder) {
    const kept = (await readIfThere(path.join(folder, '.pdm-python'))).trim();
    return path.isAbsolute(kept) && (await exists(kept)) ? kept : undefined;
  },
};

const hatch: Manager = {
  name: 'Hatch',
  add: 'hatch run pip install',
  setup: 'hatch env create',
  async find(folder, question) {
    const answer = await ask('hatch', ['env', 'find', 'default'], folder, question);
    return answer === undefined ? undefined : pythonIn(answer);
  },
};

const conda: Manager = {
  name: 'conda',
  add: 'conda install',
  setup: 'conda env create',
  async find(folder, { environment }) {
    const files = await Promise.all(['environment.yml', 'environment.yaml'].map((name) => readIfThere(path.join(folder, name))));
    const wanted = files.flatMap((text) => /^name:[ \t]*["']?([^\s"'#]+)/m.exec(text)?.[1] ?? [])[0];
    if (wanted === undefined) return undefined;
    const home = environment.HOME ?? environment.USERPROFILE ?? homeFolder() ?? '';
    const known = (await readIfThere(path.join(home, '.conda', 'environments.txt'))).split('\n').map((line) => line.trim());
    const folders = [environment.CONDA_PREFIX ?? '', ...known].filter((each) => path.basename(each) === wanted);
    for (const each of folders) {
      const python = await pythonIn(each);
      if (python !== undefined) return python;
    }
    return undefined;
  },
};

const SIGNS: readonly (readonly [Manager, Sign])[] = [
  [uv, { files: ['uv.lock'], table: 'tool.uv' }],
  [poetry, { files: ['poetry.lock'], table: 'tool.poetry' }],
  [pdm, { files: ['pdm.lock'], table: 'tool.pdm' }],
  [hatch, { files: ['hatch.toml'], table: 'tool.hatch.envs' }],
  [conda, { files: ['environment.yml', 'environment.yaml'] }],
];

/** The manager whose files lie in a folder (workspace-relative). */
export async function managerOf(workspace: Workspace, folder: string): Promise<Manager | undefined> {
  const manifest = (await workspace.readTextIfExists(path.posix.join(folder, 'pyproject.toml')).catch(() => undefined))?.text ?? '';
  for (const [manager, { files, table }] of SIGNS) {
    const found = await Promise.all(files.map((file) => workspace.isFile(path.posix.join(folder, file))));
    if (found.includes(true) || (table !== undefined && new RegExp(`^\\[${table}\\b`, 'm').test(manifest))) return manager;
  }
  return undefined;
}

/** The Python of an environment in an absolute folder, if there is one. */
export async function pythonIn(folder: string): Promise<string | undefined> {
  // The last is conda's on Windows.
  for (const parts of [['bin', 'python'], ['Scripts', 'python.exe'], ['python.exe']]) {
    const program = path.join(folder, ...parts);
    if (await exists(program)) return program;
  }
  return undefined;
}

/** The last line of what a manager answers; undefined where it is not installed or knows nothing. */
async function ask(program: string, args: readonly string[], folder: string, { signal }: Question): Promise<string | undefined> {
  const { code, output } = await runProcess({ program, args, folder, signal, timeLimit: ANSWER_LIMIT });
  const line = output.trim().split('\n').at(-1)?.trim() ?? '';
  return code === 0 && path.isAbsolute(line) ? line : undefined;
}

function readIfThere(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
