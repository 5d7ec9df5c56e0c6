import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { listFiles } from '../workspace/listing.ts';
import { hashOf } from '../workspace/text.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** What a work log speaks of: the code and the contract. */
const FILES = ['**/*.py', '.ai/temp/**/api-contract*.md'];

/** A fingerprint of the work, by content: a copy or a fresh checkout has the same. */
export async function workState(workspace: Workspace): Promise<string> {
  const files = (await listFiles(workspace, FILES)).toSorted();
  const states = await Promise.all(
    files.map(async (file) => {
      const bytes = await readFile(path.join(workspace.realRoot, file)).catch(() => undefined);
      // Line ends depend on where it was checked out.
      return bytes === undefined ? file : `${file} ${hashOf(bytes.toString('latin1').replaceAll('\r\n', '\n'))}`;
    }),
  );
  return hashOf(states.join('\n'));
}

/** The line of a work log that says which state it speaks of. */
export function workMark(state: string): string {
  return `<!-- work: ${state} -->`;
}
