import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { sampleWorkspace, startClient, workspaceWith } from '../support/client.ts';
import { addFiles, type TestClient } from '../support/connect.ts';

const ENTRY = { summary: 'Done.', changes: [{ task: 'T1.1', description: 'Added.' }] };
const RECORDS = '.ai/records/python-engineer';

async function ready(root: string): Promise<TestClient['call']> {
  const { call } = await startClient({ args: ['--root', root] });
  await call('read_context', { task: 'Work.' });
  return call;
}

it.each([
  ['nothing at all', {}, 'v1.0.0.0001'],
  ['a project version', { 'pyproject.toml': '[project]\nversion = "0.3.1rc1"\n' }, 'v0.3.1.0001'],
  ['a broken manifest', { 'pyproject.toml': '[project\n' }, 'v1.0.0.0001'],
  [
    'a sprint',
    { '.ai/context/workflow-config.md': 'delivery_mode: scrum\ncurrent_version: v2.1\ncurrent_sprint: sprint-1\n' },
    'v2.1.0.0001',
  ],
  [
    'short version folders',
    { [`${RECORDS}/v1.4.2/task-notes-phase1.md`]: '# x\n', [`${RECORDS}/v1.10/task-notes-phase1.md`]: '# x\n' },
    'v1.10.0.0001',
  ],
  [
    'date folders',
    { [`${RECORDS}/2026-01-31/task-notes-phase1.md`]: '# x\n', [`${RECORDS}/20260131/task-notes-phase1.md`]: '# x\n' },
    'v1.0.0.0001',
  ],
  [
    'logs of earlier iterations',
    { [`${RECORDS}/v1.0.0.0009/task-notes-phase1.md`]: '# x\n', [`${RECORDS}/v1.0.0.0010/task-notes-phase3.md`]: '# x\n' },
    'v1.0.0.0011',
  ],
  [
    'a newer project version',
    { 'pyproject.toml': '[project]\nversion = "2.0.0"\n', [`${RECORDS}/v1.0.0.0004/task-notes-phase1.md`]: '# x\n' },
    'v1.0.0.0005',
  ],
])('chooses the version from %s', async (_name, files, version) => {
  const root = await workspaceWith(files);
  const call = await ready(root);
  expect((await call('write_work_log', ENTRY)).structured).toMatchObject({
    version,
    sequence: 1,
    path: `${RECORDS}/${version}/task-notes-phase1.md`,
  });
});

it('numbers within an iteration and starts the next version when the requirement changed', async () => {
  const root = await workspaceWith({ '.ai/temp/requirement.md': 'One.\n' });
  const call = await ready(root);
  const paths: unknown[] = [];
  paths.push((await call('write_work_log', ENTRY)).structured.path, (await call('write_work_log', ENTRY)).structured.path);
  await addFiles(root, { '.ai/temp/requirement.md': 'Two.\n' });
  paths.push((await call('write_work_log', ENTRY)).structured.path);
  expect(paths).toEqual([
    `${RECORDS}/v1.0.0.0001/task-notes-phase1.md`,
    `${RECORDS}/v1.0.0.0001/task-notes-phase2.md`,
    `${RECORDS}/v1.0.0.0002/task-notes-phase1.md`,
  ]);
});

it('gives two clients two numbers and never touches a log', async () => {
  const root = await workspaceWith({});
  const clients = await Promise.all([ready(root), ready(root), ready(root)]);
  const results = await Promise.all(
    clients.flatMap((call, client) =>
      [1, 2, 3].map((turn) => call('write_work_log', { ...ENTRY, summary: `client ${client} turn ${turn}` })),
    ),
  );
  const sequences = results.map((result) => Number(result.structured.sequence)).sort((a, b) => a - b);
  expect(sequences).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const result of results) {
    const text = await readFile(path.join(root, String(result.structured.path)), 'utf8');
    expect(text.match(/client \d turn \d/g)).toHaveLength(1);
  }
});

it('writes headings in the output language, and says which files do not exist', async () => {
  const root = await workspaceWith({ '.ai/context/workflow-config.md': '## output_language\nzh-CN\n', 'src/a.py': '' });
  const call = await ready(root);
  const result = await call('write_work_log', {
    summary: '完成续借。',
    changes: [{ task: 'T1.1 续借', description: '新增服务。', files: ['src/a.py', 'src/b.py'] }],
    decisions: ['只能续借一次'],
  });
  expect(result.structured).toMatchObject({ missing_files: ['src/b.py'] });
  const text = await readFile(path.join(root, String(result.structured.path)), 'utf8');
  expect(text).toContain('# Python 工程师工作日志 · v1.0.0.0001 · 阶段 6b');
  expect(text).toMatch(/- 日期: \d{4}-\d{2}-\d{2}/);
  expect(text).toContain('## 决策\n\n- 只能续借一次\n');
  expect(text).toContain('## 待解决问题\n\n无。\n');
});

it('refuses what cannot be a log', async () => {
  const root = await workspaceWith({});
  const call = await ready(root);
  expect((await call('write_work_log', { ...ENTRY, version: '../../x' })).text).toContain('vX.X.X.XXXX');
  expect((await call('write_work_log', { ...ENTRY, changes: [] })).isError).toBe(true);
  expect((await call('write_work_log', { ...ENTRY, summary: 'long line\n'.repeat(200) })).text).toContain('over 150 lines');
  expect((await call('write_work_log', { ...ENTRY, version: 'v3.0.0.0007' })).structured).toMatchObject({ version: 'v3.0.0.0007' });
});

it('records the contract endpoint by endpoint, and tells the next phase what has changed since', async () => {
  const root = await sampleWorkspace();
  const first = await startClient({ args: ['--root', root] });
  await first.call('read_context', { mode: 'contract' });
  const log = await first.call('write_work_log', { ...ENTRY, changes: [{ task: 'T1.2 Loan router', description: 'The contract.' }] });
  const text = await readFile(path.join(root, String(log.structured.path)), 'utf8');
  expect(text).toMatch(/^## Contract\n\n- `POST \/api\/v1\/loans\/\{loan_id\}\/renew` `[0-9a-f]{8,}`\n/m);

  const second = await startClient({ args: ['--root', root] });
  expect((await second.call('read_context')).text).not.toContain('has changed since');
  const contract = path.join(root, '.ai/temp/api-contract.md');
  const before = await readFile(contract, 'utf8');
  expect(before).toContain('| 404');
  await writeFile(contract, `${before.replace('| 404', '| 410')}\n### GET /api/v1/loans/later\n\n**Response 200**: \`dict\`\n`);
  const context = await second.call('read_context');
  expect(context.text).toContain(`Warning: The contract has changed since ${log.structured.path}: `);
  expect(context.text).toContain('POST /api/v1/loans/{loan_id}/renew (changed)');
  expect(context.text).toContain('GET /api/v1/loans/later (new)');
  await writeFile(contract, before.replace('/renew', '/extend'));
  expect((await second.call('read_context')).text).toContain('POST /api/v1/loans/{loan_id}/renew (removed)');
});

it('points out tasks that the work breakdown does not know', async () => {
  const call = await ready(await sampleWorkspace());
  const changes = ['T1.1 Loan renewal service', 'Loan router', 'T1.2: anything', 'T9.9 Something else', 'T1'].map((task) => ({
    task,
    description: 'x',
  }));
  const result = await call('write_work_log', { ...ENTRY, changes });
  expect(result.structured.unknown_tasks).toEqual(['T9.9 Something else', 'T1']);
  expect(result.text).toContain('The WBS does not know T9.9 Something else, T1');
});
