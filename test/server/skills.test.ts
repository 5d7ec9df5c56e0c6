import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { SkillsClient } from '@modelcontextprotocol/client/ext/skills';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { sampleWorkspace, startClient } from '../support/client.ts';
import { BIN } from '../support/connect.ts';

const skillShape = z.object({
  uri: z.string(),
  frontmatter: z.record(z.string(), z.unknown()),
  resources: z.array(z.object({ uri: z.string(), digest: z.string(), size: z.number() })),
});

it('serves every file of the skill as a resource, with the digest of its bytes', async () => {
  const { client } = await startClient({ args: ['--root', await sampleWorkspace()] });
  expect(client.getServerCapabilities()).toMatchObject({ extensions: { 'io.modelcontextprotocol/skills': { directoryRead: true } } });
  const { skills } = await client.request({ method: 'skills/list', params: {} }, z.object({ skills: z.array(skillShape) }));
  const [skill] = skills;
  expect(skill?.uri).toBe('skill://python-engineer/SKILL.md');
  expect(skill?.frontmatter.name).toBe('python-engineer');

  const { resources } = await client.listResources();
  const files = resources.filter((resource) => resource.uri.startsWith('skill://'));
  expect(files.map((resource) => resource.uri)).toEqual(skill?.resources.map((resource) => resource.uri));
  for (const resource of skill?.resources ?? []) {
    const bytes = await readFile(path.join('skills', resource.uri.replace('skill://', '')));
    expect(resource.digest).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
    expect(resource.size).toBe(bytes.length);
  }
  const read = await client.readResource({ uri: 'skill://python-engineer/SKILL.md' });
  expect(read.contents[0]).toMatchObject({ mimeType: 'text/markdown', text: await readFile('skills/python-engineer/SKILL.md', 'utf8') });
});

it('lists folders and refuses what is not there', async () => {
  const { client } = await startClient({ args: ['--root', await sampleWorkspace()] });
  const children = z.object({ resources: z.array(z.object({ uri: z.string(), mimeType: z.string() })) });
  const top = await client.request({ method: 'resources/directory/read', params: { uri: 'skill://python-engineer' } }, children);
  expect(top.resources).toContainEqual(expect.objectContaining({ uri: 'skill://python-engineer/rules', mimeType: 'inode/directory' }));
  expect(top.resources).toContainEqual(expect.objectContaining({ uri: 'skill://python-engineer/SKILL.md', mimeType: 'text/markdown' }));

  for (const [method, params] of [
    ['skills/get', { uri: 'skill://other/SKILL.md' }],
    ['skills/get', {}],
    ['resources/directory/read', { uri: 'skill://python-engineer/SKILL.md' }],
  ] as const) {
    await expect(client.request({ method, params }, z.unknown())).rejects.toMatchObject({ code: -32602 });
  }
  await expect(client.readResource({ uri: 'skill://python-engineer/../package.json' })).rejects.toMatchObject({ code: -32002 });
});

it('starts the phases by prompts', async () => {
  const { client } = await startClient({ args: ['--root', await sampleWorkspace()] });
  const { prompts } = await client.listPrompts();
  expect(prompts.map((prompt) => prompt.name)).toEqual(['contract', 'develop']);
  const prompt = await client.getPrompt({ name: 'develop', arguments: { task: 'Renew loans' } });
  expect(JSON.stringify(prompt.messages)).toContain('The task: Renew loans');
  await expect(client.getPrompt({ name: 'deploy' })).rejects.toMatchObject({ code: -32602 });
});

it.each(['default', 'auto'] as const)('satisfies the skills helper of the 2.x client (%s version negotiation)', async (negotiation) => {
  const client = new Client({ name: 'test', version: '1.0.0' }, negotiation === 'auto' ? { versionNegotiation: { mode: 'auto' } } : {});
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [BIN, '--log-level', 'silent', '--root', await sampleWorkspace()] }),
  );
  onTestFinished(() => client.close());
  const helper = new SkillsClient(client);
  expect(helper.supported).toBe(true);
  const { skills, invalid } = await helper.list();
  expect(invalid).toEqual([]);
  const [skill] = skills;
  if (skill === undefined) throw new Error('no skill is listed');
  const manifest = await helper.read(skill);
  expect(manifest.verified).toBe(true);
  expect(manifest.frontmatter?.name).toBe('python-engineer');
  expect((await helper.read(skill, 'references/python.md')).verified).toBe(true);
  expect((await helper.readDirectory('skill://python-engineer/rules')).resources.length).toBeGreaterThan(3);
  expect((await helper.get(skill.uri)).skill.uri).toBe(skill.uri);
});
