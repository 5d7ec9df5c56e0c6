import { readCode } from '../fastapi/endpoints.ts';
import { currentProject, type ProjectTools } from '../python/open-project.ts';
import { compare } from './comparison/compare.ts';
import { checkCompleteness } from './comparison/completeness.ts';
import type { Comparison } from './comparison/differences.ts';
import type { Contract, ContractProblem } from './contract.ts';
import type { ContractDocument } from './document/documents.ts';
import { readContract } from './document/read-contract.ts';
import { wbsEndpoints } from './document/wbs.ts';
import { toOpenApi } from './openapi.ts';
import { type DefineRequest, type DefineResult, define } from './writing/define.ts';

/** The documents of a contract and of the work breakdown beside it. */
export interface ContractFiles {
  readonly documents: readonly ContractDocument[];
  readonly wbs: ContractDocument | undefined;
}

/** What the contract thread is asked. `root` is absolute, with links resolved. */
export type ContractTask = { readonly root: string; readonly roots: readonly string[] } & (
  | ({ readonly kind: 'read' } & ContractFiles)
  | { readonly kind: 'define'; readonly request: DefineRequest }
  | ({ readonly kind: 'compare' } & ContractFiles)
  | ({ readonly kind: 'openapi'; readonly version: string } & ContractFiles)
);

/** What a contract says, and what is wrong with it. */
export interface ContractReading {
  readonly title: string;
  readonly contract: Contract;
  readonly problems: readonly ContractProblem[];
}

export type ContractAnswer =
  | { readonly kind: 'read'; readonly reading: ContractReading }
  | { readonly kind: 'define'; readonly result: DefineResult }
  | { readonly kind: 'compare'; readonly reading: ContractReading; readonly comparison: Comparison }
  | { readonly kind: 'openapi'; readonly reading: ContractReading; readonly document: Readonly<Record<string, unknown>> };

/** Runs in the contract thread. */
export default async function run(task: ContractTask): Promise<ContractAnswer> {
  const tools = await currentProject(task.root, task.roots);
  if (task.kind === 'define') return { kind: 'define', result: await define(task.request, tools) };
  const reading = await read(task, tools);
  if (task.kind === 'read') return { kind: 'read', reading };
  if (task.kind === 'openapi') return { kind: 'openapi', reading, document: toOpenApi(reading.contract, reading.title, task.version) };
  tools.resolver.refresh();
  return { kind: 'compare', reading, comparison: compare(reading.contract, readCode(tools.resolver, tools.project)) };
}

async function read({ documents, wbs }: ContractFiles, tools: ProjectTools): Promise<ContractReading> {
  const { contract, documents: parsed } = await readContract(documents, tools);
  const heading = parsed.flatMap((document) => document.blocks).find((block) => block.kind === 'heading' && block.depth === 1);
  const title = heading?.kind === 'heading' ? heading.text.replace(/[`*_]/g, '') : 'API contract';
  return { title, contract, problems: checkCompleteness(contract, wbs === undefined ? [] : wbsEndpoints(wbs.path, wbs.text)) };
}
