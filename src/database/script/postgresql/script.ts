import type { CreateStmt, DefElem, Node } from 'libpg-query';
import { LineIndex } from '../../../python/lines.ts';
import type { Place, Remark, Table } from '../../schema.ts';
import { type SqlStatement, splitStatements } from '../statements.ts';
import { isAscii, type SqlParser } from './parser.ts';
import { SqlTables, type StatementSource, strings } from './tables.ts';

/** Whose SQL a script is written in. */
export type Dialect = 'postgresql' | 'mysql' | 'other';

/** What a script creates. */
export interface ScriptReading {
  readonly tables: ReadonlyMap<string, Table>;
  readonly dialect: Dialect;
  /** Statements that are no SQL, or that nobody can analyse without running them. */
  readonly problems: readonly Remark[];
  /** Names of tables in statements that could not be read. */
  readonly unreadTables: ReadonlySet<string>;
  /** What was stepped over because it makes no table: how many of each. */
  readonly skipped: ReadonlyMap<string, number>;
}

const MAX_PROBLEMS = 50;
/** Each look for the next statement reads the rest of the script once more. */
const MAX_SPLITS = 100;
/** Messages of the grammar quote the source to its end where a quote is missing. */
const MAX_MESSAGE = 80;
const CREATED_TABLE = /\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?([\w."]+)/i;
/** A line that certainly begins a new statement, where the one before was left open. */
const NEXT_STATEMENT = /\n(?=(?:create|alter|drop|comment\s+on|insert\s+into|grant|revoke|begin|commit|do\s+\$|set\s+\w+\s*(?:=|to))\b)/gi;
const MYSQL =
  /\bengine\s*=|\bauto_increment\b|\bunsigned\b|\btinyint\b|\bmediumtext\b|\bon\s+update\s+current_timestamp|^[ \t]*(?:unique[ \t]+)?key[ \t]+[`\w]+[ \t]*\(|`\w+`/im;
const FOREIGN_DIALECT = /\bvarchar2\b|\bnvarchar\b|\bnumber\s*\(|\bidentity\s*\(\s*\d|\[dbo\]|^go[ \t]*$|\bautoincrement\b/im;
/** The names of what a script may hold besides tables, by the node of the grammar. */
const SKIPPED: ReadonlyMap<string, string> = new Map([
  ['InsertStmt', 'INSERT'],
  ['UpdateStmt', 'UPDATE'],
  ['DeleteStmt', 'DELETE'],
  ['SelectStmt', 'SELECT'],
  ['GrantStmt', 'GRANT'],
  ['GrantRoleStmt', 'GRANT'],
  ['CreateRoleStmt', 'role'],
  ['AlterRoleStmt', 'role'],
  ['CreatedbStmt', 'database'],
  ['CreateFunctionStmt', 'function'],
  ['CreateTrigStmt', 'trigger'],
  ['ViewStmt', 'view'],
  ['CreateTableAsStmt', 'CREATE TABLE AS'],
  ['CreateExtensionStmt', 'extension'],
  ['CreateSchemaStmt', 'schema'],
  ['CreateSeqStmt', 'sequence'],
  ['AlterSeqStmt', 'sequence'],
  ['CompositeTypeStmt', 'composite type'],
  ['CreatePolicyStmt', 'policy'],
  ['CommentStmt', 'COMMENT'],
  ['CopyStmt', 'COPY'],
]);

/** Reads a DBA's script: the tables as they are when it has run. `text` as it is on disk. */
export function readScript(path: string, text: string, parser: SqlParser): ScriptReading {
  return new ScriptReader(path, parser).read(text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n'));
}

class ScriptReader {
  private readonly path: string;
  private readonly parser: SqlParser;
  private readonly tables = new SqlTables();
  private readonly problems: Remark[] = [];
  private readonly skipped = new Map<string, number>();
  private readonly unreadTables = new Set<string>();
  private splits = 0;

  constructor(path: string, parser: SqlParser) {
    this.path = path;
    this.parser = parser;
  }

  read(text: string): ScriptReading {
    const script = splitStatements(text);
    this.skip('psql command', script.metaCommands);
    this.skip('copied row', script.copiedRows);
    for (const statement of script.statements) this.statement(statement);
    this.skip('partition', this.tables.partitions);
    const failed = this.problems.length > 0;
    const dialect = failed && MYSQL.test(text) ? 'mysql' : failed && FOREIGN_DIALECT.test(text) ? 'other' : 'postgresql';
    return {
      tables: this.tables.finish(),
      dialect,
      problems: this.problems.slice(0, MAX_PROBLEMS),
      unreadTables: this.unreadTables,
      skipped: this.skipped,
    };
  }

  private skip(what: string, count = 1): void {
    if (count > 0) this.skipped.set(what, (this.skipped.get(what) ?? 0) + count);
  }

  private statement(statement: SqlStatement): void {
    const parsed = this.parser.parse(statement.text);
    if (parsed.kind === 'parsed') {
      for (const node of parsed.statements) this.applySafely(node, statement);
      return;
    }
    // A role's password, a database's name: nothing that makes a table.
    if (statement.hasPlaceholder && !/\bcreate\s+table\b|\balter\s+table\b/i.test(statement.text)) {
      this.skip('statement with a placeholder');
      return;
    }
    const isSplit = !parsed.message.includes('/* comment') && this.splits < MAX_SPLITS;
    const parts = isSplit ? this.splitUnfinished(statement) : [];
    if (parts.length > 1) {
      for (const part of parts) this.statement(part);
      return;
    }
    const [, unread = ''] = CREATED_TABLE.exec(statement.text) ?? [];
    if (unread !== '') this.unreadTables.add(unread.replaceAll('"', '').replace(/^.*\./, ''));
    const line = statement.line + newlinesBefore(statement.text, parsed.offset);
    this.problem(`This statement is no SQL that PostgreSQL accepts: ${oneLine(parsed.message).slice(0, MAX_MESSAGE)}.`, line);
  }

  /** Where a semicolon or a quote is missing, the next statement begins with its keyword at the start of a line. */
  private splitUnfinished({ text, line, hasPlaceholder }: SqlStatement): SqlStatement[] {
    NEXT_STATEMENT.lastIndex = 0;
    const next = NEXT_STATEMENT.exec(text);
    if (next === null) return [];
    this.splits += 1;
    const rest = text.slice(next.index + 1);
    const head: SqlStatement = { text: text.slice(0, next.index), line, hasPlaceholder };
    const shift = line + newlinesBefore(text, next.index + 1) - 1;
    return [head, ...splitStatements(rest).statements.map((each) => ({ ...each, line: each.line + shift }))];
  }

  private problem(text: string, line: number): void {
    this.problems.push({ text, place: { path: this.path, line } });
  }

  private applySafely(node: Node, statement: SqlStatement): void {
    try {
      this.apply(node, statement);
    } catch (error) {
      // The call stack has an end.
      if (!(error instanceof RangeError)) throw error;
      this.problem('This statement is nested too deeply to be read.', statement.line);
    }
  }

  private apply(node: Node, statement: SqlStatement): void {
    const source = new Source(this.path, statement);
    if ('CreateStmt' in node) this.tables.createTable(node.CreateStmt, source);
    else if ('IndexStmt' in node) this.tables.createIndex(node.IndexStmt, source);
    else if ('AlterTableStmt' in node) this.tables.alterTable(node.AlterTableStmt, source);
    else if ('RenameStmt' in node) this.tables.rename(node.RenameStmt);
    else if ('CreateEnumStmt' in node)
      this.tables.createEnum(strings(node.CreateEnumStmt.typeName ?? []), strings(node.CreateEnumStmt.vals ?? []));
    else if ('AlterEnumStmt' in node) {
      const { typeName = [], newVal, newValNeighbor, newValIsAfter } = node.AlterEnumStmt;
      if (newVal !== undefined) this.tables.addEnumValue(strings(typeName), newVal, newValNeighbor, newValIsAfter === true);
    } else if ('CreateDomainStmt' in node) {
      const { domainname = [], typeName, constraints = [] } = node.CreateDomainStmt;
      if (typeName !== undefined) this.tables.createDomain(strings(domainname), typeName, constraints);
    } else if ('AlterObjectSchemaStmt' in node) {
      const { objectType, relation, newschema = '' } = node.AlterObjectSchemaStmt;
      if (objectType === 'OBJECT_TABLE' && relation !== undefined) this.tables.setSchema(relation, newschema);
    } else if ('DropStmt' in node) this.drop(node.DropStmt.removeType, node.DropStmt.objects ?? []);
    else if ('VariableSetStmt' in node) this.setVariable(node.VariableSetStmt.name, node.VariableSetStmt.args ?? []);
    else if ('DoStmt' in node) this.block(node.DoStmt.args ?? [], statement);
    else this.stepOver(node, source);
  }

  private stepOver(node: Node, source: Source): void {
    if ('SelectStmt' in node) this.searchPathOf(node);
    if ('CreateSchemaStmt' in node)
      for (const inner of node.CreateSchemaStmt.schemaElts ?? [])
        if ('CreateStmt' in inner) this.tables.createTable(inSchema(inner.CreateStmt, node.CreateSchemaStmt.schemaname), source);
    if ('CreateTableAsStmt' in node) this.tables.createFromQuery(node.CreateTableAsStmt, source);
    const kind = Object.keys(node)[0] ?? '';
    const name = SKIPPED.get(kind);
    if (name !== undefined) this.skip(name);
    else if (kind !== 'TransactionStmt') this.skip('other statement');
  }

  private drop(type: string | undefined, objects: readonly Node[]): void {
    for (const object of objects) {
      if (type === 'OBJECT_TABLE' && 'List' in object) this.tables.dropTable(strings(object.List.items ?? []));
      if (type === 'OBJECT_INDEX' && 'List' in object) this.tables.dropIndex(strings(object.List.items ?? []));
      if (type === 'OBJECT_TYPE' && 'TypeName' in object) this.tables.dropType(strings(object.TypeName.names ?? []));
    }
  }

  private setVariable(name: string | undefined, args: readonly Node[]): void {
    const [first] = args;
    if (name === 'search_path' && first !== undefined && 'A_Const' in first) this.tables.useSchema(first.A_Const.sval?.sval ?? '');
    else this.skip('SET');
  }

  /** pg_dump sets the search path by a function. */
  private searchPathOf(node: Extract<Node, { SelectStmt: unknown }>): void {
    const [target] = node.SelectStmt.targetList ?? [];
    const call = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined;
    if (call === undefined || !('FuncCall' in call) || strings(call.FuncCall.funcname ?? []).at(-1) !== 'set_config') return;
    const [name, value] = (call.FuncCall.args ?? []).map((arg) => ('A_Const' in arg ? (arg.A_Const.sval?.sval ?? '') : undefined));
    if (name === 'search_path' && value !== undefined) this.tables.useSchema(value.split(',')[0]?.trim() ?? '');
  }

  /** A DO block: what creates types and tables in it is read as if it stood alone; anything else cannot be known. */
  private block(args: readonly Node[], statement: SqlStatement): void {
    const body = args.flatMap((arg) => ('DefElem' in arg ? bodyOf(arg.DefElem) : [])).join('\n');
    const creating = [...body.matchAll(/\b(?:create\s+(?:type|table|domain|(?:unique\s+)?index)|alter\s+(?:table|type))\b[\s\S]*?;/gi)];
    if (creating.length === 0) {
      this.skip('DO block');
      return;
    }
    const shift = newlinesBefore(statement.text, Math.max(0, statement.text.indexOf(body)));
    for (const found of creating) {
      const text = found[0].slice(0, -1);
      const line = statement.line + shift + newlinesBefore(body, found.index);
      const parsed = this.parser.parse(text);
      if (parsed.kind === 'parsed') for (const node of parsed.statements) this.applySafely(node, { ...statement, text, line });
      else this.problem('This DO block builds its statement while it runs: it was not analysed.', line);
    }
  }
}

function inSchema(statement: CreateStmt, schemaname: string | undefined): CreateStmt {
  return schemaname === undefined ? statement : { ...statement, relation: { schemaname, ...statement.relation } };
}

function bodyOf({ defname, arg }: DefElem): string[] {
  return defname === 'as' && arg !== undefined && 'String' in arg ? [arg.String.sval ?? ''] : [];
}

function newlinesBefore(text: string, offset: number): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** What may follow a DEFAULT in the definition of a column. */
const AFTER_DEFAULT =
  /^(?:\s+(?:not\s+null|null\b|check\b|primary\b|unique\b|references\b|constraint\b|generated\b|collate\b|comment\b|on\b|where\b)|\s*(?:;|--|\/\*))/i;

class Source implements StatementSource {
  private readonly path: string;
  private readonly line: number;
  /** One character a byte: the grammar counts bytes. */
  private readonly bytes: string;
  private lines: LineIndex | undefined;

  constructor(path: string, { text, line }: SqlStatement) {
    this.path = path;
    this.line = line;
    this.bytes = isAscii(text) ? text : Buffer.from(text).toString('latin1');
  }

  placeOf(location: number | undefined): Place {
    this.lines ??= new LineIndex(this.bytes);
    return { path: this.path, line: this.line + this.lines.positionAt(Math.max(0, location ?? 0)).line - 1 };
  }

  expressionAt(location: number, inside: 'column' | 'brackets'): string {
    const { bytes } = this;
    if (!Number.isFinite(location)) return '';
    let depth = 0;
    let end = bytes.length;
    for (let at = location; at < bytes.length; at++) {
      const character = bytes[at];
      if (character === "'") at = Math.max(at, bytes.indexOf("'", at + 1));
      else if (character === '(' || character === '[') depth += 1;
      else if (character === ')' || character === ']') depth -= 1;
      const isBehindDefault = inside === 'column' && (character === ',' || AFTER_DEFAULT.test(bytes.slice(at, at + 24)));
      if (depth < 0 || character === ';' || (depth === 0 && isBehindDefault)) {
        end = at;
        break;
      }
    }
    return oneLine(Buffer.from(bytes.slice(location, end), 'latin1').toString());
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
