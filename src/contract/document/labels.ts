import { z } from 'zod';
import data from '../../../data/contract-labels.json';
import { anyOf } from '../../workspace/vocabulary.ts';
import { isOpenText, plainText } from './endpoint-text.ts';

/** What a label or heading inside an endpoint's part of a contract announces. */
const ROLES = [
  ...(['summary', 'auth', 'method', 'path', 'parameters', 'path_parameters', 'query_parameters', 'headers'] as const),
  ...(['request', 'response', 'errors', 'status', 'media_type', 'validation', 'change', 'models'] as const),
] as const;
export type Role = (typeof ROLES)[number];

const roleShape = z.enum(ROLES);
/** The first that fits decides: "error response" is about errors, "request parameters" about parameters. */
const VOCABULARY = data.entries.labels.map(({ role, patterns }) => ({ role: roleShape.parse(role), pattern: anyOf(patterns) }));
const LONGEST_LABEL = 48;

/** What a label announces; undefined for anything that is no known label. */
export function roleOf(title: string): Role | undefined {
  const plain = plainText(title.normalize('NFKC'))
    .replace(/^\d+(\.\d+)*[.)、]?\s*/, '')
    .toLowerCase();
  if (plain === '' || plain.length > LONGEST_LABEL) return undefined;
  const withoutNote = plain.replace(/\s*[([【].*$/, '').trim() || plain;
  return VOCABULARY.find(({ pattern }) => pattern.test(withoutNote))?.role ?? VOCABULARY.find(({ pattern }) => pattern.test(plain))?.role;
}

/** A line such as `**Request body**: LoanCreate`: what stands before the colon, and where the rest begins. */
export interface Label {
  readonly title: string;
  readonly isBold: boolean;
  readonly isCode: boolean;
  readonly value: string;
  /** Where `value` begins in the line, in UTF-16 units. */
  readonly valueStart: number;
}

const BOLD = /^(?:\*\*|__)\s{0,20}([^*_].*?)\s{0,20}(?:[:：]\s{0,20})?(?:\*\*|__)\s{0,20}(?:([（(][^）)]*[）)])\s{0,20})?[:：]?\s{0,20}/;
const CODED = /^`([^`]+)`\s*(?:[（(]([^）)]*)[）)])?\s*[:：—–-]\s*/;
const PLAIN = /^([^:：|`*{}"/]{1,60}?)\s*[:：](?!\/\/)\s*/;

/** Splits a line at its label; undefined when it has none. */
export function splitLabel(text: string): Label | undefined {
  const bold = BOLD.exec(text);
  if (bold?.[1] !== undefined) {
    // `**Response** (201): ...` says the status in the label; `**Response** (TBD)` says nothing yet.
    const note = bold[2] ?? '';
    if (isOpenText(note)) {
      const valueStart = text.indexOf(note);
      return { title: bold[1], isBold: true, isCode: false, value: text.slice(valueStart), valueStart };
    }
    const title = [bold[1], note].join(' ').trim();
    return { title, isBold: true, isCode: /^`.*`$/.test(bold[1]), value: text.slice(bold[0].length), valueStart: bold[0].length };
  }
  const coded = CODED.exec(text);
  if (coded?.[1] !== undefined)
    return { title: coded[1], isBold: false, isCode: true, value: text.slice(coded[0].length), valueStart: coded[0].length };
  const plain = PLAIN.exec(text);
  if (plain?.[1] === undefined) return undefined;
  return { title: plain[1], isBold: false, isCode: false, value: text.slice(plain[0].length), valueStart: plain[0].length };
}

/** True for the ways to say that there is nothing. */
export function isNothing(text: string): boolean {
  return /^(none|no body|no request body|no content|empty|nothing|n\/a|无|无请求体|无响应体|空|なし|ボディなし|不要|-|—|–|keine?|aucune?|ninguna?o?)\b[.。]?$|^(无|空|なし|—|–|-)[.。]?$/i.test(
    plainText(text),
  );
}

/** The HTTP statuses that a text names, in order. */
export function statusesIn(text: string): number[] {
  return [...text.matchAll(/(?<![\d.#])([1-5]\d\d)(?![\d.]\d|\d)/g)].map((match) => Number(match[1]));
}
