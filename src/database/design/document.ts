import { type Block, type Heading, type Table as MarkdownTable, readBlocks } from '../../documents/markdown.ts';
import { isUnknown, type Place, type Remark, type Table, typeText } from '../schema.ts';
import type { SqlParser } from '../script/postgresql/parser.ts';
import { readScript } from '../script/postgresql/script.ts';
import { finishTables, newTable, type TableDraft } from '../script/table-draft.ts';
import { DesignColumns, type DesignedColumn, meansBaseline, namesIn } from './columns.ts';
import { actionsIn, checksIn, type DesignDialect, foreignKeyIn, plain } from './words.ts';

/** What a design document describes. */
export interface DesignReading {
  readonly tables: ReadonlyMap<string, Table>;
  /** Cells that are too vague to compare, tables that are described twice. */
  readonly remarks: readonly Remark[];
}

/** What is longer names no table. */
const MAX_HEADING = 120;
const MAX_LINE = 1000;
const CHANGES = /\bchang|\balter|变更|変更|修改|不变/i;
const COMMON_WORDS = new Set(
  'fields field columns column indexes index indices constraints relations relationships overview enums enum notes note diagram scope tables table entities entity appendix changelog summary design schema database preamble'.split(
    ' ',
  ),
);
const INDEX_GROUP = /index|indices|索引|インデックス|唯一约束|unique|约束|constraint|制約/i;
const INDEX_NAME = /^(?:index(?:\s*name)?|name|索引名?|名称|インデックス名)$/i;
const INDEX_COLUMNS = /column|field|字段|列|カラム/i;
const UNIQUE = /\bunique\b|唯一|ユニーク|\b(?:uq|uk|ux)_\w+/i;
/** A list of columns in brackets, with the name before it and the condition behind it. */
const KEY_LIST =
  /(?:`?((?:idx|ix|uq|uk|ux|pk|ck|fk)_\w+)`?\s*)?[:：]?\s*(?:\bon\b\s*)?[(（]([^()（）]*(?:\([^()]*\)[^()（）]*)*)[)）](?:\s*where\s+`?([^`，；;。]+)`?)?/gi;

/** Reads a DBA's design document: field tables, bullets, SQL blocks, index lists and relations in the shapes people use. */
export async function readDesign(path: string, text: string, parser: SqlParser): Promise<DesignReading> {
  const source = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  return new DesignReader(path, source, parser).read(await readBlocks(source));
}

class DesignReader {
  private readonly path: string;
  private readonly parser: SqlParser;
  private readonly columns: DesignColumns;
  private readonly hasNoKeys: boolean;
  private readonly drafts: TableDraft[] = [];
  private readonly remarks: Remark[] = [];
  /** Tables whose indexes are listed, also where the list is empty. */
  private readonly listed = new Set<TableDraft>();
  private current: { readonly draft: TableDraft; readonly depth: number } | undefined;
  /** The depth of a heading below which nothing is a definition. */
  private skippedDepth: number | undefined;
  /** What the list that is being read is about. */
  private group: 'unique' | 'index' | undefined;

  constructor(path: string, text: string, parser: SqlParser) {
    this.path = path;
    this.parser = parser;
    const dialect: DesignDialect = /mysql|mariadb|innodb/i.test(text) && !/postgres/i.test(text) ? 'mysql' : 'postgresql';
    this.columns = new DesignColumns(parser, dialect);
    this.hasNoKeys = /不使用物理外键|no (?:physical )?foreign keys/i.test(text);
  }

  read(blocks: readonly Block[]): DesignReading {
    this.readBaseline(blocks);
    for (const block of blocks) this.block(block);
    const described = this.drafts.filter((draft) => draft.columns.length > 0);
    const tables = this.withoutRepeated(described);
    const hasKeys = tables.some((draft) => draft.foreignKeys.length > 0);
    const hasChecks = tables.some((draft) => draft.checks.length > 0);
    for (const draft of tables) {
      if (draft.primaryKey === undefined) draft.silentOn.add('primary_key');
      if (!hasKeys) draft.silentOn.add('foreign_key');
      if (!hasChecks) draft.silentOn.add('check');
      if (!this.listed.has(draft)) for (const kind of ['index', 'unique'] as const) draft.silentOn.add(kind);
    }
    return { tables: finishTables(tables), remarks: this.remarks };
  }

  private place(line: number): Place {
    return { path: this.path, line };
  }

  /** What tables share stands before them or in a section of its own, in bullets, a line or a table. */
  private readBaseline(blocks: readonly Block[]): void {
    let isShared = true;
    for (const block of blocks) {
      if (block.kind === 'heading') isShared = tableName(block.text) === undefined;
      const isSaid = block.kind === 'line' && /^(?:审计字段|公共字段|audit (?:fields|columns)|共通カラム)/i.test(plain(block.text));
      if (!isShared && !isSaid) continue;
      if (block.kind === 'line' || block.kind === 'item') this.columns.noteBaseline(block.text, this.place(block.line));
      const roles = block.kind === 'table' ? this.columns.rolesOf(block.header) : undefined;
      if (block.kind !== 'table' || roles === undefined) continue;
      for (const row of block.rows)
        for (const each of this.columns.row(row.cells, roles, block.header, this.place(row.line)))
          if (/_at$|_time$|_by$|^is_deleted$|^version$/.test(each.column.name)) this.columns.baseline.set(each.column.name, each);
    }
  }

  private block(block: Block): void {
    switch (block.kind) {
      case 'heading':
        this.heading(block);
        return;
      case 'table':
        if (this.skippedDepth === undefined) this.table(block);
        return;
      case 'code':
        if (this.skippedDepth === undefined && /^(sql|postgresql|postgres|pgsql)?$/.test(block.language))
          this.sql(block.value, block.contentLine);
        return;
      case 'line':
        if (this.skippedDepth === undefined) this.text(block.text, block.line);
        return;
      case 'item':
        if (this.skippedDepth !== undefined) return;
        this.text(block.text, block.line);
        for (const inner of block.blocks) this.block(inner);
        return;
      default:
        return;
    }
  }

  private heading({ text, depth, line }: Heading): void {
    this.group = groupOf(text);
    if (this.skippedDepth !== undefined && depth > this.skippedDepth) return;
    this.skippedDepth = undefined;
    const name = tableName(text);
    // The title of a whole document may speak of changes too.
    if (CHANGES.test(text) && (depth > 1 || name !== undefined)) {
      this.skippedDepth = depth;
      this.current = undefined;
      return;
    }
    if (name !== undefined) {
      const draft = newTable(name, this.place(line));
      this.drafts.push(draft);
      this.current = { draft, depth };
      this.group = undefined;
    } else if (this.current !== undefined && depth <= this.current.depth) this.current = undefined;
    else if (this.group !== undefined && this.current !== undefined) this.listed.add(this.current.draft);
  }

  private table(block: MarkdownTable): void {
    const draft = this.current?.draft;
    if (draft === undefined) return;
    const roles = this.columns.rolesOf(block.header);
    const hasKeys = block.header.some(({ text }) => INDEX_COLUMNS.test(text) && !INDEX_NAME.test(plain(text)));
    const isOfColumns = roles?.some((role) => role === 'default' || role === 'nullable' || role === 'required') === true;
    if (hasKeys && !isOfColumns && block.header.some(({ text }) => INDEX_NAME.test(plain(text)))) this.indexTable(draft, block);
    else if (roles !== undefined)
      for (const row of block.rows) this.add(draft, this.columns.row(row.cells, roles, block.header, this.place(row.line)));
  }

  private add(draft: TableDraft, found: readonly DesignedColumn[]): void {
    for (const { column, marks } of found) {
      if (draft.columns.some((each) => each.name === column.name)) continue;
      draft.columns.push(column);
      this.mark(draft, column.name, marks, column.place);
    }
  }

  private mark(draft: TableDraft, name: string, marks: DesignedColumn['marks'], place: Place): void {
    if (marks.isPrimaryKey) draft.primaryKey = { name: undefined, place, columns: [...(draft.primaryKey?.columns ?? []), name] };
    if (marks.isUnique && !marks.isPrimaryKey)
      this.addIndex(draft, { name: undefined, keys: [name], isUnique: true, where: undefined, method: 'btree', place });
    if (marks.foreignKey !== undefined && !this.hasNoKeys) this.addForeignKey(draft, [name], marks.foreignKey, place);
    for (const check of marks.checks) this.addCheck(draft, undefined, check, place);
  }

  private addForeignKey(
    draft: TableDraft,
    columns: readonly string[],
    key: NonNullable<DesignedColumn['marks']['foreignKey']>,
    place: Place,
  ): void {
    const known = draft.foreignKeys.find((each) => each.columns.join() === columns.join());
    // Said twice, the second time with what happens on DELETE.
    draft.foreignKeys = draft.foreignKeys.filter((each) => each !== known);
    draft.foreignKeys.push({
      name: undefined,
      place,
      columns,
      ...key,
      onDelete: key.onDelete ?? known?.onDelete,
      onUpdate: key.onUpdate ?? known?.onUpdate,
    });
  }

  private addCheck(draft: TableDraft, name: string | undefined, text: string, place: Place): void {
    const expression = this.parser.expression(text);
    if (expression === undefined || draft.checks.some((check) => check.expression.canonical === expression.canonical)) return;
    draft.checks.push({ name, place, expression });
  }

  private addIndex(
    draft: TableDraft,
    index: { name: string | undefined; keys: string[]; isUnique: boolean; where: string | undefined; method: string; place: Place },
  ): void {
    const { keys, isUnique, method, name, place } = index;
    const where = index.where === undefined ? undefined : this.parser.expression(index.where);
    if (index.where !== undefined && where === undefined) {
      this.remarks.push({ text: `${draft.key}: the condition of the index on (${keys.join(', ')}) is no SQL`, place });
      for (const kind of ['index', 'unique'] as const) draft.silentOn.add(kind);
      return;
    }
    const isKnown = draft.indexes.some((each) => each.isUnique === isUnique && each.keys.join() === keys.join());
    // A mark on the column says less than a list of indexes with its condition.
    if (isKnown)
      draft.indexes = draft.indexes.filter(
        (each) => !(each.isUnique === isUnique && each.keys.join() === keys.join() && where !== undefined),
      );
    if (isKnown && where === undefined) return;
    draft.indexes.push({ name, place, keys, isUnique, method, where, isConstraint: isUnique && where === undefined });
  }

  private indexTable(draft: TableDraft, block: MarkdownTable): void {
    this.listed.add(draft);
    const header = block.header.map(({ text }) => plain(text));
    const nameAt = header.findIndex((text) => INDEX_NAME.test(text));
    const columnsAt = header.findIndex((text, index) => index !== nameAt && INDEX_COLUMNS.test(text));
    for (const row of block.rows) {
      const cells = row.cells.map(({ text }) => text);
      const remarks = cells.filter((_, index) => index !== nameAt && index !== columnsAt);
      const others = remarks.join(' ');
      const keys = this.keys(draft, cells[columnsAt] ?? '');
      const name = plain(cells[nameAt] ?? '');
      if (keys === undefined) continue;
      this.addIndex(draft, {
        name: name === '' ? undefined : name,
        keys,
        isUnique: UNIQUE.test(`${name} ${others}`),
        where: [...remarks, cells[columnsAt] ?? ''].map(conditionIn).find((condition) => condition !== undefined),
        method: /\b(gin|gist|hash|brin)\b/i.exec(others)?.[1]?.toLowerCase() ?? 'btree',
        place: this.place(row.line),
      });
    }
  }

  /** The keys of an index; undefined where none of them is a column of the table. */
  private keys(draft: TableDraft, text: string): string[] | undefined {
    const names = new Set(draft.columns.map((column) => column.name));
    const parts = plain(text)
      .replace(/^[(（](.*)[)）]$/s, '$1')
      .replace(/\bwhere\b.*$/i, '')
      .split(/[,，、](?![^(]*\))/)
      .map((part) => part.trim())
      .filter((part) => part !== '');
    const keys = parts.map((part) => {
      const [, key = '', order = ''] = /^(.*?)(?:\s+(asc|desc))?$/i.exec(part) ?? [];
      const canonical = names.has(key) ? key : this.parser.expression(key)?.canonical;
      return canonical === undefined ? undefined : `${canonical}${order.toLowerCase() === 'desc' ? ' desc' : ''}`;
    });
    const isOfTable = parts.some((part) => [...part.matchAll(/[A-Za-z_]\w*/g)].some(([word]) => names.has(word)));
    return isOfTable && keys.every((key) => key !== undefined) ? keys : undefined;
  }

  /** A bullet or line: a column, a key, an index, a check, or prose. */
  private text(text: string, line: number): void {
    const draft = this.current?.draft;
    if (draft === undefined || text.length > MAX_LINE) return;
    const place = this.place(line);
    const words = plain(text);
    const label = /^(.{1,30}?)[:：]\s*(.*)$/.exec(words);
    if (label !== null && INDEX_GROUP.test(label[1] ?? '')) this.listed.add(draft);
    // A label on its own opens a list; any other label closes it.
    if (label !== null && (label[2] ?? '') === '') this.group = groupOf(label[1] ?? '');
    else if (/^\*\*[^*]+\*\*$/.test(text.trim())) this.group = groupOf(words);
    if (/^(?:fields?|columns?|字段|カラム)\s*[:：]/i.test(words)) {
      this.add(
        draft,
        this.columns.named(
          [...text.matchAll(/`([A-Za-z_]\w*)`/g)].map(([, name = '']) => name),
          place,
        ),
      );
      if (meansBaseline(words)) this.add(draft, this.columns.shared([]));
      return;
    }
    if (meansBaseline(words) && words.length < 60 && !/[(（].*[)）]/.test(words)) {
      this.add(draft, this.columns.shared([]));
      return;
    }
    const columns = this.group !== undefined ? [] : this.columns.bullet(text, place);
    if (columns.length > 0) this.add(draft, columns);
    else for (const sentence of text.split(/[;；]\s*/)) this.constraint(draft, sentence, place);
  }

  private constraint(draft: TableDraft, text: string, place: Place): void {
    const words = plain(text);
    const names = draft.columns.map((column) => column.name);
    const checks = checksIn(words);
    const checkName = /\b(ck_\w+|chk_\w+)\b/.exec(words)?.[1];
    for (const check of checks) this.addCheck(draft, checkName, check, place);
    if (checks.length > 0) return;
    if (/primary key|主键|主キー/i.test(words)) {
      const listed = /[(（]([^()（）]+)[)）]/.exec(words)?.[1] ?? /[:：]\s*(.+)$/.exec(words)?.[1] ?? words;
      const columns = namesIn(listed).filter((name) => names.includes(name));
      const mentioned = names.filter((name) => new RegExp(`\\b${name}\\b`).test(words));
      const key = columns.length > 0 ? columns : /together|联合|複合|主键之一/.test(words) ? mentioned : [];
      if (key.length > 0) draft.primaryKey = { name: undefined, place, columns: key };
      if (key.length > 0 && !/foreign|FK|外键|外部キー/i.test(words)) return;
    }
    const key = this.hasNoKeys ? undefined : foreignKeyIn(words);
    const own = key === undefined ? [] : localColumns(words, names);
    if (key !== undefined && own.length > 0) {
      this.addForeignKey(draft, own, { ...key, ...actionsIn(words) }, place);
      return;
    }
    if (!UNIQUE.test(words) && !INDEX_GROUP.test(words) && this.group === undefined && !/\b(?:idx|ix)_/.test(words)) return;
    const lists = [...words.matchAll(KEY_LIST)];
    for (const [index, found] of lists.entries()) {
      const [whole, name, list = '', where] = found;
      const keys = this.keys(draft, list);
      if (keys === undefined) continue;
      this.listed.add(draft);
      // What is said of it stands before its list, behind the one before, or in the rest of the line.
      const previous = lists[index - 1];
      const from = previous === undefined ? 0 : previous.index + previous[0].length;
      const rest = index === lists.length - 1 ? words.slice(found.index + whole.length) : '';
      this.addIndex(draft, {
        name,
        keys,
        isUnique: this.group === 'unique' || UNIQUE.test(words.slice(from, found.index) + whole + rest),
        where: where?.trim(),
        method: /\b(gin|gist|hash|brin)\b/i.exec(words)?.[1]?.toLowerCase() ?? 'btree',
        place,
      });
    }
    // `Unique: name + team_id`
    const listed = /^unique[^:：]*[:：]\s*([\w\s+,、]+)$/i.exec(words)?.[1];
    const unique = lists.length > 0 || listed === undefined ? [] : namesIn(listed);
    if (unique.length > 0 && unique.every((name) => names.includes(name)))
      this.addIndex(draft, { name: undefined, keys: unique, isUnique: true, where: undefined, method: 'btree', place });
    const marked = names.find((name) => words.startsWith(name));
    if (marked !== undefined && /^\w+\s*(?:唯一|unique|ユニーク)$/i.test(words))
      this.addIndex(draft, { name: undefined, keys: [marked], isUnique: true, where: undefined, method: 'btree', place });
  }

  /** Tables in a block of SQL are whole: nothing about them is left unsaid. */
  private sql(value: string, line: number): void {
    if (!/\bcreate\s+table\b/i.test(value)) return;
    const read = readScript(this.path, value, this.parser);
    for (const problem of read.problems)
      this.remarks.push({ text: `the SQL block from line ${line} on: ${problem.text}`, place: this.place(problem.place.line + line - 1) });
    for (const table of read.tables.values()) {
      const shifted = (place: Place): Place => ({ path: place.path, line: place.line + line - 1 });
      const draft = newTable(table.key, shifted(table.place));
      draft.columns = table.columns.map((column) => ({ ...column, place: shifted(column.place) }));
      draft.primaryKey = table.primaryKey;
      draft.foreignKeys = table.foreignKeys.map((key) => ({ ...key, place: shifted(key.place) }));
      draft.checks = table.checks.map((check) => ({ ...check, place: shifted(check.place) }));
      draft.indexes = table.indexes.map((index) => ({ ...index, place: shifted(index.place) }));
      this.listed.add(draft);
      this.drafts.push(draft);
    }
  }

  /** The first description of each table; says where a second one differs. */
  private withoutRepeated(drafts: readonly TableDraft[]): TableDraft[] {
    const first = new Map<string, TableDraft>();
    for (const draft of drafts) {
      const known = first.get(draft.key);
      if (known === undefined) {
        first.set(draft.key, draft);
        continue;
      }
      const differing = draft.columns.filter((column) => {
        const other = known.columns.find((each) => each.name === column.name);
        return other === undefined || columnText(other) !== columnText(column);
      });
      const missing = known.columns.filter((column) => !draft.columns.some((each) => each.name === column.name));
      const names = [...differing, ...missing].map((column) => column.name);
      if (names.length > 0)
        this.remarks.push({
          text: `${draft.key} is described twice, on lines ${known.place.line} and ${draft.place.line}, and differently: ${names.join(', ')}. The first was compared; ask the user which is meant`,
          place: draft.place,
        });
    }
    return [...first.values()];
  }
}

/** What a list below these words holds; undefined for lists of other things. */
function groupOf(words: string): 'unique' | 'index' | undefined {
  if (UNIQUE.test(words)) return 'unique';
  return INDEX_GROUP.test(words) ? 'index' : undefined;
}

function columnText({ type, isNullable, default: value }: TableDraft['columns'][number]): string {
  const typed = type === undefined || isUnknown(type) ? '' : typeText(type);
  const given = value === undefined || isUnknown(value) ? '' : value === 'none' ? 'none' : value.canonical;
  return `${typed} ${String(isNullable)} ${given}`;
}

/** The columns of the table itself that a sentence about a foreign key begins with. */
function localColumns(words: string, names: readonly string[]): string[] {
  const before = words.split(/→|->|\breferences\b|引用|参照/i)[0] ?? '';
  const mentioned = [...before.matchAll(/[A-Za-z_]\w*/g)].map(([word]) => word).filter((word) => names.includes(word));
  return [...new Set(mentioned)];
}

function conditionIn(text: string): string | undefined {
  const words = text.replaceAll('`', '');
  const said = /\bwhere\s+([^，,;；。]+)/i.exec(words)?.[1] ?? /(?:partial|部分)[^:：]*[:：]\s*([^，,;；。)]+)/i.exec(words)?.[1];
  const inBrackets = /[(（]([^()（）]*=[^()（）]*?)(?:\s{0,20}のみ)?[)）]/.exec(words)?.[1];
  return (said ?? inBrackets)?.trim();
}

/** The table that a heading names: an identifier in backticks, in brackets, behind a colon, or all that there is. */
function tableName(heading: string): string | undefined {
  const words = heading
    .slice(0, MAX_HEADING)
    .replace(/^[\d.．、]+\s*/, '')
    .trim();
  const inCode = /`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)`/.exec(words)?.[1];
  const inBrackets = /[(（]\s*([a-z_]\w*(?:\.[a-z_]\w*)?)\s*[)）]/.exec(words)?.[1];
  const afterColon = /[:：]\s*([a-z_]\w*(?:\.[a-z_]\w*)?)(?=\s|[(（]|$)/.exec(words)?.[1];
  const alone = /^([a-z_]\w*(?:\.[a-z_]\w*)?)(?:\s*[(（].*[)）])?(?:\s*[^\x00-\x7f]*)$/.exec(words)?.[1];
  const name = afterColon ?? alone ?? inBrackets;
  return inCode ?? (name === undefined || COMMON_WORDS.has(name.toLowerCase()) ? undefined : name);
}
