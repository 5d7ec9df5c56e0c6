import { Refusal } from '../../workspace/refusal.ts';
import { type LineEnding, toLf, withLineEnding } from '../../workspace/text.ts';
import { MAX_FILE_BYTES } from '../../workspace/workspace.ts';

/** One replacement: `old` must stand in the text exactly once, unless `all`. */
export interface Edit {
  readonly old: string;
  readonly new: string;
  readonly all?: boolean | undefined;
}

/** More places are no edit any more, and take time to put together. */
const MAX_PLACES = 20_000;
/** In longer texts the nearest lines are not looked for, in characters. */
const MAX_COMPARED = 200_000;

/**
 * Applies edits one after the other. Line endings are ignored when matching; text that no edit touches keeps every byte,
 * and new lines get the file's own ending.
 * @throws Refusal `no_match` with the nearest lines, or `invalid_input`
 */
export function applyEdits(text: string, edits: readonly Edit[], ending: LineEnding, path: string): string {
  return edits.reduce(
    (current, edit, index) => applyEdit(current, edit, ending, path, edits.length > 1 ? `Edit ${index + 1}` : 'The edit'),
    text,
  );
}

function applyEdit(text: string, edit: Edit, ending: LineEnding, path: string, label: string): string {
  const old = toLf(edit.old);
  if (old === '')
    throw new Refusal(
      'invalid_input',
      `${label}: "old" is empty.`,
      'Give the text to replace; to add lines, repeat a line beside them in old and new.',
    );
  const plain = toLf(text);
  const places = occurrences(plain, old);
  if (places.length > MAX_PLACES)
    throw new Refusal(
      'too_large',
      `${label}: "old" stands in over ${MAX_PLACES} places of "${path}".`,
      'Name a longer text, or change the places in several calls.',
    );
  if (places.length === 0) throw new Refusal('no_match', `${label}: "old" does not stand in "${path}".`, nearest(plain, old));
  if (places.length > 1 && edit.all !== true) {
    const lines = places.slice(0, 10).map((at) => lineOf(plain, at));
    throw new Refusal(
      'no_match',
      `${label}: "old" stands ${places.length} times in "${path}" (lines ${lines.join(', ')}).`,
      'Add surrounding lines to "old" until it is unique, or set all: true.',
    );
  }
  const replacement = withLineEnding(toLf(edit.new), ending);
  const size = text.length + places.length * (replacement.length - old.length);
  if (size > MAX_FILE_BYTES)
    throw new Refusal(
      'too_large',
      `${label} would make "${path}" ${(size / 1024 / 1024).toFixed(0)} MB; at most ${MAX_FILE_BYTES / 1024 / 1024} MB are written.`,
      'Replace fewer places, or split the file.',
    );
  const toOriginal = offsetMap(text);
  let result = '';
  let last = 0;
  for (const at of places) {
    result += text.slice(last, toOriginal(at)) + replacement;
    last = toOriginal(at + old.length);
  }
  return result + text.slice(last);
}

/** One more than {@link MAX_PLACES} at most. */
function occurrences(text: string, wanted: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1 && places.length <= MAX_PLACES; at = text.indexOf(wanted, at + wanted.length))
    places.push(at);
  return places;
}

/** Offsets in the LF text to offsets in the original. */
function offsetMap(text: string): (offset: number) => number {
  const breaks: number[] = [];
  for (let at = text.indexOf('\r\n'); at !== -1; at = text.indexOf('\r\n', at + 2)) breaks.push(at - breaks.length);
  return (offset) => {
    let low = 0;
    let high = breaks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((breaks[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return offset + low;
  };
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** The lines most like the first line of the text that was not found. */
function nearest(text: string, old: string): string {
  if (text.length > MAX_COMPARED) return 'Call read_file and copy the text exactly.';
  const wanted =
    old
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? '';
  const scored = text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1, score: similarity(line.trim(), wanted) }))
    .filter((candidate) => candidate.score > 0.5)
    .sort((a, b) => b.score - a.score)
    .slice(0, 3);
  if (scored.length === 0) return 'Call read_file and copy the text exactly.';
  return `Nearest lines: ${scored.map(({ number, line }) => `${number}: ${line.slice(0, 120)}`).join(' | ')}. Call read_file and copy the text exactly.`;
}

/** Share of common two-letter pieces, 0 to 1. */
function similarity(a: string, b: string): number {
  const [left, right] = [pieces(a), pieces(b)];
  if (left.size === 0 || right.size === 0) return a === b ? 1 : 0;
  const common = [...left].filter((piece) => right.has(piece)).length;
  return (2 * common) / (left.size + right.size);
}

function pieces(text: string): Set<string> {
  return new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, index) => text.slice(index, index + 2)));
}
