import { type LineEnding, toLf, withLineEnding } from '../workspace/text.ts';

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

/** The sections of a document in order, nested ones included. Headings inside code fences and front matter do not count. */
export async function readSections(text: string): Promise<Section[]> {
  // Loaded on first use: most calls never look at Markdown.
  const [{ fromMarkdown }, { toString: textOf }, { frontmatterFromMarkdown }, { frontmatter }] = await Promise.all([
    import('mdast-util-from-markdown'),
    import('mdast-util-to-string'),
    import('mdast-util-frontmatter'),
    import('micromark-extension-frontmatter'),
  ]);
  const tree = fromMarkdown(text, { extensions: [frontmatter(['yaml'])], mdastExtensions: [frontmatterFromMarkdown(['yaml'])] });
  const headings = tree.children.flatMap((node) =>
    node.type === 'heading' && node.position !== undefined
      ? [
          {
            title: textOf(node),
            level: node.depth,
            startLine: node.position.start.line,
            headingStart: node.position.start.offset ?? 0,
            headingEnd: node.position.end.offset ?? 0,
          },
        ]
      : [],
  );
  const lastLine = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return headings.map((heading, index) => {
    const next = headings.slice(index + 1).find((other) => other.level <= heading.level);
    return {
      ...heading,
      endLine: next === undefined ? lastLine : next.startLine - 1,
      ...ownText(text, heading.headingEnd, headings[index + 1]?.headingStart ?? text.length),
    };
  });
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
  const body = withLineEnding(trimmedContent(content), ending);
  const line = ending === 'crlf' ? '\r\n' : '\n';
  const rest = text.slice(bodyEnd);
  // A paragraph right above a line of text that is underlined would become part of that heading.
  const gap = /^[ \t]*\r?\n[ \t]*[^\s#]/.test(rest) ? line : '';
  if (bodyStart !== bodyEnd) return text.slice(0, bodyStart) + body + gap + rest;
  return text.slice(0, headingEnd) + line + line + body + (rest === '' ? line : gap) + rest;
}

/** A text without the blank lines around it, with LF line endings. */
export function trimmedContent(content: string): string {
  return toLf(content)
    .replace(/^(?:[ \t]*\n)+/, '')
    .trimEnd();
}

/**
 * The sections that a caller means: a heading with or without its `#` marks, `Parent > Child`, or a name that
 * {@link sectionName} gave. Several when a heading is repeated.
 */
export function findSections(sections: readonly Section[], wanted: string): Section[] {
  const level = /^#{1,6}(?=\s)/.exec(wanted.trim())?.[0].length;
  const title = wanted
    .trim()
    .replace(/^#{1,6}\s+/, '')
    .replace(/\s+#+$/, '');
  const named = sections.filter((section) => plain(section.title) === plain(title) && (level === undefined || section.level === level));
  if (named.length > 0) return named;
  return sections.filter((section) => [pathName(sections, section), lineName(section)].some((name) => plain(name) === plain(title)));
}

/** The shortest name that means this section alone: its title, the title behind its parent's, or the title with its line. */
export function sectionName(sections: readonly Section[], section: Section): string {
  for (const name of [section.title, pathName(sections, section)]) if (findSections(sections, name).length === 1) return name;
  return lineName(section);
}

function pathName(sections: readonly Section[], section: Section): string {
  const before = sections.slice(0, sections.indexOf(section));
  const parent = before.findLast((each) => each.level < section.level);
  return parent === undefined ? section.title : `${parent.title} > ${section.title}`;
}

function lineName({ title, startLine }: Section): string {
  return `${title} (line ${startLine})`;
}

function plain(title: string): string {
  return title.normalize('NFKC').replace(/[`*_]/g, '').replace(/\s+/g, ' ').trim().toLowerCase();
}
