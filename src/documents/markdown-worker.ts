import { type Block, readBlocks } from './markdown.ts';
import { parseSections, type Section } from './parse-sections.ts';

/** What the Markdown thread is asked. */
export interface MarkdownTask {
  readonly kind: 'sections' | 'blocks';
  readonly text: string;
}

/** Runs in the Markdown thread. */
export default function run({ kind, text }: MarkdownTask): Promise<Section[] | Block[]> {
  return kind === 'sections' ? parseSections(text) : readBlocks(text);
}
