import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { temporaryFolder } from './temporary-folder.ts';

export const FIXTURES = ['lending', 'clinic', 'warehouse'] as const;
export type Fixture = (typeof FIXTURES)[number];

const driftShape = z.object({
  edits: z.array(z.object({ path: z.string(), old: z.string(), new: z.string() })),
  expected: z.array(z.object({ kind: z.string(), endpoint: z.string() })),
});
export type Drift = z.output<typeof driftShape>;

/** A copy of a service whose code follows its contract. */
export async function contractWorkspace(name: Fixture): Promise<string> {
  const root = await temporaryFolder();
  await cp(path.join('test/fixtures/contract', name), root, { recursive: true });
  return root;
}

/** The changes that make a service's code depart from its contract in twenty places, and what should be said of them. */
export async function driftOf(name: Fixture): Promise<Drift> {
  return driftShape.parse(JSON.parse(await readFile(path.join('test/fixtures/contract', `${name}.drift.json`), 'utf8')));
}

/** Makes the changes in a workspace; each must fit exactly once. */
export async function applyDrift(root: string, drift: Drift): Promise<void> {
  for (const edit of drift.edits) {
    const file = path.join(root, edit.path);
    const text = await readFile(file, 'utf8');
    if (text.split(edit.old).length !== 2) throw new Error(`${edit.path} does not hold exactly once: ${edit.old}`);
    // A function, so that `$` in the new text means nothing.
    await writeFile(
      file,
      text.replace(edit.old, () => edit.new),
    );
  }
}

/** One spelling for endpoints whose path parameters are called differently. */
export function folded(difference: { readonly kind: string; readonly endpoint: string }): string {
  return `${difference.kind} ${difference.endpoint.replace(/\{[^}]*\}/g, '{}')}`;
}
