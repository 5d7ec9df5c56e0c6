import { execFile } from 'node:child_process';
import { access, mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { hashOf } from '../../src/workspace/text.ts';

/** Runs a program to its end. */
export const run = promisify(execFile);

const REQUIREMENTS = 'test/real-python/requirements.txt';
const UV = 'uv==0.13.9';

/** A virtual environment with everything that the tests run, made once by uv; its absolute path. */
export async function pythonEnvironment(): Promise<string> {
  const python = await newestPython();
  return madeOnce('venv', `${python}\n${await readFile(REQUIREMENTS, 'utf8')}`, async (folder) => {
    const uv = await uvProgram();
    await run(uv, ['venv', '--quiet', '--python', python, folder]);
    await run(uv, ['pip', 'install', '--quiet', '--python', path.join(folder, 'bin', 'python'), '-r', REQUIREMENTS]);
  });
}

/** uv, from the package index; the absolute path of the program. */
export async function uvProgram(): Promise<string> {
  const folder = await madeOnce('uv', UV, async (made) => {
    await run('python3', ['-m', 'venv', made]);
    await run(path.join(made, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', UV]);
  });
  return path.join(folder, 'bin', 'uv');
}

/** Python 3.12 where there is one, else what `python3` is. A name on the PATH may be a shim of pyenv that only complains. */
export async function newestPython(): Promise<string> {
  const versions = path.join(os.homedir(), '.pyenv', 'versions');
  const kept = (await readdir(versions).catch(() => [])).filter((name) => name.startsWith('3.12'));
  for (const program of ['python3.12', ...kept.map((name) => path.join(versions, name, 'bin', 'python3.12'))])
    if (
      await run(program, ['--version']).then(
        () => true,
        () => false,
      )
    )
      return program;
  return 'python3';
}

/** Gives a project the environment as its own `.venv`. */
export async function linkEnvironment(project: string, environment: string): Promise<void> {
  await symlink(environment, path.join(project, '.venv'));
}

/** A cached folder that `make` fills; another `content` is another folder. */
async function madeOnce(name: string, content: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.resolve('node_modules/.cache/python-engineer-mcp', `${name}-${hashOf(content).slice(0, 12)}`);
  const complete = path.join(folder, 'complete');
  if (await exists(complete)) return folder;
  await rm(folder, { recursive: true, force: true });
  await make(folder);
  await mkdir(complete);
  return folder;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
