import { Refusal } from './refusal.ts';
import type { FoundLine, SearchAnswer, SearchTask } from './search-worker.ts';
import { Thread } from './thread.ts';
import type { Workspace } from './workspace.ts';

const thread = new Thread('dist/search-worker.js', 512, {
  timeLimitMs: 15_000,
  remedy: 'Narrow the glob, or search for literal text.',
});

/**
 * The lines of files (workspace-relative) that hold a text or match a pattern: how many, and the first `limit` of them.
 * @throws Refusal `invalid_input` for a pattern that is none, `too_large` for a search that is
 */
export async function searchFiles(
  workspace: Workspace,
  files: readonly string[],
  wanted: SearchTask['wanted'],
  limit: number,
  signal: AbortSignal,
): Promise<{ readonly total: number; readonly lines: readonly FoundLine[] }> {
  const task: SearchTask = { root: workspace.realRoot, files, wanted, limit };
  const answer = await thread.run<SearchAnswer>(task, 'The search', signal);
  if (answer.kind === 'lines') return answer;
  throw new Refusal('invalid_input', `The pattern is not valid: ${answer.reason}.`, 'Correct it, or search for literal text.');
}
