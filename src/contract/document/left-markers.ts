import type { Block } from '../../documents/markdown.ts';
import type { ContractProblem } from '../contract.ts';
import { isOnlyMarker, isOpenText, plainText } from './endpoint-text.ts';
import { splitLabel } from './labels.ts';

/** A stretch of a document, in UTF-16 offsets. */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Markers that stand outside of the endpoints which are reported as open: a contract with one of them is not ready. */
export function leftMarkers(path: string, blocks: readonly Block[], reported: readonly Stretch[]): ContractProblem[] {
  return blocks
    .flatMap((block) => markersIn(block))
    .flatMap(({ line, text, start }): ContractProblem[] => {
      if (reported.some((stretch) => stretch.start <= start && start < stretch.end)) return [];
      const message = `Something is still open here: "${plainText(text).slice(0, 60)}".`;
      return [{ kind: 'open', severity: 'error', endpoint: '', message, fix: 'Decide it, or take the marker out.', place: { path, line } }];
    });
}

function markersIn(block: Block): { line: number; text: string; start: number }[] {
  const own = (text: string): { line: number; text: string; start: number }[] =>
    isMarked(text) ? [{ line: block.line, text, start: block.start }] : [];
  switch (block.kind) {
    case 'heading':
    case 'line':
      return own(block.text);
    case 'item':
      return [...own(block.text), ...block.blocks.flatMap(markersIn)];
    case 'table':
      return block.rows.flatMap((row) =>
        row.cells.filter((cell) => isOnlyMarker(cell.text)).map(({ line, text, start }) => ({ line, text, start })),
      );
    case 'code':
      return block.value.split('\n').flatMap((text, index) => {
        const comment = /(?:#|\/\/)\s*(.*)$/.exec(text)?.[1] ?? text;
        return isOnlyMarker(comment) ? [{ line: block.contentLine + index, text, start: block.start }] : [];
      });
    default:
      return [];
  }
}

/** A text that is a marker, a label with one, or ends in one; not a sentence about markers. */
function isMarked(text: string): boolean {
  if (isOnlyMarker(text)) return true;
  const value = splitLabel(text)?.value;
  if (value !== undefined && value !== '' && isOnlyMarker(value)) return true;
  const last = /[[【（(][^[\]【】（）()]+[\]】）)]\s*$/.exec(plainText(text))?.[0];
  return last !== undefined && isOpenText(last) && isOnlyMarker(last);
}
