import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readDesign } from '../../src/database/design/document.ts';
import { isUnknown, typeText } from '../../src/database/schema.ts';
import { loadSqlParser } from '../../src/database/script/postgresql/parser.ts';
import { columnType } from '../../src/database/script/postgresql/types.ts';

const FOLDER = 'test/fixtures/design';
const parser = await loadSqlParser();

/** What each document says; the first answer is the best one, others are as right. Undefined: only prose says it. */
const truthSchema = z.array(
  z.object({
    name: z.string(),
    columns: z.record(
      z.string(),
      z.object({
        type: z.array(z.string().nullable()),
        nullable: z.array(z.boolean().nullable()),
        default: z.array(z.string().nullable()),
      }),
    ),
    foreignKeys: z.array(z.string()).optional(),
    uniques: z.array(z.string()),
    indexes: z.array(z.string()).optional(),
  }),
);

/** A type as the document writes it, in canonical form. */
function canonicalType(text: string | null): string | null {
  const parsed = text === null ? undefined : parser.parse(`CREATE TABLE t (c ${text})`);
  const statement = parsed?.kind === 'parsed' ? parsed.statements[0] : undefined;
  const column = statement !== undefined && 'CreateStmt' in statement ? statement.CreateStmt.tableElts?.[0] : undefined;
  const type = column !== undefined && 'ColumnDef' in column ? column.ColumnDef.typeName : undefined;
  return type === undefined ? text : typeText(columnType(type));
}

/** Documents quote literals or not. */
function canonicalDefault(text: string | null): string | undefined {
  const written = text === null ? undefined : (parser.expression(text)?.canonical ?? text);
  return written?.replace(/^'|'$/g, '').toLowerCase();
}

describe.each(await readdir(FOLDER))('%s', async (name) => {
  const truth = truthSchema.parse(JSON.parse(await readFile(`${FOLDER}/${name}/expected.json`, 'utf8')));
  const { tables } = await readDesign('db-design.md', await readFile(`${FOLDER}/${name}/db-design.md`, 'utf8'), parser);

  it('describes these tables and columns', () => {
    const columns = (all: Iterable<{ name: string; columns: string[] }>): unknown =>
      Object.fromEntries([...all].map((each) => [each.name, each.columns.sort()]));
    expect(
      columns([...tables.values()].map((table) => ({ name: table.key, columns: table.columns.map((column) => column.name) }))),
    ).toEqual(columns(truth.map((table) => ({ name: table.name, columns: Object.keys(table.columns) }))));
  });

  it.each(truth)('says of $name', (expected) => {
    const table = tables.get(expected.name);
    for (const [columnName, wanted] of Object.entries(expected.columns)) {
      const column = table?.columns.find((each) => each.name === columnName);
      const type = column?.type === undefined || isUnknown(column.type) ? null : typeText({ ...column.type, values: undefined });
      if (wanted.type.length > 0) expect(wanted.type.map(canonicalType), `type of ${columnName}`).toContain(type);
      const isNullable = column?.isNullable === undefined || isUnknown(column.isNullable) ? null : column.isNullable;
      if (isNullable !== null) expect(wanted.nullable, `nullability of ${columnName}`).toContain(isNullable);
      const value = column?.default;
      const given = value === undefined || value === 'none' || isUnknown(value) ? null : value.canonical;
      expect(wanted.default.map(canonicalDefault), `default of ${columnName}`).toContain(canonicalDefault(given));
    }
    const keys = (table?.foreignKeys ?? []).map((key) =>
      `${key.columns.join(',')} > ${key.table}.${key.targets.join(',')} ${key.onDelete ?? ''}`.replace('NO ACTION', '').trim(),
    );
    if (expected.foreignKeys !== undefined) expect(keys.sort()).toEqual(expected.foreignKeys);
    const indexes = table?.indexes ?? [];
    const shown = (isUnique: boolean): string[] =>
      indexes
        .filter((index) => index.isUnique === isUnique)
        .map((index) => `${(isUnique ? index.keys.toSorted() : index.keys).join(',')}${index.where === undefined ? '' : ' where'}`)
        .sort();
    expect(shown(true)).toEqual(expected.uniques);
    if (expected.indexes !== undefined) expect(shown(false)).toEqual(expected.indexes);
  });
});
