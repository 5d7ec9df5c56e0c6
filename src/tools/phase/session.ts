import type { ContractEngine } from '../../contract/engine.ts';
import type { DatabaseEngine } from '../../database/engine.ts';
import { PythonSettings } from '../../python/python-settings.ts';
import type { CheckEngine } from '../../rules/engine/engine.ts';
import { type ProjectRules, readProjectRules } from '../../rules/engine/project-rules.ts';
import type { RuleDefinition } from '../../rules/finding.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { Turns } from '../writing/turns.ts';

/** Phase 5a defines the contract, phase 6b implements it. */
export const MODES = ['contract', 'develop'] as const;
export type Mode = (typeof MODES)[number];

/** A question for the person, with the words the skill prescribes. */
export interface Question {
  readonly id: 'missing_contract' | 'describe_task' | 'sprint';
  readonly text: string;
}

/** What a person said when asked directly. */
export interface PersonAnswer {
  readonly choice: 'run_contract_phase' | 'use_specification' | 'go_on';
  readonly details: string;
}

/** What the session needs from the outside. */
export interface SessionServices {
  /** Opens the workspace; throws a Refusal when no usable root is known. */
  openWorkspace(): Promise<Workspace>;
  readonly engine: CheckEngine;
  readonly contracts: ContractEngine;
  readonly database: DatabaseEngine;
  /** Every rule of the skill. */
  rules(): Promise<readonly RuleDefinition[]>;
  /** Asks the person directly; undefined where the client cannot, or the person did not answer. */
  ask(question: Question): Promise<PersonAnswer | undefined>;
  /** Today in the local time zone. */
  readonly now: () => Date;
}

/** What the server remembers of one client's work. Lost on restart, and cheap to rebuild by `read_context`. */
export class Session {
  readonly services: SessionServices;
  /** Chosen by `read_context`. */
  mode: Mode | undefined;
  /** Questions that stand open: writes are refused while there are any. */
  questions: readonly Question[] = [];
  /** What the person told the role to do where documents are missing. */
  task: string | undefined;
  specification: string | undefined;
  /** Logs of programs, absolute, by the name that read_file takes. */
  readonly logs = new Map<string, string>();
  /** Why each migration was made, by revision: recorded once it is applied. */
  readonly purposes = new Map<string, { readonly purpose: string; readonly task: string }>();
  /** Sections of documents that were reported as cut, and that the agent then said to be whole. */
  readonly reported = new Set<string>();
  readonly confirmed = new Set<string>();
  /** Texts that looked cut and were not written. */
  readonly refusedTexts = new Set<string>();
  /** Calls that write the same file at once are done in the order in which they came. */
  readonly turns = new Turns();
  /** The hash under which the agent last saw each file, by workspace-relative path. */
  readonly seen = new Map<string, string>();

  constructor(services: SessionServices) {
    this.services = services;
  }

  /** @throws Refusal `no_root` */
  workspace(): Promise<Workspace> {
    return this.services.openWorkspace();
  }

  /** The rules as this project wants them. */
  async projectRules(workspace: Workspace): Promise<ProjectRules> {
    return readProjectRules(workspace, await this.services.rules());
  }

  /** Fresh for every call: people change pyproject.toml while the server runs. */
  pythonSettings(workspace: Workspace): PythonSettings {
    return new PythonSettings(workspace);
  }
}
