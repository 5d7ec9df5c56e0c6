import { type LineEnding, lineBreaks, withLineEnding } from '../workspace/text.ts';
import { isMarker } from './batch.ts';
import { fencedLines } from './fences.ts';
import type { Section } from './parse-sections.ts';
import { findSections, readSections, sectionNames, trimmedContent, withReplaced, withSectionText } from './sections.ts';

/** What is written in one call of a batch: a section of a document, or a `# [TBD] name` line of a module's outline. */
export interface BatchSection {
  /** Names it alone. */
  readonly name: string;
  /** The words of its heading, or its name in the outline. */
  readonly title: string;
  /** 1-based. */
  readonly line: number;
  /** Of its heading, 1 to 6; 0 before the first heading, 1 in an outline. */
  readonly level: number;
  /** It still waits for its text: `[TBD]` stands alone on a line of it. */
  readonly isOpen: boolean;
  /** Its own text, without the blank lines around it, and the 1-based line on which that begins. */
  readonly text: string;
  readonly textLine: number;
  /** The text with that of the sections below it. */
  readonly tree: string;
  /** The text of the whole file with `[TBD]`, or else this section's own text, replaced. */
  filledWith(content: string, ending: LineEnding): string;
}

/** What is there above the first heading, or in a document without any. */
const LEAD = '(before the first heading)';
const FRONT_MATTER = /^(---|\+\+\+)\r?\n[\s\S]*?\n\1[ \t]*(?:\r?\n|$)/;
const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const OUTLINE_LINE = /^[ \t]*#[ \t]*\[TBD\][ \t]*(.*?)[ \t]*\r?$/gm;
const PYTHON = /\.pyi?$/i;

/** True for modules, whose outline stands in comments. */
export function isPython(path: string): boolean {
  return PYTHON.test(path);
}

/** The sections of a file in order. Of a module only those that are open: what is written is code like any other. */
export async function readBatchSections(path: string, text: string): Promise<BatchSection[]> {
  return isPython(path) ? outlineSections(text) : documentSections(text);
}

/** The 1-based lines of a module's outline that still wait for their text. */
export function outlineLines(text: string): ReadonlySet<number> {
  return new Set(outlineSections(text).map((section) => section.line));
}

/** Those that a caller means by a name. Several when a name is repeated. */
export async function findBatchSections(path: string, text: string, wanted: string): Promise<BatchSection[]> {
  const all = await readBatchSections(path, text);
  const same = all.filter((each) => each.name === wanted.trim() || each.name === wanted.trim().replace(/^#\s*(?:\[TBD\]\s*)?/, ''));
  if (isPython(path) || same.length > 0) return same;
  const lines = new Set(findSections(await readSections(text), wanted).map((section) => section.startLine));
  return all.filter((each) => lines.has(each.line));
}

async function documentSections(text: string): Promise<BatchSection[]> {
  const sections = await readSections(text);
  const names = sectionNames(sections);
  const found = sections.map((section, index): BatchSection => {
    const { title, startLine, level, headingStart, headingEnd, bodyStart, bodyEnd } = section;
    const own = text.slice(bodyStart, bodyEnd);
    const marker = markerIn(own);
    const line = startLine + lineBreaks(text.slice(headingStart, bodyStart));
    return {
      name: names[index] ?? title,
      title,
      line: startLine,
      level,
      isOpen: marker !== undefined,
      text: own,
      textLine: line,
      tree: text.slice(headingEnd, treeEnd(sections, index, text)),
      filledWith: (content, ending) =>
        marker === undefined
          ? withSectionText(text, section, content, ending)
          : withReplaced(text, bodyStart + marker.start, bodyStart + marker.end, content, ending),
    };
  });
  return [...leadSection(text, sections[0]?.headingStart ?? text.length), ...found];
}

/** What stands before the first heading, without front matter. */
function leadSection(text: string, end: number): BatchSection[] {
  const start = FRONT_MATTER.exec(text.slice(0, end))?.[0].length ?? 0;
  const lead = text.slice(start, end);
  const own = lead.trim();
  if (own === '') return [];
  const bodyStart = start + lead.indexOf(own);
  const line = lineBreaks(text.slice(0, bodyStart)) + 1;
  const marker = markerIn(own);
  const [from, to] = marker === undefined ? [0, own.length] : [marker.start, marker.end];
  return [
    {
      name: LEAD,
      title: LEAD,
      line,
      level: 0,
      isOpen: marker !== undefined,
      text: own,
      textLine: line,
      tree: own,
      filledWith: (content, ending) => withReplaced(text, bodyStart + from, bodyStart + to, content, ending),
    },
  ];
}

function treeEnd(sections: readonly Section[], index: number, text: string): number {
  const level = sections[index]?.level ?? 0;
  for (let next = index + 1; next < sections.length; next++) {
    const other = sections[next];
    if (other !== undefined && other.level <= level) return other.headingStart;
  }
  return text.length;
}

function outlineSections(text: string): BatchSection[] {
  const seen = new Map<string, number>();
  return [...text.matchAll(OUTLINE_LINE)].map((match): BatchSection => {
    const [whole, title = ''] = match;
    const line = lineBreaks(text.slice(0, match.index)) + 1;
    const place = (seen.get(title) ?? 0) + 1;
    seen.set(title, place);
    return {
      name: title === '' ? `line ${line}` : place === 1 ? title : `${title} (${place})`,
      title,
      line,
      level: 1,
      isOpen: true,
      text: whole,
      textLine: line,
      tree: whole,
      filledWith: (content, ending) =>
        text.slice(0, match.index) +
        withLineEnding(trimmedContent(content), ending) +
        text.slice(match.index + whole.length - (whole.endsWith('\r') ? 1 : 0)),
    };
  });
}

/** Where `[TBD]` stands alone on a line outside of code. */
function markerIn(text: string): { readonly start: number; readonly end: number } | undefined {
  if (!/\[TBD\]/i.test(text)) return undefined;
  const lines = text.split('\n');
  const isFenced = fencedLines(lines, FENCE);
  let start = 0;
  for (const [index, line] of lines.entries()) {
    if (!isFenced[index] && isMarker(line.trimEnd())) return { start, end: start + line.trimEnd().length };
    start += line.length + 1;
  }
  return undefined;
}
