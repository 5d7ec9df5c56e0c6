import { type CodeSite, literalValue } from '../../python/literals.ts';
import { isTestFile } from '../../python/markers.ts';
import { spelled } from '../../python/names.ts';
import type { Module, Project } from '../../python/project.ts';
import { classScope, type Resolver } from '../../python/resolver.ts';
import {
  type CallExpression,
  type Expression,
  type IfStatement,
  isConstant,
  keywordArgument,
  type Statement,
} from '../../python/syntax.ts';
import { type Column, type ForeignKey, type Place, type Remark, type Schema, type Table, tableKey } from '../schema.ts';
import type { SqlParser } from '../script/postgresql/parser.ts';
import { finishTables, newTable, type TableDraft } from '../script/table-draft.ts';
import { type ColumnDraft, ColumnReader, type ForeignKeyDraft } from './columns.ts';
import { libraryName } from './library-names.ts';
import { assigned, MappedClasses, type ProjectClass } from './mapped-classes.ts';
import { ModelSql } from './sql.ts';
import { type CompositeKeyDraft, TableArgumentReader, type TableArguments } from './table-arguments.ts';
import { ModelTypes, onlyReturn, positional, type TypeMapEntry } from './types.ts';

/** A mapped class: its table, and what its attributes are called there. */
export interface MappedClass {
  readonly table: string;
  /** Column names by attribute; relationships and other attributes are not in it. */
  readonly columns: ReadonlyMap<string, string>;
  /** Every name the class and those above it define. */
  readonly attributes: ReadonlySet<string>;
  /** A class above it cannot be looked into. */
  readonly isOpen: boolean;
}

/** The models of a project as a schema, and its classes for those who look at queries. */
export interface ModelReading extends Schema {
  /** Further tables under keys that are in `tables` already. */
  readonly others: readonly Table[];
  /** Mapped classes whose table name could not be read. */
  readonly unnamed: readonly string[];
  readonly classes: ReadonlyMap<ProjectClass['node'], MappedClass>;
}

/** A table with what is still to be looked up in other tables. */
interface OpenTable {
  readonly draft: TableDraft;
  readonly columns: ColumnDraft[];
  readonly foreignKeys: CompositeKeyDraft[];
  /** The schema that names without one belong to. */
  readonly metadataSchema: string | undefined;
}

/** Folders whose models are not the service's. */
const ASIDE = /(^|\/)(migrations?|alembic|versions|docs?|docs_src|examples?|samples?|benchmarks?)\//;
/** A model called `connection_test` is no test. */
const OF_MODELS = /(^|\/)(models?|orm|entities)\//;
/** What columns say about their table. */
const SAID_BY_COLUMNS = ['primary_key', 'foreign_key', 'unique', 'index'] as const;
const MAX_DEPTH = 8;

/**
 * Reads every table that the project's SQLAlchemy and SQLModel classes and `Table()` objects describe. `expected` are the
 * names of tables that there should be: a class whose table name is computed is taken to be the one it fits.
 */
export function readModels(project: Project, resolver: Resolver, parser: SqlParser, expected: ReadonlySet<string>): ModelReading {
  return new ModelReader(project, resolver, parser, expected).read();
}

class ModelReader {
  private readonly project: Project;
  private readonly resolver: Resolver;
  private readonly classes: MappedClasses;
  private readonly types: ModelTypes;
  private readonly columns: ColumnReader;
  private readonly tableArguments: TableArgumentReader;
  private readonly tables = new Map<string, OpenTable>();
  private readonly keys = new Map<ProjectClass['node'], string>();
  private readonly mapped = new Map<ProjectClass['node'], MappedClass>();
  /** Tables that are objects, by where they are made. */
  private readonly objects = new Map<string, string>();
  /** Tables that another class maps too: old copies of the models, or a second service. */
  private readonly others: OpenTable[] = [];
  private readonly unnamed: string[] = [];
  private readonly undecided: Remark[] = [];

  constructor(project: Project, resolver: Resolver, parser: SqlParser, expected: ReadonlySet<string>) {
    this.project = project;
    this.resolver = resolver;
    this.classes = new MappedClasses(resolver, project, expected);
    this.types = new ModelTypes(resolver, project);
    const sql = new ModelSql(resolver, parser);
    this.columns = new ColumnReader(resolver, project, this.types, sql);
    this.tableArguments = new TableArgumentReader(resolver, project, sql, this.columns);
  }

  read(): ModelReading {
    const modules = this.modelModules();
    for (const module of modules) this.readTableObjects(module);
    const types = modules.flatMap(classesOf);
    for (const type of types) this.readClass(type);
    for (const type of types) this.readInheriting(type);
    for (const module of modules) this.readIndexObjects(module);
    const all = [...this.tables.values(), ...this.others];
    for (const table of all) this.connect(table);
    for (const table of all) this.inheritTypes(table);
    return {
      tables: finishTables([...this.tables.values()].map(({ draft }) => draft)),
      others: this.others.map(({ draft }) => finishTables([draft])).flatMap((tables) => [...tables.values()]),
      unnamed: this.unnamed,
      undecided: this.undecided,
      classes: this.mapped,
    };
  }

  private modelModules(): Module[] {
    const files = this.project.files.filesWith('models').filter((file) => !isTestFile(file) || OF_MODELS.test(file));
    const own = files.filter((file) => !ASIDE.test(file));
    return (own.length > 0 ? own : files).flatMap((file) => {
      const module = this.project.module(file);
      if (module !== undefined) return [module];
      // Its tables are there all the same.
      this.unnamed.push(file);
      this.remark('The file is too large or nested too deeply to be read: the tables in it were not compared.', { path: file, line: 1 });
      return [];
    });
  }

  private remark(text: string, place: Place): void {
    this.undecided.push({ text, place });
  }

  private place(module: Module, start: number): Place {
    return { path: module.path, line: this.project.lineOf(module.path, start) };
  }

  private readClass(type: ProjectClass): void {
    const mapping = this.classes.mapping(type);
    const place = this.place(type.module, type.node.start);
    if (mapping?.kind === 'unnamed') {
      this.remark(`${mapping.reason}: the table was not compared.`, place);
      this.unnamed.push(type.node.name);
    }
    if (mapping?.kind === 'given') this.readGivenTable(type);
    if (mapping?.kind !== 'table') return;
    const contributors = this.classes.contributors(type);
    const drafts = this.columnsOf(type, contributors, mapping.style);
    const names = columnNames(drafts);
    const args = this.argumentsOf(contributors, names);
    const metadataSchema = this.metadataSchema(type);
    const key = tableKey(args?.schema ?? metadataSchema, mapping.name);
    this.keys.set(type.node, key);
    const draft = newTable(key, place);
    const table: OpenTable = { draft, columns: drafts, foreignKeys: [], metadataSchema };
    if (this.tables.has(key)) this.others.push(table);
    else this.tables.set(key, table);
    if (args !== undefined) this.addArguments(table, args);
    for (const base of this.classes.unreadBases(type)) {
      draft.isOpen = true;
      this.remark(`${key}: \`${base}\` may add columns that are not written here.`, place);
    }
    if (drafts.some((each) => each.isUnclear)) for (const kind of SAID_BY_COLUMNS) draft.silentOn.add(kind);
    this.describe(type, key, drafts);
  }

  private describe(type: ProjectClass, table: string, drafts: readonly ColumnDraft[]): void {
    const attributes = new Set<string>();
    for (const each of this.resolver.lineage(type))
      for (const name of scopeOf(each).bindings.keys()) attributes.add(name.replace(/^self\./, ''));
    const isOpen = [...this.resolver.lineage(type)].some((each) => this.classes.unreadBases(each).length > 0);
    this.mapped.set(type.node, {
      table,
      columns: new Map(drafts.map((draft) => [draft.attribute, draft.column.name])),
      attributes,
      isOpen,
    });
  }

  /** Columns of the class body, of mixins and of abstract classes; what is nearer wins. */
  private columnsOf(type: ProjectClass, contributors: readonly ProjectClass[], style: 'declarative' | 'sqlmodel'): ColumnDraft[] {
    const found = new Map<string, ColumnDraft | undefined>();
    for (const each of contributors) {
      const site = { module: each.module, scope: scopeOf(each) };
      const map = style === 'sqlmodel' ? [] : this.classes.hasReadableBase(type) ? this.typeMap(type) : undefined;
      for (const statement of lastOfEach(each.node.body)) {
        if (statement.kind === 'if') this.conditionalColumns(found, type, each, statement);
        else if (statement.kind === 'assign' && statement.operator === undefined) {
          const [target] = statement.targets;
          if (target?.kind !== 'name' || target.id.startsWith('__') || found.has(target.id)) continue;
          const source = { site, name: target.id, start: statement.start, annotation: statement.annotation, value: statement.value };
          const read = style === 'sqlmodel' ? this.columns.sqlModelField(source) : this.columns.declarative(source, map);
          this.note(found, type, target.id, read, statement.start, each.module);
        } else if (statement.kind === 'function' && this.classes.isDeclaredAttribute(statement.decorators) && !found.has(statement.name)) {
          if (statement.name.startsWith('__')) continue;
          const returned = onlyReturn(this.project, { kind: 'function', module: each.module, node: statement, scope: site.scope });
          const read =
            returned === undefined
              ? { unknown: `\`${statement.name}\` chooses what it returns` }
              : this.columns.declarative(
                  {
                    site: returned.site,
                    name: statement.name,
                    start: statement.start,
                    annotation: statement.returns,
                    value: returned.expression,
                  },
                  map,
                );
          this.note(found, type, statement.name, read, statement.start, each.module);
        }
      }
    }
    return [...found.values()].filter((draft) => draft !== undefined);
  }

  /** `if settings.is_postgres: embedding = mapped_column(...)`: the column is there, but nothing else is known. */
  private conditionalColumns(
    found: Map<string, ColumnDraft | undefined>,
    type: ProjectClass,
    owner: ProjectClass,
    statement: IfStatement,
  ): void {
    const [branch] = statement.branches;
    const isForChecker =
      branch?.test.kind === 'name' || branch?.test.kind === 'attribute' ? /TYPE_CHECKING$/.test(spelled(branch.test)) : false;
    if (isForChecker) return;
    const site = { module: owner.module, scope: scopeOf(owner) };
    for (const inner of [...statement.branches.flatMap((each) => each.body), ...(statement.orElse ?? [])]) {
      const target = inner.kind === 'assign' ? inner.targets[0] : undefined;
      if (inner.kind !== 'assign' || target?.kind !== 'name' || found.has(target.id)) continue;
      const source = { site, name: target.id, start: inner.start, annotation: inner.annotation, value: inner.value };
      if (this.columns.declarative(source, []) === 'none') continue;
      this.note(found, type, target.id, { unknown: 'what it is depends on a condition' }, inner.start, owner.module);
    }
  }

  private note(
    found: Map<string, ColumnDraft | undefined>,
    type: ProjectClass,
    name: string,
    read: ColumnDraft | 'none' | { readonly unknown: string },
    start: number,
    module: Module,
  ): void {
    if (read === 'none') {
      // `column = None` in a class takes away what a mixin gives.
      found.set(name, undefined);
      return;
    }
    if (!('unknown' in read)) {
      found.set(name, read);
      return;
    }
    const place = this.place(module, start);
    this.remark(`${type.node.name}.${name}: ${read.unknown}.`, place);
    const unread = { unknown: read.unknown };
    const column: Column = {
      name,
      place,
      type: unread,
      isNullable: unread,
      default: unread,
      isAutoincrement: false,
      generated: undefined,
      clientDefault: undefined,
    };
    found.set(name, {
      attribute: name,
      column,
      isPrimaryKey: false,
      isUnique: false,
      isIndexed: false,
      foreignKeys: [],
      checks: [],
      autoincrement: false,
      isUnclear: true,
    });
  }

  private typeMap(type: ProjectClass): TypeMapEntry[] {
    const given = this.resolver.member(type, 'type_annotation_map');
    if (given?.kind === 'variable' && given.value !== undefined) return this.followMap(given, given.value);
    // `Base = declarative_base(type_annotation_map={...})`, or a registry with one.
    const registry = this.resolver.member(type, 'registry');
    const made = registry?.kind === 'variable' ? registry : undefined;
    if (made?.value === undefined) return [];
    const call =
      made.value.kind === 'call' ? { ...made, value: made.value } : this.resolver.variableValue(made.module, made.scope, made.value);
    const map = call?.value.kind === 'call' ? keywordArgument(call.value.args, 'type_annotation_map') : undefined;
    return call === undefined || map === undefined ? [] : this.followMap(call, map);
  }

  private followMap(site: CodeSite, expression: Expression): TypeMapEntry[] {
    const variable = expression.kind === 'name' ? this.resolver.variableValue(site.module, site.scope, expression) : undefined;
    return this.types.typeMap(variable === undefined ? { site, expression } : { site: variable, expression: variable.value });
  }

  /** The `__table_args__` that counts: that of the class, or of the nearest mixin. */
  private argumentsOf(contributors: readonly ProjectClass[], names: (attribute: string) => string): TableArguments | undefined {
    for (const type of contributors) {
      const scope = scopeOf(type);
      const given = assigned(type.node.body, '__table_args__');
      if (given !== undefined) return this.tableArguments.read({ site: { module: type.module, scope }, expression: given }, names);
      const method = type.node.body.find((statement) => statement.kind === 'function' && statement.name === '__table_args__');
      if (method?.kind !== 'function') continue;
      const returned = onlyReturn(this.project, { kind: 'function', module: type.module, node: method, scope });
      if (returned !== undefined) return this.tableArguments.read(returned, names);
      const unread = [`the table arguments of \`${type.node.name}\` are computed`];
      return { schema: undefined, primaryKey: undefined, foreignKeys: [], checks: [], indexes: [], unread };
    }
    return undefined;
  }

  private metadataSchema(type: ProjectClass): string | undefined {
    const metadata = this.resolver.member(type, 'metadata');
    return metadata?.kind === 'variable' && metadata.value !== undefined
      ? this.schemaOfMetadata(metadata, metadata.value, MAX_DEPTH)
      : undefined;
  }

  /** The schema in `MetaData(schema=...)`. */
  private schemaOfMetadata(site: CodeSite, expression: Expression, depth: number): string | undefined {
    if (depth === 0) return undefined;
    if (expression.kind === 'call') {
      if (libraryName(this.resolver, site, expression.func) !== 'MetaData') return undefined;
      const given = keywordArgument(expression.args, 'schema');
      const schema = given === undefined ? undefined : literalValue(this.resolver, site, given);
      return typeof schema === 'string' ? schema : undefined;
    }
    if (expression.kind === 'attribute' && expression.name === 'metadata') {
      const owner = this.resolver.resolve(site.module, site.scope, expression.object);
      return owner?.kind === 'class' ? this.metadataSchema(owner) : undefined;
    }
    const variable = this.resolver.variableValue(site.module, site.scope, expression);
    return variable === undefined || variable.value === expression ? undefined : this.schemaOfMetadata(variable, variable.value, depth - 1);
  }

  private addArguments(table: OpenTable, args: TableArguments): void {
    const { draft } = table;
    if (args.primaryKey !== undefined) draft.primaryKey = args.primaryKey;
    table.foreignKeys.push(...args.foreignKeys);
    draft.checks.push(...args.checks);
    draft.indexes.push(...args.indexes);
    for (const sentence of args.unread) {
      this.remark(`${draft.key}: ${sentence}.`, draft.place);
      for (const kind of ['foreign_key', 'unique', 'check', 'index'] as const) draft.silentOn.add(kind);
    }
  }

  /** Classes without a table of their own add their columns to that of the class above. */
  private readInheriting(type: ProjectClass): void {
    const mapping = this.classes.mapping(type);
    if (mapping?.kind !== 'inherits') return;
    let parent: ProjectClass | undefined = mapping.parent;
    for (let steps = 0; parent !== undefined && steps < MAX_DEPTH; steps++) {
      const above = this.classes.mapping(parent);
      if (above?.kind !== 'inherits') break;
      parent = above.parent;
    }
    const key = parent === undefined ? undefined : this.keys.get(parent.node);
    const table = key === undefined ? undefined : this.tables.get(key);
    if (key === undefined || table === undefined) return;
    const contributors = this.classes.contributors(type);
    const drafts = this.columnsOf(type, contributors, 'declarative');
    const known = new Set(table.columns.map((draft) => draft.column.name));
    table.columns.push(...drafts.filter((draft) => !known.has(draft.column.name)));
    const args = this.argumentsOf(contributors, columnNames(table.columns));
    if (args !== undefined) this.addArguments(table, args);
    this.keys.set(type.node, key);
    this.describe(type, key, table.columns);
  }

  private readTableObjects(module: Module): void {
    for (const { node, scope } of module.facts.calls) this.readTableCall({ module, scope }, node);
  }

  private readGivenTable(type: ProjectClass): void {
    const given = assigned(type.node.body, '__table__');
    const site = { module: type.module, scope: scopeOf(type) };
    if (given === undefined) return;
    const key = given.kind === 'call' ? this.readTableCall(site, given) : this.tableOfObject(site, given);
    if (key === undefined) {
      this.remark(
        `The table of \`${type.node.name}\` is made when the program runs: it was not compared.`,
        this.place(type.module, type.node.start),
      );
      return;
    }
    this.keys.set(type.node, key);
    this.describe(type, key, this.tables.get(key)?.columns ?? []);
  }

  /** `Table("name", metadata, Column(...), ...)`. Its key; undefined for any other call. */
  private readTableCall(site: CodeSite, call: CallExpression): string | undefined {
    if (libraryName(this.resolver, site, call.func) !== 'Table') return undefined;
    const [first, metadata, ...rest] = positional(call.args);
    const name = first === undefined ? undefined : literalValue(this.resolver, site, first);
    const place = this.place(site.module, call.start);
    if (first === undefined || metadata === undefined) return undefined;
    if (typeof name !== 'string') {
      this.remark('The name of a Table() is computed: it was not compared.', place);
      this.unnamed.push('Table()');
      return undefined;
    }
    const metadataSchema = this.schemaOfMetadata(site, metadata, MAX_DEPTH);
    const given = keywordArgument(call.args, 'schema');
    const schema = given === undefined || isConstant(given, 'None') ? metadataSchema : literalValue(this.resolver, site, given);
    const key = tableKey(typeof schema === 'string' ? schema : undefined, name);
    this.objects.set(`${site.module.path}:${call.start}`, key);
    if (this.tables.has(key)) return key;
    const columns = rest.flatMap((each) => this.columns.tableColumn(site, each, this.place(site.module, each.start)) ?? []);
    const draft = newTable(key, place);
    const table: OpenTable = { draft, columns, foreignKeys: [], metadataSchema };
    this.tables.set(key, table);
    const isReflected = call.args.some(({ keyword, value }) => keyword?.startsWith('autoload') === true || value.kind === 'starred');
    if (isReflected) {
      draft.isOpen = true;
      this.remark(`${key}: its columns are given when the program runs.`, place);
    }
    const others = rest.filter(
      (each) => each.kind !== 'call' || !/^(Column|mapped_column)$/.test(libraryName(this.resolver, site, each.func) ?? ''),
    );
    this.addArguments(
      table,
      this.tableArguments.constraints(
        others.map((expression) => ({ site, expression })),
        columnNames(columns),
      ),
    );
    return key;
  }

  /** `Index("name", Model.column)` beside a class: it belongs to the table of the class. */
  private readIndexObjects(module: Module): void {
    for (const { node, scope } of module.facts.calls) {
      if (scope.kind !== 'module') continue;
      const site = { module, scope };
      if (libraryName(this.resolver, site, node.func) !== 'Index') continue;
      const owner = this.ownerOf(site, node);
      if (owner === undefined) continue;
      const index = this.tableArguments.index(site, node, columnNames(owner.columns));
      // Inside `__table_args__` of a module-level tuple it was read with its class.
      const isKnown = owner.draft.indexes.some((each) => each.name !== undefined && each.name === index?.name);
      if (index !== undefined && !isKnown) owner.draft.indexes.push(index);
    }
  }

  private ownerOf(site: CodeSite, call: CallExpression): OpenTable | undefined {
    const pending = [...positional(call.args)];
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      if (next.kind === 'call') pending.push(next.func, ...positional(next.args));
      if (next.kind !== 'attribute') continue;
      const key = this.tableOf(site, next.object);
      if (key !== undefined) return this.tables.get(key);
      pending.push(next.object);
    }
    return undefined;
  }

  /** The table that `Model`, `Model.__table__`, `table.c` and `table` mean. */
  private tableOf(site: CodeSite, expression: Expression): string | undefined {
    if (expression.kind === 'attribute' && /^(c|columns|__table__)$/.test(expression.name)) return this.tableOf(site, expression.object);
    const resolved = this.resolver.resolve(site.module, site.scope, expression);
    if (resolved?.kind === 'class') return this.keys.get(resolved.node);
    return this.tableOfObject(site, expression);
  }

  private tableOfObject(site: CodeSite, expression: Expression): string | undefined {
    const variable = this.resolver.variableValue(site.module, site.scope, expression);
    if (variable?.value.kind !== 'call') return undefined;
    return this.objects.get(`${variable.module.path}:${variable.value.start}`) ?? this.readTableCall(variable, variable.value);
  }

  /** Turns what columns say about keys and indexes into those of the table. */
  private connect(table: OpenTable): void {
    const { draft, columns } = table;
    const inKey = columns.filter((each) => each.isPrimaryKey);
    if (inKey.length > 0 && draft.primaryKey === undefined)
      draft.primaryKey = { name: undefined, place: inKey[0]?.column.place ?? draft.place, columns: inKey.map((each) => each.column.name) };
    for (const each of columns) {
      const { column } = each;
      for (const key of each.foreignKeys) this.addForeignKey(table, { ...key, columns: [column.name], targets: [key.target] });
      draft.checks.push(...each.checks);
      // With both flags SQLAlchemy makes one unique index.
      if (each.isUnique || each.isIndexed)
        draft.indexes.push({
          name: undefined,
          place: column.place,
          keys: [column.name],
          isUnique: each.isUnique,
          method: 'btree',
          where: undefined,
          isConstraint: each.isUnique && !each.isIndexed,
        });
    }
    for (const key of table.foreignKeys) this.addForeignKey(table, key);
    draft.columns = columns.map((each) => ({ ...each.column, isAutoincrement: each.column.isAutoincrement || countsUp(each, draft) }));
  }

  private addForeignKey(table: OpenTable, key: CompositeKeyDraft): void {
    const targets = key.targets.map((target) => this.target(key.site, target, table.metadataSchema));
    const [first] = targets;
    if (first === undefined || targets.includes(undefined)) {
      this.remark(`${table.draft.key}.${key.columns.join(', ')}: the target of its foreign key is computed.`, key.place);
      table.draft.silentOn.add('foreign_key');
      return;
    }
    const foreignKey: ForeignKey = {
      name: key.name,
      place: key.place,
      columns: key.columns,
      table: first.table,
      targets: targets.flatMap((each) => (each === undefined || each.column === undefined ? [] : [each.column])),
      onDelete: key.onDelete,
      onUpdate: key.onUpdate,
    };
    table.draft.foreignKeys.push(foreignKey);
  }

  /** `"books.id"`, `"library.books.id"`, `Book.id` or `books.c.id`. */
  private target(
    site: ForeignKeyDraft['site'],
    expression: Expression,
    schema: string | undefined,
  ): { table: string; column: string | undefined } | undefined {
    const text = literalValue(this.resolver, site, expression);
    if (typeof text === 'string') {
      const parts = text.split('.');
      const column = parts.pop() ?? '';
      // `ForeignKey("books")` means the primary key.
      if (parts.length === 0) return { table: tableKey(schema, column), column: undefined };
      const name = parts.pop() ?? '';
      return { table: tableKey(parts.length > 0 ? parts.join('.') : schema, name), column };
    }
    if (expression.kind !== 'attribute') return undefined;
    const key = this.tableOf(site, expression.object);
    const open = key === undefined ? undefined : this.tables.get(key);
    return key === undefined || open === undefined ? undefined : { table: key, column: columnNames(open.columns)(expression.name) };
  }

  /** A column with a foreign key and without a type has that of the column it points to. */
  private inheritTypes({ draft }: OpenTable): void {
    draft.columns = draft.columns.map((column) =>
      column.type === undefined ? { ...column, type: this.inheritedType(draft, column, MAX_DEPTH) } : column,
    );
  }

  private inheritedType(draft: TableDraft, column: Column, depth: number): Column['type'] {
    if (column.type !== undefined) return column.type;
    const key = draft.foreignKeys.find((each) => each.columns.includes(column.name));
    const open = key === undefined ? undefined : this.tables.get(key.table);
    const position = key?.columns.indexOf(column.name) ?? 0;
    const name = key?.targets[position] ?? open?.draft.primaryKey?.columns[position];
    const target = open?.draft.columns.find((each) => each.name === name);
    if (open === undefined || target === undefined || depth === 0)
      return {
        unknown: `its type is that of ${key === undefined ? 'its foreign key' : `${key.table}.${name ?? '…'}`}, which is not known`,
      };
    return this.inheritedType(open.draft, target, depth - 1);
  }
}

/** A single integer key is counted up by the database unless something else gives it its value. */
function countsUp(each: ColumnDraft, draft: TableDraft): boolean {
  const { column, autoincrement } = each;
  if (draft.primaryKey?.columns.includes(column.name) !== true || autoincrement === false || column.clientDefault !== undefined)
    return false;
  if (column.default !== 'none') return false;
  if (autoincrement === true) return true;
  const isInteger = column.type !== undefined && !('unknown' in column.type) && /^(smallint|integer|bigint)$/.test(column.type.name);
  const isForeign = draft.foreignKeys.some((key) => key.columns.includes(column.name));
  return isInteger && draft.primaryKey.columns.length === 1 && !isForeign;
}

function columnNames(drafts: readonly ColumnDraft[]): (attribute: string) => string {
  const names = new Map(drafts.map((draft) => [draft.attribute, draft.column.name]));
  return (attribute) => names.get(attribute) ?? attribute;
}

/** The statements of a class body without those that a later one of the same name replaces. */
function lastOfEach(body: readonly Statement[]): Statement[] {
  const nameOf = (statement: Statement): string | undefined => {
    const target = statement.kind === 'assign' && statement.value !== undefined ? statement.targets[0] : undefined;
    return target?.kind === 'name' ? target.id : undefined;
  };
  const last = new Map(body.map((statement) => [nameOf(statement), statement]));
  return body.filter((statement) => nameOf(statement) === undefined || last.get(nameOf(statement)) === statement);
}

function classesOf(module: Module): ProjectClass[] {
  return module.facts.classes.map((facts) => ({ kind: 'class', module, node: facts.node, scope: facts.definedIn }));
}

function scopeOf(type: ProjectClass): ProjectClass['scope'] {
  return classScope(type) ?? type.scope;
}
