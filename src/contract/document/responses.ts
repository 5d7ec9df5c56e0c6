import type { Block } from '../../documents/markdown.ts';
import { isOpenText, plainText } from './endpoint-text.ts';
import { statusesIn } from './labels.ts';
import type { Slot } from './slots.ts';

/** What is said of a response behind its status and type. */
export function meaningOf(value: string): string {
  const after = /(?:—|–|\s-\s|[:：])\s*(.+)$/.exec(plainText(value))?.[1] ?? '';
  return isOpenText(after) ? '' : after;
}

/** A response in a list of several. */
export interface StatusPart {
  readonly status: number;
  readonly text: string;
  readonly content: readonly Block[];
  readonly line: number;
}

/** `201 `Loan` — created; 202 — later` in one line. */
export function inlineParts(slot: Slot): StatusPart[] {
  return slot.value.split(/[;；]\s*(?=`?[1-5]\d\d\b)/).flatMap((text): StatusPart[] => {
    const [status] = /^[`*\s]*[1-5]\d\d\b/.test(text) ? statusesIn(text) : [];
    return status === undefined ? [] : [{ status, text, content: [], line: slot.line }];
  });
}

/** The parts of a slot that lists responses by status: bullets or rows that begin with one. */
export function statusParts(slot: Slot): StatusPart[] {
  return slot.content.flatMap((block): StatusPart[] => {
    if (block.kind === 'item' && /^[`*\s]*(?:HTTP\s*)?[1-5]\d\d\b/.test(block.text)) {
      const [status] = statusesIn(block.text);
      return status === undefined ? [] : [{ status, text: block.text, content: block.blocks, line: block.line }];
    }
    if (block.kind !== 'table') return [];
    return block.rows.flatMap((row) => {
      const at = row.cells.findIndex((cell) => /^[`*\s]*[1-5]\d\d[`*\s]*$/.test(cell.text));
      const [status] = statusesIn(row.cells[at]?.text ?? '');
      if (status === undefined) return [];
      const text = [`${status}`, ...row.cells.filter((_, index) => index !== at).map((cell) => cell.text)].join(' — ');
      return [{ status, text, content: [], line: row.line }];
    });
  });
}
