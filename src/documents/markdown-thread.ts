import { Refusal } from '../workspace/refusal.ts';
import { Thread } from '../workspace/thread.ts';
import type { Block } from './markdown.ts';
import type { MarkdownTask } from './markdown-worker.ts';
import type { Section } from './parse-sections.ts';

/** Parsers of Markdown can take quadratic time: documents are read in a thread of their own, so that none keeps the protocol waiting. */
const thread = new Thread('dist/markdown-worker.js', 512, {
  timeLimitMs: 10_000,
  remedy: 'Work on it by lines or with edits, or ask the user to split it.',
});
/** Nobody reads a longer document, in characters. */
const MAX_LENGTH = 2_000_000;

/**
 * The sections of a document, see {@link Section}.
 * @throws Refusal `too_large`
 */
export function sectionsInThread(text: string): Promise<Section[]> {
  return read<Section[]>({ kind: 'sections', text });
}

/**
 * The blocks of a document, see {@link Block}.
 * @throws Refusal `too_large`
 */
export function blocksInThread(text: string): Promise<Block[]> {
  return read<Block[]>({ kind: 'blocks', text });
}

function read<T>(task: MarkdownTask): Promise<T> {
  const { length } = task.text;
  if (length <= MAX_LENGTH) return thread.run<T>(task, 'The document');
  throw new Refusal(
    'too_large',
    `The document has ${(length / 1_000_000).toFixed(1)} million characters; it is read up to ${MAX_LENGTH / 1_000_000} million.`,
    'Work on it by lines or with edits, or ask the user to split it.',
  );
}
