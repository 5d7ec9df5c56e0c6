import { withLineEnding } from '../../workspace/text.ts';

/** Replaces the text between two offsets; `text` has LF line endings. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies splices to a text; what they put in gets the text's own line ending. Those at one place come in their order. */
export function spliced(text: string, splices: readonly Splice[]): string {
  const ending = text.includes('\r\n') ? 'crlf' : 'lf';
  let result = text;
  for (const splice of [...splices].reverse().sort((a, b) => b.start - a.start))
    result = result.slice(0, splice.start) + withLineEnding(splice.text, ending) + result.slice(splice.end);
  return result;
}

/** Where the line of an offset begins. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}
