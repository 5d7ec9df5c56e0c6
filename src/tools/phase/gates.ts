import { type IterationFolders, iterationFolders } from '../../workspace/artefacts.ts';
import { readWorkflowConfig } from '../../workspace/config.ts';
import { Refusal } from '../../workspace/refusal.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { Mode, Session } from './session.ts';

/**
 * What every write needs: a mode, no open question, and the iteration's folders.
 * @throws Refusal `gate` or `question` that names the call which clears it
 */
export async function requireReadyToWrite(session: Session, workspace: Workspace): Promise<{ mode: Mode; folders: IterationFolders }> {
  if (session.mode === undefined) {
    throw new Refusal(
      'gate',
      'The context has not been read yet.',
      'Call read_context first (mode "develop" to write code, "contract" to fill the API contract).',
    );
  }
  const [question] = session.questions;
  if (question !== undefined) {
    throw new Refusal('question', `An answer of the user is needed first: ${question.text}`, howToAnswer(question.id));
  }
  const folders = iterationFolders(await readWorkflowConfig(workspace));
  if (folders === undefined)
    throw new Refusal(
      'gate',
      'Scrum mode is set, but the version or the sprint is missing.',
      'Call read_context and ask the user what it says.',
    );
  return { mode: session.mode, folders };
}

/** The call that passes on a person's answer. */
export function howToAnswer(question: Session['questions'][number]['id']): string {
  switch (question) {
    case 'missing_contract':
      return 'Ask the user, then call read_context again: mode "contract" to define it first, specification "<path>" for an existing one, or task "<what the user said>" to go on without.';
    case 'describe_task':
      return 'Ask the user, then call read_context again with task "<what the user said>" or specification "<path>".';
    case 'sprint':
      return 'Ask the user to set current_version and current_sprint in .ai/context/workflow-config.md, then call read_context again.';
  }
}
