import { readFile } from 'node:fs/promises';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, it } from 'vitest';
import { ALL_TOOLS } from '../../src/tools/all-tools.ts';
import { sampleWorkspace, startClient } from '../support/client.ts';
import { BIN } from '../support/connect.ts';

/** The whole list may cost this much with all planned tools. */
const TOKEN_BUDGET = 3500;

it('keeps every tool definition as it was accepted', async () => {
  const { client } = await startClient({ args: ['--root', await sampleWorkspace()] });
  const { tools } = await client.listTools();
  expect(tools).toMatchSnapshot();
});

it('describes every tool completely and portably', async () => {
  const { client } = await startClient({ args: ['--root', await sampleWorkspace()] });
  const { tools } = await client.listTools();
  expect(new Set(tools.map((tool) => tool.name)).size).toBe(ALL_TOOLS.length);
  for (const tool of tools) {
    expect(tool.title, tool.name).toBeTruthy();
    expect(tool.description, tool.name).toBeTruthy();
    expect(Object.keys(tool.annotations ?? {}).sort(), tool.name).toEqual([
      'destructiveHint',
      'idempotentHint',
      'openWorldHint',
      'readOnlyHint',
    ]);
    for (const schema of [tool.inputSchema, tool.outputSchema]) {
      expect(schema?.type, tool.name).toBe('object');
      expect(schema?.properties, tool.name).toBeDefined();
      for (const key of ['anyOf', 'oneOf', 'allOf']) expect(schema, tool.name).not.toHaveProperty(key);
    }
    if (tool.annotations?.readOnlyHint !== true) expect(Object.keys(tool.inputSchema.properties ?? {})[0]).toMatch(/^(path|summary|mode)$/);
  }
});

it('costs few tokens', async () => {
  const { client } = await startClient({ args: ['--root', await sampleWorkspace()] });
  const { tools } = await client.listTools();
  expect(encode(JSON.stringify(tools)).length).toBeLessThanOrEqual(TOKEN_BUDGET);
});

it('lists every tool in the README', async () => {
  const readme = await readFile('README.md', 'utf8');
  for (const tool of ALL_TOOLS) expect(readme).toMatch(new RegExp(`^\\| \`${tool.name}\` +\\|`, 'm'));
});

it('ships a valid example configuration that starts this server', async () => {
  const example: unknown = JSON.parse(await readFile('mcp.json.example', 'utf8'));
  expect(example).toEqual({
    mcpServers: { 'python-engineer': { command: 'npx', args: ['-y', 'python-engineer-mcp', '--root', '/path/to/your/project'] } },
  });
  const manifest: unknown = JSON.parse(await readFile('package.json', 'utf8'));
  expect(manifest).toMatchObject({ name: 'python-engineer-mcp', bin: { 'python-engineer-mcp': 'dist/bin.js' } });
  // The arguments after the package name, on the file that the package's command runs.
  const { call } = await startClient({ args: ['--root', await sampleWorkspace()] });
  expect(BIN.endsWith('dist/bin.js')).toBe(true);
  expect((await call('read_context')).isError).toBe(false);
});

it('names unknown arguments and unknown tools', async () => {
  const { call } = await startClient({ args: ['--root', await sampleWorkspace()] });
  const misspelled = await call('read_file', { path: 'pyproject.toml', lines: 3 });
  expect(misspelled.isError).toBe(true);
  expect(misspelled.text).toContain('unknown argument "lines" (known: path, start_line, end_line, section)');
  const unknown = await call('delete_file', { path: 'pyproject.toml' });
  expect(unknown.text).toContain('There is no tool "delete_file"');
});
