import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isUnknown, type Table, typeText } from '../../src/database/schema.ts';
import { loadSqlParser } from '../../src/database/script/postgresql/parser.ts';
import { readScript } from '../../src/database/script/postgresql/script.ts';
import { columnType } from '../../src/database/script/postgresql/types.ts';
import { splitStatements } from '../../src/database/script/statements.ts';

const parser = await loadSqlParser();
const read = (text: string): ReturnType<typeof readScript> => readScript('db-init.sql', text, parser);

function table(text: string, name = 't'): Table {
  const found = read(text).tables.get(name);
  if (found === undefined) throw new Error(`no table ${name}`);
  return found;
}

/** What PostgreSQL 15 itself says of the scripts after psql ran them. */
const catalogSchema = z.record(
  z.string(),
  z.array(
    z.object({
      table: z.string(),
      columns: z.record(z.string(), z.tuple([z.string(), z.boolean(), z.literal(true).nullable()])),
      primaryKey: z.array(z.string()),
      foreignKeys: z.number(),
      checks: z.number(),
    }),
  ),
);
const catalog = catalogSchema.parse(JSON.parse(await readFile('test/fixtures/sql/catalog.json', 'utf8')));

function typeIn(text: string): string {
  const parsed = parser.parse(`CREATE TABLE t (c ${text})`);
  const [statement] = parsed.kind === 'parsed' ? parsed.statements : [];
  const [column] = statement !== undefined && 'CreateStmt' in statement ? (statement.CreateStmt.tableElts ?? []) : [];
  const type = column !== undefined && 'ColumnDef' in column ? column.ColumnDef.typeName : undefined;
  return type === undefined ? text : typeText(columnType(type));
}

describe.each(Object.entries(catalog))('%s', async (name, expected) => {
  const script = read(await readFile(`test/fixtures/sql/${name}`, 'utf8'));

  it.each(expected)('ends with $table as PostgreSQL does', (wanted) => {
    const found = script.tables.get(wanted.table);
    for (const [columnName, [type, isNullable, hasDefault]] of Object.entries(wanted.columns)) {
      const column = found?.columns.find((each) => each.name === columnName);
      const given = column?.type === undefined || isUnknown(column.type) ? '' : typeText({ ...column.type, values: undefined });
      // A domain is what it is made from.
      if (type !== 'cents') expect(given.replace(/^.*\./, ''), columnName).toBe(typeIn(type).replace(/^.*\./, ''));
      expect(column?.isNullable, columnName).toBe(isNullable);
      expect(column?.default !== 'none', `default of ${columnName}`).toBe(hasDefault === true);
    }
    expect(found?.columns).toHaveLength(Object.keys(wanted.columns).length);
    expect(found?.primaryKey?.columns ?? []).toEqual(wanted.primaryKey);
    expect(found?.foreignKeys).toHaveLength(wanted.foreignKeys);
    expect(found?.checks).toHaveLength(wanted.checks);
  });
});

describe('statements', () => {
  it('end at semicolons outside of quotes, comments and bodies, each with its line', () => {
    const text = "SELECT ';';\n-- one; two\nSELECT $$;$$; /* ; /* nested; */ ; */ SELECT E'\\';';\nSELECT 1 \\gset\n\\c other\nSELECT 2";
    const { statements, metaCommands } = splitStatements(text);
    expect(statements.map(({ line }) => line)).toEqual([1, 2, 3, 4, 6]);
    expect(metaCommands).toBe(2);
  });

  it('leave out the rows of COPY', () => {
    const { statements, copiedRows } = splitStatements("-- data\nCOPY t FROM stdin;\n1\tit's; (\n2\t\\N\n\\.\nSELECT 1;");
    expect(copiedRows).toBe(2);
    expect(statements.map(({ line }) => line)).toEqual([1, 6]);
  });

  it('that do not parse are reported with their line, and what follows is read', () => {
    const script = read(
      "CREATE TABLE a (id int);\nCREATE TABL b (id int);\nCREATE TABLE c (id int DEFAULT 'x);\nCREATE TABLE d (id int);\n",
    );
    expect(script.problems.map(({ place }) => place.line)).toEqual([2, 3]);
    expect([...script.tables.keys()]).toEqual(['a', 'd']);
  });

  it('with placeholders make no noise', () => {
    const script = read(
      "CREATE DATABASE <db_name>;\nCREATE ROLE app PASSWORD :'pwd';\nSET search_path = :schema;\nCREATE TABLE t (id int);",
    );
    expect(script.problems).toEqual([]);
    expect(script.tables.size).toBe(1);
  });
});

describe('expressions', () => {
  it.each([
    ['CURRENT_TIMESTAMP', 'now()'],
    ["'{}'::jsonb", "'{}'"],
    ['ARRAY[]::text[]', "'{}'::text[]"],
    ["x IN ('b', 'a')", "(x)::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[])"],
    ["x = ANY (ARRAY['a'])", "x = 'a'"],
    ['x BETWEEN 1 AND 5', 'x <= 5 AND x >= 1'],
    ['NOT (x IS NULL)', 'x IS NOT NULL'],
    ['x != 1', '1 <> x'],
    ['is_open = TRUE', 'is_open'],
    ['is_open IS FALSE', 'NOT is_open'],
    ['a > 1 AND (b > 2 AND c > 3)', 'c > 3 AND a > 1 AND b > 2'],
    ["interval '1 day'", "'1 day'::interval"],
    ['pg_catalog.lower(x)', 'lower((x)::text)'],
    ['-1', "'-1'::integer"],
    ['"x"', 'x'],
    ["CASE WHEN x = 1 THEN 'a' END", "case when (x = 1) then 'a'::text end"],
  ])('%s is %s', (one, other) => {
    expect(parser.expression(one)?.canonical).toBe(parser.expression(other)?.canonical);
  });

  it.each([
    ['x > 1', 'x >= 1'],
    ["x IN ('a')", "x IN ('b')"],
    ['a AND b', 'a OR b'],
    ['lower(x)', 'upper(x)'],
    ['x IS NULL', 'x IS NOT NULL'],
    ["to_tsvector('english', x)", "to_tsvector('german', x)"],
    ["x NOT IN ('a', 'b')", "x IN ('a', 'b')"],
    ['x::date', 'x'],
  ])('%s is not %s', (one, other) => {
    expect(parser.expression(one)?.canonical).not.toBe(parser.expression(other)?.canonical);
  });

  it('are shown as they are written', () => {
    const found = table(
      "CREATE TABLE t (a int DEFAULT 0 NOT NULL, b text DEFAULT 'x, y' CHECK (b <> ''), c timestamptz DEFAULT now() - interval '1 day', d int);",
    );
    expect(
      found.columns.map(({ default: value }) => (value === 'none' || value === undefined || isUnknown(value) ? '' : value.text)),
    ).toEqual(['0', "'x, y'", "now() - interval '1 day'", '']);
    expect(found.checks[0]?.expression.text).toBe("b <> ''");
  });
});

describe('odd scripts', () => {
  it('change columns, not the words in literals', () => {
    const script = "CREATE TABLE t (note text, kind text CHECK (kind IN ('note', 'x')), other int);";
    expect(table(`${script} ALTER TABLE t RENAME COLUMN note TO "b$&";`).checks[0]?.expression.canonical).toBe("kind in ('note', 'x')");
    expect(table(`${script} ALTER TABLE t DROP COLUMN note;`).checks).toHaveLength(1);
    expect(table(`${script} ALTER TABLE t DROP COLUMN kind;`).checks).toHaveLength(0);
  });

  it('may use slices, names with brackets, and domains in a circle', () => {
    expect(table('CREATE TABLE t (tags text[] CHECK (cardinality(tags[1:2]) > 0));').checks[0]?.expression.text).toBe(
      'cardinality(tags[1:2]) > 0',
    );
    expect(table('CREATE TABLE t (a int, CHECK (a > 0)); ALTER TABLE t DROP CONSTRAINT "t_a(b_check";').checks).toHaveLength(1);
    expect(table('CREATE DOMAIN a AS a; CREATE TABLE t (x a);').columns).toHaveLength(1);
  });

  it('may speak of COPY in a comment', () => {
    const { tables } = read('/*\nCopy the seed rows from stdin afterwards.\n*/ CREATE TABLE a (id int); CREATE TABLE b (id int);');
    expect([...tables.keys()]).toEqual(['a', 'b']);
  });

  it('may nest more deeply than can be read', () => {
    const deep = `CREATE TABLE a (x int CHECK (x > ${'(1+'.repeat(20_000)}1${')'.repeat(20_000)}));\nCREATE TABLE b (id int);`;
    const { tables, problems } = read(deep);
    expect(tables.has('b')).toBe(true);
    expect(problems).toHaveLength(1);
    expect(parser.expression(`1${'+1'.repeat(20_000)}`)?.canonical ?? 'not read').toBeTypeOf('string');
  });
});
