import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { addFiles, type TestClient, type ToolResult } from '../test/support/connect.ts';
import { memoryOf, sampleWorkspace, startOn } from './sample.ts';

// Many requests at once, very many in a row, and three servers that write the same files: no update may be lost, the order of writes to
// one file is kept, and memory stays flat.

const AT_ONCE = 50;
const ROUNDS = 20;
const SERVERS = 3;
/** How much more memory may be in use at the end than after half of the requests. */
const GROWTH = 1.25;
/** In a shorter run memory still grows with what is loaded for the first time. */
const WARM_REQUESTS = 5_000;
/** In megabytes. */
const MEMORY_LIMIT = 700;

const problems: string[] = [];

function expect(isTrue: boolean, problem: string): void {
  if (!isTrue) problems.push(problem);
}

const memoryNow = (pid: number): number => memoryOf(pid, 'VmRSS') / 1024 ** 2;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function percentile(sorted: readonly number[], part: number): string {
  return `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)} ms`;
}

/** Requests of every reading kind, over and over. */
const READS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['read_context', { task: 'Go on.' }],
  ['read_file', { path: 'src/core/config.py' }],
  ['find_files', { glob: '**/*.py', text: 'class' }],
  [
    'check_code',
    { code: '"""Wait."""\n\nimport time\n\n\nasync def wait() -> None:\n    """Wait."""\n    time.sleep(1)\n', as_path: 'src/wait.py' },
  ],
  ['check_code', { paths: ['src'] }],
  ['explain_rule', { rule: 'async/no-time-sleep' }],
  ['check_contract', {}],
  ['check_schema', {}],
  ['check_reply', { reply: '[Python Engineer perspective]\n\nDone: `src/core/config.py`.' }],
  ['check_batch_write', { path: 'README.md' }],
];

async function manyAtOnce(): Promise<void> {
  const root = await sampleWorkspace();
  const server = await startOn(root);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, index) => {
        const [tool, args] = READS[index % READS.length] ?? ['read_context', {}];
        const begin = performance.now();
        const answer = await server.call(tool, args);
        times.push(performance.now() - begin);
        expect(!answer.text.includes('failed inside'), `${tool}: ${answer.text.slice(0, 200)}`);
      }),
    );
  }
  times.sort((one, other) => one - other);
  say(
    `${AT_ONCE} at once, ${ROUNDS} times: median ${percentile(times, 0.5)}, 95 of 100 within ${percentile(times, 0.95)}, slowest ${percentile(times, 1)}`,
  );
  await end(server, root);
}

async function manyInARow(requests: number): Promise<void> {
  const root = await sampleWorkspace();
  const server = await startOn(root);
  let early = 0;
  const begin = performance.now();
  for (let index = 0; index < requests; index++) {
    const [tool, args] = READS[index % READS.length] ?? ['read_context', {}];
    const answer = await server.call(tool, args);
    expect(!answer.text.includes('failed inside'), `${tool}: ${answer.text.slice(0, 200)}`);
    if (index === Math.floor(requests / 2)) early = memoryNow(server.pid);
  }
  const late = memoryNow(server.pid);
  say(
    `${requests} in a row: ${((performance.now() - begin) / requests).toFixed(1)} ms each; ${Math.round(early)} MB after half of them, ${Math.round(late)} MB at the end`,
  );
  const isWarm = requests >= WARM_REQUESTS;
  expect(late < MEMORY_LIMIT && (!isWarm || late < early * GROWTH), `memory grew from ${Math.round(early)} MB to ${Math.round(late)} MB`);
  await end(server, root);
}

/** One server gets all edits of a file at once: they are made in the order in which they came. */
async function orderOfOneFile(): Promise<void> {
  const root = await sampleWorkspace();
  await addFiles(root, { 'docs/notes.txt': 'start\n' });
  const server = await startOn(root);
  await server.call('read_file', { path: 'docs/notes.txt' });
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, index) =>
      server.call('write_file', { path: 'docs/notes.txt', edits: [{ old: 'start\n', new: `start\n${index}\n` }] }),
    ),
  );
  const lines = (await readFile(path.join(root, 'docs/notes.txt'), 'utf8')).trim().split('\n').slice(1).reverse();
  const made = answers.flatMap((answer, index) => (answer.isError ? [] : [String(index)]));
  expect(lines.join() === made.join(), `edits ${made.join()} were answered as made, the file has ${lines.join()}`);
  say(`${AT_ONCE} edits of one file at once: ${made.length} made, in order; the others refused`);
  await end(server, root);
}

/** Three servers add lines to one file, again and again: what was answered as written is there. */
async function severalServers(): Promise<void> {
  const root = await sampleWorkspace();
  await addFiles(root, { 'docs/notes.txt': 'start\n' });
  const servers = await Promise.all(Array.from({ length: SERVERS }, () => startOn(root)));
  const written: string[] = [];
  let refused = 0;
  await Promise.all(
    servers.map(async (server, number) => {
      for (let index = 0; index < AT_ONCE; index++) {
        const line = `${number}-${index}`;
        await server.call('read_file', { path: 'docs/notes.txt' });
        const answer: ToolResult = await server.call('write_file', {
          path: 'docs/notes.txt',
          edits: [{ old: 'start\n', new: `start\n${line}\n` }],
        });
        if (answer.isError) refused += 1;
        else written.push(line);
      }
    }),
  );
  const lines = new Set((await readFile(path.join(root, 'docs/notes.txt'), 'utf8')).split('\n'));
  const lost = written.filter((line) => !lines.has(line));
  expect(lost.length === 0, `lost updates: ${lost.join()}`);
  expect(written.length > 0, 'no update was made at all');
  say(`${SERVERS} servers, one file: ${written.length} updates made, ${lost.length} lost, ${refused} refused as stale`);
  const logs = await Promise.all(
    servers.flatMap((server) =>
      [1, 2, 3].map(() =>
        server.call('write_work_log', { summary: 'Went on.', changes: [{ task: 'T1', description: 'Went on.', files: [] }] }),
      ),
    ),
  );
  const paths = logs.map((log) => String(log.structured.path));
  expect(new Set(paths).size === paths.length, `work logs share names: ${paths.join()}`);
  say(`${SERVERS} servers, ${logs.length} work logs: ${new Set(paths).size} names`);
  for (const server of servers.slice(1)) await server.client.close();
  await end(servers[0], root);
}

async function end(server: TestClient | undefined, root: string): Promise<void> {
  await server?.client.close();
  await rm(root, { recursive: true });
}

const { values } = parseArgs({ options: { requests: { type: 'string', default: '10000' } } });
await manyAtOnce();
await orderOfOneFile();
await severalServers();
await manyInARow(Number(values.requests));
say(
  `${problems.length} problems${problems
    .slice(0, 10)
    .map((problem) => `\n${problem}`)
    .join('')}`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
