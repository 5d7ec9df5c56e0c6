import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { startClient } from '../support/client.ts';
import { addFiles } from '../support/connect.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { newestPython, pythonEnvironment, run, uvProgram } from './python-environment.ts';

let environment: string;

beforeAll(async () => {
  environment = await pythonEnvironment();
});

/** The sample package, without an environment, with these files. */
async function project(files: Record<string, string> = {}): Promise<string> {
  const root = await temporaryFolder();
  await cp('test/fixtures/checks', root, { recursive: true });
  await addFiles(root, files);
  return root;
}

/** A folder with programs that print a line, for the PATH. */
async function programs(scripts: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, script] of Object.entries(scripts)) await writeFile(path.join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

async function ruffIn(root: string, env: Record<string, string>): Promise<string> {
  const client = await startClient({ args: ['--root', root], env });
  return (await client.call('run_checks', { checks: ['ruff'] })).text;
}

const NO_RUFF = 'echo "python3: No module named $2" >&2; exit 1';

it('uses what uv has synced, and leaves its lock file alone', async () => {
  const uv = await uvProgram();
  const root = await project();
  const manifest = path.join(root, 'pyproject.toml');
  const tools = (await readFile('test/real-python/requirements.txt', 'utf8')).trim().split('\n');
  await writeFile(manifest, `${await readFile(manifest, 'utf8')}\n[dependency-groups]\ndev = ${JSON.stringify(tools)}\n`);
  const sync = ['sync', '--quiet', '--project', root, '--python', await newestPython()];
  await run(uv, sync);
  const lock = await readFile(path.join(root, 'uv.lock'));
  const client = await startClient({ args: ['--root', root] });
  const own = await client.call('run_checks');
  expect(own.text).toMatch(/^Passed: ruff, mypy, pytest\.\n/);
  expect(own.structured.environment).toMatch(/^\.venv in the project \(Python 3\.\d+\.\d+\)$/);
  expect(await readFile(path.join(root, 'uv.lock'))).toEqual(lock);

  const elsewhere = path.join(await temporaryFolder(), 'kept');
  const other = await project({ 'pyproject.toml': await readFile(manifest, 'utf8'), 'uv.lock': lock.toString() });
  expect(await ruffIn(other, { UV_PROJECT_ENVIRONMENT: environment, PATH: elsewhere })).toContain(
    'Run in the environment that uv keeps for the project (Python ',
  );
});

it.each([
  ['Poetry', { 'poetry.lock': '' }, (folder: string) => ({ poetry: `test "$1 $2 $3" = "env info --path" && echo "${folder}"` })],
  ['Hatch', { 'hatch.toml': '' }, (folder: string) => ({ hatch: `test "$1 $2 $3" = "env find default" && echo "${folder}"` })],
])('asks %s for its environment', async (name, files, answers) => {
  const root = await project(files);
  const PATH = await programs({ ...answers(environment), python3: NO_RUFF });
  const text = await ruffIn(root, { PATH });
  expect(text).toMatch(/^Passed: ruff\.\n/);
  expect(text).toContain(`Run in the environment that ${name} keeps for the project (Python `);
});

it('reads where PDM and conda keep theirs', async () => {
  const PATH = await programs({ python3: NO_RUFF });
  const pdm = await project({ 'pdm.lock': '', '.pdm-python': path.join(environment, 'bin', 'python') });
  expect(await ruffIn(pdm, { PATH })).toContain('Run in the environment that PDM keeps for the project (Python ');
  const conda = await project({ 'environment.yml': `name: ${path.basename(environment)} # ours\n` });
  const home = await temporaryFolder();
  await addFiles(home, { '.conda/environments.txt': `/nowhere/other\n${environment}\n` });
  expect(await ruffIn(conda, { PATH, HOME: home })).toContain('Run in the environment that conda keeps for the project (Python ');
});

it('uses the environment of the package, of the folder above it, or the active one, in this order', async () => {
  const PATH = await programs({ python3: NO_RUFF });
  const root = await project({ 'backend/pyproject.toml': '[project]\nname = "backend"\nversion = "1"\n', 'backend/main.py': '' });
  const active = { PATH, VIRTUAL_ENV: environment };
  const backend = async (): Promise<string> => {
    const client = await startClient({ args: ['--root', root], env: active });
    return (await client.call('run_checks', { checks: ['ruff'], path: 'backend' })).text;
  };
  expect(await backend()).toContain('Run in the active environment (Python ');
  await cp(environment, path.join(root, 'venv'), { recursive: true, verbatimSymlinks: true });
  expect(await backend()).toContain('Run in venv in the project (Python ');
  await addFiles(root, { 'backend/uv.lock': '' });
  await cp(environment, path.join(root, 'backend/.venv'), { recursive: true, verbatimSymlinks: true });
  expect(await backend()).toContain('Run in .venv in backend (Python ');
});

it.each([
  ['uv', { 'uv.lock': '' }, 'uv sync, or uv add --dev ruff'],
  ['Poetry', { 'poetry.lock': '' }, 'poetry install, or poetry add --group dev ruff'],
  ['PDM', { 'pdm.lock': '', '.pdm-python': '/gone/bin/python' }, 'pdm install, or pdm add -d ruff'],
  ['Hatch', { 'hatch.toml': '' }, 'hatch env create, or hatch run pip install ruff'],
  ['conda', { 'environment.yml': 'dependencies: []\n' }, 'conda env create, or conda install ruff'],
])('lets %s make no environment, and names the command that does', async (name, files, command) => {
  const root = await project(files as Record<string, string>);
  const PATH = await programs({ python3: NO_RUFF, uv: 'touch made', poetry: 'exit 1', hatch: 'echo /gone', pdm: 'touch made' });
  const text = await ruffIn(root, { PATH });
  expect(text).toContain(`ruff is not installed in python3 on the PATH, since ${name} has made none for the project`);
  expect(text).toContain(`ask the user to run ${command} if the project does not declare it yet.`);
  await expect(readFile(path.join(root, 'made'))).rejects.toThrow();
});
