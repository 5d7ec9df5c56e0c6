import type { ListingAnswer, ListingTask } from './listing-worker.ts';
import { Refusal } from './refusal.ts';
import { Thread } from './thread.ts';
import type { Workspace } from './workspace.ts';

/** A project of 100,000 files takes about two seconds. */
const TIME_LIMIT_MS = 15_000;

/** What a glob or an ignore file makes of its time is its own: it must not keep the protocol waiting. */
const thread = new Thread('dist/listing-worker.js', 512, {
  timeLimitMs: TIME_LIMIT_MS,
  remedy: 'Use a simpler glob; if that does not help, ask the user to look at the .gitignore files of the project.',
});

/**
 * Workspace-relative files that match `patterns` (globs), sorted by code unit. Leaves out what `exclude` (globs) and `.gitignore` files
 * name (but never `.ai/`, which many teams ignore), virtual environments, caches, dependencies, and names that no path may have. Links
 * are not followed.
 * @throws Refusal `invalid_input` for a glob that cannot be read, `too_large` for an ignore file or a listing that is
 */
export async function listFiles(
  workspace: Workspace,
  patterns: readonly string[],
  exclude: readonly string[] = [],
  signal?: AbortSignal,
): Promise<string[]> {
  const task: ListingTask = { root: workspace.realRoot, patterns, exclude };
  const answer = await thread.run<ListingAnswer>(task, 'The list of files', signal);
  switch (answer.kind) {
    case 'files':
      return [...answer.files];
    case 'glob':
      throw new Refusal('invalid_input', `The glob "${answer.glob}" cannot be read: ${answer.reason}.`, 'Use one such as src/**/*.py.');
    case 'ignore_file':
      throw new Refusal(
        'too_large',
        `"${answer.path}" has ${answer.megabytes} MB: ignore files are read up to 1 MB.`,
        'Ask the user to shorten it.',
      );
  }
}
