import { hasBody } from '../../api/endpoint.ts';
import type { Shape } from '../../api/shape.ts';
import type { Table } from '../../documents/markdown.ts';
import { toLf } from '../../workspace/text.ts';
import type { ContractEndpoint } from '../contract.ts';
import { columnsOf } from '../document/columns.ts';
import type { ParsedDocument } from '../document/documents.ts';
import { isOnlyMarker, isOpenText, plainText } from '../document/endpoint-text.ts';
import { type Entry, summaryLine } from '../document/entries.ts';
import { isNothing, type Role, statusesIn } from '../document/labels.ts';
import { isOpenSlot } from '../document/openness.ts';
import type { EntryStyle, Slot } from '../document/slots.ts';
import type { DefinitionProblem, EndpointDefinition } from './definition.ts';
import { type Rendered, renderRole, rowsInColumns, WRITTEN_ROLES, type WrittenRole } from './render.ts';
import { lineStart, type Splice } from './splice.ts';
import type { ContractWords } from './words.ts';

/** What an entry is filled with, and what is known of it. */
export interface Filling {
  readonly document: ParsedDocument;
  readonly definition: EndpointDefinition;
  readonly method: string;
  readonly words: ContractWords;
  /** Replace what is defined already. */
  readonly replace: boolean;
  /** The endpoint as the contract has it now; undefined for a new one. */
  readonly existing: ContractEndpoint | undefined;
  /** The shape of a type of the contract. */
  readonly shapeOf: (type: string) => Shape | undefined;
  /** Roles that another entry of the endpoint holds: a row of an inventory. */
  readonly elsewhere: ReadonlySet<WrittenRole>;
}

const PARAMETER_ROLES = new Set<Role | undefined>(['parameters', 'path_parameters', 'query_parameters', 'headers']);

/** Fills one endpoint's entry: every byte outside of what was open stays. */
export class EntryWriter {
  /** What stands in the document already and says something else. */
  readonly conflicts: DefinitionProblem[] = [];
  private readonly filling: Filling;
  private readonly text: string;
  /** How many items were added behind those of the entry. */
  private addedItems = 0;

  constructor(filling: Filling) {
    this.filling = filling;
    this.text = filling.document.text;
  }

  /** The splices that fill an entry that is no row of an inventory. */
  fill(entry: Entry): Splice[] {
    const splices: Splice[] = [];
    const written = new Set<WrittenRole>(this.filling.elsewhere);
    const left = this.fillResponses(entry, splices);
    for (const slot of entry.slots) {
      const role = this.roleFor(slot, entry);
      if (role === undefined) continue;
      if (isWritten(role)) written.add(role);
      if (role !== 'response') splices.push(...this.fillSlot(slot, role, this.rendered(slot, role, this.filling.definition)));
    }
    if (this.hasParameterParts(entry)) written.add('parameters');
    const missing = WRITTEN_ROLES.filter((role) => !written.has(role) && this.isNeeded(role));
    const parts = missing.map((role) => this.newPart(role, entry, this.filling.definition));
    for (const response of left) parts.push(this.newPart('response', entry, { ...this.filling.definition, responses: [response] }));
    return [...splices, ...this.rest(entry, parts.join(''))];
  }

  private rendered(slot: Slot, role: Role, definition: EndpointDefinition): Rendered | undefined {
    const rendered = renderRole(role, definition, this.filling.words, slot.style, statusesIn(slot.label));
    return rendered ?? (isOpenSlot(slot) ? { value: this.filling.words.none, block: [] } : undefined);
  }

  /** Labels may name their status: each response goes to its own. Returns the responses that have no place yet. */
  private fillResponses(entry: Entry, splices: Splice[]): EndpointDefinition['responses'][number][] {
    const { definition } = this.filling;
    const slots = entry.slots.filter((slot) => slot.role === 'response');
    const labelled = (slot: Slot): number[] => statusesIn(slot.label).filter((status) => status < 400);
    const named = new Set(slots.flatMap(labelled));
    const unnamed = definition.responses.filter((response) => !named.has(response.status));
    const open = slots.find((slot) => labelled(slot).length === 0);
    for (const slot of slots) {
      const own = definition.responses.filter((response) => labelled(slot).includes(response.status));
      if (slot === open)
        splices.push(...this.fillSlot(slot, 'response', this.rendered(slot, 'response', { ...definition, responses: unnamed.splice(0) })));
      else if (own.length > 0)
        splices.push(...this.fillSlot(slot, 'response', this.rendered(slot, 'response', { ...definition, responses: own })));
      else if (isOpenSlot(slot) && open === undefined) splices.push(...this.fillRelabelled(slot, unnamed.shift()));
    }
    return slots.length > 0 ? unnamed : [];
  }

  /** A skeleton's label with another status than the response has: the status is the engineer's to say. */
  private fillRelabelled(slot: Slot, response: EndpointDefinition['responses'][number] | undefined): Splice[] {
    const label = this.text.slice(slot.start, slot.valueStart);
    const found = /(?<!\d)[123]\d\d(?!\d)/.exec(label);
    if (response === undefined || found === null) return [];
    const relabelled = { ...slot, label: slot.label.replace(found[0], String(response.status)) };
    const at = slot.start + found.index;
    const rendered = this.rendered(relabelled, 'response', { ...this.filling.definition, responses: [response] });
    return [{ start: at, end: at + 3, text: String(response.status) }, ...this.fillSlot(slot, 'response', rendered)];
  }

  /** Separate parts for path, query and headers are there, and together they hold every parameter. */
  private hasParameterParts(entry: Entry): boolean {
    const roles = new Set(entry.slots.map((slot) => slot.role));
    const { parameters } = this.filling.definition;
    return (
      parameters.length > 0 &&
      parameters.every((parameter) =>
        roles.has(parameter.in === 'path' ? 'path_parameters' : parameter.in === 'query' ? 'query_parameters' : 'headers'),
      )
    );
  }

  /** "Request parameters" of a POST without another part for the body means the body; "Request" of a GET its parameters. */
  private roleFor(slot: Slot, entry: Entry): Role | undefined {
    const { definition, method, elsewhere } = this.filling;
    const takesBody = hasBody(method);
    const hasRequest = entry.slots.some((other) => other.role === 'request') || elsewhere.has('request');
    const isAboutBody = definition.request !== undefined || definition.parameters.length === 0;
    if (slot.role === 'parameters' && takesBody && !hasRequest && isAboutBody) {
      const first = entry.slots.find((other) => other.role === 'parameters');
      return slot === first ? 'request' : 'parameters';
    }
    const hasParameters = entry.slots.some((other) => PARAMETER_ROLES.has(other.role));
    return slot.role === 'request' && !takesBody && definition.request === undefined && !hasParameters ? 'parameters' : slot.role;
  }

  /** Whether the definition gives something for a part, or its method asks for one. */
  isNeeded(role: WrittenRole): boolean {
    const { definition, method } = this.filling;
    switch (role) {
      case 'auth':
        return definition.auth !== undefined;
      case 'parameters':
        return definition.parameters.length > 0;
      case 'request':
        return definition.request !== undefined || hasBody(method);
      case 'response':
        return definition.responses.length > 0;
      case 'validation':
        return definition.validation.length > 0;
      case 'errors':
        return definition.errors.length > 0;
    }
  }

  private fillSlot(slot: Slot, role: Role, rendered: Rendered | undefined): Splice[] {
    if (rendered === undefined) return [];
    const { text } = this;
    if (slot.style === 'row') {
      return this.decided(slot, role, slot.valueStart, slot.valueEnd, inCell(rendered));
    }
    const own = this.ownTable(slot, role);
    if (own !== undefined) return own;
    let from = slot.style === 'heading' ? slot.valueEnd : slot.valueStart;
    while (from > slot.start && /[ \t]/.test(text[from - 1] ?? '')) from--;
    const indent = slot.style === 'item' ? blank(text.slice(lineStart(text, slot.start), slot.start)) : '';
    const gap = slot.style === 'item' ? '\n' : '\n\n';
    const block = rendered.block.length === 0 ? '' : gap + rendered.block.map((line) => indent + line).join('\n');
    if (slot.style === 'heading')
      return this.decided(slot, role, from, slot.end, (rendered.value === '' ? '' : `\n\n${rendered.value}`) + block);
    const separator = rendered.value === '' ? '' : this.separator(text.slice(slot.start, from));
    return this.decided(slot, role, from, slot.end, separator + rendered.value + block + this.gapAfter(slot, rendered));
  }

  /** The document's own table, with its own columns, where its rows are still open. */
  private ownTable(slot: Slot, role: Role): Splice[] | undefined {
    const [table, second] = slot.content.filter((block) => block.kind === 'table');
    if (table === undefined || second !== undefined || !isOpenTable(table)) return undefined;
    const rows = rowsInColumns(role, this.filling.definition, this.filling.words, columnsOf(table.header));
    const [first] = table.rows;
    const last = table.rows.at(-1);
    if (rows === undefined || rows.length === 0) return undefined;
    if (first === undefined || last === undefined) return [{ start: table.end, end: table.end, text: `\n${rows.join('\n')}` }];
    return [{ start: first.start, end: last.end, text: rows.join('\n') }];
  }

  /** What goes between a label and its value: the colon may be there already, inside of the emphasis too. */
  private separator(label: string): string {
    if (label.endsWith('：')) return '';
    return /[:：][*_\s]*$/.test(label) ? ' ' : this.filling.words.colon;
  }

  /** A line right below a table or list would become part of it. */
  private gapAfter(slot: Slot, { block }: Rendered): string {
    const after = this.text.slice(slot.end);
    return slot.style === 'line' && block.length > 0 && /^[ \t]*\r?\n[ \t]*[^\s]/.test(after) ? '\n' : '';
  }

  /** Fills an open place; one that says the same already stays, one that says something else is a conflict. */
  private decided(slot: Slot, role: Role, start: number, end: number, text: string): Splice[] {
    if (trimmedLines(toLf(this.text.slice(start, end))) === trimmedLines(text)) return [];
    const isEmpty = slot.content.length === 0 && (slot.value === '' || isNothing(slot.value));
    if (!isOpenSlot(slot) && !(isEmpty && !this.isOmitted(role)) && !this.replace(role)) {
      if (this.isOmitted(role) || this.isSame(role)) return [];
      const isProse = role === 'summary' || role === 'auth' || role === 'validation';
      this.conflicts.push({
        // What is said in words is the document's: the call says it in others.
        severity: isProse ? 'warning' : 'error',
        endpoint: this.filling.definition.endpoint,
        message: `"${plainText(slot.label)}" is defined already (${this.filling.document.path}:${slot.line}) and says something else.`,
        fix: 'Leave it as it is by leaving it out or sending the same, or set replace: true to replace it.',
      });
      return [];
    }
    return [{ start, end, text }];
  }

  private replace(role: Role): boolean {
    return this.filling.replace && !this.isOmitted(role);
  }

  /** A part that the call says nothing of: what stands there stays. */
  private isOmitted(role: Role): boolean {
    const { definition } = this.filling;
    switch (role) {
      case 'request':
      case 'media_type':
        return definition.request === undefined;
      case 'response':
        return definition.responses.length === 0;
      case 'errors':
        return definition.errors.length === 0;
      case 'status':
        return definition.errors.length === 0 && definition.responses.length === 0;
      case 'summary':
        return definition.summary === undefined;
      case 'auth':
        return definition.auth === undefined;
      case 'validation':
        return definition.validation.length === 0;
      default:
        return PARAMETER_ROLES.has(role) && definition.parameters.length === 0;
    }
  }

  /** True when a part that was written by hand already says what the call says, in other words. */
  private isSame(role: Role): boolean {
    const { definition, existing, shapeOf } = this.filling;
    if (existing === undefined) return false;
    const alike = (a: Shape | undefined, b: Shape | undefined): boolean => a !== undefined && b !== undefined && bare(a) === bare(b);
    const same = (a: readonly string[], b: readonly string[]): boolean => [...a].sort().join() === [...b].sort().join();
    switch (role) {
      case 'request':
        return (
          existing.request !== undefined &&
          existing.request !== 'none' &&
          definition.request !== undefined &&
          alike(existing.request.shape, shapeOf(definition.request))
        );
      case 'response':
        return (
          same(
            existing.responses.map(({ status }) => String(status)),
            definition.responses.map(({ status }) => String(status)),
          ) &&
          definition.responses.every(({ status, model }) => {
            const content = existing.responses.find((response) => response.status === status)?.content;
            return model === undefined
              ? content === 'none' || content === undefined
              : content !== undefined && content !== 'none' && alike(content.shape, shapeOf(model));
          })
        );
      case 'errors':
        return same(
          existing.errors.map(({ status, code }) => `${status} ${code}`),
          definition.errors.map(({ status, code }) => `${status} ${code}`),
        );
      case 'auth':
        return inWords(definition.auth ?? '') === inWords(existing.authText);
      case 'summary':
        return inWords(definition.summary ?? '') === inWords(existing.summary);
      case 'validation':
        return same(definition.validation.map(inWords), existing.validation.map(inWords));
      default:
        return (
          PARAMETER_ROLES.has(role) &&
          definition.parameters.every((parameter) =>
            existing.parameters.some((other) => other.in === parameter.in && other.name === parameter.name),
          )
        );
    }
  }

  /** A part that the entry does not have yet, as text to be added behind its others. */
  newPart(role: WrittenRole, entry: Pick<Entry, 'style' | 'slots' | 'start' | 'titleEnd'>, definition: EndpointDefinition): string {
    const style = partStyle(entry);
    const rendered = renderRole(role, definition, this.filling.words, style);
    if (rendered === undefined) return '';
    const label = this.newLabel(role, entry);
    const block = rendered.block.length === 0 ? '' : `\n\n${rendered.block.join('\n')}`;
    if (style === 'heading') {
      const last = entry.slots.at(-1);
      const marks = /^#+/.exec(this.text.slice(last?.start ?? 0))?.[0] ?? '####';
      return `\n\n${marks} ${label}${rendered.value === '' ? '' : `\n\n${rendered.value}`}${block}`;
    }
    const colon = this.colonOf(entry);
    const value = rendered.value === '' ? colon.trimEnd() : colon + rendered.value;
    if (style === 'item') {
      const prefix = this.bulletPrefix(entry);
      const written = this.isBold(entry) && entry.slots.length > 0 ? `**${label}**` : label;
      return `\n${prefix}${written}${value}${rendered.block.map((line) => `\n${blank(prefix)}${line}`).join('')}`;
    }
    return this.isBold(entry) ? `\n\n**${label}**${value}${block}` : `\n\n${label}${value}${block}`;
  }

  /** Whether labels are bold: those of the entry, or of any new one. */
  private isBold({ slots }: Pick<Entry, 'slots'>): boolean {
    const labels = slots.filter((slot) => slot.style === 'item' || slot.style === 'line');
    return labels.length === 0 || labels.some((slot) => /^\s*(?:\*\*|__)/.test(this.text.slice(slot.start)));
  }

  /** The label of a new part; another one where the entry uses the usual one for something else. */
  private newLabel(role: WrittenRole, entry: Pick<Entry, 'slots'>): string {
    const label = this.filling.words[role];
    const isTaken = role === 'parameters' && entry.slots.some((slot) => plainText(slot.label) === label);
    return isTaken ? this.filling.words.otherParameters : label;
  }

  /** The colon that the entry's own labels have, with what follows it; the language's where it has none. */
  private colonOf({ slots }: Pick<Entry, 'slots'>): string {
    const written = slots.map((slot) => /[:：][*_]*\s*$/.exec(this.text.slice(slot.start, slot.valueStart))?.[0].trim().charAt(0));
    const own = written.find((mark) => mark === ':' || mark === '：');
    return own === undefined ? this.filling.words.colon : own === ':' ? ': ' : '：';
  }

  /** What stands before the text of an item's parts: like those it has, with the next number; else one level below it. */
  private bulletPrefix(entry: Pick<Entry, 'slots' | 'start' | 'titleEnd'>): string {
    const { text } = this;
    const own = entry.slots.findLast((slot) => slot.style === 'item');
    if (own !== undefined) {
      const prefix = text.slice(lineStart(text, own.start), own.start);
      this.addedItems += 1;
      return prefix.replace(/\d+(?=[.)、])/, (number) => String(Number(number) + this.addedItems));
    }
    const title = text.slice(lineStart(text, entry.start), entry.titleEnd);
    const marker = /^\s*(?:[-*+]|\d+[.)])\s+/.exec(title)?.[0] ?? '- ';
    return `${blank(marker)}- `;
  }

  /** The summary, the markers that stand alone, and what is added at the end. */
  private rest(entry: Entry, added: string): Splice[] {
    const splices: Splice[] = [];
    const title = entry.markers.filter((marker) => marker.start < entry.titleEnd);
    const below = entry.markers.filter((marker) => marker.start >= entry.titleEnd);
    const [first, ...others] = below;
    const summary = this.summaryFor(entry, splices);
    const end = Math.max(entry.titleEnd, ...entry.slots.map((slot) => slot.outerEnd ?? slot.end));
    for (const marker of title) splices.push({ start: trimmedBack(this.text, marker.start), end: marker.end, text: '' });
    if (entry.style === 'item') {
      if (summary !== '') splices.push({ start: entry.titleEnd, end: entry.titleEnd, text: ` — ${summary}` });
      for (const marker of below) splices.push(this.withoutLine(marker.start, marker.end));
      if (added !== '') splices.push({ start: end, end, text: added });
      return splices;
    }
    if (first !== undefined && entry.slots.length === 0) {
      // The marker stands for everything: the whole body takes its place.
      splices.push({ start: first.start, end: first.end, text: `${summary}${summary === '' ? added.replace(/^\n+/, '') : added}` });
      for (const marker of others) splices.push(this.withoutLine(marker.start, marker.end));
      return splices;
    }
    if (first !== undefined && summary !== '') splices.push({ start: first.start, end: first.end, text: summary });
    else if (summary !== '') splices.push({ start: entry.titleEnd, end: entry.titleEnd, text: `\n\n${summary}` });
    for (const marker of summary !== '' ? others : below) splices.push(this.withoutLine(marker.start, marker.end));
    const behind = entry.slots.length > 0 ? end : Math.max(end, ...entry.loose.map((block) => block.end));
    if (added !== '') splices.push({ start: behind, end: behind, text: added });
    return splices;
  }

  /** The summary that is still to be put in; one that is there is only replaced on request. */
  private summaryFor(entry: Entry, splices: Splice[]): string {
    const { definition, replace } = this.filling;
    const { summary } = definition;
    if (summary === undefined || entry.slots.some((slot) => slot.role === 'summary')) return '';
    if (entry.style === 'item') {
      if (entry.endpoint.after === '' || isOnlyMarker(entry.endpoint.after)) return summary;
      const behind = /\s{0,20}[—–:：-]\s{0,20}[^`]*$/.exec(this.text.slice(entry.start, entry.titleEnd))?.[0] ?? '';
      if (replace && behind !== '') splices.push({ start: entry.titleEnd - behind.length, end: entry.titleEnd, text: ` — ${summary}` });
      return '';
    }
    const line = summaryLine(entry);
    if (line === undefined || isOpenText(line.text)) return summary;
    if (replace && line.text !== summary) splices.push({ start: line.start, end: line.end, text: summary });
    else if (inWords(line.text) !== inWords(summary)) this.noteSummary(line.line, line.text);
    return '';
  }

  /** Another wording than the document's is said, and stays out. */
  private noteSummary(line: number, text: string): void {
    this.conflicts.push({
      severity: 'warning',
      endpoint: this.filling.definition.endpoint,
      message: `The document summarises it as "${plainText(text)}" (${this.filling.document.path}:${line}); that was kept.`,
      fix: 'Set replace: true to replace it.',
    });
  }

  /** Takes out a marker with its whole line. */
  private withoutLine(start: number, end: number): Splice {
    const from = lineStart(this.text, start);
    const next = this.text.indexOf('\n', end);
    const before = this.text.slice(from, start).trim();
    const isAlone = /^(?:[-*+]|\d+[.)])?$/.test(before);
    return isAlone ? { start: from, end: next === -1 ? this.text.length : next + 1, text: '' } : { start, end, text: '' };
  }

  /** A row of an inventory: its cells. Also says which roles still need a section of their own. */
  fillRow(entry: Entry): { splices: Splice[]; rest: WrittenRole[] } {
    const splices: Splice[] = [];
    const inCells = new Set<WrittenRole>(this.filling.elsewhere);
    const filled = new Set<number>();
    for (const slot of entry.slots) {
      const { role } = slot;
      if (role === undefined) continue;
      if (isWritten(role)) inCells.add(role);
      if (!isOpenText(slot.value)) continue;
      const rendered = renderRole(role, this.filling.definition, this.filling.words, 'row') ?? {
        value: this.filling.words.none,
        block: [],
      };
      splices.push({ start: slot.valueStart, end: slot.valueEnd, text: inCell(rendered) });
      filled.add(slot.valueStart);
    }
    const rest = WRITTEN_ROLES.filter((role) => !inCells.has(role) && this.isNeeded(role));
    for (const marker of entry.markers)
      if (!filled.has(marker.start))
        splices.push({
          start: marker.start,
          end: marker.end,
          text: rest.length > 0 ? this.filling.words.seeBelow : this.filling.words.none,
        });
    return { splices, rest };
  }
}

/** What goes into a cell of a table: one line. */
function inCell({ value, block }: Rendered): string {
  const parts = [value, ...block.map((line) => line.replace(/^- /, ''))];
  return parts
    .filter((part) => part !== '')
    .join('; ')
    .replaceAll('|', '\\|');
}

function trimmedLines(text: string): string {
  return text.replace(/[ \t]+$/gm, '');
}

/** How a new part of an entry is written: like those it has. */
function partStyle(entry: Pick<Entry, 'style' | 'slots'>): EntryStyle {
  if (entry.style === 'item') return 'item';
  const last = entry.slots.at(-1);
  if (last === undefined) return 'line';
  if (last.style === 'heading') return 'heading';
  return entry.slots.every((slot) => slot.style === 'item') ? 'item' : 'line';
}

export function isWritten(role: Role): role is WrittenRole {
  return WRITTEN_ROLES.some((each) => each === role);
}

function isOpenTable(table: Table): boolean {
  return table.rows.every((row) => row.cells.every((cell) => cell.text === '' || isOpenText(cell.text) || /^[-—.…]*$/.test(cell.text)));
}

/** A prefix such as a bullet with its indentation, as white space of the same width. */
function blank(prefix: string): string {
  return prefix.replace(/\S/g, ' ');
}

function trimmedBack(text: string, offset: number): number {
  let at = offset;
  while (at > 0 && /[ \t:：—–-]/.test(text[at - 1] ?? '')) at--;
  return at;
}

/** A text as people compare it: letters and numbers, without case, marks at its end and white space. */
function inWords(text: string): string {
  return plainText(text)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s.。!！;；]+$/, '');
}

/** A shape as text, without what does not concern its meaning. */
function bare(shape: Shape): string {
  return JSON.stringify(shape, (key, value: unknown) =>
    key === 'line' || key === 'description' || key === 'defaultValue' ? undefined : value,
  );
}
