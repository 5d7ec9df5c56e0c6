import { type LineEnding, toLf, withLineEnding } from '../workspace/text.ts';
import { sectionsInThread } from './markdown-thread.ts';
import { parseSections, type Section } from './parse-sections.ts';

/** Parsers of Markdown can take quadratic time: a text of this many characters takes milliseconds whatever is in it. */
const MAX_READ_HERE = 2_000;

/**
 * The sections of a document in order, nested ones included. Headings inside code fences and front matter do not count.
 * @throws Refusal `too_large`
 */
export async function readSections(text: string): Promise<Section[]> {
  return text.length <= MAX_READ_HERE ? parseSections(text) : sectionsInThread(text);
}

/** The text with the section's own text replaced; everything else keeps every byte. */
export function withSectionText(text: string, { bodyStart, bodyEnd, headingEnd }: Section, content: string, ending: LineEnding): string {
  if (bodyStart !== bodyEnd) return withReplaced(text, bodyStart, bodyEnd, content, ending);
  const line = ending === 'crlf' ? '\r\n' : '\n';
  const rest = text.slice(headingEnd);
  return withReplaced(
    text.slice(0, headingEnd) + line + line + (rest === '' ? line : rest),
    headingEnd + 2 * line.length,
    headingEnd + 2 * line.length,
    content,
    ending,
  );
}

/** The text with what lies between two offsets replaced by lines of their own; everything else keeps every byte. */
export function withReplaced(text: string, start: number, end: number, content: string, ending: LineEnding): string {
  const rest = text.slice(end);
  // Without a blank line a paragraph becomes part of an underlined heading below it, and HTML takes in what follows.
  const gap = /^[ \t]*\r?\n[ \t]*\S/.test(rest) ? (ending === 'crlf' ? '\r\n' : '\n') : '';
  return text.slice(0, start) + withLineEnding(trimmedContent(content), ending) + gap + rest;
}

/** A text without the blank lines around it, with LF line endings. */
export function trimmedContent(content: string): string {
  return toLf(content.replace(/^\uFEFF/, ''))
    .replace(/^(?:[ \t]*\n)+/, '')
    .trimEnd();
}

/**
 * The sections that a caller means: a heading with or without its `#` marks, or a name that {@link sectionNames} gave. Several when a
 * heading is repeated.
 */
export function findSections(sections: readonly Section[], wanted: string): Section[] {
  const level = /^#{1,6}(?=\s)/.exec(wanted.trim())?.[0].length;
  const title = plainTitle(
    wanted
      .trim()
      .replace(/^#{1,6}\s+/, '')
      .replace(/\s+#+$/, ''),
  );
  const named = sections.filter((section) => plainTitle(section.title) === title && (level === undefined || section.level === level));
  if (named.length > 0) return named;
  const names = sectionNames(sections);
  const paths = pathNames(sections);
  return sections.filter((_, index) => [names[index], paths[index]].some((name) => plainTitle(name ?? '') === title));
}

/** A name for each section that means it alone: its title, `Parent > Title`, or `Title (2)` for the second of that title, with its line where headings look so. */
export function sectionNames(sections: readonly Section[]): string[] {
  const paths = pathNames(sections);
  const titles = counted(sections.map((section) => plainTitle(section.title)));
  const byPath = counted(paths.map(plainTitle));
  const seen = new Map<string, number>();
  const taken = new Set<string>();
  return sections.map(({ title, startLine }, index) => {
    const plain = plainTitle(title);
    const place = (seen.get(plain) ?? 0) + 1;
    seen.set(plain, place);
    const path = paths[index] ?? title;
    if (titles.get(plain) === 1) return title;
    const named = byPath.get(plainTitle(path)) === 1 ? path : `${title} (${place})`;
    // A heading may look like such a name.
    const name = titles.has(plainTitle(named)) || taken.has(plainTitle(named)) ? `${title} (line ${startLine})` : named;
    taken.add(plainTitle(name));
    return name;
  });
}

/** `Parent > Title` of each section; the title alone where it has no parent. */
function pathNames(sections: readonly Section[]): string[] {
  const above: Section[] = [];
  return sections.map((section) => {
    while ((above.at(-1)?.level ?? 0) >= section.level) above.pop();
    const parent = above.at(-1);
    above.push(section);
    return parent === undefined ? section.title : `${parent.title} > ${section.title}`;
  });
}

function counted(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** A title as it is compared: without emphasis, brackets of links, case and the width of its spaces. */
export function plainTitle(title: string): string {
  return title
    .normalize('NFKC')
    .replace(/[`*_[\]]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}
