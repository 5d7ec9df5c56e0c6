import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, it, onTestFinished } from 'vitest';
import { sampleWorkspace, startClient } from '../support/client.ts';
import { addFiles, BIN } from '../support/connect.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What a client passes on when it does not expand its variables. */
const UNEXPANDED = ['$', '{workspaceFolder}'].join('');

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

function startRaw(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

function send(child: ChildProcess, message: object): void {
  child.stdin?.write(`${JSON.stringify(message)}\n`);
}

/** Resolves with the answer to a request id; collects everything that was written to standard output. */
function answerTo(child: ChildProcess, id: number | string, lines: string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let rest = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) {
        lines.push(line);
        const message: { id?: number | string } = JSON.parse(line);
        if (message.id === id) resolve(message);
      }
    });
    child.once('exit', () => reject(new Error('the server ended')));
  });
}

async function started(args: readonly string[]): Promise<{ child: ChildProcess; lines: string[] }> {
  const child = startRaw(args);
  const lines: string[] = [];
  const answer = answerTo(child, 1, lines);
  send(child, INITIALIZE);
  await answer;
  send(child, { jsonrpc: '2.0', method: 'notifications/initialized' });
  return { child, lines };
}

it('ends by itself when standard input closes, threads included', async () => {
  const { child } = await started(['--root', await sampleWorkspace()]);
  const checked = answerTo(child, 2, []);
  send(child, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'check_code', arguments: {} } });
  await checked;
  const exit = once(child, 'exit');
  child.stdin?.end();
  expect(await exit).toEqual([0, null]);
});

it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s', async (signal) => {
  const { child } = await started(['--root', await sampleWorkspace()]);
  const exit = once(child, 'exit');
  child.kill(signal);
  expect(await exit).toEqual([0, null]);
});

it('leaves no process when its client is killed', async () => {
  const script = `
    const { spawn } = require('node:child_process');
    const server = spawn(process.execPath, [${JSON.stringify(BIN)}, '--root', ${JSON.stringify(await sampleWorkspace())}], { stdio: ['pipe', 'pipe', 'ignore'] });
    server.stdin.write(${JSON.stringify(`${JSON.stringify(INITIALIZE)}\n`)});
    server.stdout.once('data', () => process.stdout.write(String(server.pid)));
  `;
  const client = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = await once(client.stdout, 'data');
  const pid = Number(String(output));
  expect(() => process.kill(pid, 0)).not.toThrow();
  client.kill('SIGKILL');
  await expect.poll(() => isRunning(pid), { timeout: 8000 }).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('answers junk and goes on, with nothing but protocol on standard output', async () => {
  const { child, lines } = await started(['--root', await sampleWorkspace()]);
  child.stdin?.write('this is no JSON\n{"jsonrpc":"2.0","id":7}\n\n[]\n{"half": \n');
  send(child, { jsonrpc: '2.0', id: 8, method: 'server/discover' });
  const answer = answerTo(child, 9, lines);
  send(child, { jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'find_files', arguments: { pattern: '(((' } } });
  expect(await answer).toMatchObject({ result: { isError: true } });
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
});

it.each([9, 'nine'])('answers a message that is too long to be read, and goes on (id %j)', async (id) => {
  const { child, lines } = await started(['--root', await sampleWorkspace()]);
  const refused = answerTo(child, id, lines);
  const code = 'x'.repeat(12 * 1024 * 1024);
  send(child, { jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'check_code', arguments: { code } } });
  expect(await refused).toMatchObject({ error: { message: expect.stringContaining('over 9 MB') } });
  child.stdin?.write(`${'y'.repeat(20 * 1024 * 1024)}\n`);
  const answer = answerTo(child, 10, lines);
  send(child, { jsonrpc: '2.0', id: 10, method: 'ping' });
  expect(await answer).toMatchObject({ result: {} });
});

it('logs to a file when asked, and refuses bad options without touching standard output', async () => {
  const folder = await temporaryFolder();
  const { child } = await started(['--root', folder, '--log-file', path.join(folder, 'logs/server.log')]);
  child.stdin?.end();
  await once(child, 'exit');

  const bad = startRaw(['--colour']);
  let stdout = '';
  let stderr = '';
  bad.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  bad.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = await once(bad, 'exit');
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('--colour');
});

it('says how to set a root when there is none, and stays up', async () => {
  const { call } = await startClient({ cwd: '/' });
  for (const [tool, args] of [
    ['read_context', {}],
    ['read_file', { path: 'a.py' }],
    ['write_file', { path: 'a.py', content: '' }],
    ['check_code', {}],
  ] as const) {
    const result = await call(tool, args);
    expect(result.isError).toBe(true);
    expect(result.text).toContain('--root');
    expect(result.text).toContain('PYTHON_ENGINEER_ROOT');
  }
  expect((await call('explain_rule', {})).isError).toBe(false);
});

it('takes the root from the argument, then the environment, then the client, then the folder', async () => {
  const [argument, environment, client, folder] = await Promise.all(['a', 'b', 'c', 'd'].map(async (name) => markedFolder(name)));
  const roots = [{ uri: `file://${client}` }];
  const found = async (args: readonly string[], env: Record<string, string>, withRoots: boolean): Promise<string> => {
    const { call } = await startClient({
      args,
      env,
      cwd: folder ?? '',
      ...(withRoots ? { capabilities: { capabilities: { roots: {} } } } : {}),
      prepare: (each) => {
        if (withRoots) each.setRequestHandler(ListRootsRequestSchema, () => ({ roots }));
      },
    });
    return (await call('find_files', { glob: '*.marker' })).text;
  };
  const env = { PYTHON_ENGINEER_ROOT: environment ?? '' };
  expect(await found(['--root', argument ?? ''], env, true)).toContain('a.marker');
  expect(await found([], env, true)).toContain('b.marker');
  expect(await found([], { PYTHON_ENGINEER_ROOT: UNEXPANDED }, true)).toContain('c.marker');
  expect(await found([], {}, false)).toContain('d.marker');
  expect(await found(['--root', path.join(folder ?? '', 'missing')], env, true)).toContain('does not exist');
});

async function markedFolder(name: string): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'python-engineer-root-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { recursive: true });
  await addFiles(folder, { [`${name}.marker`]: '' });
  return folder;
}
