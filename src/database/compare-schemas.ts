import { compareColumns } from './compare-columns.ts';
import { compareConstraints } from './compare-constraints.ts';
import type { Difference, SchemaComparison } from './differences.ts';
import type { Schema, Table } from './schema.ts';

/** Tables that tools keep for themselves. */
const OF_TOOLS = /(^|\.)(alembic_version\w*|spatial_ref_sys|schema_migrations|flyway_schema_history)$/;

/** Holds the models against a script or design that has the last word. */
export function compareSchemas(sql: ReadonlyMap<string, Table>, models: Schema): SchemaComparison {
  const differences: Difference[] = [];
  const undecided: string[] = models.undecided.map(({ text, place }) => `${text} (${place.path}:${place.line})`);
  const compared = { tables: 0, columns: 0, constraints: 0 };
  for (const table of sql.values()) {
    const model = models.tables.get(table.key);
    if (model === undefined) {
      if (!OF_TOOLS.test(table.key)) differences.push(missingTable(table));
      continue;
    }
    const columns = compareColumns(table, model);
    const constraints = compareConstraints(table, model);
    compared.tables += 1;
    compared.columns += columns.compared;
    compared.constraints += constraints.compared;
    differences.push(...columns.differences, ...constraints.differences);
    undecided.push(...columns.undecided, ...constraints.undecided);
  }
  for (const model of models.tables.values()) if (!sql.has(model.key)) differences.push(extraTable(model, sql));
  return { compared, differences: ordered(differences), undecided };
}

function missingTable(table: Table): Difference {
  return {
    kind: 'missing_table',
    table: table.key,
    sql: `table with ${table.columns.length} columns`,
    model: '',
    severity: 'error',
    rank: 3,
    fix: `Write a model with \`__tablename__ = "${table.key.slice(table.key.lastIndexOf('.') + 1)}"\`.`,
    sqlPlace: table.place,
    modelPlace: table.place,
  };
}

function extraTable(model: Table, sql: ReadonlyMap<string, Table>): Difference {
  const name = model.key.slice(model.key.lastIndexOf('.') + 1);
  const elsewhere = [...sql.keys()].find((key) => key !== model.key && key.slice(key.lastIndexOf('.') + 1) === name);
  return {
    kind: 'extra_table',
    table: model.key,
    sql: '',
    model: `table with ${model.columns.length} columns`,
    severity: 'error',
    rank: 0,
    fix:
      elsewhere === undefined
        ? 'Remove the model, or correct its table name: every query of it fails. If the table is needed, ask the user to have it added.'
        : `The table lies in another schema, as ${elsewhere}: set \`__table_args__ = {"schema": ...}\` accordingly.`,
    sqlPlace: model.place,
    modelPlace: model.place,
  };
}

function ordered(differences: readonly Difference[]): Difference[] {
  return differences.toSorted((one, other) => one.rank - other.rank || one.table.localeCompare(other.table));
}
