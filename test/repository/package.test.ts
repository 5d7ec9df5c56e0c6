import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { sampleWorkspace, workspaceWith } from '../support/client.ts';
import { BIN } from '../support/connect.ts';
import { makeRepository } from '../support/git.ts';

const lockShape = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ resolved: z.string().optional(), hasInstallScript: z.boolean().optional(), dev: z.boolean().optional() }),
  ),
});

it('locks every package without naming a registry, and none runs a script when it is installed', async () => {
  const { packages } = lockShape.parse(JSON.parse(await readFile('package-lock.json', 'utf8')));
  expect(Object.keys(packages).length).toBeGreaterThan(100);
  expect(Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  expect(Object.entries(packages).filter(([, entry]) => entry.hasInstallScript === true && entry.dev !== true)).toEqual([]);
});

const read = async (file: string): Promise<string> => readFile(file, 'utf8');

it('has one version everywhere', async () => {
  const manifest = z.object({ version: z.string(), mcpName: z.string() }).parse(JSON.parse(await read('package.json')));
  const { version } = manifest;
  const server = z
    .object({ name: z.string(), version: z.string(), packages: z.array(z.object({ identifier: z.string(), version: z.string() })) })
    .parse(JSON.parse(await read('server.json')));
  expect(server).toMatchObject({ name: manifest.mcpName, version, packages: [{ identifier: 'python-engineer-mcp', version }] });
  expect(JSON.parse(await read('.claude-plugin/plugin.json'))).toMatchObject({ version });
  for (const file of ['.claude-plugin/plugin.json', 'hooks/hooks.json', 'docs/ci.md'])
    expect([...(await read(file)).matchAll(/python-engineer-mcp@([\w.-]+)/g)].map((match) => match[1])).toEqual([version]);
  expect(await read('CHANGELOG.md')).toMatch(new RegExp(`^## (Unreleased|${version.replaceAll('.', '\\.')})`, 'm'));
  expect(execFileSync(process.execPath, [BIN, '--version'], { encoding: 'utf8' })).toBe(`${version}\n`);
});

it('is described for the registry as its schema demands', async () => {
  const shape = z.strictObject({
    $schema: z.literal('https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json'),
    name: z.string().regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
    title: z.string().min(1).max(100),
    description: z.string().min(1).max(100),
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    repository: z.strictObject({ url: z.url(), source: z.literal('github') }),
    packages: z.array(
      z.strictObject({
        registryType: z.literal('npm'),
        identifier: z.string(),
        version: z.string(),
        runtimeHint: z.literal('npx'),
        transport: z.strictObject({ type: z.literal('stdio') }),
        packageArguments: z.array(
          z.strictObject({
            type: z.literal('named'),
            name: z.string().startsWith('--'),
            description: z.string(),
            format: z.literal('filepath'),
            isRequired: z.boolean(),
          }),
        ),
      }),
    ),
  });
  expect(shape.safeParse(JSON.parse(await read('server.json'))).error).toBeUndefined();
});

it('depends on exact versions', async () => {
  const { dependencies, devDependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()), devDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await read('package.json')));
  expect(
    Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)),
  ).toEqual([]);
});

/** Runs the hook of the plug-in as Claude Code would, with the built command in the place of the published one. */
async function runHook(root: string): Promise<{ output: string; status: number }> {
  const shape = z.object({
    hooks: z.object({ PostToolUse: z.array(z.object({ matcher: z.string(), hooks: z.array(z.object({ command: z.string() })) })) }),
  });
  const [edited] = shape.parse(JSON.parse(await read('hooks/hooks.json'))).hooks.PostToolUse;
  expect(new RegExp(`^(?:${edited?.matcher})$`).test('Write')).toBe(true);
  const command = (edited?.hooks[0]?.command ?? '').replace(/^npx -y python-engineer-mcp@\S+/, `"${process.execPath}" "${BIN}"`);
  const options = {
    cwd: root,
    env: { ...process.env, CLAUDE_PROJECT_DIR: root },
    input: '{"tool_name":"Write"}',
    encoding: 'utf8',
  } as const;
  try {
    return { output: execFileSync('/bin/sh', ['-c', command], { ...options, stdio: ['pipe', 'pipe', 'pipe'] }), status: 0 };
  } catch (error) {
    return z
      .object({ stdout: z.string(), status: z.number() })
      .transform(({ stdout, status }) => ({ output: stdout, status }))
      .parse(error);
  }
}

it('has a hook that tells the agent what an edit broke, and is silent otherwise', async () => {
  const root = await sampleWorkspace();
  makeRepository(root, '.');
  expect(await runHook(root)).toEqual({ output: '', status: 0 });
  await writeFile(
    path.join(root, 'src/wait.py'),
    '"""Wait."""\n\nimport time\n\n\nasync def wait() -> None:\n    """Wait."""\n    time.sleep(1)\n',
  );
  const { output, status } = await runHook(root);
  expect(status).toBe(0);
  expect(JSON.parse(output)).toMatchObject({
    decision: 'block',
    reason: expect.stringMatching(/src\/wait\.py:8:5: error async\/no-time-sleep: .*\n {2}fix: /),
  });
  // What cannot be checked is no fault of the agent: any code but 2.
  expect((await runHook(await workspaceWith({ 'a.py': 'A = 1\n' }))).status).toBe(1);
});
