import { measure, needsBatches } from '../../documents/batch.ts';
import { type NextWorkLog, nextWorkLog, renderWorkLog, type WorkLogContent } from '../../documents/work-log.ts';
import { workState } from '../../documents/work-state.ts';
import { readWorkflowConfig } from '../../workspace/config.ts';
import { Refusal } from '../../workspace/refusal.ts';
import { encodeText, hashOf } from '../../workspace/text.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { writeAtomically } from '../../workspace/write.ts';

/** How often a number that another client took first is tried again. */
const ATTEMPTS = 20;

/**
 * Writes the next work log of the role, never over an existing one. `date` is YYYY-MM-DD.
 * @throws Refusal `gate` for a log that is too long
 */
export async function writeNewWorkLog(
  workspace: Workspace,
  content: WorkLogContent,
  date: string,
  version?: string,
): Promise<NextWorkLog & { readonly hash: string }> {
  const config = await readWorkflowConfig(workspace);
  const work = await workState(workspace);
  for (let attempt = 1; ; attempt++) {
    const next = await nextWorkLog(workspace, config, version);
    const render = (part: WorkLogContent): string => renderWorkLog(next, part, config.outputLanguage.value, date, work);
    // The record of the contract is for the server, and as long as the contract.
    if (needsBatches(measure(render({ ...content, contract: undefined })))) {
      throw new Refusal(
        'gate',
        'The log would be over 150 lines or 6,000 characters.',
        'Keep it to what a reader needs: shorten the descriptions, or write one log for each task group.',
      );
    }
    const bytes = encodeText(render(content), false);
    try {
      await writeAtomically(await workspace.resolveOwn(next.path), bytes, { kind: 'absent' });
      return { ...next, hash: hashOf(bytes) };
    } catch (error) {
      // Another client took this number between the look and the write: take the next one.
      if (!(error instanceof Refusal) || error.code !== 'already_exists' || attempt >= ATTEMPTS) throw error;
    }
  }
}

/** YYYY-MM-DD in the local time zone. */
export function localDate(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}
