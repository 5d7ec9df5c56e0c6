import { execFile } from 'node:child_process';
import { access, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { hashOf } from '../../src/workspace/text.ts';

const run = promisify(execFile);
const REQUIREMENTS = 'test/python/requirements.txt';

/** A virtual environment with SQLAlchemy, Alembic and asyncpg, made once; its absolute path. */
export async function pythonEnvironment(): Promise<string> {
  const key = hashOf(await readFile(REQUIREMENTS)).slice(0, 12);
  const folder = path.resolve('node_modules/.cache/python-engineer-mcp', `venv-${key}`);
  const made = path.join(folder, 'complete');
  if (await exists(made)) return folder;
  await rm(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(path.join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS]);
  await mkdir(made);
  return folder;
}

/** Gives a project the environment as its own `.venv`. */
export async function linkEnvironment(project: string, environment: string): Promise<void> {
  await symlink(environment, path.join(project, '.venv'));
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
