import { lineBreaks } from '../../workspace/text.ts';
import { fencedLines } from '../fences.ts';

/** A sentence of a reply, or what stands for one: a list item, a cell, a line of its own. */
export interface Sentence {
  /** As it is written. */
  readonly text: string;
  /** What is said rather than quoted: code, addresses and quotations are taken out, character by character, and marks are plain. */
  readonly prose: string;
  /** 1-based. */
  readonly line: number;
  /** The 1-based line on which the paragraph or item that it belongs to begins. */
  readonly unit: number;
  /** True for an item of a list or a row of a table. */
  readonly isItem: boolean;
}

/** Stands for a character that is no prose. */
const MASK = '\uFFFC';
const FENCE = /^[ \t]{0,12}(?:>[ \t]?)*(`{3,}|~{3,})/;
const ITEM = /^[ \t]*(?:[-*+•]|\d{1,3}[.)、])[ \t]+/;
const ROW = /^[ \t]*\|/;
const HEADING = /^[ \t]{0,3}#{1,6}[ \t]/;
/** Code, addresses, comments and quotations, each within one line. */
const NOT_PROSE = [
  /(`+)[^`\n]{1,2000}?\1/g,
  /\bhttps?:\/\/[^\s)>\]]+/g,
  /<!--[^\n]{0,2000}?-->/g,
  /"[^"\n]{1,300}"|“[^”\n]{1,300}”|„[^“”\n]{1,300}[“”]|«[^»\n]{1,300}»|「[^」\n]{1,300}」|『[^』\n]{1,300}』/g,
];
const PLAIN: Readonly<Record<string, string>> = {
  '’': "'",
  '！': '!',
  '，': ',',
  '：': ':',
  '？': '?',
  '；': ';',
  '\u00A0': ' ',
  '\u202F': ' ',
};

/** The sentences of a reply in order; fenced code and block quotes are left out. */
export function readSentences(reply: string): Sentence[] {
  return readUnits(reply).flatMap(sentencesOf);
}

/** Lines that are read together: a paragraph, a heading, an item of a list, a row of a table. */
export interface Unit {
  readonly text: string;
  /** 1-based. */
  readonly line: number;
  readonly isItem: boolean;
}

/** The units of a reply in order; fenced code and block quotes are left out. */
export function readUnits(reply: string): Unit[] {
  const units: Unit[] = [];
  const lines = reply.split('\n');
  const isFenced = fencedLines(lines, FENCE);
  let open: Unit | undefined;
  const close = (): void => {
    if (open !== undefined) units.push(open);
    open = undefined;
  };
  for (const [index, line] of lines.entries()) {
    if (isFenced[index]) {
      close();
      continue;
    }
    const isItem = ITEM.test(line) || ROW.test(line);
    if (line.trim() === '' || isItem || HEADING.test(line) || /^[ \t]*>/.test(line)) close();
    if (line.trim() === '' || /^[ \t]*>/.test(line)) continue;
    // A wrapped line goes on with the one before.
    open = open === undefined ? { text: line, line: index + 1, isItem } : { ...open, text: `${open.text}\n${line}` };
    if (HEADING.test(line)) close();
  }
  close();
  return units;
}

/** The sentences of one unit. */
export function sentencesOf({ text, line, isItem }: Unit): Sentence[] {
  const prose = masked(text);
  const sentences: Sentence[] = [];
  let start = 0;
  let at = line;
  for (const end of [...sentenceEnds(prose), prose.length]) {
    const raw = text.slice(start, end);
    const lead = raw.length - raw.trimStart().length;
    at += lineBreaks(raw.slice(0, lead));
    if (raw.trim() !== '')
      sentences.push({ text: raw.trim(), prose: prose.slice(start + lead, end).trimEnd(), line: at, unit: line, isItem });
    at += lineBreaks(raw.slice(lead));
    start = end;
  }
  return sentences;
}

/** Where sentences end: behind a stop that white space follows, any stop of Chinese and Japanese, or a label on a line of its own. */
function sentenceEnds(prose: string): number[] {
  const stop =
    /[。!?]+[)）"”」]*|(?<!\b(?:e\.g|i\.e|etc|vs|cf|approx|No|Nr|z\.\s?B|d\.\s?h|p\.\s?ej|U\.S|bzw|ca))\.(?=\s+(?!\p{Ll}))|[:：](?=\n)/gu;
  return [...prose.matchAll(stop)].map((match) => match.index + match[0].length);
}

/** The text with what is no prose masked, and its marks plain; every character keeps its place. */
function masked(text: string): string {
  const hidden = NOT_PROSE.reduce((current, pattern) => current.replace(pattern, (found) => MASK.repeat(found.length)), text);
  return plainMarks(hidden);
}

/** A text with the marks and spaces of other keyboards as the plain ones; every character keeps its place. */
export function plainMarks(text: string): string {
  return text.replace(/[’！，：？；\u00A0\u202F]/g, (mark) => PLAIN[mark] ?? mark);
}

/** Where the words of a sentence begin: behind list marks, emphasis and signs. */
export function startOfWords(prose: string): number {
  return /^(?:[ \t|>*_#•+¡¿\u200B-\u200D\uFEFF-]|\d{1,3}[.)、]|\p{Extended_Pictographic}|\uFE0F)*/u.exec(prose)?.[0].length ?? 0;
}
