import type { ContractFiles } from '../../contract/worker.ts';
import { type Artefact, iterationFolders, readArtefacts } from '../../workspace/artefacts.ts';
import { readWorkflowConfig, type WorkflowConfig } from '../../workspace/config.ts';
import { Refusal } from '../../workspace/refusal.ts';
import type { TextFile } from '../../workspace/text.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { howToAnswer } from './gates.ts';
import { hasText, missingContractQuestion } from './questions.ts';

/** A larger document would keep the reader busy for seconds. */
const MAX_CONTRACT_BYTES = 1024 * 1024;
/** Files beside the contract that are no part of it. */
const ASIDE = /-(template|example|sample|backup|bak|old|draft|archive|review)\b/i;

/** The contract of an iteration as it lies on disk. */
export interface ContractOnDisk extends ContractFiles {
  readonly config: WorkflowConfig;
  /** The files of the documents by path, to be written to. */
  readonly files: ReadonlyMap<string, TextFile>;
}

/**
 * Reads every document of the contract, the main one first.
 * @throws Refusal `question` with the skill's words when there is none, `gate` when the sprint is unknown, `too_large`
 */
export async function loadContract(workspace: Workspace): Promise<ContractOnDisk> {
  const config = await readWorkflowConfig(workspace);
  const folders = iterationFolders(config);
  if (folders === undefined)
    throw new Refusal('gate', 'Scrum mode is set, but the version or the sprint is missing.', howToAnswer('sprint'));
  const artefacts = await readArtefacts(workspace, folders);
  const main = artefacts.get('api-contract');
  if (main?.problem !== undefined) throw new Refusal('unreadable', main.problem, 'Ask the user to look at the file.');
  const others = await Promise.all((main?.variants ?? []).filter((path) => !ASIDE.test(path)).map((path) => workspace.readText(path)));
  const found = [...(main?.file === undefined || !hasText(main) ? [] : [main.file]), ...others.filter((file) => file.text.trim() !== '')];
  if (found.length === 0) throw missingContract(main, `${folders.temp}/api-contract.md`);
  for (const file of found) refuseLarge(file);
  const wbs = artefacts.get('wbs')?.file;
  return {
    config,
    files: new Map(found.map((file) => [file.path, file])),
    documents: found.map(({ path, text }) => ({ path, text })),
    wbs: wbs === undefined ? undefined : { path: wbs.path, text: wbs.text },
  };
}

function missingContract(main: Artefact | undefined, expected: string): Refusal {
  const question = missingContractQuestion(main?.path ?? expected);
  return new Refusal(
    'question',
    question.text,
    `${howToAnswer(question.id)} In contract mode, write the skeleton to ${main?.path ?? expected} with write_file first.`,
  );
}

function refuseLarge(file: TextFile): void {
  if (file.size <= MAX_CONTRACT_BYTES) return;
  const megabytes = (file.size / 1024 / 1024).toFixed(1);
  throw new Refusal(
    'too_large',
    `"${file.path}" is ${megabytes} MB; a contract document is read up to 1 MB.`,
    'Ask the user to split it by resource: api-contract-<part>.md beside it are read with it.',
  );
}
