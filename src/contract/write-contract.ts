import type { CodeBlock } from '../documents/markdown.ts';
import { toLf, withLineEnding } from '../workspace/text.ts';
import { endpointKey } from './api.ts';
import { pythonBlocks } from './contract-models.ts';
import type { ContractWords } from './contract-words.ts';
import { type EndpointDefinition, parseEndpointName } from './definition.ts';
import { isOpenText } from './endpoint-text.ts';
import { codeBlocks, type Entry, type Slot } from './entries.ts';
import { roleOf, statusesIn } from './labels.ts';
import { isOpenSlot, type ParsedDocument, type ReadContract } from './read-contract.ts';
import { type Rendered, renderRole, WRITTEN_ROLES, type WrittenRole } from './render.ts';

/** Replaces the text between two offsets. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Something that stands in the document already and says something else. */
export interface Conflict {
  readonly endpoint: string;
  readonly what: string;
  readonly path: string;
  readonly line: number;
}

/** A class of the call, as it was sent. */
export interface GivenClass {
  readonly name: string;
  readonly source: string;
}

export interface WriteOptions {
  readonly words: ContractWords;
  /** Replace what is defined already. */
  readonly replace: boolean;
}

/** A document with changes to it. */
export interface Change {
  readonly path: string;
  readonly text: string;
  readonly conflicts: readonly Conflict[];
}

const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH']);

/** Puts one endpoint's definition where its document has it; every byte outside of what is filled in stays. */
export function writeEndpoint(read: ReadContract, definition: EndpointDefinition, options: WriteOptions): Change {
  const named = parseEndpointName(definition.endpoint);
  if (named === undefined) throw new Error('the definition was not checked');
  const found = read.entries.get(endpointKey(named.method, named.path)) ?? [];
  const specified = found.find(({ entry }) => entry.style !== 'row') ?? found[0];
  const document = specified?.document ?? read.documents[0];
  if (document === undefined) throw new Error('the contract has no document');
  const writer = new EntryWriter(document, definition, named.method, options);
  if (specified === undefined) return writer.append(read);
  const splices = writer.fill(specified.entry);
  // Cells of an inventory that still say [TBD] point to the specification.
  for (const { entry, document: other } of found)
    if (entry !== specified.entry && other === document && entry.style === 'row')
      for (const marker of entry.markers) splices.push({ start: marker.start, end: marker.end, text: options.words.seeBelow });
  return { path: document.path, text: spliced(document.text, splices), conflicts: writer.conflicts };
}

/** Applies splices to a text; generated line breaks get the document's own ending. */
function spliced(text: string, splices: readonly Splice[]): string {
  const ending = text.includes('\r\n') ? 'crlf' : 'lf';
  let result = text;
  for (const splice of [...splices].sort((a, b) => b.start - a.start || b.end - a.end))
    result = result.slice(0, splice.start) + withLineEnding(splice.text, ending) + result.slice(splice.end);
  return result;
}

class EntryWriter {
  readonly conflicts: Conflict[] = [];
  private readonly document: ParsedDocument;
  private readonly definition: EndpointDefinition;
  private readonly method: string;
  private readonly words: ContractWords;
  private readonly replace: boolean;

  constructor(document: ParsedDocument, definition: EndpointDefinition, method: string, options: WriteOptions) {
    this.document = document;
    this.definition = definition;
    this.method = method;
    this.words = options.words;
    this.replace = options.replace;
  }

  fill(entry: Entry): Splice[] {
    if (entry.style === 'row') return this.fillRow(entry);
    const splices: Splice[] = [];
    const written = new Set<WrittenRole>();
    for (const slot of entry.slots) {
      const role = this.roleFor(slot, entry);
      if (role === undefined) continue;
      if (isWritten(role)) written.add(role);
      if (role === 'path_parameters' || role === 'query_parameters' || role === 'headers') written.add('parameters');
      const rendered =
        renderRole(role, this.definition, this.words, slot.style, statusesIn(slot.label)) ??
        (isOpenSlot(slot) ? { value: this.words.none, block: [] } : undefined);
      if (rendered !== undefined) splices.push(...this.fillSlot(slot, rendered));
    }
    if (this.hasParameterParts(entry)) written.add('parameters');
    const missing = WRITTEN_ROLES.filter((role) => !written.has(role) && this.isNeeded(role));
    const added = missing.map((role) => this.newPart(role, entry)).join('');
    return [...splices, ...this.rest(entry, added)];
  }

  /** Separate parts for path, query and headers are there, and together they hold every parameter. */
  private hasParameterParts(entry: Entry): boolean {
    const roles = new Set(entry.slots.map((slot) => slot.role));
    return (
      this.definition.parameters.length > 0 &&
      this.definition.parameters.every((parameter) =>
        roles.has(parameter.in === 'path' ? 'path_parameters' : parameter.in === 'query' ? 'query_parameters' : 'headers'),
      )
    );
  }

  /** "Request parameters" of a POST without another part for the body means the body. */
  private roleFor(slot: Slot, entry: Entry): Slot['role'] {
    if (slot.role === 'parameters' && BODY_METHODS.has(this.method) && !entry.slots.some((other) => other.role === 'request'))
      return 'request';
    if (
      slot.role === 'request' &&
      !BODY_METHODS.has(this.method) &&
      this.definition.request === undefined &&
      !entry.slots.some((other) => other.role === 'parameters')
    )
      return 'parameters';
    return slot.role;
  }

  private isNeeded(role: WrittenRole): boolean {
    switch (role) {
      case 'auth':
        return this.definition.auth !== undefined;
      case 'parameters':
        return this.definition.parameters.length > 0;
      case 'request':
        return this.definition.request !== undefined || BODY_METHODS.has(this.method);
      case 'validation':
        return this.definition.validation.length > 0;
      case 'errors':
        return this.definition.errors.length > 0;
      default:
        return true;
    }
  }

  private fillSlot(slot: Slot, rendered: Rendered): Splice[] {
    const { text } = this.document;
    if (slot.style === 'row') {
      const value = [rendered.value, ...rendered.block.map((line) => line.replace(/^- /, ''))]
        .filter((part) => part !== '')
        .join('; ')
        .replaceAll('|', '\\|');
      return this.decided(slot, slot.valueStart, slot.valueEnd, value);
    }
    let from = slot.style === 'heading' ? slot.valueEnd : slot.valueStart;
    while (from > slot.start && /[ \t]/.test(text[from - 1] ?? '')) from--;
    const indent = slot.style === 'item' ? ' '.repeat(slot.start - lineStart(text, slot.start)) : '';
    const gap = slot.style === 'item' ? '\n' : '\n\n';
    const block = rendered.block.length === 0 ? '' : gap + rendered.block.map((line) => indent + line).join('\n');
    if (slot.style === 'heading') return this.decided(slot, from, slot.end, (rendered.value === '' ? '' : `\n\n${rendered.value}`) + block);
    const separator = rendered.value === '' ? '' : this.separator(text.slice(slot.start, from));
    return this.decided(slot, from, slot.end, separator + rendered.value + block + this.gapAfter(slot, rendered));
  }

  /** What goes between a label and its value: the colon may be there already, inside of the emphasis too. */
  private separator(label: string): string {
    if (label.endsWith('：')) return '';
    return /[:：][*_\s]*$/.test(label) ? ' ' : this.words.colon;
  }

  /** A line right below a table or list would become part of it. */
  private gapAfter(slot: Slot, { block }: Rendered): string {
    const after = this.document.text.slice(slot.end);
    return slot.style === 'line' && block.length > 0 && /^\r?\n[^\r\n]/.test(after) ? '\n' : '';
  }

  /** Fills an open place; one that says the same already stays, one that says something else is a conflict. */
  private decided(slot: Slot, start: number, end: number, text: string): Splice[] {
    const current = toLf(this.document.text.slice(start, end));
    if (current === text) return [];
    const isOpen = isOpenSlot(slot) || (slot.value === '' && slot.content.length === 0);
    if (!isOpen && !this.replace) {
      this.conflicts.push({ endpoint: this.definition.endpoint, what: slot.label, path: this.document.path, line: slot.line });
      return [];
    }
    return [{ start, end, text }];
  }

  /** A part that the entry does not have yet, as text to be added behind its others. */
  private newPart(role: WrittenRole, entry: Entry): string {
    const style = entry.style === 'item' ? 'item' : 'line';
    const rendered = renderRole(role, this.definition, this.words, style);
    if (rendered === undefined) return '';
    const label = this.words[role];
    const value = rendered.value === '' ? this.words.colon.trimEnd() : this.words.colon + rendered.value;
    if (style === 'item') {
      const prefix = this.bulletPrefix(entry);
      const indent = ' '.repeat(prefix.length);
      return `\n${prefix}${label}${value}${rendered.block.map((line) => `\n${indent}${line}`).join('')}`;
    }
    return `\n\n**${label}**${value}${rendered.block.length === 0 ? '' : `\n\n${rendered.block.join('\n')}`}`;
  }

  /** What stands before the text of an item's parts: those it has, else one level below it. */
  private bulletPrefix(entry: Entry): string {
    const { text } = this.document;
    const own = entry.slots.find((slot) => slot.style === 'item');
    if (own !== undefined) return text.slice(lineStart(text, own.start), own.start);
    const title = text.slice(lineStart(text, entry.start), entry.titleEnd);
    const marker = /^\s*(?:[-*+]|\d+[.)])\s+/.exec(title)?.[0] ?? '- ';
    return `${' '.repeat(marker.length)}- `;
  }

  /** The summary, the markers that stand alone, and what is added at the end. */
  private rest(entry: Entry, added: string): Splice[] {
    const { text } = this.document;
    const summary = this.hasSummary(entry) ? '' : (this.definition.summary ?? '');
    const splices: Splice[] = [];
    const [first, ...others] = entry.markers;
    const end = Math.max(entry.titleEnd, ...entry.slots.map((slot) => slot.end));
    if (entry.style === 'item') {
      const inTitle = first !== undefined && first.start < entry.titleEnd;
      if (inTitle) splices.push({ start: trimmedBack(text, first.start), end: first.end, text: summary === '' ? '' : ` — ${summary}` });
      else if (summary !== '') splices.push({ start: entry.titleEnd, end: entry.titleEnd, text: ` — ${summary}` });
      for (const marker of inTitle ? others : entry.markers) splices.push(this.withoutLine(marker.start, marker.end));
      if (added !== '') splices.push({ start: end, end, text: added });
      return splices;
    }
    if (first !== undefined && entry.slots.length === 0) {
      // The marker stands for everything: the whole body takes its place.
      splices.push({ start: first.start, end: first.end, text: `${summary}${summary === '' ? added.replace(/^\n+/, '') : added}` });
      for (const marker of others) splices.push(this.withoutLine(marker.start, marker.end));
      return splices;
    }
    if (first !== undefined) {
      if (summary === '') splices.push(this.withoutLine(first.start, first.end));
      else splices.push({ start: first.start, end: first.end, text: summary });
      for (const marker of others) splices.push(this.withoutLine(marker.start, marker.end));
    } else if (summary !== '') splices.push({ start: entry.titleEnd, end: entry.titleEnd, text: `\n\n${summary}` });
    const last = Math.max(end, ...entry.loose.map((block) => block.end));
    if (added !== '') splices.push({ start: entry.slots.length > 0 ? end : last, end: entry.slots.length > 0 ? end : last, text: added });
    return splices;
  }

  private hasSummary(entry: Entry): boolean {
    if (entry.slots.some((slot) => slot.role === 'summary')) return true;
    if (entry.style === 'item' && entry.endpoint.after !== '' && !isOpenText(entry.endpoint.after)) return true;
    return entry.loose.some((block) => block.kind === 'line' && !isOpenText(block.text));
  }

  /** Takes out a marker with its whole line. */
  private withoutLine(start: number, end: number): Splice {
    const { text } = this.document;
    const from = lineStart(text, start);
    const next = text.indexOf('\n', end);
    const isAlone =
      text
        .slice(from, start)
        .trim()
        .replace(/^[-*+]$|^\d+[.)]$/, '') === '';
    return isAlone ? { start: from, end: next === -1 ? text.length : next + 1, text: '' } : { start, end, text: '' };
  }

  /** A row of an inventory: its cells, and a section of its own for what has no cell. */
  private fillRow(entry: Entry): Splice[] {
    const splices: Splice[] = [];
    const inCells = new Set<WrittenRole>();
    const filled = new Set<number>();
    for (const slot of entry.slots) {
      if (slot.role === undefined || !isOpenText(slot.value)) {
        if (slot.role !== undefined && isWritten(slot.role) && slot.role === 'auth') inCells.add(slot.role);
        continue;
      }
      const rendered = renderRole(slot.role, this.definition, this.words, 'row');
      if (rendered === undefined || rendered.block.length > 0 || slot.role === 'parameters') continue;
      splices.push({ start: slot.valueStart, end: slot.valueEnd, text: rendered.value.replaceAll('|', '\\|') });
      filled.add(slot.valueStart);
      if (isWritten(slot.role)) inCells.add(slot.role);
    }
    const rest = WRITTEN_ROLES.filter((role) => !inCells.has(role) && this.isNeeded(role));
    for (const marker of entry.markers)
      if (!filled.has(marker.start))
        splices.push({ start: marker.start, end: marker.end, text: rest.length > 0 ? this.words.seeBelow : this.words.none });
    if (rest.length > 0) splices.push(this.newSection(rest, this.endOfTable(entry)));
    return splices;
  }

  private endOfTable(entry: Entry): number {
    const table = this.document.blocks.find((block) => block.kind === 'table' && block.start <= entry.start && entry.end <= block.end);
    // Sections of earlier rows follow the table: go on behind them.
    const after = this.document.entries.filter((other) => other.style === 'heading' && other.start > entry.end);
    return Math.max(table?.end ?? entry.end, ...after.map((other) => other.end));
  }

  private newSection(roles: readonly WrittenRole[], at: number): Splice {
    const depth = this.document.blocks.reduce(
      (deepest, block) => (block.kind === 'heading' && block.start < at ? block.depth : deepest),
      2,
    );
    const entries = this.document.entries.filter((entry) => entry.style === 'heading');
    const heading = entries.length > 0 ? this.headingMarks(entries[0]?.start ?? 0) : '#'.repeat(Math.min(6, depth + 1));
    const summary = this.definition.summary === undefined ? '' : `\n\n${this.definition.summary}`;
    const like: Entry = { ...EMPTY_ENTRY, style: 'heading' };
    return {
      start: at,
      end: at,
      text: `\n\n${heading} ${this.definition.endpoint}${summary}${roles.map((role) => this.newPart(role, like)).join('')}`,
    };
  }

  private headingMarks(start: number): string {
    return /^#+/.exec(this.document.text.slice(start))?.[0] ?? '###';
  }

  /** An endpoint that the document does not have: behind the last one, in the same style. */
  append(read: ReadContract): Change {
    const { text, path } = this.document;
    const entries = this.document.entries.filter((entry) => entry.style !== 'row' && !entry.isReference);
    const last = entries.at(-1);
    const needed = WRITTEN_ROLES.filter((role) => this.isNeeded(role));
    if (last === undefined || last.style !== 'item') {
      const at = last === undefined ? this.endOfEndpoints(read) : last.end;
      return { path, text: spliced(text, [this.newSection(needed, at)]), conflicts: [] };
    }
    const title = text.slice(lineStart(text, last.start), last.titleEnd);
    const [, indent = '', number] = /^(\s*)(?:(\d+)[.)]|[-*+])\s/.exec(title) ?? [];
    const marker = number === undefined ? '- ' : `${Number(number) + 1}. `;
    const summary = this.definition.summary === undefined ? '' : ` — ${this.definition.summary}`;
    const parts = needed.map((role) => this.newPart(role, last)).join('');
    return {
      path,
      text: spliced(text, [
        { start: last.end, end: last.end, text: `\n${indent}${marker}\`${this.definition.endpoint}\`${summary}${parts}` },
      ]),
      conflicts: [],
    };
  }

  private endOfEndpoints(read: ReadContract): number {
    const rows = read.documents[0]?.entries.filter((entry) => entry.style === 'row') ?? [];
    const last = rows.at(-1);
    return last === undefined ? this.document.text.trimEnd().length : this.endOfTable(last);
  }
}

const EMPTY_ENTRY: Entry = {
  endpoint: { methods: [], path: '', before: '', after: '' },
  style: 'heading',
  line: 0,
  start: 0,
  titleEnd: 0,
  end: 0,
  slots: [],
  markers: [],
  loose: [],
  isReference: false,
};

function isWritten(role: NonNullable<Slot['role']>): role is WrittenRole {
  return WRITTEN_ROLES.some((each) => each === role);
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

function trimmedBack(text: string, offset: number): number {
  let at = offset;
  while (at > 0 && /[ \t:：—–-]/.test(text[at - 1] ?? '')) at--;
  return at;
}

/** Puts classes where the document keeps its models; those that stand there already stay. `header` holds imports and aliases. */
export function writeModels(read: ReadContract, header: string, classes: readonly GivenClass[], options: WriteOptions): Change {
  const document = documentOfModels(read);
  const conflicts: Conflict[] = [];
  const splices: Splice[] = [];
  const fresh: string[] = [];
  for (const given of classes) {
    const existing = read.models.classes.find((model) => model.node.name === given.name);
    if (existing === undefined) fresh.push(given.source);
    else if (normal(existing.source) !== normal(given.source)) {
      if (!options.replace || existing.place.path !== document.path)
        conflicts.push({ endpoint: 'models', what: given.name, path: existing.place.path, line: existing.place.line });
      else splices.push(replacedClass(document.text, existing.place.line, existing.source, given.source));
    }
  }
  if (fresh.length > 0) splices.push(newModels(read, document, header, fresh, options.words));
  return { path: document.path, text: spliced(document.text, splices), conflicts };
}

function normal(source: string): string {
  return toLf(source)
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();
}

function documentOfModels(read: ReadContract): ParsedDocument {
  const document = read.documents.find((each) => sharedBlock(each) !== undefined) ?? read.documents[0];
  if (document === undefined) throw new Error('the contract has no document');
  return document;
}

/** The last block of models that belongs to no single endpoint. */
function sharedBlock(document: ParsedDocument): CodeBlock | undefined {
  return document.others
    .flatMap((section) => pythonBlocks(codeBlocks(section.body)))
    .filter((block) => block.isClosed)
    .at(-1);
}

function newModels(read: ReadContract, document: ParsedDocument, header: string, sources: readonly string[], words: ContractWords): Splice {
  const { text } = document;
  const shared = sharedBlock(document);
  const known = read.models.module.facts.text;
  const imports = header
    .split('\n')
    .filter((line) => line.trim() === '' || !known.includes(line))
    .join('\n')
    .trim();
  if (shared !== undefined) {
    const closing = lineStart(text, shared.end);
    const indent = /^[ \t]*/.exec(text.slice(lineStart(text, shared.start)))?.[0] ?? '';
    const isEmpty = /^\s*(?:#.*\[TBD\].*|\[TBD\])?\s*$/i.test(shared.value);
    const body = indented([...(imports === '' ? [] : [imports]), ...sources].join('\n\n\n'), indent);
    if (isEmpty) {
      const first = text.indexOf('\n', shared.start) + 1;
      return { start: first, end: closing, text: `${body}\n` };
    }
    return { start: closing, end: closing, text: `\n\n${body}\n` };
  }
  const fence = ['```python', [...(imports === '' ? [] : [imports]), ...sources].join('\n\n\n'), '```'].join('\n');
  const section = document.others.find((each) => each.heading !== undefined && roleOf(each.heading.text) === 'models');
  if (section?.heading !== undefined) {
    const marker = section.body.find((block) => block.kind === 'line' && isOpenText(block.text));
    if (marker !== undefined) return { start: marker.start, end: marker.end, text: fence };
    const end = Math.max(section.heading.end, ...section.body.map((block) => block.end));
    return { start: end, end, text: `\n\n${fence}` };
  }
  const depths = document.blocks.flatMap((block) => (block.kind === 'heading' && block.depth > 1 ? [block.depth] : []));
  const marks = '#'.repeat(depths.length === 0 ? 2 : Math.min(...depths));
  const end = text.trimEnd().length;
  const tail = text.slice(end) === '' ? '\n' : '';
  return { start: end, end, text: `\n\n${marks} ${words.models}\n\n${fence}${tail}` };
}

function indented(source: string, indent: string): string {
  return source
    .split('\n')
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n');
}

/** The lines of a class of the document, by the line it begins on, replaced by another text. */
function replacedClass(text: string, line: number, old: string, source: string): Splice {
  let start = 0;
  for (let at = 1; at < line; at++) start = text.indexOf('\n', start) + 1;
  let end = start;
  for (let left = old.split('\n').length; left > 0; left--) {
    const next = text.indexOf('\n', end);
    end = next === -1 ? text.length : next + 1;
  }
  const indent = /^[ \t]*/.exec(text.slice(start))?.[0] ?? '';
  return { start, end, text: `${indented(source, indent)}\n` };
}
