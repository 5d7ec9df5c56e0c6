import type { InsertStmt, Node, RangeVar, UpdateStmt } from 'libpg-query';
import { type Table, tableKey } from '../schema.ts';
import type { SqlParser } from '../script/postgresql/parser.ts';

/** A column that a statement names and the table does not have. */
export interface UnknownColumn {
  readonly table: string;
  readonly column: string;
}

const STATEMENT = /^\s*(?:select|insert\s+into|update|delete\s+from|with)\b/i;
const PARAMETER = /(?<![:\w]):([A-Za-z_]\w*)|%\((\w+)\)s|%s/g;
/** Columns that every table has. */
const SYSTEM_COLUMNS = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);
const SYSTEM_SCHEMAS = new Set(['pg_catalog', 'information_schema', 'pg_temp']);

/**
 * The columns that an SQL text names and the table in `tables` does not have. Only what is certain: a qualified column, or
 * one in a statement that reads a single table. Nothing for text that is no statement of PostgreSQL, and for tables that are
 * not known: they may lie in another database.
 */
export function unknownColumns(sql: string, tables: ReadonlyMap<string, Table>, parser: SqlParser): UnknownColumn[] {
  if (!STATEMENT.test(sql)) return [];
  const parsed = parser.parse(sql.replace(PARAMETER, 'NULL'));
  if (parsed.kind === 'error') return [];
  try {
    return parsed.statements.flatMap((statement) => new StatementNames(statement, tables).unknown());
  } catch (error) {
    // Nested too deeply for the call stack.
    if (error instanceof RangeError) return [];
    throw error;
  }
}

/** The names in one statement. Scopes are not followed: aliases that mean two things count for neither. */
class StatementNames {
  private readonly tables: ReadonlyMap<string, Table>;
  private readonly statement: Node;
  /** The table that a name before a dot means; undefined where it is no table of the database, or more than one. */
  private readonly ranges = new Map<string, Table | undefined>();
  private readonly relations: RangeVar[] = [];
  private readonly ownNames = new Set<string>();
  private readonly columns: (readonly string[])[] = [];
  private hasOtherSources = false;
  private readonly written: { readonly relation: RangeVar; readonly columns: readonly string[] }[] = [];

  constructor(statement: Node, tables: ReadonlyMap<string, Table>) {
    this.tables = tables;
    this.statement = statement;
  }

  unknown(): UnknownColumn[] {
    this.collect(this.statement);
    const found: UnknownColumn[] = [];
    for (const relation of this.relations) {
      const isOwn = relation.schemaname === undefined && this.ownNames.has(relation.relname ?? '');
      const isSystem = SYSTEM_SCHEMAS.has(relation.schemaname ?? '') || (relation.relname ?? '').startsWith('pg_');
      const table = isOwn || isSystem ? undefined : this.find(relation);
      this.addRange(relation.alias?.aliasname ?? relation.relname ?? '', table);
    }
    for (const { relation, columns } of this.written) {
      const table = this.find(relation);
      if (table !== undefined)
        found.push(...columns.filter((name) => !hasColumn(table, name)).map((column) => ({ table: table.key, column })));
    }
    const [only, ...others] = [...this.ranges.values()];
    const single = others.length === 0 && this.ranges.size === 1 && !this.hasOtherSources ? only : undefined;
    for (const fields of this.columns) {
      const [first = '', second] = fields;
      const table = fields.length === 1 ? single : fields.length === 2 ? this.ranges.get(first) : undefined;
      const column = fields.length === 1 ? first : (second ?? '');
      if (table !== undefined && !hasColumn(table, column) && !this.ownNames.has(column)) found.push({ table: table.key, column });
    }
    return found;
  }

  private find(relation: RangeVar): Table | undefined {
    const key = keyOf(relation);
    const exact = this.tables.get(key);
    if (exact !== undefined || relation.schemaname !== undefined) return exact;
    // Without a schema the search path decides.
    const elsewhere = [...this.tables.values()].filter((table) => table.key.endsWith(`.${relation.relname ?? ''}`));
    return elsewhere.length === 1 ? elsewhere[0] : undefined;
  }

  private addRange(name: string, table: Table | undefined): void {
    this.ranges.set(name, this.ranges.has(name) && this.ranges.get(name) !== table ? undefined : table);
  }

  /** Walks the tree of the grammar: every object with one key that names its kind. */
  private collect(value: unknown): void {
    if (Array.isArray(value)) {
      for (const each of value) this.collect(each);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [kind, inner] of Object.entries(value)) {
      if (kind === 'RangeVar' && isRangeVar(inner)) this.relations.push(inner);
      else if (kind === 'InsertStmt' && isInsert(inner)) this.insert(inner);
      else if (kind === 'UpdateStmt' && isUpdate(inner)) this.update(inner);
      else if (kind === 'ColumnRef') this.column(inner);
      else if (kind === 'CommonTableExpr' || kind === 'ResTarget' || kind === 'Alias') this.ownName(inner);
      else if (/^(RangeSubselect|RangeFunction|RangeTableFunc|SubLink|CommonTableExpr)$/.test(kind)) this.hasOtherSources = true;
      if (kind === 'CommonTableExpr') this.hasOtherSources = true;
      // The relation of INSERT, UPDATE and DELETE is no node of its own.
      if (kind === 'relation' && isRangeVar(inner)) this.relations.push(inner);
      this.collect(inner);
    }
  }

  private insert({ relation, cols = [] }: InsertStmt): void {
    if (relation !== undefined) this.written.push({ relation, columns: targets(cols) });
  }

  private update({ relation, targetList = [] }: UpdateStmt): void {
    if (relation !== undefined) this.written.push({ relation, columns: targets(targetList) });
  }

  private column(value: unknown): void {
    const fields = typeof value === 'object' && value !== null && 'fields' in value && Array.isArray(value.fields) ? value.fields : [];
    const names = fields.map(stringOf);
    if (names.every((name) => name !== undefined)) this.columns.push(names);
  }

  /** Names that the statement itself gives: ORDER BY and outer queries may use them. */
  private ownName(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    for (const key of ['ctename', 'aliasname', 'name'])
      if (key in value) {
        const name: unknown = Object.entries(value).find(([each]) => each === key)?.[1];
        if (typeof name === 'string') this.ownNames.add(name);
      }
  }
}

function keyOf({ schemaname, relname = '' }: RangeVar): string {
  return tableKey(schemaname, relname);
}

function hasColumn(table: Table, name: string): boolean {
  return table.isOpen || SYSTEM_COLUMNS.has(name) || name === table.key || table.columns.some((column) => column.name === name);
}

function targets(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => ('ResTarget' in node && node.ResTarget.name !== undefined ? [node.ResTarget.name] : []));
}

function stringOf(node: unknown): string | undefined {
  if (typeof node !== 'object' || node === null || !('String' in node)) return undefined;
  const inner = node.String;
  return typeof inner === 'object' && inner !== null && 'sval' in inner && typeof inner.sval === 'string' ? inner.sval : undefined;
}

function isRangeVar(value: unknown): value is RangeVar {
  return typeof value === 'object' && value !== null && 'relname' in value;
}

function isInsert(value: unknown): value is InsertStmt {
  return typeof value === 'object' && value !== null && 'relation' in value;
}

function isUpdate(value: unknown): value is UpdateStmt {
  return typeof value === 'object' && value !== null && 'relation' in value;
}
