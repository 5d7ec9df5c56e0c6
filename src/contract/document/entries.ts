import type { Block, Heading, ListItem, Row, Table, TextLine } from '../../documents/markdown.ts';
import { type EndpointText, endpointIn, HTTP_METHODS, isOnlyMarker, leadingEndpoint, normalPath, plainText } from './endpoint-text.ts';
import { roleOf, splitLabel } from './labels.ts';
import { allBlocks, type Section } from './sections.ts';
import { type EntryStyle, headingRole, type Marker, type Slot, SlotCollector } from './slots.ts';

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

/** The first line without a label; what stands below the labelled parts is no summary. */
export function summaryLine(entry: Entry): TextLine | undefined {
  const parts = entry.slots[0]?.start ?? entry.end;
  return entry.loose.find((block): block is TextLine => block.kind === 'line' && block.start < parts);
}
