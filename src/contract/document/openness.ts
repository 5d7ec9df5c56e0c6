import type { Block } from '../../documents/markdown.ts';
import type { Progress } from '../contract.ts';
import { isOpenText, plainText } from './endpoint-text.ts';
import type { Entry } from './entries.ts';
import type { Slot } from './slots.ts';

/** The labels of the parts that are still open. */
export function openParts(entry: Entry): string[] {
  const open = entry.slots.filter((slot) => isOpenSlot(slot)).map((slot) => plainText(slot.label) || (slot.role ?? ''));
  const markers =
    entry.markers.length > 0 && entry.slots.length === 0
      ? ['everything']
      : entry.markers.length > 0 && entry.style !== 'row'
        ? ['a marker']
        : [];
  const rowMarkers = entry.style === 'row' && entry.markers.length > 0 ? ['everything'] : [];
  const isEmpty =
    entry.style !== 'row' &&
    entry.slots.filter((slot) => slot.role !== 'summary' && slot.role !== 'auth').length === 0 &&
    entry.markers.length === 0 &&
    !hasContent(entry);
  return [...new Set([...open, ...markers, ...rowMarkers, ...(isEmpty ? ['everything'] : [])])];
}

function hasContent(entry: Entry): boolean {
  return entry.loose.some((block) => block.kind === 'code' || block.kind === 'table');
}

/** True when a part still holds a marker. */
export function isOpenSlot(slot: Slot): boolean {
  if (isOpenText(slot.value)) return true;
  const texts = slot.content.flatMap((block) => textsOf(block));
  return texts.some(isOpenText);
}

function textsOf(block: Block): string[] {
  switch (block.kind) {
    case 'line':
    case 'heading':
      return [block.text];
    case 'item':
      return [block.text, ...block.blocks.flatMap(textsOf)];
    case 'table':
      return block.rows.flatMap((row) => row.cells.map((cell) => cell.text));
    case 'code':
      return /\[TBD\]/i.test(block.value) ? [block.value] : [];
    default:
      return [];
  }
}

/** How much of an endpoint is decided, by its open parts. */
export function progressOf(entry: Entry, open: readonly string[]): Progress {
  if (open.length === 0) return 'done';
  const detailed = entry.slots.filter(
    (slot) => slot.role !== 'summary' && slot.role !== 'auth' && slot.role !== 'method' && slot.role !== 'path',
  );
  return detailed.some((slot) => !isOpenSlot(slot) && (slot.value !== '' || slot.content.length > 0)) ? 'partly' : 'open';
}
