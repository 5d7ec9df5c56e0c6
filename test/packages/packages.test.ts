import { execFileSync } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { unpackExtension } from '@anthropic-ai/mcpb';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { sampleWorkspace } from '../support/client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MEGABYTE = 1024 ** 2;
let archive: string;

beforeAll(async () => {
  const folder = await temporaryFolder();
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { stdio: 'ignore' });
  const [name = ''] = await readdir(folder);
  archive = path.join(folder, name);
});

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries.filter((entry) => entry.isFile()).map((entry) => stat(path.join(entry.parentPath, entry.name)));
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
}

/** Starts a server by a command line, and does a session's first work with it. */
async function work(command: string, args: readonly string[], cwd: string): Promise<void> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StdioClientTransport({ command, args: [...args], cwd, stderr: 'ignore' }));
  onTestFinished(() => client.close());
  expect((await client.listTools()).tools).toHaveLength(14);
  const call = async (name: string, given: Record<string, unknown>): Promise<string> =>
    JSON.stringify(await client.callTool({ name, arguments: given }));
  expect(await call('read_context', {})).toContain('architect.md');
  expect(await call('check_code', { code: 'import time\n\n\nasync def f() -> None:\n    time.sleep(1)\n', as_path: 'src/a.py' })).toContain(
    'async/no-time-sleep',
  );
  expect(await call('check_contract', {})).toContain('The code');
  expect(await call('check_schema', {})).toContain('.ai/temp/db-init.sql');
}

describe('the npm package', () => {
  it('runs by npx from an empty folder', async () => {
    await work('npx', ['-y', `--package=${archive}`, 'python-engineer-mcp', '--root', await sampleWorkspace()], await temporaryFolder());
  });

  it('is small, and so is what it installs without running a script', async () => {
    expect((await stat(archive)).size).toBeLessThan(15 * MEGABYTE);
    const folder = await temporaryFolder();
    execFileSync('npm', ['install', '--ignore-scripts', '--silent', '--prefix', folder, archive], { stdio: 'ignore' });
    expect(await sizeOf(path.join(folder, 'node_modules'))).toBeLessThan(60 * MEGABYTE);
    const bin = path.join(folder, 'node_modules/.bin/python-engineer-mcp');
    await work(bin, ['--root', await sampleWorkspace()], folder);
  });

  it('carries the licences of the code that it is bundled from', async () => {
    const texts = await readFile('dist/LICENSES.txt', 'utf8');
    for (const name of ['@modelcontextprotocol/sdk', 'zod', 'gray-matter', 'fast-glob', 'pino']) expect(texts).toContain(`${name} `);
    expect(
      [...texts.matchAll(/^\S+ \d[\w.-]* \((.*)\)$/gm)]
        .map((match) => match[1])
        .filter((licence) => !/^(MIT|ISC|BSD-[23]-Clause|BlueOak-1\.0\.0)$/.test(licence ?? '')),
    ).toEqual([]);
  });
});

describe('the bundle for Claude Desktop', () => {
  it('asks for a folder, unpacks, and works', async () => {
    execFileSync(process.execPath, ['build/bundle.js'], { stdio: 'ignore' });
    const folder = await temporaryFolder();
    expect(await unpackExtension({ mcpbPath: 'build/python-engineer-mcp.mcpb', outputDir: folder, silent: true })).toBe(true);
    const shape = z.object({
      server: z.object({ mcp_config: z.object({ command: z.string(), args: z.array(z.string()) }) }),
      user_config: z.object({ workspace: z.object({ type: z.literal('directory') }) }),
      tools: z.array(z.object({ name: z.string() })).length(14),
    });
    const { server } = shape.parse(JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8')));
    const values: Record<string, string> = { __dirname: folder, 'user_config.workspace': await sampleWorkspace() };
    const args = server.mcp_config.args.map((arg) => arg.replace(/\$\{([^}]+)\}/g, (_, name: string) => values[name] ?? ''));
    await work(server.mcp_config.command, args, await temporaryFolder());
  });
});

describe('what is written for clients', () => {
  const entry = z.looseObject({ command: z.string(), args: z.array(z.string()) });
  const shape = z.union([
    z.strictObject({ mcpServers: z.strictObject({ 'python-engineer': entry }) }).transform(({ mcpServers }) => mcpServers),
    z.strictObject({ servers: z.strictObject({ 'python-engineer': entry }) }).transform(({ servers }) => servers),
  ]);

  it('starts the server, in each of their forms', async () => {
    const text = await readFile('docs/clients.md', 'utf8');
    const blocks = [...text.matchAll(/```json\n(.*?)```/gs)].map((match) => shape.parse(JSON.parse(match[1] ?? ''))['python-engineer']);
    expect(blocks).toHaveLength(5);
    const root = await sampleWorkspace();
    for (const { command, args } of blocks) {
      expect([command, ...args.slice(0, 3)]).toEqual(['npx', '-y', 'python-engineer-mcp', '--root']);
      const given = args.map((arg) => arg.replace('/path/to/your/project', root).replace(/\$\{workspaceFolder\}/, root));
      await work('npx', ['-y', `--package=${archive}`, ...given.slice(1)], root);
    }
  });
});
