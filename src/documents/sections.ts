import { type LineEnding, toLf, withLineEnding } from '../workspace/text.ts';
import { RAW_INLINE } from './markdown.ts';
import { parseable } from './parseable.ts';

/** A section of a Markdown document: a heading and everything up to the next heading of its level or above. */
export interface Section {
  /** The heading's plain text. */
  readonly title: string;
  /** 1 to 6. */
  readonly level: number;
  /** 1-based line of the heading. */
  readonly startLine: number;
  /** 1-based last line, included. */
  readonly endLine: number;
  /** UTF-16 offsets of the heading, the end excluded. */
  readonly headingStart: number;
  readonly headingEnd: number;
  /**
   * Its own text, up to the next heading of any level, without the blank lines around it: UTF-16 offsets, the end excluded. Both
   * are `headingEnd` where it has none.
   */
  readonly bodyStart: number;
  readonly bodyEnd: number;
}

/** What may be more than the characters that are seen. */
const INLINE = /[`*_[\]<&!\\:@]/;
/** No person's heading is longer, in characters. */
const MAX_TITLE = 500;

/** The sections of a document in order, nested ones included. Headings inside code fences and front matter do not count. */
export async function readSections(text: string): Promise<Section[]> {
  // Loaded on first use: most calls never look at Markdown.
  const [{ fromMarkdown }, { toString: textOf }, { frontmatterFromMarkdown }, { frontmatter }] = await Promise.all([
    import('mdast-util-from-markdown'),
    import('mdast-util-to-string'),
    import('mdast-util-frontmatter'),
    import('micromark-extension-frontmatter'),
  ]);
  // Only what stands inside a heading is looked at more closely: emphasis and links elsewhere cost the most time.
  const tree = fromMarkdown(parseable(text), {
    extensions: [frontmatter(['yaml']), { disable: { null: RAW_INLINE } }],
    mdastExtensions: [frontmatterFromMarkdown(['yaml'])],
  });
  const titleOf = (raw: string): string => (INLINE.test(raw) && raw.length <= MAX_TITLE ? textOf(fromMarkdown(`# ${raw}`)) : raw);
  const headings = tree.children.flatMap((node) =>
    node.type === 'heading' && node.position !== undefined
      ? [
          {
            title: titleOf(textOf(node)),
            level: node.depth,
            startLine: node.position.start.line,
            headingStart: node.position.start.offset ?? 0,
            headingEnd: node.position.end.offset ?? 0,
          },
        ]
      : [],
  );
  const lastLine = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const endLines = endLinesOf(headings, lastLine);
  return headings.map((heading, index) => ({
    ...heading,
    endLine: endLines[index] ?? lastLine,
    ...ownText(text, heading.headingEnd, headings[index + 1]?.headingStart ?? text.length),
  }));
}

/** The last line of each section: the one before the next heading of its level or above. */
function endLinesOf(headings: readonly { readonly level: number; readonly startLine: number }[], lastLine: number): number[] {
  const ends = headings.map(() => lastLine);
  const open: number[] = [];
  for (const [index, { level, startLine }] of headings.entries()) {
    for (let above = open.at(-1); above !== undefined && (headings[above]?.level ?? 0) >= level; above = open.at(-1)) {
      ends[above] = startLine - 1;
      open.pop();
    }
    open.push(index);
  }
  return ends;
}

/** What lies between two offsets, without the blank lines around it. */
function ownText(text: string, from: number, to: number): { bodyStart: number; bodyEnd: number } {
  const between = text.slice(from, to);
  const inner = between.trim();
  if (inner === '') return { bodyStart: from, bodyEnd: from };
  const first = between.indexOf(inner);
  // The indentation of the first line belongs to it.
  const bodyStart = from + between.lastIndexOf('\n', first) + 1;
  return { bodyStart, bodyEnd: from + first + inner.length };
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
