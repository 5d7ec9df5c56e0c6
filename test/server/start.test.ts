import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { sampleWorkspace, startClient } from '../support/client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Bytes of JavaScript that a start may load before the list of tools is answered. */
const CODE_BUDGET = 175_000;

const entryShape = z.object({
  kind: z.enum(['code', 'thread', 'webassembly', 'workspace', 'answer']),
  what: z.string(),
  bytes: z.number().default(0),
});
type Entry = z.output<typeof entryShape>;

it('answers tools/list before it loads the tools, starts a thread or looks at the workspace', async () => {
  const workspace = await sampleWorkspace();
  const probe = path.join(await temporaryFolder(), 'probe.jsonl');
  const { client, call } = await startClient({
    nodeArgs: ['--import', path.resolve('test/support/start-probe.mjs')],
    args: ['--root', workspace],
    env: { START_PROBE_FILE: probe, START_PROBE_WORKSPACE: workspace },
  });
  await client.listTools();
  await call('check_code', {});
  const entries: Entry[] = (await readFile(probe, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => entryShape.parse(JSON.parse(line)));
  const answered = entries.findIndex((entry) => entry.kind === 'answer');
  const before = entries.slice(0, answered);
  const after = entries.slice(answered + 1);

  const bytes = before.filter((entry) => entry.kind === 'code').reduce((sum, entry) => sum + entry.bytes, 0);
  expect(bytes).toBeGreaterThan(100_000);
  expect(bytes).toBeLessThan(CODE_BUDGET);
  expect(before.filter((entry) => entry.kind !== 'code')).toEqual([]);
  // The probe sees what it is to see, once a tool has worked.
  for (const kind of ['code', 'thread', 'workspace']) expect(after.map((entry) => entry.kind)).toContain(kind);
});
