import { Transform, type TransformCallback } from 'node:stream';

/** The longest message that is taken, in bytes: below the limit at which the SDK closes the connection without a word. */
export const MAX_LINE_BYTES = 9 * 1024 * 1024;
/** How much of a message that is too long is searched for its id, at either end. */
const SEARCHED_BYTES = 2_000;
const NEWLINE = 10;
const ID = /"id"\s*:\s*("(?:[^"\\]|\\.){1,200}"|-?\d{1,15})/;

/**
 * Passes on lines of standard input, and drops those over {@link MAX_LINE_BYTES}. `onTooLong` gets the id of the request that such a
 * line seems to hold, as JSON; undefined where none is found.
 */
export class InputLines extends Transform {
  private readonly onTooLong: (id: string | undefined) => void;
  /** What has come of a line that has not ended. */
  private parts: Buffer[] = [];
  private length = 0;

  constructor(onTooLong: (id: string | undefined) => void) {
    super();
    this.onTooLong = onTooLong;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.keep(chunk.subarray(from, end + 1));
      this.endLine();
      from = end + 1;
    }
    if (from < chunk.length) this.keep(chunk.subarray(from));
    done();
  }

  private keep(part: Buffer): void {
    this.length += part.length;
    // Of what is too long only the beginning is kept, and the last part.
    if (this.length <= MAX_LINE_BYTES) this.parts.push(part);
    else this.parts = [...this.parts.slice(0, 1), part];
  }

  private endLine(): void {
    const line = Buffer.concat(this.parts);
    const isTooLong = this.length > MAX_LINE_BYTES;
    this.parts = [];
    this.length = 0;
    if (isTooLong) this.onTooLong(idIn(line));
    else this.push(line);
  }
}

function idIn(line: Buffer): string | undefined {
  const ends = [line.subarray(0, SEARCHED_BYTES), line.subarray(-SEARCHED_BYTES)];
  return ends.map((part) => ID.exec(part.toString())?.[1]).find((id) => id !== undefined);
}
