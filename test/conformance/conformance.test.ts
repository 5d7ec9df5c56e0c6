import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { sampleWorkspace } from '../support/client.ts';
import { BIN } from '../support/connect.ts';

const run = promisify(execFile);
const MODULES = path.resolve('test/conformance/node_modules');
const SUITE = path.join(MODULES, '@modelcontextprotocol/conformance/dist/index.js');
const INSPECTOR = path.join(MODULES, '.bin/mcp-inspector');
const GATEWAY = path.join(MODULES, '.bin/supergateway');

/**
 * The scenarios of the official suite for 2025-11-25 that ask for what this server offers. The others need tools, prompts and resources
 * of fixed names that only an example server has, or belong to transports over HTTP.
 */
const SCENARIOS = [
  'server-initialize',
  'ping',
  'tools-list',
  'resources-list',
  'prompts-list',
  'sep-2640-skills-directory',
  'sep-2640-skills-enumeration',
  'sep-2640-skills-manifest',
];

let gateway: ChildProcess;
let url: string;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/mcp`;
  const root = await sampleWorkspace();
  const args = [
    '--stdio',
    `"${process.execPath}" "${BIN}" --root "${root}" --log-level silent`,
    '--outputTransport',
    'streamableHttp',
    '--stateful',
  ];
  gateway = spawn(process.execPath, [GATEWAY, ...args, '--port', String(port)], { stdio: 'ignore' });
  await vi.waitFor(() => fetch(url), { timeout: 30_000, interval: 200 });
});
afterAll(() => {
  gateway.kill();
});

describe('the official suite', () => {
  it.each(SCENARIOS)('%s', async (scenario) => {
    const { stdout } = await run(process.execPath, [
      SUITE,
      'server',
      '--url',
      url,
      '--scenario',
      scenario,
      '--spec-version',
      '2025-11-25',
      '--force',
      '--verbose',
    ]);
    expect(stdout).toContain('"SUCCESS"');
    expect(stdout).not.toMatch(/"(FAILURE|WARNING)"/);
  });
});

describe('the Inspector', () => {
  it.each([
    ['tools/list', '--strict'],
    ['skills/list', '--verify'],
  ])('%s %s', async (method, check) => {
    const server = [process.execPath, BIN, '--root', await sampleWorkspace()];
    const { stdout } = await run(process.execPath, [INSPECTOR, '--cli', '--method', method, check, ...server]);
    expect(stdout).toContain(method === 'tools/list' ? '"read_context"' : 'python-engineer');
  });
});

it('serves an agent of LangChain', async () => {
  const args = [BIN, '--root', await sampleWorkspace(), '--log-level', 'silent'];
  const client = new MultiServerMCPClient({ mcpServers: { engineer: { transport: 'stdio', command: process.execPath, args } } });
  onTestFinished(() => client.close());
  const tools = await client.getTools();
  expect(tools).toHaveLength(14);
  const readContext = tools.find((tool) => tool.name === 'read_context');
  expect(JSON.stringify(await readContext?.invoke({ mode: 'develop' }))).toContain('architect.md');
});
