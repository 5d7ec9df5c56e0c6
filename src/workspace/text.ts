import { createHash } from 'node:crypto';
import { Refusal } from './refusal.ts';

/** How a file ends its lines; `mixed` files keep each line's own ending. */
export type LineEnding = 'lf' | 'crlf' | 'mixed';

/** The decoded content of a file. */
export interface DecodedText {
  /** Without the byte order mark; line endings as on disk. */
  readonly text: string;
  readonly bom: boolean;
  readonly lineEnding: LineEnding;
}

/** A text file as it was read. */
export interface TextFile extends DecodedText {
  /** Workspace-relative, `/` separated. */
  readonly path: string;
  /** See {@link hashOf}. */
  readonly hash: string;
  /** In bytes. */
  readonly size: number;
  /** POSIX mode bits. */
  readonly mode: number;
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const ASCII_NUL = 0;
const DELETE = 0x7f;
/** Where Unicode keeps the pictures of the control characters. */
const CONTROL_PICTURES = 0x2400;
const DELETE_PICTURE = '\u2421';
const REPLACEMENT = '\ufffd';

/** Identifies content: the first 16 hexadecimal digits of SHA-256 over the raw bytes. */
export function hashOf(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/**
 * Decodes UTF-8 with or without byte order mark; `name` is for messages.
 * @throws Refusal `binary` or `encoding`
 */
export function decodeText(bytes: Buffer, name: string): DecodedText {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) throw encodingRefusal(name, 'UTF-16');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) throw encodingRefusal(name, 'UTF-16');
  if (bytes.includes(ASCII_NUL)) {
    throw new Refusal('binary', `"${name}" is a binary file.`, 'Name a text file; the user looks after others.');
  }
  const bom = bytes.subarray(0, 3).equals(BOM);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bom ? bytes.subarray(3) : bytes);
  } catch {
    throw encodingRefusal(name, 'no valid UTF-8');
  }
  return { text, bom, lineEnding: lineEndingOf(text) };
}

function encodingRefusal(name: string, what: string): Refusal {
  return new Refusal('encoding', `"${name}" is ${what}; it was left untouched.`, 'Ask the user to convert the file to UTF-8.');
}

/** The bytes of a text, with its byte order mark where it had one. */
export function encodeText(text: string, bom: boolean): Buffer {
  const body = Buffer.from(text, 'utf8');
  return bom ? Buffer.concat([BOM, body]) : body;
}

/** Which line endings a text uses; a text without any counts as `lf`. */
function lineEndingOf(text: string): LineEnding {
  const crlf = text.split('\r\n').length - 1;
  const lf = text.split('\n').length - 1 - crlf;
  if (crlf === 0) return 'lf';
  return lf === 0 ? 'crlf' : 'mixed';
}

/** Replaces CRLF by LF. */
export function toLf(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/** Gives LF text the ending of a file; `mixed` leaves LF. */
export function withLineEnding(lfText: string, ending: LineEnding): string {
  return ending === 'crlf' ? lfText.replaceAll('\n', '\r\n') : lfText;
}

/**
 * Shows characters that steer a terminal or hide text (escape, backspace, lone carriage return …) as their pictures: ␛ for escape. Tabs
 * and line breaks stay.
 */
export function withVisibleControls(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]|\r(?!\n)/g, (character) => {
    const code = character.charCodeAt(0);
    if (code < DELETE) return String.fromCharCode(CONTROL_PICTURES + code);
    return code === DELETE ? DELETE_PICTURE : REPLACEMENT;
  });
}

/** Number of line breaks. */
export function lineBreaks(text: string): number {
  return text.split('\n').length - 1;
}

/** Number of lines; a final line break does not start another line. */
export function countLines(text: string): number {
  if (text === '') return 0;
  const breaks = lineBreaks(text);
  return text.endsWith('\n') ? breaks : breaks + 1;
}
