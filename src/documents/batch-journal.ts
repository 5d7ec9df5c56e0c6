import { z } from 'zod';
import { Refusal } from '../workspace/refusal.ts';
import { encodeText } from '../workspace/text.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { writeAtomically } from '../workspace/write.ts';

/** What the files themselves do not tell of a batch write. */
export interface BatchEntry {
  /** A section whose text looked cut and was not written; the same text sent again is taken for whole. */
  readonly suspected?: { readonly section: string; readonly hash: string } | undefined;
}

const NAME = '.python-engineer-batches.json';
/** How often it is tried again when another server writes it at the same time. */
const ATTEMPTS = 20;
const shape = z.object({
  files: z.record(z.string(), z.object({ suspected: z.object({ section: z.string(), hash: z.string() }).optional() })),
});

/**
 * The files that are written in batches, by path. `folder` is the iteration's, workspace-relative. A journal that is missing or
 * broken is empty: the files show by themselves what is open.
 */
export async function readBatchJournal(workspace: Workspace, folder: string): Promise<ReadonlyMap<string, BatchEntry>> {
  return (await readJournal(workspace, folder)).files;
}

/** Notes a file, or with undefined forgets it. */
export async function noteBatch(workspace: Workspace, folder: string, path: string, entry: BatchEntry | undefined): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { files, hash } = await readJournal(workspace, folder);
    if (JSON.stringify(files.get(path)) === JSON.stringify(entry)) return;
    const changed = new Map(files);
    if (entry === undefined) changed.delete(path);
    else changed.set(path, entry);
    const text = `${JSON.stringify({ files: Object.fromEntries(changed) }, undefined, 2)}\n`;
    try {
      const target = await workspace.resolve(`${folder}/${NAME}`, 'write');
      await writeAtomically(target, encodeText(text, false), hash === undefined ? { kind: 'absent' } : { kind: 'hash', hash });
      return;
    } catch (error) {
      const isRace = error instanceof Refusal && (error.code === 'stale' || error.code === 'already_exists');
      if (!isRace || attempt >= ATTEMPTS) throw error;
    }
  }
}

async function readJournal(workspace: Workspace, folder: string): Promise<{ files: Map<string, BatchEntry>; hash: string | undefined }> {
  const file = await workspace.readTextIfExists(`${folder}/${NAME}`);
  return { files: new Map(Object.entries(parsed(file?.text))), hash: file?.hash };
}

function parsed(text: string | undefined): Record<string, BatchEntry> {
  if (text === undefined) return {};
  try {
    return shape.parse(JSON.parse(text)).files;
  } catch {
    return {};
  }
}
