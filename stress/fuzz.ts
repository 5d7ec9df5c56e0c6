import { appendFileSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { z } from 'zod';
import { addFiles, type TestClient } from '../test/support/connect.ts';
import { readCorpus } from './corpus.ts';
import { mutated } from './mutations.ts';
import { RawServer } from './raw-server.ts';
import { memoryOf, sampleWorkspace, startOn } from './sample.ts';
import type { Call } from './writes.ts';

// Sends broken and hostile texts of every kind through the tools. Each call must be answered within a second (`--limit`), the server must live on
// without a fault of its own, and its memory must stay below a gigabyte. A run can be repeated with its seed; texts that have broken
// something stand in regressions.json and are sent first, in every run.

/** One way into the server: the files of its workspace, and what is done with a text. */
interface Target {
  readonly name: string;
  readonly corpus: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** The file that gets the text. */
  readonly file?: string;
  readonly call: (text: string) => Call;
}

/** A slow answer counts when it is slow this often: the machine may be busy. */
const TRIES = 3;
const MEMORY_LIMIT = 1024 ** 3;
const CODE_FIRST = { '.ai/context/workflow-config.md': 'db_approach: code-first\n' };
const MODELS =
  'from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\nclass Loan(Base):\n    __tablename__ = "loans"\n    id: Mapped[int] = mapped_column(primary_key=True)\n';

async function targets(): Promise<Target[]> {
  const corpus = await readCorpus();
  const files = {};
  return [
    {
      name: 'Python, as a snippet',
      corpus: corpus.python,
      files,
      call: (code) => ['check_code', { code, as_path: 'src/services/fuzzed.py' }],
    },
    {
      name: 'Python, written',
      corpus: corpus.python,
      files,
      call: (content) => ['write_file', { path: 'src/services/fuzzed.py', content }],
    },
    {
      name: 'Python, in a project',
      corpus: corpus.python,
      files,
      file: 'src/schemas/loan.py',
      call: () => ['check_code', { paths: ['src'] }],
    },
    { name: 'Python, as an application', corpus: corpus.python, files, file: 'src/main.py', call: () => ['check_contract', {}] },
    { name: 'Python, as models', corpus: corpus.python, files, file: 'src/models/loan.py', call: () => ['check_schema', {}] },
    { name: 'contract', corpus: corpus.contract, files, file: '.ai/temp/api-contract.md', call: () => ['check_contract', {}] },
    {
      name: 'contract, any Markdown',
      corpus: corpus.markdown,
      files,
      file: '.ai/temp/api-contract.md',
      call: () => ['check_contract', {}],
    },
    {
      name: 'database design',
      corpus: corpus.design,
      files: { ...CODE_FIRST, 'src/models/loan.py': MODELS },
      file: '.ai/temp/db-design.md',
      call: () => ['check_schema', {}],
    },
    { name: 'SQL', corpus: corpus.sql, files, file: '.ai/temp/db-init.sql', call: () => ['check_schema', {}] },
    {
      name: 'documents',
      corpus: corpus.markdown,
      files,
      file: '.ai/temp/wbs.md',
      call: () => ['read_context', { task: 'Go on.', include: ['wbs'] }],
    },
    {
      name: 'constraints',
      corpus: corpus.markdown,
      files,
      file: '.ai/context/architect_constraint.md',
      call: () => ['check_code', { code: 'import requests\n', as_path: 'src/a.py' }],
    },
    {
      name: 'long documents',
      corpus: corpus.markdown,
      files,
      file: 'docs/long.md',
      call: () => ['check_batch_write', { path: 'docs/long.md' }],
    },
    {
      name: 'sections',
      corpus: corpus.markdown,
      files,
      file: 'docs/long.md',
      call: (text) => ['write_file', { path: 'docs/long.md', section: text.match(/^#+ .*/m)?.[0] ?? '1', content: text.slice(0, 2000) }],
    },
    { name: 'reply', corpus: corpus.replies, files, call: (reply) => ['check_reply', { reply: reply === '' ? '.' : reply }] },
    { name: 'manifest', corpus: corpus.toml, files, file: 'pyproject.toml', call: () => ['check_code', { paths: ['src/core'] }] },
    {
      name: 'workflow configuration',
      corpus: corpus.workflow,
      files,
      file: '.ai/context/workflow-config.md',
      call: () => ['read_context', { task: 'Go on.' }],
    },
    {
      name: 'front matter',
      corpus: corpus.settings,
      files,
      file: '.ai/context/python-engineer.md',
      call: () => ['check_code', { code: 'import time\n\n\nasync def wait() -> None:\n    time.sleep(1)\n', as_path: 'src/a.py' }],
    },
    {
      name: 'ignore file',
      corpus: ['*.py\n!src/\n/build/\n**/a/**\n'],
      files,
      file: '.gitignore',
      call: () => ['find_files', { glob: '**/*.py' }],
    },
    {
      name: 'globs and patterns',
      corpus: ['src/**/*.{py,md}', '(a|b)*c+', '[a-z]{1,9}', '@(a|b)/**'],
      files,
      call: (text) => ['find_files', { glob: text.slice(0, 400), pattern: text.slice(0, 400) }],
    },
    {
      name: 'models of a contract',
      corpus: corpus.python,
      files: { '.ai/temp/api-contract.md': '# API\n\n### GET /api/v1/a\n\n[TBD]\n' },
      call: (models) => [
        'define_contract',
        { endpoints: [{ endpoint: 'GET /api/v1/a', responses: [{ status: 200, model: 'A' }], errors: [] }], models },
      ],
    },
  ];
}

const LINES = [
  { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'check_code', arguments: { code: 'x = 1\n' } } },
  { jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} },
  { jsonrpc: '2.0', id: 3, method: 'resources/read', params: { uri: 'skill://python-engineer/SKILL.md' } },
  { jsonrpc: '2.0', id: 4, method: 'prompts/get', params: { name: 'develop', arguments: { task: 'x' } } },
  { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, reason: 'x' } },
  { jsonrpc: '2.0', id: 5, method: 'skills/get', params: { uri: 'skill://python-engineer/SKILL.md' } },
  {
    jsonrpc: '2.0',
    id: 'six',
    method: 'completion/complete',
    params: { ref: { type: 'ref/prompt', name: 'develop' }, argument: { name: 'task', value: '' } },
  },
].map((line) => JSON.stringify(line));

const regressionSchema = z.array(z.object({ target: z.string(), text: z.array(z.tuple([z.string(), z.number().int()])) }));

/** The texts that once broke something, for one target; each is written as parts that are repeated. */
async function regressions(target: string): Promise<string[]> {
  const all = regressionSchema.parse(JSON.parse(await readFile('stress/regressions.json', 'utf8')));
  return all.filter((each) => each.target === target).map(({ text }) => text.map(([part, times]) => part.repeat(times)).join(''));
}

interface Problem {
  readonly target: string;
  readonly what: string;
  readonly text: string;
}

interface Outcome {
  readonly inputs: number;
  /** In milliseconds. */
  readonly slowest: number;
  /** The most memory that the server had, in bytes. */
  readonly memory: number;
  readonly problems: readonly Problem[];
}

const peakMemory = (pid: number): number => memoryOf(pid, 'VmHWM');

/** What goes wrong inside the server stands in the log. */
const start = (root: string, log: string): Promise<TestClient> => startOn(root, '--log-level', 'error', '--log-file', log);

/** Sends the texts to one target, one after the other; a call may take `limit` milliseconds. */
async function fuzzTarget(target: Target, texts: readonly string[], limit: number): Promise<Outcome> {
  const root = await sampleWorkspace(target.files);
  const log = path.join(root, '..', `${path.basename(root)}.log`);
  appendFileSync(log, '');
  let server = await start(root, log);
  if (target.name.startsWith('models of')) await server.call('read_context', { mode: 'contract', task: 'Go on.' });
  const problems: Problem[] = [];
  let slowest = 0;
  let memory = 0;
  for (const text of texts) {
    if (target.file !== undefined) await addFiles(root, { [target.file]: text });
    let fastest = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < TRIES && fastest > limit; attempt++) {
      const begin = performance.now();
      try {
        const answer = await server.call(...target.call(text));
        if (answer.text.includes('failed inside the server')) problems.push({ target: target.name, what: answer.text.slice(0, 200), text });
      } catch (error) {
        problems.push({ target: target.name, what: `the server ended: ${String(error).slice(0, 200)}`, text });
        await server.client.close().catch(() => undefined);
        server = await start(root, log);
      }
      fastest = Math.min(fastest, performance.now() - begin);
    }
    slowest = Math.max(slowest, fastest);
    memory = Math.max(memory, peakMemory(server.pid));
    if (fastest > limit) problems.push({ target: target.name, what: `answered after ${Math.round(fastest)} ms`, text });
  }
  if (memory > MEMORY_LIMIT) problems.push({ target: target.name, what: `${Math.round(memory / 1024 ** 2)} MB of memory`, text: '' });
  await server.client.close();
  const faults = readFileSync(log, 'utf8').trim();
  if (faults !== '') problems.push({ target: target.name, what: `logged: ${faults.slice(0, 300)}`, text: '' });
  await Promise.all([rm(root, { recursive: true }), rm(log)]);
  return { inputs: texts.length, slowest, memory, problems };
}

/** Sends broken lines to a server, each followed by a ping that must be answered. */
async function fuzzLines(texts: readonly string[]): Promise<Outcome> {
  const root = await sampleWorkspace();
  const server = await RawServer.start(root);
  const problems: Problem[] = [];
  let slowest = 0;
  for (const text of texts) {
    const begin = performance.now();
    const isAlive = await server.sendAndPing(text);
    slowest = Math.max(slowest, performance.now() - begin);
    if (!isAlive) {
      problems.push({ target: 'JSON-RPC lines', what: 'a ping is not answered any more', text });
      break;
    }
  }
  const memory = peakMemory(server.pid);
  problems.push(
    ...server.strayLines().map((line) => ({ target: 'JSON-RPC lines', what: `no protocol on stdout: ${line.slice(0, 100)}`, text: '' })),
  );
  server.stop();
  await rm(root, { recursive: true });
  return { inputs: texts.length, slowest, memory, problems };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '10500' },
      limit: { type: 'string', default: '1000' },
      seed: { type: 'string' },
      target: { type: 'string' },
    },
  });
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
  const say = (text: string): boolean => process.stdout.write(`${text}\n`);
  const all = (await targets()).filter(({ name }) => values.target === undefined || name === values.target);
  const withLines = values.target === undefined || values.target === 'JSON-RPC lines';
  const each = Math.ceil(Number(values.inputs) / (all.length + (withLines ? 1 : 0)));
  say(`seed ${seed}`);
  say(`${'target'.padEnd(28)} inputs  slowest   memory`);
  const outcomes: Outcome[] = [];
  const report = (name: string, outcome: Outcome): void => {
    outcomes.push(outcome);
    say(
      `${name.padEnd(28)} ${String(outcome.inputs).padStart(6)} ${`${Math.round(outcome.slowest)} ms`.padStart(8)} ${`${Math.round(outcome.memory / 1024 ** 2)} MB`.padStart(8)}${outcome.problems.length === 0 ? '' : `  ${outcome.problems.length} problems`}`,
    );
  };
  for (const target of all) {
    const texts = [...(await regressions(target.name)), ...fc.sample(mutated(target.corpus), { numRuns: each, seed })];
    report(target.name, await fuzzTarget(target, texts, Number(values.limit)));
  }
  if (withLines)
    report(
      'JSON-RPC lines',
      await fuzzLines([...(await regressions('JSON-RPC lines')), ...fc.sample(mutated(LINES), { numRuns: each, seed })]),
    );
  const problems = outcomes.flatMap((outcome) => outcome.problems);
  for (const [index, { target, what, text }] of problems.entries()) {
    const file = path.join(os.tmpdir(), `python-engineer-fuzz-${seed}-${index}.txt`);
    if (text !== '') await writeFile(file, text);
    say(`${target}: ${what}${text === '' ? '' : `; the text is in ${file}`}`);
  }
  say(
    `${outcomes.reduce((sum, { inputs }) => sum + inputs, 0)} inputs, ${problems.length} problems; the same again: npm run fuzz -- --seed ${seed}`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}

await main();
