import { countLines } from '../workspace/text.ts';
import { readSections } from './sections.ts';

/** batch/limit: a deliverable over either is written in batches. */
export const MAX_LINES_AT_ONCE = 150;
export const MAX_CHARACTERS_AT_ONCE = 6000;
/** batch/section: the most one write of a batch may hold. */
export const MAX_SECTION_LINES = 100;
/** What every section of a skeleton holds until it is written. */
export const TBD = '[TBD]';

const MARKER = /^[ \t>*_+-]*(?:\d{1,3}[.)][ \t]+)?`?\[TBD\]`?[ \t*_\\.]*$/i;
const BEFORE_SKELETON = /^(?:(---|\+\+\+)\r?\n[\s\S]*?\n\1)?\s*(?:<!--[\s\S]*?-->\s*)*$/;
const DOCUMENT = /\.(md|markdown|mdx|rst|adoc|txt)$/i;

/** True for prose deliverables, which the batch rules are about. */
export function isDocument(path: string): boolean {
  return DOCUMENT.test(path);
}

/** How large a text is, in the two measures of batch/limit. */
export function measure(text: string): { lines: number; characters: number } {
  return { lines: countLines(text), characters: [...text].length };
}

/** True when a deliverable of this size is written in batches. */
export function needsBatches(size: { lines: number; characters: number }): boolean {
  return size.lines > MAX_LINES_AT_ONCE || size.characters > MAX_CHARACTERS_AT_ONCE;
}

/** True for a line that holds nothing but `[TBD]`, whatever marks stand around it. */
export function isMarker(line: string): boolean {
  return MARKER.test(line);
}

/** True when a document is only a skeleton: headings, and nothing but `[TBD]` below them; front matter and comments may stand before. */
export async function isSkeleton(text: string): Promise<boolean> {
  const sections = await readSections(text);
  const lead = text.slice(0, sections[0]?.headingStart ?? 0).trim();
  const own = sections.map((section) => text.slice(section.bodyStart, section.bodyEnd).trim());
  return BEFORE_SKELETON.test(lead) && own.some(isMarker) && own.every((each) => each === '' || isMarker(each));
}

/** 1-based lines that still hold a `[TBD]` marker. */
export function openMarkers(text: string): number[] {
  return text.split('\n').flatMap((line, index) => (line.includes(TBD) ? [index + 1] : []));
}
