import type { Block, CodeBlock, Heading } from '../../documents/markdown.ts';

/** A heading with what stands below it, up to the next heading of its level. */
export interface Section {
  readonly heading: Heading | undefined;
  readonly body: Block[];
  readonly sections: Section[];
}

/** The sections of one document that are about no endpoint. */
export interface DocumentSections {
  readonly path: string;
  readonly others: readonly Section[];
}

/** Headings and what stands below them, as a tree. */
export function sectionTree(blocks: readonly Block[]): Section {
  const root: Section = { heading: undefined, body: [], sections: [] };
  const path: Section[] = [root];
  for (const block of blocks) {
    const current = path.at(-1);
    if (block.kind === 'rule') {
      // A line across the page ends what stands above it; right below a heading it is only decoration.
      const isDecoration = current === undefined || current.body.length === 0;
      if (isDecoration) continue;
      const rest: Section = { heading: undefined, body: [], sections: [] };
      root.sections.push(rest);
      path.splice(1, path.length, rest);
      continue;
    }
    if (block.kind !== 'heading') {
      current?.body.push(block);
      continue;
    }
    while (path.length > 1 && (path.at(-1)?.heading?.depth ?? 6) >= block.depth) path.pop();
    const section: Section = { heading: block, body: [], sections: [] };
    path.at(-1)?.sections.push(section);
    path.push(section);
  }
  return root;
}

/** Every block of a section, nested sections and their headings included. */
export function allBlocks(section: Section): Block[] {
  return [
    ...section.body,
    ...section.sections.flatMap((inner) => [...(inner.heading === undefined ? [] : [inner.heading]), ...allBlocks(inner)]),
  ];
}

/** The fenced blocks at and below these blocks. */
export function codeBlocks(blocks: readonly Block[]): CodeBlock[] {
  return blocks.flatMap((block) => (block.kind === 'code' ? [block] : block.kind === 'item' ? codeBlocks(block.blocks) : []));
}
