import { Thread } from '../workspace/thread.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { MigrationFile } from './migrations.ts';
import type { DatabaseAnswer, DatabaseTask, SchemaAnswer, SchemaTask } from './worker.ts';

/** Holds models against the database's documents in a thread of its own, which starts with the first question. */
export class DatabaseEngine {
  private readonly thread = new Thread('dist/database-worker.js', 768);

  /** Where the models depart from the script or design. */
  async check(workspace: Workspace, question: Omit<SchemaTask, 'kind' | 'root'>, signal: AbortSignal): Promise<SchemaAnswer> {
    const answer = await this.run({ kind: 'schema', root: workspace.realRoot, ...question }, signal);
    if (answer.kind !== 'schema') throw new Error(`the database thread answered ${answer.kind} to schema`);
    return answer;
  }

  /** What the text of a migration does. */
  async migration(text: string, signal: AbortSignal): Promise<MigrationFile> {
    const answer = await this.run({ kind: 'migration', text }, signal);
    if (answer.kind !== 'migration') throw new Error(`the database thread answered ${answer.kind} to migration`);
    return answer.migration;
  }

  private async run(task: DatabaseTask, signal: AbortSignal): Promise<DatabaseAnswer> {
    return this.thread.run<DatabaseAnswer>(task, task.kind === 'schema' ? 'The database document' : 'The migration', signal);
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.thread.close();
  }
}
