import { Thread } from '../workspace/thread.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Comparison } from './comparison/differences.ts';
import type { ContractAnswer, ContractFiles, ContractReading, ContractTask } from './worker.ts';
import type { DefineRequest, DefineResult } from './writing/define.ts';

/** A project whose contract is looked at. */
export interface ContractProject {
  readonly workspace: Workspace;
  /** Further folders that modules are imported from. */
  readonly roots: readonly string[];
  readonly signal: AbortSignal;
}

/** Reads contracts and holds code against them in a thread of its own, which starts with the first question. */
export class ContractEngine {
  private readonly thread = new Thread('dist/contract-worker.js', 768);

  /** What the contract says and what is wrong with it. */
  async read(project: ContractProject, files: ContractFiles): Promise<ContractReading> {
    return expect(await this.run(project, { kind: 'read', ...files }), 'read').reading;
  }

  /** The writes that put definitions into the contract, or what is wrong with them. */
  async define(project: ContractProject, request: DefineRequest): Promise<DefineResult> {
    return expect(await this.run(project, { kind: 'define', request }), 'define').result;
  }

  /** Where the code departs from the contract. */
  async compare(project: ContractProject, files: ContractFiles): Promise<{ reading: ContractReading; comparison: Comparison }> {
    return expect(await this.run(project, { kind: 'compare', ...files }), 'compare');
  }

  /** The contract as an OpenAPI 3.1 document; `version` is the API's. */
  async openapi(
    project: ContractProject,
    files: ContractFiles,
    version: string,
  ): Promise<{ reading: ContractReading; document: Readonly<Record<string, unknown>> }> {
    return expect(await this.run(project, { kind: 'openapi', version, ...files }), 'openapi');
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.thread.close();
  }

  private async run({ workspace, roots, signal }: ContractProject, question: Question): Promise<ContractAnswer> {
    const task: ContractTask = { root: workspace.realRoot, roots, ...question };
    return this.thread.run<ContractAnswer>(task, 'The contract, or the code beside it,', signal);
  }
}

type WithoutProject<T> = T extends ContractTask ? Omit<T, 'root' | 'roots'> : never;
type Question = WithoutProject<ContractTask>;

function expect<K extends ContractAnswer['kind']>(answer: ContractAnswer, kind: K): Extract<ContractAnswer, { kind: K }> {
  if (!isKind(answer, kind)) throw new Error(`the contract thread answered ${answer.kind} to ${kind}`);
  return answer;
}

function isKind<K extends ContractAnswer['kind']>(answer: ContractAnswer, kind: K): answer is Extract<ContractAnswer, { kind: K }> {
  return answer.kind === kind;
}
