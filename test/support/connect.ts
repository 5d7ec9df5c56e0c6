import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { z } from 'zod';

export const BIN = path.resolve('dist/bin.js');

/** A tool's result as a client sees it. */
export interface ToolResult {
  readonly isError: boolean;
  /** All text blocks, joined by line breaks. */
  readonly text: string;
  readonly blocks: readonly string[];
  readonly structured: Record<string, unknown>;
}

const resultShape = z.object({
  isError: z.boolean().optional(),
  content: z.array(z.object({ type: z.literal('text'), text: z.string() })),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
});

export interface TestClient {
  readonly client: Client;
  readonly pid: number;
  call(tool: string, args?: Record<string, unknown>): Promise<ToolResult>;
}

export interface ClientOptions {
  readonly args?: readonly string[];
  /** A program that starts the server: its name and first arguments. */
  readonly through?: readonly string[];
  /** Options of Node itself, before the program. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Prepares the client before it connects. */
  readonly prepare?: (client: Client) => void;
  readonly capabilities?: ConstructorParameters<typeof Client>[1];
}

/** A real client on a real server process over stdio; `client.close()` ends both. */
export async function connect(options: ClientOptions = {}): Promise<TestClient> {
  const [command = process.execPath, ...args] = [...(options.through ?? []), process.execPath];
  const transport = new StdioClientTransport({
    command,
    args: [...args, ...(options.nodeArgs ?? []), BIN, '--log-level', 'silent', ...(options.args ?? [])],
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const client = new Client({ name: 'test', version: '1.0.0' }, options.capabilities);
  options.prepare?.(client);
  await client.connect(transport);
  return {
    client,
    pid: transport.pid ?? 0,
    async call(tool, args = {}) {
      const result = resultShape.parse(await client.callTool({ name: tool, arguments: args }));
      const blocks = result.content.map((block) => block.text);
      return { isError: result.isError ?? false, text: blocks.join('\n'), blocks, structured: result.structuredContent ?? {} };
    },
  };
}

/** Writes files below a folder. */
export async function addFiles(root: string, files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), content);
  }
}
