/** A line of `architect_constraint.md` that names something. */
export interface Constraint {
  /** As written: `SQLAlchemy`, `pyjwt`. */
  readonly name: string;
  /** As written: `2.x`, `>=0.13`; empty when none is given. */
  readonly version: string;
  readonly kind: 'allowed' | 'prohibited';
  /** 1-based. */
  readonly line: number;
}

/** Where the architect's constraints lie; people write the name both ways. */
export const CONSTRAINT_PATHS = ['.ai/context/architect_constraint.md', '.ai/context/architect-constraint.md'] as const;

const PROHIBITION =
  /prohibit|forbid|forbidden|banned|not allowed|disallow|must not|never use|do not use|don't use|禁用|禁止|不得|不允许|使用禁止/i;
/** The most of a line that is looked at, in characters: names stand at its beginning. */
const MAX_LINE = 1_000;
const LIST_ITEM = /^\s*(?:[-*+]|\d+[.)])\s+(.*)$/;
const TABLE_ROW = /^\s*\|(.+)\|\s*$/;
/** A name of one or two words, with extras, a version and a bracketed note: all of a piece, or it is prose. */
const LIBRARY =
  /^[`*_]*([A-Za-z][\w.-]*(?: [A-Za-z][\w-]*)?)(\[[\w, -]+\])?[`*_]*\s{0,9}(v?\d[\w.+*~-]*|[<>=~!^]=?\s{0,9}[\w.*]+(?:\s{0,9},\s{0,9}[<>=~!^]=?\s{0,9}[\w.*]+)*)?[`*_]*\s{0,9}(?:[（(].*[)）])?\s{0,9}(?:[—–:：].*)?$/;
const BACKTICKED = /`([A-Za-z][\w.-]*)(?:\[[\w, ]+\])?\s*((?:[<>=~!^]=?\s*[\w.*]+,?\s*)*)`/g;
const NAMED_PROHIBITION =
  /(?:禁止(?:引入|使用)?|不得(?:引入|使用)?|do not use|never use|must not use|no)\s*[`"「]?([A-Za-z][\w.-]*)[`"」]?/i;

/**
 * The libraries that a constraint document names, with where and how. Only names that stand as names are returned:
 * prose such as "prefer the standard library" and unfilled `[e.g. ...]` brackets name nothing.
 */
export function parseConstraints(text: string): Constraint[] {
  const found: Constraint[] = [];
  let prohibits = false;
  let isFenced = false;
  for (const [index, whole] of text.split(/\r?\n/).entries()) {
    const raw = whole.slice(0, MAX_LINE);
    if (/^\s*(```|~~~)/.test(raw)) isFenced = !isFenced;
    const heading = /^\s{0,3}#{1,6}\s+(.*)$/.exec(raw)?.[1];
    if (heading !== undefined && !isFenced) prohibits = PROHIBITION.test(heading);
    if (heading !== undefined || isFenced) continue;
    const line = index + 1;
    const item = LIST_ITEM.exec(raw)?.[1];
    const row = TABLE_ROW.exec(raw)?.[1];
    if (item === undefined && row === undefined) continue;
    const pieces = row === undefined ? piecesOf(item ?? '') : row.split('|').map((cell) => cell.trim());
    if (!prohibits && PROHIBITION.test(item ?? '')) {
      const name = /之外/.test(raw) ? undefined : NAMED_PROHIBITION.exec(item ?? '')?.[1];
      if (name !== undefined) found.push({ name, version: '', kind: 'prohibited', line });
      continue;
    }
    for (const piece of pieces) found.push(...namesIn(piece, prohibits ? 'prohibited' : 'allowed', line));
  }
  return found;
}

/** The libraries of a list item: `Label: A + B (note) + C` gives three. */
function piecesOf(item: string): string[] {
  if (/[[［]\s*(e\.g\.|例如|如[:：])|[（(]\s*fill in\s*[)）]/i.test(item)) return [];
  const withoutNotes = item.replace(/[（(][^)）]*[)）]/g, ' ');
  const label = /^[*_]{0,2}[^`:：]{1,40}?[*_]{0,2}[:：][*_]{0,2}\s*(.*)$/.exec(withoutNotes);
  return (label?.[1] ?? withoutNotes).split(/\s(?:\+|with|and)\s|、|,(?![^[]*\])|，|\s\/\s|；|;/).map((piece) => piece.trim());
}

function namesIn(piece: string, kind: Constraint['kind'], line: number): Constraint[] {
  const whole = LIBRARY.exec(piece.trim());
  if (whole?.[1] !== undefined) return [{ name: whole[1], version: (whole[3] ?? '').trim(), kind, line }];
  return [...piece.matchAll(BACKTICKED)].map((match) => ({ name: match[1] ?? '', version: (match[2] ?? '').trim(), kind, line }));
}
