import { endpointKey } from '../../api/endpoint.ts';
import type { ParsedDocument } from '../document/documents.ts';
import { isOnlyMarker, isOpenText } from '../document/endpoint-text.ts';
import type { Entry } from '../document/entries.ts';
import type { ReadContract } from '../document/read-contract.ts';
import { type DefinitionProblem, type EndpointDefinition, parseEndpointName } from './definition.ts';
import { WRITTEN_ROLES, type WrittenRole } from './render.ts';
import { lineStart, type Splice, spliced } from './splice.ts';
import type { ContractWords } from './words.ts';
import { EntryWriter, type Filling, isWritten } from './write-entry.ts';

export interface WriteOptions {
  readonly words: ContractWords;
  /** Replace what is defined already. */
  readonly replace: boolean;
  readonly shapeOf: Filling['shapeOf'];
}

/** A document with changes to it. */
export interface Change {
  readonly path: string;
  readonly text: string;
  readonly conflicts: readonly DefinitionProblem[];
}

/** Puts one endpoint's definition where its document has it; every byte outside of what is filled in stays. */
export function writeEndpoint(read: ReadContract, definition: EndpointDefinition, options: WriteOptions): Change {
  const named = parseEndpointName(definition.endpoint);
  if (named === undefined) throw new Error('the definition was not checked');
  const key = endpointKey(named.method, named.path);
  const found = read.entries.get(key) ?? [];
  const specified = found.find(({ entry }) => entry.style !== 'row') ?? found[0];
  const document = specified?.document ?? read.documents[0];
  if (document === undefined) throw new Error('the contract has no document');
  const existing = read.contract.endpoints.find((endpoint) => endpointKey(endpoint.method, endpoint.path) === key);
  const rows = found.filter(({ entry, document: other }) => other === document && entry !== specified?.entry && entry.style === 'row');
  const elsewhere = new Set(rows.flatMap(({ entry }) => rolesInCells(entry)));
  const writer = new EntryWriter({ ...options, document, definition, method: named.method, existing, elsewhere });
  const splices =
    specified === undefined ? [newEntry(document, definition, writer)] : fillEntry(specified.entry, document, definition, writer);
  // Cells of an inventory that still say [TBD] point to the specification.
  for (const { entry } of rows)
    for (const marker of entry.markers) splices.push({ start: marker.start, end: marker.end, text: options.words.seeBelow });
  return { path: document.path, text: spliced(document.text, splices), conflicts: writer.conflicts };
}

/** What the cells of a row say already. */
function rolesInCells(entry: Entry): WrittenRole[] {
  return entry.slots.flatMap((slot) => (slot.role !== undefined && isWritten(slot.role) && !isOpenText(slot.value) ? [slot.role] : []));
}

function fillEntry(entry: Entry, document: ParsedDocument, definition: EndpointDefinition, writer: EntryWriter): Splice[] {
  if (entry.style !== 'row') return writer.fill(entry);
  const { splices, rest } = writer.fillRow(entry);
  return rest.length === 0 ? splices : [...splices, sectionBehind(document, endOfTable(document, entry), definition, rest, writer)];
}

/** Where a section for a row goes: behind the table and the sections that earlier rows got. */
function endOfTable(document: ParsedDocument, row: Entry): number {
  const table = document.blocks.find((block) => block.kind === 'table' && block.start <= row.start && row.end <= block.end);
  const after = document.entries.filter((other) => other.style === 'heading' && other.start > row.end);
  return Math.max(table?.end ?? row.end, ...after.map((other) => other.end));
}

/** An endpoint that the document does not have: behind the one it is most like, in the same style. */
function newEntry(document: ParsedDocument, definition: EndpointDefinition, writer: EntryWriter): Splice {
  const { text } = document;
  const isSpecification = (entry: Entry): boolean =>
    entry.style !== 'row' && !entry.isReference && !entry.slots.some((slot) => slot.role === 'change');
  const entries = document.entries.filter(isSpecification);
  const last = entries.reduce<Entry | undefined>(
    (best, entry) => (best === undefined || likeness(entry, definition) >= likeness(best, definition) ? entry : best),
    undefined,
  );
  const roles = WRITTEN_ROLES.filter((role) => writer.isNeeded(role));
  if (last === undefined) {
    const row = document.entries.filter((entry) => entry.style === 'row').at(-1);
    if (row !== undefined) return sectionBehind(document, endOfTable(document, row), definition, roles, writer);
    const place = emptyListOfEndpoints(document);
    const at = text.trimEnd().length;
    const section = sectionBehind(document, place?.start ?? at, definition, roles, writer);
    return place === undefined ? section : { ...place, text: section.text.replace(/^\n+/, '') };
  }
  if (last.style !== 'item') return sectionBehind(document, last.end, definition, roles, writer, last);
  const title = text.slice(lineStart(text, last.start), last.titleEnd);
  const [, indent = '', number, delimiter = '.', bullet = '-'] = /^(\s*)(?:(\d+)([.)])|([-*+]))\s/.exec(title) ?? [];
  const marker = number === undefined ? `${bullet} ` : `${Number(number) + 1}${delimiter} `;
  const summary = definition.summary === undefined ? '' : ` — ${definition.summary}`;
  const parts = roles.map((role) => writer.newPart(role, last, definition)).join('');
  return { start: last.end, end: last.end, text: `\n${indent}${marker}\`${definition.endpoint}\`${summary}${parts}` };
}

/** How many segments of the path two endpoints have in common, from the front. */
function likeness(entry: Entry, definition: EndpointDefinition): number {
  const [a, b] = [entry.endpoint.path, parseEndpointName(definition.endpoint)?.path ?? ''].map((path) =>
    path.replace(/\{[^}]*\}/g, '{}').split('/'),
  );
  let same = 0;
  while (a !== undefined && b !== undefined && same < a.length && a[same] === b[same]) same++;
  return same;
}

/** A marker alone below a heading such as "Endpoints". */
function emptyListOfEndpoints(document: ParsedDocument): { start: number; end: number } | undefined {
  for (const { heading, body } of document.others) {
    const [only, second] = body;
    if (heading === undefined || only?.kind !== 'line' || second !== undefined || !isOnlyMarker(only.text)) continue;
    if (/endpoints?|\bapis?\b|接口|エンドポイント|endpunkte|points? de terminaison/i.test(heading.text))
      return { start: only.start, end: only.end };
  }
  return undefined;
}

/** A new section for an endpoint, with a heading like that of `sibling` or of the document's other endpoints. */
function sectionBehind(
  document: ParsedDocument,
  at: number,
  definition: EndpointDefinition,
  roles: readonly WrittenRole[],
  writer: EntryWriter,
  sibling?: Entry,
): Splice {
  const like = sibling?.style === 'heading' ? sibling : document.entries.find((entry) => entry.style === 'heading');
  const above = document.blocks.reduce((depth, block) => (block.kind === 'heading' && block.start < at ? block.depth : depth), 1);
  const depth = like?.depth ?? Math.min(6, above + 1);
  const blank = { style: 'heading' as const, slots: [], start: at, titleEnd: at };
  const title = `${'#'.repeat(depth)} ${sibling === undefined ? '' : nextNumber(document.text, sibling)}${definition.endpoint}`;
  const summary = definition.summary === undefined ? '' : `\n\n${definition.summary}`;
  return { start: at, end: at, text: `\n\n${title}${summary}${roles.map((role) => writer.newPart(role, blank, definition)).join('')}` };
}

/** `2.4 ` behind a heading that begins with `2.3`. */
function nextNumber(text: string, sibling: Entry): string {
  const [, before = '', last] = /^#+\s+((?:\d+\.)*)(\d+)(?:[.)、]|\s)/.exec(text.slice(sibling.start)) ?? [];
  return last === undefined ? '' : `${before}${Number(last) + 1} `;
}
