/** What a reply breaks. */
export interface ReplyFinding {
  readonly rule: string;
  readonly severity: 'error' | 'warning';
  /** Quotes the words. */
  readonly message: string;
  /** The shorter form, or what to add. */
  readonly fix: string;
  /** 1-based line of the reply. */
  readonly line: number;
}

/** What a reply is held to: an answer with code, the report of a deliverable, or neither. */
export const REPLY_KINDS = ['code', 'deliverable', 'other'] as const;
export type ReplyKind = (typeof REPLY_KINDS)[number];

const MAX_QUOTE = 80;

/** Words of a reply, cut to a length that is pleasant to read. */
export function quoted(words: string): string {
  const line = words.replace(/\s+/g, ' ').trim();
  return `"${line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line}"`;
}
