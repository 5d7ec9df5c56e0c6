import { reasonAllowed } from '../python/allow-comments.ts';
import { currentProject } from '../python/open-project.ts';
import { loadParser } from '../python/parser.ts';
import type { Project } from '../python/project.ts';
import { type AllowedDifference, type Authority, type Difference, RULE_OF, type SchemaComparison } from './comparison/differences.ts';
import { checkQueries } from './comparison/queries.ts';
import { compareSchemas } from './comparison/schemas.ts';
import { readDesign } from './design/document.ts';
import { type MigrationFile, readMigrationFile } from './migrations.ts';
import { type ModelReading, readModels } from './models/reader.ts';
import type { Remark, Table } from './schema.ts';
import { loadSqlParser, type SqlParser } from './script/postgresql/parser.ts';
import { type Dialect, readScript, type ScriptReading } from './script/postgresql/script.ts';

/** A document as it is on disk. */
export interface DatabaseDocument {
  readonly path: string;
  readonly text: string;
}

/** What the database thread is asked. */
export type DatabaseTask = SchemaTask | { readonly kind: 'migration'; readonly text: string };

/** `root` is absolute, with links resolved. */
export interface SchemaTask {
  readonly kind: 'schema';
  readonly root: string;
  readonly roots: readonly string[];
  readonly script: DatabaseDocument | undefined;
  readonly design: DatabaseDocument | undefined;
  /** The document with the last word. */
  readonly authority: Authority;
}

/** What was found when models were held against the document. */
export interface SchemaAnswer extends SchemaComparison {
  readonly kind: 'schema';
  readonly allowed: readonly AllowedDifference[];
  readonly dialect: Dialect;
  /** Tables in the document. */
  readonly documented: number;
  readonly modelled: number;
  /** Every table of either, sorted. */
  readonly names: readonly string[];
  /** Parts of the document that could not be read. */
  readonly problems: readonly Remark[];
  readonly skipped: readonly (readonly [what: string, count: number])[];
  /** Where script and design say different things. */
  readonly disagreements: readonly Difference[];
}

export type DatabaseAnswer = SchemaAnswer | { readonly kind: 'migration'; readonly migration: MigrationFile };

let lastScript: (DatabaseDocument & { readonly reading: ScriptReading }) | undefined;

/** Runs in the database thread. */
export default async function run(task: DatabaseTask): Promise<DatabaseAnswer> {
  if (task.kind === 'schema') return checkSchema(task);
  return { kind: 'migration', migration: readMigrationFile(task.text, await loadParser()) };
}

async function checkSchema(task: SchemaTask): Promise<SchemaAnswer> {
  const parser = await loadSqlParser();
  const { project, resolver } = await currentProject(task.root, task.roots);
  const script = task.script === undefined ? undefined : scriptOf(task.script, parser);
  const design = task.design === undefined ? undefined : await readDesign(task.design.path, task.design.text, parser);
  const tables: ReadonlyMap<string, Table> = (task.authority === 'script' ? script?.tables : design?.tables) ?? new Map();
  const expected = new Set([...tables.keys()].map((key) => key.slice(key.lastIndexOf('.') + 1)));
  const models = readModels(project, resolver, parser, expected);
  const comparison = compareSchemas(tables, models, task.authority, script?.unreadTables);
  // A design may leave columns out; what the models have is what there will be.
  const existing = task.authority === 'script' ? tables : models.tables;
  const isWhole = script === undefined || script.problems.length === 0;
  const queries = isWhole ? checkQueries({ project, resolver, parser, models, tables: existing }) : [];
  const both = script !== undefined && design !== undefined && task.authority === 'script';
  const found = [...queries, ...comparison.differences].toSorted((one, other) => one.rank - other.rank);
  const { standing, allowed } = withoutAllowed(found, RULE_OF[task.authority], project);
  return {
    kind: 'schema',
    compared: comparison.compared,
    differences: standing,
    allowed,
    undecided: [...(design?.remarks ?? []).map(sentence), ...comparison.undecided],
    dialect: task.authority === 'script' ? (script?.dialect ?? 'postgresql') : 'postgresql',
    documented: tables.size,
    modelled: models.tables.size,
    names: [...new Set([...tables.keys(), ...models.tables.keys()])].sort(),
    problems: script?.problems ?? [],
    skipped: [...(script?.skipped ?? [])],
    disagreements: both ? compareSchemas(design.tables, asModels(script.tables), 'design').differences : [],
  };
}

/** Scripts are long and seldom change: the last one read is kept. */
function scriptOf({ path, text }: DatabaseDocument, parser: SqlParser): ScriptReading {
  if (lastScript?.path !== path || lastScript.text !== text) lastScript = { path, text, reading: readScript(path, text, parser) };
  return lastScript.reading;
}

/** Splits off what an `# allow:` comment in the models keeps on purpose. */
function withoutAllowed(
  differences: readonly Difference[],
  rule: string,
  project: Project,
): { standing: Difference[]; allowed: AllowedDifference[] } {
  const standing: Difference[] = [];
  const allowed: AllowedDifference[] = [];
  const withComments = new Set(differences.map(({ modelPlace }) => modelPlace.path).filter((file) => hasAllowance(file, rule, project)));
  for (const difference of differences) {
    const { path, line } = difference.modelPlace;
    const facts = withComments.has(path) ? project.whole(path)?.facts : undefined;
    const reason = facts === undefined ? undefined : reasonAllowed(facts, rule, line);
    if (reason === undefined) standing.push(difference);
    else allowed.push({ ...difference, reason });
  }
  return { standing, allowed };
}

/** Most files have no such comment: they need not be parsed whole. */
function hasAllowance(file: string, rule: string, project: Project): boolean {
  return file.endsWith('.py') && project.files.read(file)?.text.includes(rule) === true;
}

function asModels(tables: ReadonlyMap<string, Table>): ModelReading {
  return { tables, others: [], unnamed: [], undecided: [], classes: new Map() };
}

function sentence({ text, place }: Remark): string {
  return `${text} (${place.path}:${place.line})`;
}
