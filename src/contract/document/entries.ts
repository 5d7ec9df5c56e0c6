import type { Block, CodeBlock, Heading, ListItem, Row, Table, TextLine } from '../../documents/markdown.ts';
import { type EndpointText, endpointIn, HTTP_METHODS, isOnlyMarker, leadingEndpoint, normalPath, plainText } from './endpoint-text.ts';
import { type Role, roleOf, splitLabel, statusesIn } from './labels.ts';

/** A heading with what stands below it, up to the next heading of its level. */
export interface Section {
  readonly heading: Heading | undefined;
  readonly body: Block[];
  readonly sections: Section[];
}

/** How an endpoint stands in the document. */
export type EntryStyle = 'heading' | 'item' | 'line' | 'row';

/** The sections of one document that are about no endpoint. */
export interface DocumentSections {
  readonly path: string;
  readonly others: readonly Section[];
}

/** A labelled part of an endpoint's entry. */
export interface Slot {
  readonly role: Role | undefined;
  readonly label: string;
  readonly style: EntryStyle;
  /** Where the label's line begins; the end of the slot's last line. */
  readonly start: number;
  readonly end: number;
  /** The text after the label, on its line. */
  readonly value: string;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly line: number;
  readonly content: readonly Block[];
  /** The end of the table that a row stands in; of other slots the end itself. */
  readonly outerEnd?: number;
}

/** A marker such as `[TBD]` that stands alone. */
export interface Marker {
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

/** A place of the document that is about one endpoint. */
export interface Entry {
  readonly endpoint: EndpointText;
  readonly style: EntryStyle;
  /** Of the heading, where one names the endpoint. */
  readonly depth?: number;
  readonly line: number;
  readonly start: number;
  /** The end of the line that names the endpoint, and of the whole entry. */
  readonly titleEnd: number;
  readonly end: number;
  readonly slots: readonly Slot[];
  readonly markers: readonly Marker[];
  /** Text and blocks without a label: the summary first. */
  readonly loose: readonly Block[];
  /** A row of a table that maps tasks to endpoints: it lists, and specifies nothing. */
  readonly isReference: boolean;
}

/** Headings and what stands below them, as a tree. */
export function sectionTree(blocks: readonly Block[]): Section {
  const root: Section = { heading: undefined, body: [], sections: [] };
  const path: Section[] = [root];
  for (const block of blocks) {
    const current = path.at(-1);
    if (block.kind === 'rule') {
      // A line across the page ends what stands above it; right below a heading it is only decoration.
      const isDecoration = current === undefined || current.body.length === 0;
      if (isDecoration) continue;
      const rest: Section = { heading: undefined, body: [], sections: [] };
      root.sections.push(rest);
      path.splice(1, path.length, rest);
      continue;
    }
    if (block.kind !== 'heading') {
      current?.body.push(block);
      continue;
    }
    while (path.length > 1 && (path.at(-1)?.heading?.depth ?? 6) >= block.depth) path.pop();
    const section: Section = { heading: block, body: [], sections: [] };
    path.at(-1)?.sections.push(section);
    path.push(section);
  }
  return root;
}

/** Every block of a section, nested sections and their headings included. */
export function allBlocks(section: Section): Block[] {
  return [
    ...section.body,
    ...section.sections.flatMap((inner) => [...(inner.heading === undefined ? [] : [inner.heading]), ...allBlocks(inner)]),
  ];
}

/** The endpoints' entries of a document, and the sections that are about none. */
export function findEntries(root: Section): { entries: Entry[]; others: Section[] } {
  const entries: Entry[] = [];
  const others: Section[] = [];
  walk(root, entries, others);
  return { entries, others };
}

function walk(section: Section, entries: Entry[], others: Section[]): void {
  const title = sectionTitle(section);
  if (title !== undefined && section.heading !== undefined) {
    // Below a heading that does not name the endpoint itself, only parts of an endpoint are about it.
    const first = section.sections.findIndex(
      (inner) => holdsEndpoint(inner) || (title.block !== undefined && headingRole(inner.heading) === undefined),
    );
    const own = first === -1 ? section.sections : section.sections.slice(0, first);
    const below = first === -1 ? [] : section.sections.slice(first);
    const next = section.body.findIndex((block) => block !== title.block && isBoldEndpoint(block));
    const body = next === -1 ? section.body : section.body.slice(0, next);
    entries.push(headingEntry(section.heading, title, body, next === -1 ? own : []));
    if (next !== -1) bodyEntries(section.body.slice(next), entries);
    for (const inner of next === -1 ? below : section.sections) walk(inner, entries, others);
    return;
  }
  const before = entries.length;
  const rest = bodyEntries(section.body, entries);
  if (entries.length === before || rest.length > 0) others.push({ heading: section.heading, body: rest, sections: [] });
  for (const inner of section.sections) walk(inner, entries, others);
}

/** True when a section or one below it is about an endpoint. */
function holdsEndpoint(section: Section): boolean {
  return sectionTitle(section) !== undefined || section.body.some(isBoldEndpoint) || section.sections.some(holdsEndpoint);
}

/** The part of an endpoint that a heading announces. */
function headingRole(heading: Heading | undefined): Role | undefined {
  if (heading === undefined) return undefined;
  const title = splitLabel(heading.text)?.title ?? heading.text;
  return roleOf(title) ?? roleOf(heading.text) ?? roleOfStatus(statusesIn(heading.text));
}

/** What names the endpoint of a section, and where that ends. */
interface SectionTitle {
  readonly endpoint: EndpointText;
  /** The block below the heading that names it; undefined where the heading or labels do. */
  readonly block: Block | undefined;
}

/** The endpoint a section is about: named in its heading, in its first line, or by labels for method and path. */
function sectionTitle({ heading, body, sections }: Section): SectionTitle | undefined {
  if (heading === undefined) return undefined;
  const named = endpointIn(heading.text);
  if (named !== undefined) return { endpoint: named, block: undefined };
  const lines = body.filter((block) => block.kind === 'line' || block.kind === 'item');
  const [first] = body;
  if (first?.kind === 'line' && isWholeEndpoint(first.text)) {
    const endpoint = leadingEndpoint(first.text);
    const isOnly = !lines.slice(1).some((each) => leadingEndpoint(each.text) !== undefined);
    if (isOnly && endpoint !== undefined) return { endpoint, block: first };
  }
  if (first?.kind === 'code' && /^(http|text|)$/.test(first.language) && isSignature(first.value)) {
    const endpoint = endpointIn(first.value.trim());
    // Without a request, response or error below it, it is a sample call.
    const { slots } = new SlotCollector(body.slice(1), sections).result();
    if (endpoint !== undefined && slots.some((slot) => slot.role !== undefined)) return { endpoint, block: first };
  }
  const labelled = labelledEndpoint(lines.slice(0, 6));
  return labelled === undefined ? undefined : { endpoint: labelled, block: undefined };
}

/** `- Method: POST` and `- Path: /api/loans` below a heading, or one of them with both. */
function labelledEndpoint(lines: readonly (TextLine | ListItem)[]): EndpointText | undefined {
  let method: string | undefined;
  let path: string | undefined;
  for (const line of lines) {
    const label = splitLabel(line.text);
    const role = label === undefined ? undefined : roleOf(label.title);
    if (label === undefined || (role !== 'method' && role !== 'path')) continue;
    const whole = endpointIn(label.value);
    if (whole !== undefined) return whole;
    const value = plainText(label.value);
    if (role === 'method') method = HTTP_METHODS.find((each) => each === value.toUpperCase());
    else if (value.startsWith('/')) path = normalPath(value.split(/\s/)[0] ?? value);
  }
  return method === undefined || path === undefined ? undefined : { methods: [method], path, before: '', after: '' };
}

function isSignature(code: string): boolean {
  return code.trim().split('\n').length === 1 && leadingEndpoint(code.trim())?.after === '' && !code.includes('?');
}

/** A line that is an endpoint, decorated or not, with at most a short description after it. */
function isWholeEndpoint(text: string): boolean {
  const found = leadingEndpoint(text);
  if (found === undefined) return false;
  return /^[*_`\d[]/.test(text) || found.after === '';
}

/** A line that is nothing but an endpoint in bold: the title of another entry. */
function isBoldEndpoint(block: Block): boolean {
  return block.kind === 'line' && /^(\*\*|__)/.test(block.text) && leadingEndpoint(block.text)?.after === '';
}

function headingEntry(heading: Heading, title: SectionTitle, body: readonly Block[], sections: readonly Section[]): Entry {
  const collected = new SlotCollector(
    body.filter((block) => block !== title.block),
    sections,
  ).result();
  return {
    endpoint: title.endpoint,
    style: 'heading',
    depth: heading.depth,
    line: heading.line,
    start: heading.start,
    titleEnd: title.block?.end ?? heading.end,
    end: Math.max(heading.end, ...body.map((block) => block.end), ...sections.flatMap(allBlocks).map((block) => block.end)),
    isReference: false,
    ...collected,
    markers: [...titleMarker(title.endpoint, heading.end, heading.text, heading.line), ...collected.markers],
  };
}

/** `### POST /x [TBD]`: a marker behind the endpoint. */
function titleMarker(endpoint: EndpointText, end: number, text: string, line: number): Marker[] {
  const tail = isOnlyMarker(endpoint.after) ? /[^\s:：—–-]*$/.exec(text)?.[0] : /[[【（(][^[\]【】（）()]+[\]】）)][`*]*$/.exec(text)?.[0];
  if (endpoint.after === '' || tail === undefined || tail === '' || !isOnlyMarker(tail)) return [];
  return [{ start: end - tail.length, end, line }];
}

/** Entries among the blocks of a section without an endpoint in its heading; returns the blocks that are part of none. */
function bodyEntries(body: readonly Block[], entries: Entry[]): Block[] {
  const rest: Block[] = [];
  let anchor: { line: TextLine; endpoint: EndpointText; blocks: Block[] } | undefined;
  const close = (): void => {
    if (anchor === undefined) return;
    const { line, endpoint, blocks } = anchor;
    const end = Math.max(line.end, ...blocks.map((block) => block.end));
    const collected = new SlotCollector(blocks, []).result();
    entries.push({
      endpoint,
      style: 'line',
      line: line.line,
      start: line.start,
      titleEnd: line.end,
      end,
      isReference: false,
      ...collected,
    });
    anchor = undefined;
  };
  for (const block of body) {
    const endpoint = block.kind === 'line' && /^[*_`]|^\d+[.)]/.test(block.text) ? leadingEndpoint(block.text) : undefined;
    if (block.kind === 'line' && endpoint !== undefined) {
      close();
      anchor = { line: block, endpoint, blocks: [] };
    } else if (anchor !== undefined) anchor.blocks.push(block);
    else if (block.kind === 'item') rest.push(...itemEntries(block, entries));
    else if (block.kind === 'table') rest.push(...tableEntries(block, entries));
    else rest.push(block);
  }
  close();
  return rest;
}

function itemEntries(item: ListItem, entries: Entry[]): Block[] {
  const endpoint = leadingEndpoint(item.text);
  if (endpoint === undefined) {
    const before = entries.length;
    const rest = bodyEntries(item.blocks, entries);
    return entries.length === before ? [item] : rest;
  }
  const collected = new SlotCollector(item.blocks, []).result();
  const marker = titleMarker(endpoint, item.textEnd, item.text, item.line);
  entries.push({
    endpoint,
    style: 'item',
    line: item.line,
    start: item.start,
    titleEnd: item.textEnd,
    end: item.end,
    isReference: false,
    ...collected,
    markers: [...marker, ...collected.markers],
  });
  return [];
}

const TASK_COLUMN = /task|wbs|story|epic|sprint|任务|故事|史诗|タスク/i;
const TASK_ID = /^(?:[TES]|US|AC|REQ)[-\w]*\d/;

function tableEntries(table: Table, entries: Entry[]): Block[] {
  const found = table.rows.map((row) => ({ row, endpoint: rowEndpoint(table, row) }));
  if (!found.some(({ endpoint }) => endpoint !== undefined)) return [table];
  const maps = table.header.some((cell) => TASK_COLUMN.test(cell.text));
  for (const { row, endpoint } of found) {
    if (endpoint === undefined) continue;
    const isReference = maps || row.cells.some((cell) => TASK_ID.test(plainText(cell.text)));
    entries.push({
      endpoint,
      style: 'row',
      line: row.line,
      start: row.start,
      titleEnd: row.end,
      end: row.end,
      isReference,
      loose: [],
      markers: row.cells.filter((cell) => isOnlyMarker(cell.text)).map(({ start, end, line }) => ({ start, end, line })),
      slots: row.cells.flatMap((cell, index) => columnSlot(table.header[index]?.text ?? '', cell, row)),
    });
  }
  return [];
}

function columnSlot(header: string, cell: Row['cells'][number], row: Row): Slot[] {
  const role = roleOf(header);
  if (role === undefined || role === 'method' || role === 'path' || cell.text === '') return [];
  return [
    {
      role,
      label: header,
      style: 'row',
      start: cell.start,
      end: cell.end,
      value: cell.text,
      valueStart: cell.start,
      valueEnd: cell.end,
      line: row.line,
      content: [],
    },
  ];
}

function rowEndpoint(table: Table, row: Row): EndpointText | undefined {
  for (const cell of row.cells) {
    const whole = leadingEndpoint(cell.text);
    if (whole !== undefined) return whole;
  }
  const method = row.cells.map((cell) => plainText(cell.text).toUpperCase()).find((text) => HTTP_METHODS.some((each) => each === text));
  const path = row.cells.map((cell) => plainText(cell.text)).find((text) => /^\/[^\s]*$/.test(text));
  const hasColumns = table.header.some((cell) => roleOf(cell.text) === 'path' || roleOf(cell.text) === 'method');
  if (method === undefined || path === undefined || !hasColumns) return undefined;
  return { methods: [method], path: normalPath(path), before: '', after: '' };
}

/** Roles whose list items may be parts with a label of their own. */
const COMPOUND = new Set<Role | undefined>(['request', 'summary', 'change', undefined]);

/** Sorts what stands in an endpoint's entry by its labels. */
class SlotCollector {
  private readonly slots: { -readonly [K in keyof Slot]: Slot[K] }[] = [];
  private readonly markers: Marker[] = [];
  private readonly loose: Block[] = [];
  private current: { slot: { -readonly [K in keyof Slot]: Slot[K] }; content: Block[] } | undefined;

  constructor(blocks: readonly Block[], sections: readonly Section[]) {
    for (const block of blocks) this.add(block);
    for (const section of sections) this.addSection(section);
  }

  result(): { slots: readonly Slot[]; markers: readonly Marker[]; loose: readonly Block[] } {
    return { slots: this.slots, markers: this.markers, loose: this.loose };
  }

  private addSection(section: Section): void {
    const { heading } = section;
    this.current = undefined;
    if (heading === undefined) return;
    const label = splitLabel(heading.text);
    const role = headingRole(heading);
    if (role === undefined) {
      for (const block of section.body) this.add(block);
      for (const inner of section.sections) this.addSection(inner);
      return;
    }
    const content: Block[] = [];
    this.open(
      {
        role,
        label: heading.text,
        style: 'heading',
        start: heading.start,
        end: heading.end,
        value: label?.value ?? '',
        valueStart: heading.end - (label?.value.length ?? 0),
        valueEnd: heading.end,
        line: heading.line,
        content,
      },
      content,
    );
    for (const block of section.body) this.add(block);
    for (const inner of section.sections) this.addSection(inner);
  }

  private add(block: Block): void {
    if (block.kind === 'line') this.addLine(block);
    else if (block.kind === 'item') this.addItem(block);
    else if (block.kind === 'table' && this.current === undefined && this.addRoleRows(block)) return;
    else if (block.kind === 'code' && this.current === undefined && isOnlyMarker(block.value))
      this.markers.push({ start: block.start, end: block.end, line: block.line });
    else this.append(block);
  }

  private addLine(line: TextLine): void {
    const label = splitLabel(line.text);
    const role = label === undefined || label.isCode ? wholeRole(line.text) : labelRole(label.title, label.isBold);
    // A line of prose with a colon opens nothing where a slot is being filled.
    const opens =
      role !== undefined &&
      (label?.isBold === true ||
        label === undefined ||
        this.current === undefined ||
        COMPOUND.has(this.current.slot.role) ||
        label.value === '' ||
        roleOf(label.title) !== undefined);
    // Any other label in bold ends the part above it.
    if (opens || (label?.isBold === true && !label.isCode)) {
      const content: Block[] = [];
      const value = label?.value ?? '';
      this.open(
        {
          role,
          label: label?.title ?? line.text,
          style: 'line',
          start: line.start,
          end: line.end,
          value,
          valueStart: line.end - value.length,
          valueEnd: line.end,
          line: line.line,
          content,
        },
        content,
      );
      return;
    }
    if (this.current === undefined && isOnlyMarker(line.text)) this.markers.push({ start: line.start, end: line.end, line: line.line });
    else this.append(line);
  }

  private addItem(item: ListItem): void {
    const label = splitLabel(item.text);
    const role = label === undefined ? wholeRole(item.text) : label.isCode ? undefined : labelRole(label.title, true);
    const isInside = this.current !== undefined && (this.current.slot.style !== 'item' || this.current.slot.end < item.start);
    if (role !== undefined && (!isInside || COMPOUND.has(this.current?.slot.role))) {
      const value = label?.value ?? '';
      this.slots.push({
        role,
        label: label?.title ?? item.text,
        style: 'item',
        start: item.textStart,
        end: item.end,
        value,
        valueStart: item.textEnd - value.length,
        valueEnd: item.textEnd,
        line: item.line,
        content: item.blocks,
      });
      return;
    }
    if (this.current === undefined && isOnlyMarker(item.text) && item.blocks.length === 0) {
      this.markers.push({ start: item.start, end: item.end, line: item.line });
      return;
    }
    const hasRoles = item.blocks.some((block) => block.kind === 'item' && roleOf(splitLabel(block.text)?.title ?? '') !== undefined);
    if (this.current === undefined && hasRoles) for (const block of item.blocks) this.add(block);
    else this.append(item);
  }

  /** A table whose first column names the parts: `| Request | [TBD] |`. */
  private addRoleRows(table: Table): boolean {
    const rows = [...(table.header.length === 2 ? [{ cells: table.header, line: table.line }] : []), ...table.rows];
    const named = rows.filter((row) => row.cells.length === 2 && roleOf(row.cells[0]?.text ?? '') !== undefined);
    if (table.header.length !== 2 || named.length < 2) return false;
    for (const { cells, line } of named) {
      const [label, value] = cells;
      const role = roleOf(label?.text ?? '');
      if (label === undefined || value === undefined || role === undefined) continue;
      this.slots.push({
        role,
        label: label.text,
        style: 'row',
        start: value.start,
        end: value.end,
        value: value.text,
        valueStart: value.start,
        valueEnd: value.end,
        line,
        content: [],
        outerEnd: table.end,
      });
    }
    return true;
  }

  private append(block: Block): void {
    if (this.current === undefined) {
      this.loose.push(block);
      return;
    }
    this.current.content.push(block);
    this.current.slot.end = Math.max(this.current.slot.end, block.end);
  }

  private open(slot: Slot, content: Block[]): void {
    const own = { ...slot, content };
    this.slots.push(own);
    this.current = { slot: own, content };
  }
}

/** A bold or listed label that is a status, such as `**201 Created**`, announces a response or an error. */
function labelRole(title: string, isStrong: boolean): Role | undefined {
  const role = roleOf(title);
  if (role !== undefined || !isStrong) return role;
  return /^[`\s]*[1-5]\d\d\b/.test(title) ? roleOfStatus(statusesIn(title)) : undefined;
}

/** A line without a colon that is a label all the same: `**Errors**`, `Response 201`. */
function wholeRole(text: string): Role | undefined {
  const bold = /^(?:\*\*|__)(.+?)(?:\*\*|__)$/.exec(text)?.[1];
  return bold === undefined ? undefined : labelRole(bold, true);
}

function roleOfStatus(statuses: readonly number[]): Role | undefined {
  const [status] = statuses;
  if (status === undefined) return undefined;
  return status >= 400 ? 'errors' : 'response';
}

/** The first line without a label; what stands below the labelled parts is no summary. */
export function summaryLine(entry: Entry): TextLine | undefined {
  const parts = entry.slots[0]?.start ?? entry.end;
  return entry.loose.find((block): block is TextLine => block.kind === 'line' && block.start < parts);
}

/** The fenced blocks at and below these blocks. */
export function codeBlocks(blocks: readonly Block[]): CodeBlock[] {
  return blocks.flatMap((block) => (block.kind === 'code' ? [block] : block.kind === 'item' ? codeBlocks(block.blocks) : []));
}
