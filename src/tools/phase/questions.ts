import type { Artefact, ArtefactName } from '../../workspace/artefacts.ts';
import type { Mode, Question } from './session.ts';

/** phase/missing-contract: the words are the skill's own. `path` is where the contract is expected. */
export function missingContractQuestion(path: string): Question {
  return {
    id: 'missing_contract',
    text: `The API contract file (${path}) is missing. Should I run Phase 5a contract definition first, or do you have an existing specification to reference?`,
  };
}

const DESCRIBE_TASK: Question = {
  id: 'describe_task',
  text: 'wbs.md or architect.md is missing. Please describe the task, or point me to the relevant specification files.',
};

/** Scrum mode needs both to know where the artefacts lie. */
export const SPRINT_QUESTION: Question = {
  id: 'sprint',
  text: 'delivery_mode is scrum, but current_version or current_sprint is not set in .ai/context/workflow-config.md. Which version and sprint is this work for?',
};

/** The questions that must be answered before anything is written in this mode. */
export function openQuestions(mode: Mode, artefacts: ReadonlyMap<ArtefactName, Artefact>): Question[] {
  const contract = artefacts.get('api-contract');
  const isMissing = (name: ArtefactName): boolean => !hasText(artefacts.get(name));
  if (mode === 'contract') return isMissing('api-contract') && isMissing('wbs') ? [DESCRIBE_TASK] : [];
  const questions: Question[] = [];
  if (isMissing('api-contract') && contract !== undefined) questions.push(missingContractQuestion(contract.path));
  if (isMissing('wbs') || isMissing('architect')) questions.push(DESCRIBE_TASK);
  return questions;
}

/** True for a file that is there and not blank. */
export function hasText(artefact: Artefact | undefined): boolean {
  return (artefact?.file?.text.trim() ?? '') !== '';
}
