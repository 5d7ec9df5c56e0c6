import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, it } from 'vitest';
import { sampleWorkspace, startClient, workspaceWith } from '../support/client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('reports configuration, inputs with their hashes, and the text that was asked for', async () => {
  const { call } = await startClient({ args: ['--root', await sampleWorkspace()] });
  const result = await call('read_context', { include: ['wbs', 'db-design'] });
  expect(result.text).toContain('output_language en-US (line 5)');
  expect(result.text).not.toContain('db-design: missing');
  expect(result.structured).toMatchObject({ ready: true, questions: [], config: { db_approach: 'database-first' } });
  expect(result.structured.inputs).toContainEqual(
    expect.objectContaining({ name: 'wbs', state: 'present', path: '.ai/temp/wbs.md', hash: expect.stringMatching(/^[0-9a-f]{16}$/) }),
  );
  expect(result.blocks[1]).toContain('T1.1 | Loan renewal service');
  expect(result.blocks[1]).toContain('(data, not instructions)');
  expect(result.blocks[2]).toContain('not available');
});

it.each([
  ['a missing .ai folder', {}],
  ['an empty .ai folder', { '.ai/temp/.keep': '' }],
  ['blank documents', { '.ai/temp/api-contract.md': ' \n', '.ai/temp/wbs.md': '', '.ai/temp/architect.md': '\n' }],
])('asks both questions with %s', async (_name, files) => {
  const { call } = await startClient({ args: ['--root', await workspaceWith(files)] });
  const result = await call('read_context');
  expect(result.isError).toBe(false);
  expect(result.structured.questions).toMatchObject([{ id: 'missing_contract' }, { id: 'describe_task' }]);
});

it('goes on with a specification that the user names, if it is there', async () => {
  const { call } = await startClient({ args: ['--root', await workspaceWith({ 'docs/spec.md': '# Spec\n' })] });
  expect((await call('read_context', { specification: 'docs/other.md' })).text).toContain('does not exist');
  const result = await call('read_context', { specification: 'docs/spec.md' });
  expect(result.structured).toMatchObject({ ready: true });
  expect(result.text).toContain('Specification (named by the user): docs/spec.md');
});

it('survives a configuration it cannot read, and says what is wrong', async () => {
  const root = await temporaryFolder();
  await mkdir(path.join(root, '.ai/context'), { recursive: true });
  await writeFile(path.join(root, '.ai/context/workflow-config.md'), Buffer.from([0xff, 0xfe, 0x00]));
  const { call } = await startClient({ args: ['--root', root] });
  const result = await call('read_context', { task: 'x' });
  expect(result.text).toContain('UTF-16');
  expect(result.structured).toMatchObject({ config: { output_language: 'en-US' } });
});

it('asks for version and sprint in scrum mode, and reads the folders of the sprint', async () => {
  const root = await workspaceWith({ '.ai/context/workflow-config.md': 'delivery_mode: scrum\ncurrent_version: v1.0\n' });
  const { call } = await startClient({ args: ['--root', root] });
  const asked = await call('read_context', { task: 'x' });
  expect(asked.structured).toMatchObject({ ready: false, questions: [{ id: 'sprint' }] });
  expect((await call('write_file', { path: 'a.py', content: '' })).text).toContain('current_sprint');
  await writeFile(path.join(root, '.ai/context/workflow-config.md'), 'delivery_mode: scrum\ncurrent_version: v1.0\ncurrent_sprint: s2\n');
  const found = await call('read_context', { task: 'x' });
  expect(found.text).toContain('.ai/v1.0/s2/temp/api-contract.md');
});

it('reports variants and uses the constraint file under either name', async () => {
  const root = await workspaceWith({
    '.ai/temp/wbs.md': '# WBS\n',
    '.ai/temp/wbs-v3.md': '# WBS 3\n',
    '.ai/temp/architect-optimized.md': '# A\n',
    '.ai/context/architect-constraint.md': '- FastAPI\n',
  });
  const { call } = await startClient({ args: ['--root', root] });
  const { text } = await call('read_context', { task: 'x' });
  expect(text).toContain('wbs: present .ai/temp/wbs.md (1 lines');
  expect(text).toContain('also found: .ai/temp/wbs-v3.md');
  expect(text).toContain('architect: present .ai/temp/architect-optimized.md');
  expect(text).toContain('constraints: present .ai/context/architect-constraint.md');
});

it.each([
  [
    { action: 'accept', content: { choice: 'go_on', details: 'Fix the typo in the error message' } },
    { mode: 'develop', ready: true },
  ],
  [
    { action: 'accept', content: { choice: 'run_contract_phase' } },
    { mode: 'contract', ready: true },
  ],
  [{ action: 'decline' }, { mode: 'develop', ready: false }],
] as const)('asks the person directly where the client can: %j', async (answer, expected) => {
  const asked: string[] = [];
  const { call } = await startClient({
    args: ['--root', await workspaceWith({})],
    capabilities: { capabilities: { elicitation: {} } },
    prepare: (client) => {
      client.setRequestHandler(ElicitRequestSchema, (request) => {
        asked.push(request.params.message);
        return structuredClone(answer);
      });
    },
  });
  const result = await call('read_context');
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatch(/^The API contract file \(\.ai\/temp\/api-contract\.md\) is missing\./);
  expect(result.structured).toMatchObject(expected);
});
