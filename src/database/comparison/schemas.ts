import type { ModelReading } from '../models/reader.ts';
import type { Table } from '../schema.ts';
import { compareColumns } from './columns.ts';
import { compareConstraints } from './constraints.ts';
import type { Authority, Difference, SchemaComparison } from './differences.ts';

/** Tables that tools keep for themselves. */
const OF_TOOLS = /(^|\.)(alembic_version\w*|spatial_ref_sys|schema_migrations|flyway_schema_history)$/;

/** Holds the models against the tables of a script or design, whichever has the last word. `unread` names tables of it that could not be read. */
export function compareSchemas(
  sql: ReadonlyMap<string, Table>,
  models: ModelReading,
  authority: Authority,
  unread: ReadonlySet<string> = new Set(),
): SchemaComparison {
  const differences: Difference[] = [];
  const undecided: string[] = models.undecided.map(({ text, place }) => `${text} (${place.path}:${place.line})`);
  const compared = { tables: 0, columns: 0, constraints: 0 };
  const missing: Table[] = [];
  for (const table of sql.values()) {
    const model = models.tables.get(table.key);
    if (model === undefined) {
      if (!OF_TOOLS.test(table.key)) missing.push(table);
      continue;
    }
    const others = models.others.filter((other) => other.key === table.key);
    const found = closest(table, [model, ...others]);
    if (others.length > 0) undecided.push(`${table.key}: ${others.length + 1} classes map it; the one nearest to it was compared`);
    compared.tables += 1;
    compared.columns += found.columns;
    compared.constraints += found.constraints;
    differences.push(...found.differences);
    undecided.push(...found.undecided);
  }
  // A class whose table name is computed may map any of them.
  if (models.unnamed.length === 0) differences.push(...missing.map(missingTable));
  else undecided.push(...missing.map(({ key }) => `${key}: whether one of the classes without a readable table name maps it is not known`));
  for (const model of models.tables.values()) {
    if (sql.has(model.key)) continue;
    if (unread.has(nameOf(model.key))) undecided.push(`${model.key}: its statement could not be read`);
    else differences.push(extraTable(model, sql));
  }
  const worded = authority === 'script' ? differences : differences.map(asDesigned);
  return { compared, differences: ordered(worded), undecided };
}

interface TableFindings {
  readonly differences: readonly Difference[];
  readonly undecided: readonly string[];
  readonly columns: number;
  readonly constraints: number;
}

/** What is found about the model that departs least: other classes of the same table are old copies of it, or partial views. */
function closest(table: Table, models: readonly Table[]): TableFindings {
  const found = models.map((model): TableFindings => {
    const columns = compareColumns(table, model);
    const constraints = compareConstraints(table, model);
    return {
      differences: [...columns.differences, ...constraints.differences],
      undecided: [...columns.undecided, ...constraints.undecided],
      columns: columns.compared,
      constraints: constraints.compared,
    };
  });
  const nothing: TableFindings = { differences: [], undecided: [], columns: 0, constraints: 0 };
  return found.toSorted((one, other) => one.differences.length - other.differences.length)[0] ?? nothing;
}

function size({ columns }: Table): string {
  return `table with ${columns.length} column${columns.length === 1 ? '' : 's'}`;
}

/** The name of a table without its schema. */
function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}

function missingTable(table: Table): Difference {
  return {
    kind: 'missing_table',
    table: table.key,
    sql: size(table),
    model: '',
    severity: 'error',
    rank: 3,
    fix: `Write a model with \`__tablename__ = "${nameOf(table.key)}"\`.`,
    sqlPlace: table.place,
    modelPlace: table.place,
  };
}

function extraTable(model: Table, sql: ReadonlyMap<string, Table>): Difference {
  const elsewhere = [...sql.keys()].find((key) => key !== model.key && nameOf(key) === nameOf(model.key));
  return {
    kind: 'extra_table',
    table: model.key,
    sql: '',
    model: size(model),
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

/** Against a design nothing fails yet: what it does not have would be made by the next migration. */
function asDesigned(difference: Difference): Difference {
  if (difference.kind !== 'extra_table' && difference.kind !== 'extra_column') return difference;
  return {
    ...difference,
    rank: 2,
    fix: 'The design does not have it: remove it or correct its name, or ask the user to have it designed.',
  };
}

function ordered(differences: readonly Difference[]): Difference[] {
  return differences.toSorted((one, other) => one.rank - other.rank || one.table.localeCompare(other.table));
}
