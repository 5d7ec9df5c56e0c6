import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Workspace } from '../workspace/workspace.ts';
import { clearAbandonedWrites } from '../workspace/write.ts';
import type { ServerLog } from './log.ts';
import { openRoot } from './root.ts';

const ROOTS_TIME_MS = 5_000;

/** Opens the workspace on first use and keeps it. */
export class WorkspaceOpener {
  private readonly server: Server;
  private readonly root: string | undefined;
  private readonly readOnly: boolean;
  private readonly log: ServerLog;
  private current: Promise<Workspace> | undefined;

  /** `root` is what the command line names; a read-only server clears nothing that an earlier one left behind. */
  constructor(server: Server, options: { readonly root: string | undefined; readonly readOnly: boolean; readonly log: ServerLog }) {
    this.server = server;
    this.root = options.root;
    this.readOnly = options.readOnly;
    this.log = options.log;
  }

  /** @throws Refusal `no_root` */
  open(): Promise<Workspace> {
    this.current ??= this.openOnce().catch((error: unknown) => {
      // A folder that is missing now may be there for the next call.
      this.current = undefined;
      throw error;
    });
    return this.current;
  }

  private async openOnce(): Promise<Workspace> {
    const workspace = await openRoot({
      argument: this.root,
      environment: process.env.PYTHON_ENGINEER_ROOT,
      clientRoots: () => this.clientRoots(),
      workingFolder: process.cwd(),
    });
    const removed = this.readOnly ? 0 : await clearAbandonedWrites(workspace.realRoot);
    this.log.info({ root: workspace.root, removedTemporaryFiles: removed }, 'workspace opened');
    return workspace;
  }

  private async clientRoots(): Promise<readonly string[]> {
    // Without the capability the request would go out all the same and wait for its time limit.
    if (this.server.getClientCapabilities()?.roots === undefined) return [];
    try {
      const { roots } = await this.server.listRoots(undefined, { timeout: ROOTS_TIME_MS });
      return roots.map((root) => root.uri);
    } catch (error) {
      this.log.warn(error, 'the client announced roots but did not list them');
      return [];
    }
  }
}
