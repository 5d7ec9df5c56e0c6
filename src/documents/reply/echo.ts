/** How much of a document a reply repeats. */
export interface Echo {
  readonly repeated: number;
  readonly lines: number;
  /** The first line that is repeated, as the reply has it, and its 1-based line there. */
  readonly first: string;
  readonly line: number;
}

/** Shorter lines stand in many texts. */
const MIN_LENGTH = 8;
const MIN_REPEATED = 8;
const MIN_SHARE = 0.6;
/** So many in a row are a part of the document, however long the whole is. */
const MIN_RUN = 12;

/** No reply repeats most of a longer document, in characters. */
const MAX_DOCUMENT = 500_000;
/** A line that stands in more places says nothing of where a reply comes from. */
const MAX_PLACES = 50;

/** reply/no-echo: what a reply repeats of a document, where that is most of it or a long part; undefined otherwise. */
export function echoOf(reply: string, document: string): Echo | undefined {
  if (document.length > MAX_DOCUMENT) return undefined;
  const wanted = plainLines(document);
  const places = new Map<string, number[]>();
  for (const [index, { text }] of wanted.entries()) {
    const known = places.get(text);
    if (known === undefined) places.set(text, [index]);
    else if (known.length < MAX_PLACES) known.push(index);
  }
  const said = plainLines(reply);
  const repeated = said.filter(({ text }) => places.has(text));
  const [first] = repeated;
  if (first === undefined) return undefined;
  const distinct = new Set(repeated.map(({ text }) => text)).size;
  const isMost = distinct >= MIN_REPEATED && distinct >= places.size * MIN_SHARE;
  if (!isMost && longestRun(said, places) < MIN_RUN) return undefined;
  return { repeated: distinct, lines: places.size, first: first.raw, line: first.line };
}

/** How many lines of a reply follow one another as in the document. */
function longestRun(said: readonly { readonly text: string }[], places: ReadonlyMap<string, readonly number[]>): number {
  let longest = 0;
  let ends = new Map<number, number>();
  for (const { text } of said) {
    const next = new Map<number, number>();
    for (const place of places.get(text) ?? []) {
      const length = (ends.get(place - 1) ?? 0) + 1;
      next.set(place, length);
      longest = Math.max(longest, length);
    }
    ends = next;
  }
  return longest;
}

function plainLines(text: string): { text: string; raw: string; line: number }[] {
  return text.split('\n').flatMap((raw, index) => {
    const plain = raw
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[\s*_`#>|\\-]+/g, ' ')
      .trim();
    return plain.length < MIN_LENGTH ? [] : [{ text: plain, raw: raw.trim(), line: index + 1 }];
  });
}
