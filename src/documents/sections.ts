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
      ? [{ title: textOf(node), level: node.depth, startLine: node.position.start.line }]
      : [],
  );
  const lastLine = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return headings.map((heading, index) => {
    const next = headings.slice(index + 1).find((other) => other.level <= heading.level);
    return { ...heading, endLine: next === undefined ? lastLine : next.startLine - 1 };
  });
}

/**
 * The sections that a caller means by a heading, written with or without its `#` marks. Several when a heading is repeated.
 */
export function findSections(sections: readonly Section[], wanted: string): Section[] {
  const level = /^#{1,6}(?=\s)/.exec(wanted.trim())?.[0].length;
  const title = wanted
    .trim()
    .replace(/^#{1,6}\s+/, '')
    .replace(/\s+#+$/, '');
  return sections.filter((section) => plain(section.title) === plain(title) && (level === undefined || section.level === level));
}

function plain(title: string): string {
  return title.normalize('NFKC').replace(/[`*_]/g, '').replace(/\s+/g, ' ').trim().toLowerCase();
}
