import type {
  AlterTableCmd,
  AlterTableStmt,
  ColumnDef,
  Constraint,
  CreateStmt,
  CreateTableAsStmt,
  IndexElem,
  IndexStmt,
  Node,
  RangeVar,
  RenameStmt,
  TypeName,
} from 'libpg-query';
import { type Column, type ColumnType, type Expression, type Index, type Place, type Table, tableKey } from '../../schema.ts';
import { finishTables, newTable, type TableDraft } from '../table-draft.ts';
import { canonicalExpression } from './expressions.ts';
import { columnType, isSerial } from './types.ts';

/** Where the nodes of one statement are written. */
export interface StatementSource {
  /** The place of a location in the statement, in bytes. */
  placeOf(location: number | undefined): Place;
  /** The source from a location to the end of the expression there, in a column's definition or anywhere else. */
  expressionAt(location: number, inside: 'column' | 'brackets'): string;
}

/** What a domain adds to the type it is made from. */
interface Domain {
  readonly type: ColumnType;
  readonly isNullable: boolean;
}

const ACTIONS: ReadonlyMap<string, string> = new Map([
  ['a', 'NO ACTION'],
  ['r', 'RESTRICT'],
  ['c', 'CASCADE'],
  ['n', 'SET NULL'],
  ['d', 'SET DEFAULT'],
]);
/** What `LIKE other INCLUDING ...` takes over besides names, types and NOT NULL: bits of the grammar. */
const LIKE_DEFAULTS = 8;
const LIKE_INDEXES = 64;
const LIKE_CONSTRAINTS = 4;
/** Domains are made from domains, but not without end. */
const MAX_DOMAINS = 16;

/** The tables of a script as they are after the statements applied so far. */
export class SqlTables {
  private readonly tables = new Map<string, TableDraft>();
  private readonly enums = new Map<string, string[]>();
  private readonly domains = new Map<string, Domain>();
  private schema = '';
  partitions = 0;

  /** The schema that names without one belong to. */
  useSchema(name: string): void {
    this.schema = name;
  }

  createEnum(nameParts: readonly string[], values: readonly string[]): void {
    this.enums.set(this.typeKey(nameParts), [...values]);
  }

  addEnumValue(nameParts: readonly string[], value: string, neighbour: string | undefined, isAfter: boolean): void {
    const values = this.enums.get(this.typeKey(nameParts));
    if (values === undefined || values.includes(value)) return;
    const at = neighbour === undefined ? values.length : values.indexOf(neighbour) + (isAfter ? 1 : 0);
    values.splice(at < 0 ? values.length : at, 0, value);
  }

  createDomain(nameParts: readonly string[], type: TypeName, constraints: readonly Node[]): void {
    const isNullable = !constraints.some((node) => 'Constraint' in node && node.Constraint.contype === 'CONSTR_NOTNULL');
    this.domains.set(this.typeKey(nameParts), { type: columnType(type), isNullable });
  }

  dropType(nameParts: readonly string[]): void {
    this.enums.delete(this.typeKey(nameParts));
    this.domains.delete(this.typeKey(nameParts));
  }

  createTable(statement: CreateStmt, source: StatementSource): void {
    const { relation, tableElts = [], inhRelations = [], partbound } = statement;
    if (relation === undefined || relation.relpersistence === 't') return;
    if (partbound !== undefined) {
      this.partitions += 1;
      return;
    }
    const key = this.keyOf(relation);
    // `IF NOT EXISTS` leaves the first one, and so does the error of a second without it.
    if (this.tables.has(key)) return;
    const table = newTable(key, source.placeOf(relation.location));
    for (const parent of inhRelations) if ('RangeVar' in parent) this.copyColumns(table, parent.RangeVar, 'all');
    this.tables.set(key, table);
    for (const element of tableElts) {
      if ('ColumnDef' in element) this.addColumn(table, element.ColumnDef, source);
      else if ('Constraint' in element) this.addConstraint(table, element.Constraint, undefined, source);
      else if ('TableLikeClause' in element && element.TableLikeClause.relation !== undefined)
        this.copyColumns(table, element.TableLikeClause.relation, element.TableLikeClause.options ?? 0);
    }
  }

  /** `CREATE TABLE ... AS SELECT`: the table is there, its columns are those of the query. */
  createFromQuery({ into, objtype }: CreateTableAsStmt, source: StatementSource): void {
    if (into?.rel === undefined || objtype === 'OBJECT_MATVIEW' || into.rel.relpersistence === 't') return;
    const table = newTable(this.keyOf(into.rel), source.placeOf(into.rel.location));
    table.isOpen = true;
    if (!this.tables.has(table.key)) this.tables.set(table.key, table);
  }

  dropTable(nameParts: readonly string[]): void {
    this.tables.delete(this.keyOfParts(nameParts));
  }

  dropIndex(nameParts: readonly string[]): void {
    const name = nameParts.at(-1);
    for (const table of this.tables.values()) table.indexes = table.indexes.filter((index) => index.isConstraint || index.name !== name);
  }

  createIndex(statement: IndexStmt, source: StatementSource): void {
    const { relation, idxname, indexParams = [], accessMethod, unique, whereClause } = statement;
    const table = relation === undefined ? undefined : this.tables.get(this.keyOf(relation));
    if (table === undefined) return;
    const keys = indexParams.flatMap((node) => ('IndexElem' in node ? [indexKey(node.IndexElem)] : []));
    table.indexes.push({
      name: idxname,
      place: source.placeOf(relation?.location),
      keys,
      isUnique: unique === true,
      method: accessMethod ?? 'btree',
      where: whereClause === undefined ? undefined : expression(whereClause, source),
      isConstraint: false,
    });
  }

  alterTable(statement: AlterTableStmt, source: StatementSource): void {
    const table = statement.relation === undefined ? undefined : this.tables.get(this.keyOf(statement.relation));
    if (table === undefined) return;
    for (const node of statement.cmds ?? []) if ('AlterTableCmd' in node) this.alter(table, node.AlterTableCmd, source);
  }

  rename({ renameType, relation, subname, newname = '', object }: RenameStmt): void {
    if (renameType === 'OBJECT_TYPE' && object !== undefined && 'List' in object) {
      const names = strings(object.List.items ?? []);
      const values = this.enums.get(this.typeKey(names));
      if (values !== undefined) this.enums.set(this.typeKey([...names.slice(0, -1), newname]), values);
      return;
    }
    if (renameType === 'OBJECT_INDEX') {
      for (const each of this.tables.values())
        each.indexes = each.indexes.map((index) => (index.name === relation?.relname ? { ...index, name: newname } : index));
      return;
    }
    const table = relation === undefined ? undefined : this.tables.get(this.keyOf(relation));
    if (table === undefined || relation === undefined) return;
    if (renameType === 'OBJECT_TABLE') this.moveTable(table, this.keyOf({ ...relation, relname: newname }));
    else if (renameType === 'OBJECT_COLUMN') this.renameColumn(table, subname ?? '', newname);
    else if (renameType === 'OBJECT_TABCONSTRAINT') renameConstraint(table, subname ?? '', newname);
  }

  setSchema(relation: RangeVar, schema: string): void {
    const table = this.tables.get(this.keyOf(relation));
    if (table !== undefined) this.moveTable(table, tableKey(schema, relation.relname ?? ''));
  }

  /** The tables with their enumerations and domains looked up. */
  finish(): ReadonlyMap<string, Table> {
    for (const table of this.tables.values()) table.columns = table.columns.map((column) => this.resolveType(column));
    return finishTables([...this.tables.values()]);
  }

  private resolveType(column: Column, depth = MAX_DOMAINS): Column {
    const { type } = column;
    if (type === undefined || 'unknown' in type) return column;
    const key = this.knownType(type.name);
    const values = this.enums.get(key);
    if (values !== undefined) return { ...column, type: { ...type, name: key, values } };
    const domain = this.domains.get(key);
    if (domain === undefined || depth === 0) return column;
    const isNullable = domain.isNullable ? column.isNullable : false;
    return this.resolveType({ ...column, type: { ...domain.type, isArray: type.isArray || domain.type.isArray }, isNullable }, depth - 1);
  }

  /** A type without a schema lies in that of the script, or in `public`. */
  private knownType(name: string): string {
    const inSchema = tableKey(this.schema, name);
    return this.enums.has(inSchema) || this.domains.has(inSchema) ? inSchema : name;
  }

  private moveTable(table: TableDraft, key: string): void {
    this.tables.delete(table.key);
    for (const each of this.tables.values())
      each.foreignKeys = each.foreignKeys.map((foreign) => (foreign.table === table.key ? { ...foreign, table: key } : foreign));
    table.key = key;
    this.tables.set(key, table);
  }

  private renameColumn(table: TableDraft, from: string, to: string): void {
    const renamed = (name: string): string => (name === from ? to : name);
    const inText = wordIn(from);
    const inExpression = (each: Expression): Expression => ({
      canonical: outsideStrings(each.canonical, inText, to),
      text: outsideStrings(each.text, inText, to),
    });
    table.columns = table.columns.map((column) => ({ ...column, name: renamed(column.name) }));
    if (table.primaryKey !== undefined) table.primaryKey = { ...table.primaryKey, columns: table.primaryKey.columns.map(renamed) };
    table.foreignKeys = table.foreignKeys.map((key) => ({ ...key, columns: key.columns.map(renamed) }));
    table.checks = table.checks.map((check) => ({ ...check, expression: inExpression(check.expression) }));
    table.indexes = table.indexes.map((index) => ({
      ...index,
      keys: index.keys.map((key) => outsideStrings(key, inText, to)),
      where: index.where === undefined ? undefined : inExpression(index.where),
    }));
    for (const each of this.tables.values())
      each.foreignKeys = each.foreignKeys.map((key) => (key.table === table.key ? { ...key, targets: key.targets.map(renamed) } : key));
  }

  private copyColumns(table: TableDraft, from: RangeVar, options: number | 'all'): void {
    const parent = this.tables.get(this.keyOf(from));
    if (parent === undefined) {
      table.isOpen = true;
      return;
    }
    const has = (bit: number): boolean => options === 'all' || (options & bit) !== 0;
    const inKey = new Set(parent.primaryKey?.columns);
    for (const column of parent.columns) {
      const isNullable = inKey.has(column.name) ? false : column.isNullable;
      table.columns.push(
        has(LIKE_DEFAULTS) ? { ...column, isNullable } : { ...column, isNullable, default: 'none', isAutoincrement: false },
      );
    }
    if (has(LIKE_CONSTRAINTS)) table.checks = [...new Set([...table.checks, ...parent.checks])];
    if (options === 'all' || !has(LIKE_INDEXES)) return;
    table.primaryKey = parent.primaryKey;
    table.indexes.push(...parent.indexes.map((index) => ({ ...index, name: undefined })));
  }

  private addColumn(table: TableDraft, definition: ColumnDef, source: StatementSource): void {
    const { colname: name = '', typeName, constraints = [], location } = definition;
    if (table.columns.some((column) => column.name === name)) return;
    table.columns.push({
      name,
      place: source.placeOf(location),
      type: typeName === undefined ? { unknown: 'the script gives no type' } : columnType(typeName),
      isNullable: true,
      default: 'none',
      isAutoincrement: typeName !== undefined && isSerial(typeName),
      generated: undefined,
      clientDefault: undefined,
    });
    if (typeName !== undefined && isSerial(typeName)) this.change(table, name, { isNullable: false });
    for (const node of constraints) if ('Constraint' in node) this.addConstraint(table, node.Constraint, name, source);
  }

  /** `column` is given for a constraint that stands in a column's definition. */
  private addConstraint(table: TableDraft, constraint: Constraint, column: string | undefined, source: StatementSource): void {
    const { contype, conname: name, raw_expr: raw, location } = constraint;
    const place = source.placeOf(location);
    const own = column === undefined ? [] : [column];
    switch (contype) {
      case 'CONSTR_NOTNULL':
      case 'CONSTR_NULL':
        for (const each of column === undefined ? strings(constraint.keys ?? []) : own)
          this.change(table, each, { isNullable: contype === 'CONSTR_NULL' });
        return;
      case 'CONSTR_DEFAULT':
        if (column !== undefined) this.setDefault(table, column, raw, source);
        return;
      case 'CONSTR_IDENTITY':
        if (column !== undefined) this.change(table, column, { isAutoincrement: true, isNullable: false });
        return;
      case 'CONSTR_GENERATED':
        if (column !== undefined && raw !== undefined) this.change(table, column, { generated: expression(raw, source) });
        return;
      case 'CONSTR_PRIMARY':
        table.primaryKey = { name, place, columns: keysOf(constraint, own, table) };
        return;
      case 'CONSTR_UNIQUE':
        table.indexes.push({ ...uniqueConstraint(name, keysOf(constraint, own, table)), place });
        return;
      case 'CONSTR_CHECK':
        if (raw !== undefined) table.checks.push({ name, place, expression: expression(raw, source) });
        return;
      case 'CONSTR_FOREIGN':
        if (constraint.pktable === undefined) return;
        table.foreignKeys.push({
          name,
          place,
          columns: column === undefined ? strings(constraint.fk_attrs ?? []) : own,
          table: this.keyOf(constraint.pktable),
          targets: strings(constraint.pk_attrs ?? []),
          onDelete: ACTIONS.get(constraint.fk_del_action ?? 'a'),
          onUpdate: ACTIONS.get(constraint.fk_upd_action ?? 'a'),
        });
        return;
      default:
        return;
    }
  }

  private setDefault(table: TableDraft, column: string, raw: Node | undefined, source: StatementSource): void {
    const value = raw === undefined ? undefined : expression(raw, source, 'column');
    if (value === undefined || value.canonical === 'null') this.change(table, column, { default: 'none', isAutoincrement: false });
    else if (value.canonical.startsWith('nextval(')) this.change(table, column, { default: 'none', isAutoincrement: true });
    else this.change(table, column, { default: value });
  }

  private alter(table: TableDraft, command: AlterTableCmd, source: StatementSource): void {
    const { subtype, name = '', def } = command;
    switch (subtype) {
      case 'AT_AddColumn':
        if (def !== undefined && 'ColumnDef' in def) this.addColumn(table, def.ColumnDef, source);
        return;
      case 'AT_DropColumn':
        dropColumn(table, name);
        return;
      case 'AT_AddConstraint':
        if (def !== undefined && 'Constraint' in def) this.addConstraint(table, def.Constraint, undefined, source);
        return;
      case 'AT_DropConstraint':
        dropConstraint(table, name);
        return;
      case 'AT_SetNotNull':
        this.change(table, name, { isNullable: false });
        return;
      case 'AT_DropNotNull':
        this.change(table, name, { isNullable: true });
        return;
      case 'AT_ColumnDefault':
        this.setDefault(table, name, def, source);
        return;
      case 'AT_AlterColumnType':
        if (def !== undefined && 'ColumnDef' in def && def.ColumnDef.typeName !== undefined)
          this.change(table, name, { type: columnType(def.ColumnDef.typeName) });
        return;
      case 'AT_AddIdentity':
        this.change(table, name, { isAutoincrement: true });
        return;
      case 'AT_DropIdentity':
        this.change(table, name, { isAutoincrement: false });
        return;
      case 'AT_DropExpression':
        this.change(table, name, { generated: undefined });
        return;
      case 'AT_AttachPartition':
        if (def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.name !== undefined) {
          this.tables.delete(this.keyOf(def.PartitionCmd.name));
          this.partitions += 1;
        }
        return;
      default:
        return;
    }
  }

  private change(table: TableDraft, name: string, change: Partial<Column>): void {
    table.columns = table.columns.map((column) => (column.name === name ? { ...column, ...change } : column));
  }

  private keyOf({ schemaname, relname = '' }: RangeVar): string {
    return tableKey(schemaname ?? this.schema, relname);
  }

  private keyOfParts(parts: readonly string[]): string {
    return tableKey(parts.length > 1 ? parts.at(-2) : this.schema, parts.at(-1) ?? '');
  }

  private typeKey(parts: readonly string[]): string {
    return this.keyOfParts(parts);
  }
}

/** A name as a word of its own, wherever it stands. */
function wordIn(name: string): RegExp {
  return new RegExp(`(?<!\\w)${name.replace(/[^\w]/g, '\\$&')}(?!\\w)`, 'gu');
}

/** A text with a word replaced, but not in the literals of it. */
function outsideStrings(text: string, word: RegExp, replacement: string): string {
  const parts = text.split(/('(?:[^']|'')*')/);
  return parts.map((part, index) => (index % 2 === 1 ? part : part.replace(word, () => replacement))).join('');
}

/** The names in a list of the grammar. */
export function strings(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []));
}

function expression(node: Node, source: StatementSource, inside: 'column' | 'brackets' = 'brackets'): Expression {
  return { canonical: canonicalExpression(node), text: source.expressionAt(firstLocation(node), inside) };
}

/** Where an expression begins: operators and casts have the place of their sign. */
function firstLocation(value: unknown): number {
  if (typeof value !== 'object' || value === null) return Number.POSITIVE_INFINITY;
  let first = Number.POSITIVE_INFINITY;
  for (const [key, each] of Object.entries(value)) {
    const location = key === 'location' && typeof each === 'number' && each >= 0 ? each : firstLocation(each);
    if (location < first) first = location;
  }
  return first;
}

function indexKey({ name, expr, ordering }: IndexElem): string {
  const key = name ?? (expr === undefined ? '' : canonicalExpression(expr));
  return ordering === 'SORTBY_DESC' ? `${key} desc` : key;
}

function uniqueConstraint(name: string | undefined, keys: readonly string[]): Omit<Index, 'place'> {
  return { name, keys, isUnique: true, method: 'btree', where: undefined, isConstraint: true };
}

/** The columns of a key, also where it is made of an index that exists (`USING INDEX`). */
function keysOf(constraint: Constraint, own: readonly string[], table: TableDraft): readonly string[] {
  if (constraint.indexname !== undefined) {
    const index = table.indexes.find((each) => each.name === constraint.indexname);
    table.indexes = table.indexes.filter((each) => each !== index);
    return index?.keys ?? [];
  }
  return own.length > 0 ? own : strings(constraint.keys ?? []);
}

function dropColumn(table: TableDraft, name: string): void {
  table.columns = table.columns.filter((column) => column.name !== name);
  if (table.primaryKey?.columns.includes(name) === true) table.primaryKey = undefined;
  table.foreignKeys = table.foreignKeys.filter((key) => !key.columns.includes(name));
  const word = wordIn(name);
  table.indexes = table.indexes.filter((index) => index.keys.every((key) => outsideStrings(key, word, '') === key));
  table.checks = table.checks.filter((check) => outsideStrings(check.expression.canonical, word, '') === check.expression.canonical);
}

function dropConstraint(table: TableDraft, name: string): void {
  const base = table.key.split('.').at(-1) ?? '';
  const isNamed = (given: string | undefined, columns: readonly string[], suffix: string): boolean =>
    given === undefined ? [base, ...columns, suffix].join('_') === name : given === name;
  if (table.primaryKey !== undefined && isNamed(table.primaryKey.name, [], 'pkey')) table.primaryKey = undefined;
  table.foreignKeys = table.foreignKeys.filter((key) => !isNamed(key.name, key.columns, 'fkey'));
  table.indexes = table.indexes.filter((index) => !(index.isConstraint && isNamed(index.name, index.keys, 'key')));
  table.checks = table.checks.filter(
    (check) => !(check.name === name || (check.name === undefined && isDefaultCheckName(name, base, check.expression.canonical))),
  );
}

/** PostgreSQL calls an unnamed check after its table and, where it has only one, its column. */
function isDefaultCheckName(name: string, table: string, canonical: string): boolean {
  if (!name.startsWith(`${table}_`) || !/_check\d*$/.test(name)) return false;
  const column = name.slice(table.length + 1).replace(/_?check\d*$/, '');
  return column === '' || wordIn(column).test(canonical);
}

function renameConstraint(table: TableDraft, from: string, to: string): void {
  const renamed = <T extends { readonly name: string | undefined }>(each: T): T => (each.name === from ? { ...each, name: to } : each);
  if (table.primaryKey !== undefined) table.primaryKey = renamed(table.primaryKey);
  table.foreignKeys = table.foreignKeys.map(renamed);
  table.checks = table.checks.map(renamed);
  table.indexes = table.indexes.map(renamed);
}
