import { cp, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startClient, workspaceWith } from '../support/client.ts';
import { addFiles, type TestClient, type ToolResult } from '../support/connect.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FIXTURES = 'test/fixtures/database';
const DESIGNS = 'test/fixtures/design';
const expectedSchema = z.array(z.object({ kind: z.string(), table: z.string(), column: z.string().optional() }));
const answerSchema = z.object({
  compared: z.object({ tables: z.number(), columns: z.number(), constraints: z.number() }),
  differences: z.array(
    z.object({
      kind: z.string(),
      table: z.string(),
      column: z.string().optional(),
      sql: z.string(),
      model: z.string(),
      severity: z.enum(['error', 'warning']),
      sqlLine: z.number(),
      path: z.string(),
      line: z.number(),
    }),
  ),
  total: z.number(),
  undecided: z.array(z.string()),
  next_cursor: z.string(),
});
type Answer = z.output<typeof answerSchema>;

/** A project made of fixture folders, one over the other. */
async function projectOf(...folders: readonly string[]): Promise<{ root: string; client: TestClient }> {
  const root = await temporaryFolder();
  for (const folder of folders) await cp(folder, root, { recursive: true });
  return { root, client: await startClient({ args: ['--root', root] }) };
}

async function projectWith(files: Record<string, string | Uint8Array>): Promise<TestClient> {
  return startClient({ args: ['--root', await workspaceWith(files)] });
}

async function check(client: TestClient, args: Record<string, unknown> = {}): Promise<Answer & { text: string }> {
  const answer = await client.call('check_schema', { limit: 1000, ...args });
  expect(answer.text).not.toContain('failed inside the server');
  return { ...answerSchema.parse(answer.structured), text: answer.text };
}

/** The planted differences that were not found, and those that were found but not planted. */
async function mistakes(file: string, { differences }: Answer): Promise<{ missed: unknown[]; invented: unknown[] }> {
  const planted = expectedSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const isSame = (one: z.output<typeof expectedSchema>[number], other: Answer['differences'][number]): boolean =>
    // A default that the program sets itself is a kind of its own.
    one.kind.replace('client_', '') === other.kind.replace('client_', '') &&
    one.table === other.table &&
    (one.column === undefined || other.column === undefined || one.column === other.column);
  return {
    missed: planted.filter((one) => !differences.some((other) => isSame(one, other))),
    invented: differences.filter((other) => !planted.some((one) => isSame(one, other))),
  };
}

const BASE = 'from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\nclass Base(DeclarativeBase):\n    """Base."""\n\n\n';

describe('against db-init.sql', () => {
  it('finds nothing in a faithful set of twenty tables', async () => {
    const { client } = await projectOf(`${FIXTURES}/library`);
    const answer = await check(client);
    expect(answer.differences).toEqual([]);
    expect(answer.undecided).toEqual([]);
    expect(answer.compared).toEqual({ tables: 20, columns: 176, constraints: 99 });
    expect(answer.text).toContain('20 tables, 176 columns, 99 keys, checks and indexes compared, no difference.');
  });

  it('finds thirty planted differences and nothing else', async () => {
    const { client } = await projectOf(`${FIXTURES}/library`, `${FIXTURES}/library.planted`);
    const answer = await check(client);
    expect(await mistakes(`${FIXTURES}/library.planted.json`, answer)).toEqual({ missed: [], invented: [] });
    expect(answer.total).toBe(30);
  });

  it('gives both lines, what breaks first first, and pages', async () => {
    const { root, client } = await projectOf(`${FIXTURES}/library`, `${FIXTURES}/library.planted`);
    const { differences } = await check(client);
    const copyId = differences.find((each) => each.table === 'loans' && each.column === 'copy_id');
    const sqlLines = (await readFile(path.join(root, '.ai/temp/db-init.sql'), 'utf8')).split('\n');
    const modelLines = (await readFile(path.join(root, copyId?.path ?? ''), 'utf8')).split('\n');
    expect(sqlLines[(copyId?.sqlLine ?? 0) - 1]).toContain('copy_id');
    expect(modelLines[(copyId?.line ?? 0) - 1]).toContain('copy_id');
    expect(
      differences
        .slice(0, 3)
        .map((each) => each.kind)
        .sort(),
    ).toEqual(['extra_column', 'extra_column', 'extra_table']);
    const first = await check(client, { limit: 20 });
    const second = await check(client, { limit: 20, cursor: first.next_cursor });
    expect([...first.differences, ...second.differences]).toEqual(differences);
    expect(second.next_cursor).toBe('');
    const loans = await check(client, { table: 'loans' });
    expect(loans.differences).toEqual(differences.filter((each) => each.table === 'loans'));
  });

  it('says one cause once', async () => {
    const columns = Array.from({ length: 40 }, (_, index) => `t${index} TIMESTAMPTZ NOT NULL`);
    const fields = Array.from({ length: 40 }, (_, index) => `    t${index}: Mapped[datetime]`);
    const client = await projectWith({
      '.ai/temp/db-init.sql': `CREATE TABLE times (id BIGSERIAL PRIMARY KEY, ${columns.join(', ')});`,
      'src/models.py': `from datetime import datetime\nfrom sqlalchemy import BigInteger\n${BASE}class Times(Base):\n    __tablename__ = "times"\n    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)\n${fields.join('\n')}\n`,
    });
    const answer = await check(client);
    expect(answer.differences).toHaveLength(40);
    expect(answer.text.match(/DateTime\(timezone=True\)/g)).toHaveLength(1);
    expect(answer.text).toContain('error type, 40 times');
  });

  it('sees columns that code asks for and nothing has', async () => {
    const client = await projectWith({
      '.ai/temp/db-init.sql': 'CREATE TABLE loans (id BIGSERIAL PRIMARY KEY, due_at DATE NOT NULL);',
      'src/models.py': `from datetime import date\nfrom sqlalchemy import BigInteger\n${BASE}class Loan(Base):\n    __tablename__ = "loans"\n    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)\n    due_at: Mapped[date]\n`,
      'src/repositories/loans.py':
        'from sqlalchemy import select, text\n\nfrom src.models import Loan\n\n\nasync def late(session):\n    await session.execute(select(Loan).where(Loan.due_on < 1))\n    await session.execute(select(Loan.id).order_by(Loan.due_at))\n    await session.execute(text("SELECT id, ended_at FROM loans l WHERE l.due_at < :day ORDER BY id"))\n    return await session.execute(text("SELECT name FROM elsewhere"))\n',
    });
    const { differences } = await check(client);
    expect(differences.map(({ kind, table, column, path: file, line }) => [kind, table, column, file, line])).toEqual([
      ['extra_column', 'loans', 'due_on', 'src/repositories/loans.py', 7],
      ['extra_column', 'loans', 'ended_at', 'src/repositories/loans.py', 9],
    ]);
  });

  it('keeps what a comment allows apart', async () => {
    const client = await projectWith({
      '.ai/temp/db-init.sql': 'CREATE TABLE loans (id BIGSERIAL PRIMARY KEY);',
      'src/models.py': `from sqlalchemy import BigInteger\n${BASE}class Loan(Base):\n    __tablename__ = "loans"\n    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)\n    note: Mapped[str]  # allow: database/schema-matches - comes with release 2\n`,
    });
    const answer = await client.call('check_schema');
    expect(answer.structured).toMatchObject({ total: 0, allowed: [{ column: 'note', reason: 'comes with release 2' }] });
    expect(answer.text).toContain('Kept on purpose (1):');
  });

  it('compares design and script with each other where there are both', async () => {
    const client = await projectWith({
      '.ai/temp/db-init.sql': 'CREATE TABLE loans (id BIGSERIAL PRIMARY KEY, days SMALLINT NOT NULL);',
      '.ai/temp/db-design.md': '## loans\n\n| Name | Type | Nullable |\n|---|---|---|\n| id | BIGSERIAL | NO |\n| days | INTEGER | NO |\n',
      'src/models.py': `from sqlalchemy import BigInteger, SmallInteger\n${BASE}class Loan(Base):\n    __tablename__ = "loans"\n    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)\n    days: Mapped[int] = mapped_column(SmallInteger)\n`,
    });
    const answer = await check(client);
    expect(answer.differences).toEqual([]);
    expect(answer.text).toContain('The documents disagree in 1 place');
    expect(answer.text).toContain('type loans.days: .ai/temp/db-design.md integer, .ai/temp/db-init.sql smallint');
  });

  it.each<[string, Record<string, string | Uint8Array>, RegExp]>([
    ['no script', {}, /db-init\.sql is missing/],
    ['an empty script', { '.ai/temp/db-init.sql': '  \n' }, /db-init\.sql is empty/],
    ['a binary script', { '.ai/temp/db-init.sql': new Uint8Array([0x43, 0, 0xff, 0xfe, 0, 1]) }, /binary/],
    ['a script in Latin-1', { '.ai/temp/db-init.sql': Buffer.from('CREATE TABLE caf\u00e9 (id int);', 'latin1') }, /UTF-8/],
    [
      "a script in MySQL's dialect",
      { '.ai/temp/db-init.sql': 'CREATE TABLE `loans` (`id` BIGINT UNSIGNED AUTO_INCREMENT, KEY `k` (`id`)) ENGINE=InnoDB;' },
      /MySQL's dialect/,
    ],
    [
      'a script for SQL Server',
      { '.ai/temp/db-init.sql': 'CREATE TABLE [dbo].[Loans] (Id int IDENTITY(1,1));\nGO\n' },
      /another database than PostgreSQL/,
    ],
    ['only comments', { '.ai/temp/db-init.sql': '-- later\n/* CREATE TABLE x (id int); */\n' }, /describes no table/],
    ['no models', { '.ai/temp/db-init.sql': 'CREATE TABLE loans (id int);' }, /No SQLAlchemy or SQLModel table was found/],
  ])('answers clearly to %s', async (_, files, message) => {
    const client = await projectWith(files);
    expect((await client.call('check_schema')).text).toMatch(message);
  });

  it('reads on behind a statement that does not parse', async () => {
    const client = await projectWith({
      '.ai/temp/db-init.sql':
        "CREATE TABLE a (id int);\n\nCREATE TABL b (id int);\nCREATE TABLE c (id int DEFAULT 'x);\nCREATE TABLE d (id int);\n",
      'src/models.py': `${BASE}class A(Base):\n    __tablename__ = "a"\n    id: Mapped[int] = mapped_column(primary_key=True)\n`,
    });
    const { text, differences } = await check(client);
    expect(text).toContain(
      '.ai/temp/db-init.sql:3: not read: This statement is no SQL that PostgreSQL accepts: syntax error at or near "TABL"',
    );
    expect(text).toContain('.ai/temp/db-init.sql:4: not read:');
    expect(differences.filter((each) => each.kind === 'missing_table').map((each) => each.table)).toEqual(['d']);
  });

  it('knows its own tables', async () => {
    const client = await projectWith({
      '.ai/temp/db-init.sql': 'CREATE TABLE a (id int);',
      'src/models.py': `${BASE}class A(Base):\n    __tablename__ = "a"\n    id: Mapped[int] = mapped_column(primary_key=True)\n`,
    });
    const answer: ToolResult = await client.call('check_schema', { table: 'b' });
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain('They have a.');
  });
});

describe('against db-design.md', () => {
  const codeFirst = { '.ai/context/workflow-config.md': 'db_approach: code-first\n' };

  async function designProject(name: string, ...overlays: readonly string[]): Promise<TestClient> {
    const root = await temporaryFolder();
    await addFiles(root, { ...codeFirst, '.ai/temp/db-design.md': await readFile(`${DESIGNS}/${name}/db-design.md`) });
    for (const folder of ['src', ...overlays]) await cp(`${DESIGNS}/${name}/${folder}`, path.join(root, 'src'), { recursive: true });
    return startClient({ args: ['--root', root] });
  }

  it.each([
    '01-tool-library',
    '03-apiary-zh',
    '04-bathhouse-ja',
  ])('finds nothing in faithful models, and ten planted differences: %s', async (name) => {
    const faithful = await check(await designProject(name));
    expect(faithful.differences).toEqual([]);
    expect(faithful.compared.tables).toBe(5);
    const planted = await check(await designProject(name, 'planted/src'));
    expect(await mistakes(`${DESIGNS}/${name}/planted.json`, planted)).toEqual({ missed: [], invented: [] });
  });

  it('says what is missing', async () => {
    const client = await projectWith(codeFirst);
    expect((await client.call('check_schema')).text).toContain('The project is code-first, and .ai/temp/db-design.md is missing');
  });
});
