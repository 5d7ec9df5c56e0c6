import { z } from 'zod';
import { Refusal } from '../workspace/refusal.ts';
import { encodeText } from '../workspace/text.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { writeAtomically } from '../workspace/write.ts';

const entryShape = z.object({
  /** A section whose text looked cut and was not written, and the hash of what stood there. */
  suspected: z.object({ section: z.string(), was: z.string() }).optional(),
  /** Hashes of texts that look cut and were said to be whole. */
  confirmed: z.array(z.string()).default([]),
  /** What was filled last: who repeats that call does not want the text twice. */
  last: z.object({ section: z.string(), hash: z.string() }).optional(),
});

/** What the files themselves do not tell of a batch write. */
export type BatchEntry = z.output<typeof entryShape>;

const NAME = '.python-engineer-batches.json';
/** How often it is tried again when another server writes it at the same time. */
const ATTEMPTS = 40;
const shape = z.object({ files: z.record(z.string(), entryShape) });
/** Of a file of which nothing is known yet. */
export const NEW_ENTRY: BatchEntry = { confirmed: [] };

/**
 * The files that are written in batches, by path. `folder` is the iteration's, workspace-relative. A journal that is missing or
 * broken is empty: the files show by themselves what is open.
 */
export async function readBatchJournal(workspace: Workspace, folder: string): Promise<ReadonlyMap<string, BatchEntry>> {
  return (await readJournal(workspace, folder)).files;
}

/** Changes what is noted of a file; undefined forgets it. Where the journal cannot be written, nothing is noted. */
export async function noteBatch(
  workspace: Workspace,
  folder: string,
  path: string,
  change: (entry: BatchEntry | undefined) => BatchEntry | undefined,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const { files, hash } = await readJournal(workspace, folder);
      const entry = change(files.get(path));
      if (JSON.stringify(files.get(path)) === JSON.stringify(entry)) return;
      const changed = new Map(files);
      if (entry === undefined) changed.delete(path);
      else changed.set(path, entry);
      const text = `${JSON.stringify({ files: Object.fromEntries(changed) }, undefined, 2)}\n`;
      const target = await workspace.resolveOwn(`${folder}/${NAME}`);
      await writeAtomically(target, encodeText(text, false), hash === undefined ? { kind: 'absent' } : { kind: 'hash', hash });
      return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // Another server was quicker; anything else is no reason to refuse the work itself.
      if (!['stale', 'already_exists'].includes(error.code)) return;
    }
  }
}

async function readJournal(workspace: Workspace, folder: string): Promise<{ files: Map<string, BatchEntry>; hash: string | undefined }> {
  try {
    const file = await workspace.readTextIfExists(`${folder}/${NAME}`);
    return { files: new Map(Object.entries(parsed(file?.text))), hash: file?.hash };
  } catch (error) {
    if (error instanceof Refusal && error.code !== 'stale') return { files: new Map(), hash: undefined };
    throw error;
  }
}

function parsed(text: string | undefined): Record<string, BatchEntry> {
  if (text === undefined) return {};
  try {
    return shape.parse(JSON.parse(text)).files;
  } catch {
    return {};
  }
}
