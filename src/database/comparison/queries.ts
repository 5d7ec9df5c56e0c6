import { literalValue } from '../../python/literals.ts';
import { isTestFile } from '../../python/markers.ts';
import type { ModuleFacts, Scope } from '../../python/module-facts.ts';
import type { Module, Project } from '../../python/project.ts';
import type { Resolver } from '../../python/resolver.ts';
import { keywordArgument, type StringExpression } from '../../python/syntax.ts';
import type { MappedClass, ModelReading } from '../models/reader.ts';
import type { Place, Table } from '../schema.ts';
import type { SqlParser } from '../script/postgresql/parser.ts';
import type { Difference } from './differences.ts';
import { unknownColumns } from './raw-sql.ts';

const ASIDE = /(^|\/)(migrations?|alembic|versions|docs?|examples?|samples?|benchmarks?)\//;
/** Methods that take an SQL text first. */
const EXECUTES = /^(text|execute|executemany|exec_driver_sql|fetch|fetchrow|fetchval|fetch_all|fetch_one|scalar|scalars|cursor|stream)$/;
const SQL_STRING = /["']\s*(?:select|insert\s+into|update|delete\s+from|with)\s/i;
/** What every mapped class has from its base. */
const OF_EVERY_CLASS = /^(__\w+__|metadata|registry|query|query_class|model_\w+|awaitable_attrs|id_|mro)$/;

/** What queries are held against. */
interface Known {
  readonly project: Project;
  readonly resolver: Resolver;
  readonly parser: SqlParser;
  readonly models: ModelReading;
  /** The tables that the database has. */
  readonly tables: ReadonlyMap<string, Table>;
}

/** The places where code asks for columns that do not exist: attributes of models, and SQL in strings. */
export function checkQueries(known: Known): Difference[] {
  const { files } = known.project;
  const backrefs = backrefsIn(known);
  const attributes = attributesByName(known.models, backrefs);
  return files
    .filesWith('queries')
    .filter((file) => !isTestFile(file) && !ASIDE.test(file))
    .filter((file) => isSuspicious(files.read(file)?.text ?? '', attributes))
    .flatMap((file) => {
      const module = known.project.whole(file);
      known.resolver.forget();
      return module === undefined ? [] : [...unknownAttributes(known, module, backrefs), ...unknownInSql(known, module)];
    });
}

/** What classes of a name have, all of that name together. */
function attributesByName(models: ModelReading, backrefs: ReadonlySet<string>): ReadonlyMap<string, ReadonlySet<string>> {
  const byName = new Map<string, Set<string>>();
  for (const [node, { attributes, columns }] of models.classes) {
    const all = byName.get(node.name) ?? new Set(backrefs);
    for (const name of [...attributes, ...columns.keys()]) all.add(name);
    byName.set(node.name, all);
  }
  return byName;
}

/** True for a text that is worth parsing: with SQL in a string, or an attribute that no class of this name has. */
function isSuspicious(text: string, attributes: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  if (SQL_STRING.test(text)) return true;
  for (const [, name = '', attribute = ''] of text.matchAll(/\b([A-Za-z_]\w*)\.([A-Za-z_]\w*)/g)) {
    const known = attributes.get(name);
    if (known !== undefined && !known.has(attribute) && !OF_EVERY_CLASS.test(attribute)) return true;
  }
  for (const [, name = ''] of text.matchAll(/\b([A-Za-z_]\w*)\s+as\s+\w/g)) if (attributes.has(name)) return true;
  return false;
}

/** The attributes that relationships give to the class at their other end. */
function backrefsIn({ project }: Known): ReadonlySet<string> {
  const names = new Set<string>();
  for (const file of project.files.filesWith('models'))
    for (const { node } of project.module(file)?.facts.classes ?? [])
      for (const statement of node.body) {
        const value = statement.kind === 'assign' ? statement.value : undefined;
        const given = value?.kind === 'call' ? keywordArgument(value.args, 'backref') : undefined;
        const name = given?.kind === 'call' ? given.args[0]?.value : given;
        if (name?.kind === 'string') names.add(name.value);
      }
  return names;
}

/** `Loan.due_on` where the class has no such attribute. */
function unknownAttributes(known: Known, module: Module, backrefs: ReadonlySet<string>): Difference[] {
  const found: Difference[] = [];
  for (const { node, scope, use } of module.facts.references) {
    if (node.kind !== 'attribute' || use !== 'load') continue;
    let inner = node;
    while (inner.object.kind === 'attribute') inner = inner.object;
    if (inner.object.kind !== 'name' || !isImportedOrOwn(module.facts, scope, inner.object.id)) continue;
    const resolved = known.resolver.resolve(module, scope, inner.object);
    const mapped = resolved?.kind === 'class' ? known.models.classes.get(resolved.node) : undefined;
    if (mapped === undefined || resolved?.kind !== 'class' || isKnownAttribute(known, mapped, inner.name, backrefs)) continue;
    const table = known.tables.get(mapped.table);
    found.push(difference(mapped.table, inner.name, `\`${inner.object.id}.${inner.name}\``, placeOf(known, module, inner.start), table));
  }
  return found;
}

/** Parameters and locals may be called like a class. */
function isImportedOrOwn(facts: ModuleFacts, from: Scope, id: string): boolean {
  for (let scope: Scope | undefined = from; scope !== undefined; scope = scope.parent) {
    const binding = scope.bindings.get(id)?.[0];
    if (binding !== undefined) return binding.kind === 'import' || (binding.kind === 'class' && scope === facts.scope);
  }
  return false;
}

function isKnownAttribute(known: Known, mapped: MappedClass, name: string, backrefs: ReadonlySet<string>): boolean {
  const isOpen = known.models.tables.get(mapped.table)?.isOpen !== false || mapped.isOpen;
  return isOpen || mapped.attributes.has(name) || mapped.columns.has(name) || backrefs.has(name) || OF_EVERY_CLASS.test(name);
}

/** Columns in SQL that code sends as text. */
function unknownInSql(known: Known, module: Module): Difference[] {
  const found: Difference[] = [];
  for (const { node, scope } of module.facts.calls) {
    const name = node.func.kind === 'attribute' ? node.func.name : node.func.kind === 'name' ? node.func.id : '';
    const [first] = node.args;
    if (!EXECUTES.test(name) || first === undefined || first.keyword !== undefined) continue;
    const sql = sqlText(known, module, scope, first.value);
    if (sql === undefined) continue;
    for (const { table, column } of unknownColumns(sql, known.tables, known.parser)) {
      const place = placeOf(known, module, first.value.start);
      found.push(difference(table, column, `SQL in a string: \`${column}\``, place, known.tables.get(table)));
    }
  }
  return found;
}

/** Text without anything put into it: an f-string may name what no reader can know. */
function sqlText(
  known: Known,
  module: Module,
  scope: Scope,
  value: StringExpression | Parameters<typeof literalValue>[2],
): string | undefined {
  if (value.kind === 'string' && value.interpolations.length > 0) return undefined;
  const text = literalValue(known.resolver, { module, scope }, value);
  return typeof text === 'string' ? text.replaceAll('\\n', '\n').replace(/\\(['"])/g, '$1') : undefined;
}

function placeOf({ project }: Known, module: Module, start: number): Place {
  return { path: module.path, line: project.lineOf(module.path, start) };
}

function difference(table: string, column: string, model: string, place: Place, reference: Table | undefined): Difference {
  const columns = reference?.columns.map((each) => each.name) ?? [];
  const near = columns.find((name) => isNear(name, column));
  const isThere = columns.includes(column);
  return {
    kind: isThere ? 'missing_column' : 'extra_column',
    table,
    column,
    sql: isThere ? column : '',
    model,
    severity: 'error',
    rank: 0,
    fix: isThere
      ? `Add \`${column}\` to the model: the table has it.`
      : `This fails when it runs.${near === undefined ? '' : ` The table has \`${near}\`.`}`,
    sqlPlace: reference?.place ?? place,
    modelPlace: place,
  };
}

/** True for names that differ in word ends or order only: `due_on` and `due_at`. */
function isNear(one: string, other: string): boolean {
  const [a = '', b = ''] = [one, other].map((name) => name.replace(/_(at|on|id|date|time|no|num|count|name)$/, ''));
  return a === b || one.replaceAll('_', '') === other.replaceAll('_', '');
}
