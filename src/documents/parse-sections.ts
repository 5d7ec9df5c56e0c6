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

/** The sections of a document, however long it takes: see `readSections`. */
export async function parseSections(text: string): Promise<Section[]> {
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
