import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startClient } from '../support/client.ts';
import { addFiles, type TestClient } from '../support/connect.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { linkEnvironment, pythonEnvironment } from './python-environment.ts';

const FIXTURE = 'test/fixtures/migrations';
const SECRET = 'kept-out-of-sight';
const WBS = '# WBS\n\n| ID | Task |\n| --- | --- |\n| T1.1 | products |\n| T1.2 | prices |\n';

let environment: string;
let postgres: Postgres;

beforeAll(async () => {
  [environment, postgres] = await Promise.all([pythonEnvironment(), startPostgres()]);
});
afterAll(() => postgres.stop());

/** A project with an empty database of its own, and a client in develop mode. */
async function project({
  approach = 'code-first',
  url = '',
  language = 'en-US',
} = {}): Promise<{ root: string; client: TestClient; url: string }> {
  const root = await temporaryFolder();
  await cp(FIXTURE, root, { recursive: true });
  await linkEnvironment(root, environment);
  await addFiles(root, {
    '.ai/context/workflow-config.md': `output_language: ${language}\ndb_approach: ${approach}\n`,
    '.ai/temp/wbs.md': WBS,
    '.ai/temp/architect.md': '# Architecture\n\nA shop.\n',
    '.ai/temp/api-contract.md': '# Contract\n\n### GET /products\n\nAll products.\n',
    '.ai/temp/db-init.sql': 'CREATE TABLE products (id SERIAL PRIMARY KEY);\n',
  });
  const name = `shop_${path.basename(root).replace(/\W/g, '').toLowerCase()}`;
  if (url === '') await postgres.query(`CREATE DATABASE ${name}`);
  const address = url === '' ? postgres.url.replace(/\/postgres$/, `/${name}`) : url;
  const client = await startClient({ args: ['--root', root], env: { DATABASE_URL: address } });
  await client.call('read_context');
  return { root, client, url: address };
}

async function addColumn(root: string, line: string): Promise<void> {
  const file = path.join(root, 'src/shop/models.py');
  await writeFile(file, `${(await readFile(file, 'utf8')).trimEnd()}\n    ${line}\n`);
}

async function logs(root: string): Promise<string> {
  const folder = path.join(root, '.ai/records/python-engineer');
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const texts = await Promise.all(names.filter((name) => name.endsWith('.md')).map((name) => readFile(path.join(folder, name), 'utf8')));
  return texts.join('\n');
}

const wbs = (root: string): Promise<string> => readFile(path.join(root, '.ai/temp/wbs.md'), 'utf8');

it('goes from models to a revision, an upgrade, its record, and a second revision', async () => {
  const { root, client } = await project();
  const first = await client.call('migrate_database', {
    action: 'revision',
    description: 'create products',
    purpose: 'the catalogue',
    task: 'T1.1',
  });
  expect(first.text).toMatch(/^Made revision \w+: migrations\/versions\/\w+_create_products\.py, 1 operation\./);
  expect(first.structured).toMatchObject({ operations: ['create_table products'], warnings: [] });
  const revision = String(first.structured.revision);
  expect(await wbs(root)).toBe(WBS);

  const applied = await client.call('migrate_database', { action: 'upgrade' });
  expect(applied.text).toContain(`the database is at ${revision}`);
  expect(applied.structured).toMatchObject({ applied: [revision], recorded: [revision], current: [revision] });
  const recorded = await wbs(root);
  expect(recorded.startsWith(WBS)).toBe(true);
  expect(recorded).toMatch(new RegExp(`\\| \`${revision}\` \\| create products \\| the catalogue \\| T1.1 \\| \\d{4}-\\d\\d-\\d\\d \\|`));
  const logged = await logs(root);
  expect(logged).toContain(`Migration \`${revision}\`: create products`);
  expect(logged).toContain('Purpose: the catalogue');

  const again = await client.call('migrate_database', { action: 'upgrade', purpose: 'the catalogue', task: 'T1.1' });
  expect(again.text).toContain('at the newest revision already');
  expect(await wbs(root)).toBe(recorded);
  expect(await logs(root)).toBe(logged);

  await addColumn(root, 'stock: Mapped[int] = mapped_column(server_default="0")');
  const second = await client.call('migrate_database', {
    action: 'revision',
    description: 'add stock',
    purpose: 'deliveries',
    task: 'T1.2',
  });
  expect(second.structured).toMatchObject({ operations: ['add_column products.stock'], warnings: [] });
  await client.call('migrate_database', { action: 'upgrade' });
  const history = await client.call('migrate_database', { action: 'history' });
  expect(history.structured).toMatchObject({
    applied: [revision, second.structured.revision],
    recorded: [revision, second.structured.revision],
    current: [second.structured.revision],
  });
  expect((await wbs(root)).match(/^## Migrations$/gm)).toHaveLength(1);
});

it('records in the language of the documents', async () => {
  const { root, client } = await project({ language: 'zh-CN' });
  await client.call('migrate_database', { action: 'revision', description: '创建商品表', purpose: '商品目录', task: 'T1.1' });
  await client.call('migrate_database', { action: 'upgrade' });
  expect(await wbs(root)).toContain('## 数据库迁移\n\n| 版本号 | 描述 | 目的 | 任务 | 日期 |');
  expect(await logs(root)).toContain('目的: 商品目录');
});

it('warns of empty and destructive migrations', async () => {
  const { root, client } = await project();
  await client.call('migrate_database', { action: 'revision', description: 'create products', purpose: 'catalogue', task: 'T1.1' });
  await client.call('migrate_database', { action: 'upgrade' });
  const empty = await client.call('migrate_database', { action: 'revision', description: 'nothing', purpose: 'none', task: 'T1.1' });
  expect(empty.structured).toMatchObject({ operations: [], warnings: ['the migration is empty'] });
  await client.call('migrate_database', { action: 'upgrade' });
  const file = path.join(root, 'src/shop/models.py');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^ {4}price:.*\n/m, ''));
  const drop = await client.call('migrate_database', {
    action: 'revision',
    description: 'drop price',
    purpose: 'prices move',
    task: 'T1.2',
  });
  expect(drop.structured).toMatchObject({
    operations: ['drop_column products.price'],
    warnings: ['drop_column products.price loses what is stored in it'],
  });
});

it('wants the database at the newest revision before it compares', async () => {
  const { client } = await project();
  await client.call('migrate_database', { action: 'revision', description: 'create products', purpose: 'catalogue', task: 'T1.1' });
  const answer = await client.call('migrate_database', { action: 'revision', description: 'more', purpose: 'more', task: 'T1.1' });
  expect(answer.isError).toBe(true);
  expect(answer.text).toContain('action "upgrade" first');
});

it('asks what a migration is for that it did not make', async () => {
  const { root, client, url } = await project();
  await client.call('migrate_database', { action: 'revision', description: 'create products', purpose: 'catalogue', task: 'T1.1' });
  const other = await startClient({ args: ['--root', root], env: { DATABASE_URL: url } });
  await other.call('read_context');
  const asked = await other.call('migrate_database', { action: 'upgrade' });
  expect(asked.isError).toBe(true);
  expect(asked.text).toContain('Call again with purpose and task.');
  expect((await other.call('migrate_database', { action: 'upgrade', purpose: 'catalogue', task: 'T1.1' })).isError).toBe(false);
});

it('never creates a database-first database, and allows later changes once the person confirmed', async () => {
  const { root, client } = await project({ approach: 'database-first' });
  await client.call('migrate_database', { action: 'revision', description: 'create products', purpose: 'catalogue', task: 'T1.1' });
  const refused = await client.call('migrate_database', { action: 'upgrade' });
  expect(refused.isError).toBe(true);
  expect(refused.text).toContain('never `alembic upgrade head`');
  expect(refused.text).toContain('Has db-init.sql been run on this database?');
  expect(await wbs(root)).toBe(WBS);
  const confirmed = await client.call('migrate_database', { action: 'upgrade', initialised: true });
  expect(confirmed.isError).toBe(false);
  expect(await wbs(root)).toContain('## Migrations');
  expect((await client.call('migrate_database', { action: 'upgrade' })).isError).toBe(false);
});

it('says that a database is down or refuses the password, without the password', async () => {
  for (const url of [`postgresql+asyncpg://postgres:${SECRET}@127.0.0.1:1/shop`, postgres.url.replace(SECRET, `${SECRET}-wrong`)]) {
    const { client } = await project({ url });
    const answer = await client.call('migrate_database', { action: 'upgrade', purpose: 'x', task: 'T1.1' });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(/cannot be reached|refused the connection/);
    expect(answer.text).not.toContain(SECRET);
    const history = await client.call('migrate_database', { action: 'history' });
    expect(history.isError).toBe(false);
    expect(history.text).toContain('unknown revision');
    expect(history.text).not.toContain(SECRET);
  }
});

it('says what state a failed upgrade left', async () => {
  const { root, client } = await project();
  await client.call('migrate_database', { action: 'revision', description: 'create products', purpose: 'catalogue', task: 'T1.1' });
  await client.call('migrate_database', { action: 'upgrade' });
  await addColumn(root, 'stock: Mapped[int] = mapped_column(server_default="0")');
  const second = await client.call('migrate_database', { action: 'revision', description: 'add stock', purpose: 'x', task: 'T1.2' });
  const file = path.join(root, String(second.structured.path));
  await writeFile(
    file,
    (await readFile(file, 'utf8')).replace('def upgrade() -> None:', 'def upgrade() -> None:\n    op.execute("SELECT broken")'),
  );
  const before = await wbs(root);
  const failed = await client.call('migrate_database', { action: 'upgrade' });
  expect(failed.isError).toBe(true);
  expect(failed.text).toMatch(/alembic upgrade head failed; the database is unchanged, at \w+\./);
  expect(failed.text).toContain('broken');
  expect(await wbs(root)).toBe(before);
});

it('ends what it started at the time limit and on cancellation', async () => {
  const { root, client, url } = await project();
  const env = path.join(root, 'migrations/env.py');
  await writeFile(env, `import subprocess\n\nsubprocess.run(["sleep", "987"])\n${await readFile(env, 'utf8')}`);
  const late = await client.call('migrate_database', { action: 'history', timeout: 5 });
  expect(late.text).toContain('did not end within 5 s');
  expect(await sleepers()).toBe(0);

  const controller = new AbortController();
  const pending = client.client.callTool({ name: 'migrate_database', arguments: { action: 'history' } }, undefined, {
    signal: controller.signal,
  });
  await expect.poll(sleepers, { timeout: 20_000 }).toBeGreaterThan(0);
  controller.abort();
  await expect(pending).rejects.toThrow();
  await expect.poll(sleepers, { timeout: 5_000 }).toBe(0);
  expect(url).not.toBe('');
});

it('takes nothing that env.py prints for a revision', async () => {
  const { root, client } = await project({ approach: 'database-first' });
  const env = path.join(root, 'migrations/env.py');
  await writeFile(env, `print("connecting")\n${await readFile(env, 'utf8')}`);
  await client.call('migrate_database', { action: 'revision', description: 'create products', purpose: 'catalogue', task: 'T1.1' });
  const refused = await client.call('migrate_database', { action: 'upgrade' });
  expect(refused.text).toContain('Alembic has never run on this database');
});

it('records what an earlier call could not, and never twice', async () => {
  const { root, client } = await project();
  await addFiles(root, { '.ai/temp/wbs.md': new Uint8Array([0x57, 0xff, 0xfe]) });
  await client.call('migrate_database', { action: 'revision', description: 'create products', purpose: 'catalogue', task: 'T1.1' });
  await client.call('migrate_database', { action: 'upgrade' });
  await addFiles(root, { '.ai/temp/wbs.md': WBS });
  const again = await client.call('migrate_database', { action: 'upgrade' });
  expect(again.isError).toBe(false);
  const text = await wbs(root);
  expect(text).toContain('| create products | catalogue | T1.1 |');
  expect((await logs(root)).match(/create products`?: |: create products/g)).toHaveLength(1);
  await client.call('migrate_database', { action: 'upgrade', purpose: 'catalogue', task: 'T1.1' });
  expect(await wbs(root)).toBe(text);
});

it('finds migrations wherever Alembic does', async () => {
  const { root, client } = await project();
  await rename(path.join(root, 'migrations'), path.join(root, 'src/shop/migrations'));
  await rm(path.join(root, 'src/shop/migrations/versions'), { recursive: true });
  const settings = '[alembic]\nscript_location: shop:migrations\nprepend_sys_path = src\n';
  await addFiles(root, { 'alembic.ini': settings, '.gitignore': 'versions/\n' });
  const made = await client.call('migrate_database', { action: 'revision', description: '100% new', purpose: 'a | b\n## c', task: 'T1.1' });
  expect(made.text).toContain('Made revision');
  const applied = await client.call('migrate_database', { action: 'upgrade', path: 'alembic.ini' });
  expect(applied.structured).toMatchObject({ applied: [made.structured.revision], recorded: [made.structured.revision] });
  expect(await wbs(root)).toContain('| 100% new | a \\| b ## c | T1.1 |');
  expect(await logs(root)).not.toMatch(/^## c/m);
});

it('refuses a description that would break the file', async () => {
  const { client } = await project();
  for (const description of ['a """ b', 'C:\\users', 'two\nlines']) {
    const answer = await client.call('migrate_database', { action: 'revision', description, purpose: 'x', task: 'T1.1' });
    expect(answer.text).toContain('one line without quotation marks and backslashes');
  }
  const option = await client.call('migrate_database', { action: 'revision', description: '--sql', purpose: 'x', task: 'T1.1' });
  expect(option.text).toContain('Made revision');
});

it('lets no credential out, and ends what has left the group', async () => {
  const { root, client } = await project();
  const prints = [
    'print(os.environ["DATABASE_URL"])',
    `print('DB_PASSWORD="${SECRET}"', "PGPASSWORD=${SECRET}", {"db_password": "${SECRET}"}, "postgresql://me@corp:${SECRET}@host/db")`,
    'subprocess.Popen(["sleep", "988"], start_new_session=True)',
    'raise SystemExit("password authentication failed: " + os.environ["DATABASE_URL"].split(":")[2])',
  ];
  await addFiles(root, { 'migrations/env.py': `import os\nimport subprocess\n\n${prints.join('\n')}\n` });
  const answer = await client.call('migrate_database', { action: 'history' });
  expect(answer.text).not.toContain(SECRET);
  expect(JSON.stringify(answer.structured)).not.toContain(SECRET);
  await expect.poll(() => running('988'), { timeout: 5_000 }).toBe(0);
});

it('says what is missing', async () => {
  const root = await temporaryFolder();
  await addFiles(root, { 'src/app.py': '' });
  const { call } = await startClient({ args: ['--root', root] });
  expect((await call('migrate_database', { action: 'history' })).text).toContain('read_context');
  await call('read_context', { task: 'migrations' });
  const none = await call('migrate_database', { action: 'history' });
  expect(none.text).toContain('no alembic.ini');
  await addFiles(root, { 'one/alembic.ini': '[alembic]\nscript_location = m\n', 'two/alembic.ini': '[alembic]\nscript_location = m\n' });
  expect((await call('migrate_database', { action: 'history' })).text).toContain('in one, two');
  await linkEnvironment(root, environment);
  expect((await call('migrate_database', { action: 'history', path: 'one' })).text).toContain('Alembic cannot read the migrations');
  await addFiles(root, { 'one/m/env.py': '' });
  expect((await call('migrate_database', { action: 'revision', path: 'one' })).text).toContain('needs description, purpose and task');
});

const sleepers = (): Promise<number> => running('987');

/** How many of the processes that a test made env.py start are still there. */
async function running(seconds: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command === `sleep\x00${seconds}\x00`).length;
}
