import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { ContractEngine } from '../contract/engine.ts';
import { DatabaseEngine } from '../database/engine.ts';
import { CheckEngine } from '../rules/engine/engine.ts';
import { loadRuleDefinitions } from '../skill/rule-pages.ts';
import { offeredTools } from '../tools/all-tools.ts';
import { Session } from '../tools/phase/session.ts';
import type { AnyTool } from '../tools/tool.ts';
import { askPerson } from './elicitation.ts';
import type { ServerLog } from './log.ts';
import { WorkspaceOpener } from './workspace-opener.ts';

export interface BackendOptions {
  readonly root: string | undefined;
  readonly readOnly: boolean;
  readonly log: ServerLog;
}

/** The tools, the session they share, and the engines behind them. This module is loaded once the client has its list of tools. */
export class Backend {
  readonly tools: ReadonlyMap<string, AnyTool>;
  readonly session: Session;
  private readonly engine = new CheckEngine();
  private readonly contracts = new ContractEngine();
  private readonly database = new DatabaseEngine();

  constructor(server: Server, options: BackendOptions) {
    const opener = new WorkspaceOpener(server, options);
    this.tools = new Map(offeredTools(options.readOnly).map((tool) => [tool.name, tool]));
    this.session = new Session({
      openWorkspace: () => opener.open(),
      engine: this.engine,
      contracts: this.contracts,
      database: this.database,
      rules: loadRuleDefinitions,
      ask: (question) => askPerson(server, question, options.log),
      now: () => new Date(),
    });
  }

  /** Starts the threads that the first check needs. */
  warmUp(): Promise<void> {
    return this.engine.warmUp('');
  }

  /** Ends every thread. */
  async close(): Promise<void> {
    await Promise.all([this.engine.close(), this.contracts.close(), this.database.close()]);
  }
}
