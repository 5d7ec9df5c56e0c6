import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packExtension } from '@anthropic-ai/mcpb';
import { z } from 'zod';

// Makes the bundle for Claude Desktop: the package with what it needs, and a manifest that asks for the project's folder.

const FOLDER = 'build/mcpb';
const OUTPUT = 'build/python-engineer-mcp.mcpb';

const packageShape = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  author: z.string(),
  keywords: z.array(z.string()),
  engines: z.object({ node: z.string() }),
  files: z.array(z.string()),
});

const tools = z.array(z.object({ name: z.string(), description: z.string() }));

/** The tools as the built server lists them. */
function listTools(): z.output<typeof tools> {
  const request = (id: number, method: string, params: object): string => JSON.stringify({ jsonrpc: '2.0', id, method, params });
  const client = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bundle', version: '1' } };
  const input = `${request(1, 'initialize', client)}\n${request(2, 'tools/list', {})}\n`;
  const output = execFileSync(process.execPath, ['dist/bin.js', '--log-level', 'silent'], { input, encoding: 'utf8' });
  const answer = output.split('\n').find((line) => line.includes('"id":2'));
  const { result } = z.object({ result: z.object({ tools }) }).parse(JSON.parse(answer ?? '{}'));
  return result.tools.map(({ name, description }) => ({ name, description }));
}

const { name, version, description, license, author, keywords, engines, files } = packageShape.parse(
  JSON.parse(readFileSync('package.json', 'utf8')),
);
const manifest = {
  manifest_version: '0.3',
  name,
  display_name: 'Python Engineer',
  version,
  description,
  author: { name: author },
  license,
  keywords,
  server: {
    type: 'node',
    entry_point: 'dist/bin.js',
    mcp_config: { command: 'node', args: [`\${__dirname}/dist/bin.js`, '--root', `\${user_config.workspace}`] },
  },
  tools: listTools(),
  user_config: {
    workspace: {
      type: 'directory',
      title: 'Project folder',
      description: 'The folder of the Python project. Nothing outside it is read or written.',
      required: true,
    },
  },
  compatibility: { platforms: ['darwin', 'win32', 'linux'], runtimes: { node: engines.node } },
};

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
for (const each of [...files, 'package.json', 'package-lock.json', '.npmrc', 'LICENSE', 'README.md'])
  cpSync(each, path.join(FOLDER, each), { recursive: true });
execFileSync('npm', ['ci', '--omit=dev', '--ignore-scripts', '--silent'], {
  cwd: FOLDER,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
for (const each of ['package-lock.json', '.npmrc']) rmSync(path.join(FOLDER, each));
writeFileSync(path.join(FOLDER, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
if (!(await packExtension({ extensionPath: FOLDER, outputPath: OUTPUT, silent: true }))) throw new Error('the bundle was not made');
process.stdout.write(`${OUTPUT}: ${(readFileSync(OUTPUT).length / 1024 ** 2).toFixed(1)} MB\n`);
