import { type FSWatcher, watch } from 'node:fs';
import { chmod, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { addFiles, connect, type TestClient } from '../test/support/connect.ts';
import { textsBelow } from '../test/support/tree.ts';
import { newFolder } from './sample.ts';
import { KINDS, type Write } from './writes.ts';

// Ends the server with SIGKILL in the middle of writes of every kind. Afterwards every file must be the old or the new text, the next
// start must leave no debris, and the same call must finish the work. Half of the kills come at a random moment of the call, half right
// after something moved in the folder that is written to.

/** Text by path, of everything in a workspace but its Python environment. */
type Tree = ReadonlyMap<string, string>;

interface Rehearsal {
  readonly write: Write;
  readonly before: Tree;
  readonly after: Tree;
  /** How long the call takes when it is left alone, in milliseconds. */
  readonly duration: number;
}

interface Counts {
  kills: number;
  /** How many kills came before anything had changed, between the first file and the last, and after the last. */
  before: number;
  between: number;
  after: number;
  /** How many left something that the next start had to clear. */
  debris: number;
}

const PARALLEL = 2;
const TEMPORARY = /\.pemcp-tmp$/;

const treeOf = (root: string): Promise<Tree> => textsBelow(root, (file) => !file.startsWith('.venv'));

function isSame(one: Tree, other: Tree): boolean {
  return one.size === other.size && [...one].every(([file, text]) => other.get(file) === text);
}

/** Makes the workspace what it was before the call. */
async function reset(root: string, write: Write): Promise<void> {
  const names = await readdir(root);
  for (const name of names) await rm(path.join(root, name), { recursive: true });
  await addFiles(root, write.files);
  for (const file of write.programs ?? []) await chmod(path.join(root, file), 0o755);
}

async function prepare({ call }: TestClient, write: Write): Promise<void> {
  for (const [tool, args] of write.first) await call(tool, args);
}

/** Makes the call undisturbed, twice: the second time shows how long it takes. */
async function rehearse(root: string, write: Write): Promise<Rehearsal> {
  const server = await connect({ args: ['--root', root] });
  let rehearsal: Rehearsal | undefined;
  for (let time = 0; time < 2; time++) {
    await reset(root, write);
    await prepare(server, write);
    const before = await treeOf(root);
    const begin = performance.now();
    const answer = await server.call(...write.call);
    rehearsal = { write, before, after: await treeOf(root), duration: performance.now() - begin };
    if (isSame(before, rehearsal.after)) throw new Error(`"${write.name}" writes nothing: ${answer.text}`);
  }
  await server.client.close();
  if (rehearsal === undefined) throw new Error('unreachable');
  return rehearsal;
}

/** Sends the call and kills the server in the middle of it. */
async function callAndKill(root: string, { write, duration }: Rehearsal, server: TestClient): Promise<void> {
  const kill = (): void => {
    try {
      process.kill(server.pid, 'SIGKILL');
    } catch {
      // It was killed by the other way already.
    }
  };
  let watcher: FSWatcher | undefined;
  if (Math.random() < 0.5) {
    watcher = watch(path.join(root, write.folder), () => setTimeout(kill, Math.random() ** 2 * 20));
  }
  const timer = setTimeout(kill, Math.random() * duration * (watcher === undefined ? 1.1 : 3));
  await server.call(...write.call).catch(() => undefined);
  clearTimeout(timer);
  watcher?.close();
  kill();
  await server.client.close();
}

/** The journal of batch writes may hold anything that it can be read from. */
function isNote(file: string, text: string): boolean {
  return path.basename(file) === '.python-engineer-batches.json' && z.object({ files: z.object({}) }).safeParse(JSON.parse(text)).success;
}

/** What is wrong with the files; empty when each is the old or the new one. */
function damage(tree: Tree, { write, before, after }: Rehearsal): string[] {
  const missing = [...before.keys()].filter((file) => !tree.has(file)).map((file) => `${file} is gone`);
  const wrong = [...tree]
    .filter(
      ([file, text]) =>
        !TEMPORARY.test(file) &&
        text !== before.get(file) &&
        text !== after.get(file) &&
        !isNote(file, text) &&
        write.isStep?.(text) !== true,
    )
    .map(([file, text]) => `${file} is neither old nor new (${text.length} characters)`);
  return [...missing, ...wrong];
}

/** Kills one write, and mends it with the server that it returns; says what went wrong. */
async function trial(
  root: string,
  server: TestClient,
  rehearsal: Rehearsal,
  counts: Counts,
): Promise<{ next: TestClient; problems: string[] }> {
  const { write, before, after } = rehearsal;
  await reset(root, write);
  await prepare(server, write);
  await callAndKill(root, rehearsal, server);
  const killed = await treeOf(root);
  const clean = new Map([...killed].filter(([file]) => !TEMPORARY.test(file)));
  counts.kills += 1;
  if (clean.size < killed.size) counts.debris += 1;
  counts[isSame(clean, before) ? 'before' : isSame(clean, after) ? 'after' : 'between'] += 1;
  const problems = damage(killed, rehearsal);

  const next = await connect({ args: ['--root', root] });
  await prepare(next, write);
  const cleared = await treeOf(root);
  if (!isSame(cleared, clean))
    problems.push(`the next start left ${[...cleared.keys()].filter((file) => !clean.has(file)).join(', ') || 'other texts'}`);
  if (!isSame(clean, after)) {
    const answer = await next.call(...write.call);
    if (!isSame(await treeOf(root), after)) problems.push(`the call could not be repeated: ${answer.text.slice(0, 300)}`);
  }
  return { next, problems };
}

/** Kills writes of one kind, one after the other, in one workspace. */
async function killWrites(write: Write, kills: number): Promise<{ counts: Counts; problems: string[] }> {
  const root = await newFolder();
  const rehearsal = await rehearse(root, write);
  const counts: Counts = { kills: 0, before: 0, between: 0, after: 0, debris: 0 };
  const problems: string[] = [];
  let server = await connect({ args: ['--root', root] });
  for (let index = 0; index < kills; index++) {
    const result = await trial(root, server, rehearsal, counts);
    server = result.next;
    problems.push(...result.problems.map((problem) => `${write.name}: ${problem}`));
  }
  await server.client.close();
  await rm(root, { recursive: true });
  return { counts, problems };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '1000' } } });
  const each = Math.ceil(Number(values.kills) / KINDS.length);
  const waiting = [...KINDS];
  let kills = 0;
  const problems: string[] = [];
  const say = (text: string): boolean => process.stdout.write(`${text}\n`);
  say(`${'write'.padEnd(28)} kills     old between     new  debris`);
  const work = async (): Promise<void> => {
    for (let write = waiting.shift(); write !== undefined; write = waiting.shift()) {
      const { counts, problems: found } = await killWrites(write, each);
      kills += counts.kills;
      problems.push(...found);
      const numbers = [counts.before, counts.between, counts.after, counts.debris].map((count) => String(count).padStart(8)).join('');
      say(`${write.name.padEnd(28)} ${String(counts.kills).padStart(5)}${numbers}`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  say([`${kills} kills, ${problems.length} problems`, ...problems].join('\n'));
  process.exitCode = problems.length === 0 ? 0 : 1;
}

await main();
