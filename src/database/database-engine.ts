import type Tinypool from 'tinypool';
import { errnoOf, Refusal } from '../workspace/refusal.ts';
import { startThread } from '../workspace/thread.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { DatabaseAnswer, DatabaseTask, SchemaAnswer, SchemaTask } from './database-worker.ts';
import type { MigrationFile } from './migrations.ts';

/** Holds models against the database's documents in a thread of its own, which starts with the first question. */
export class DatabaseEngine {
  private pool: Promise<Tinypool> | undefined;

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
    this.pool ??= startThread('dist/database-worker.js', 768);
    try {
      const answer: DatabaseAnswer = await (await this.pool).run(task, { signal });
      return answer;
    } catch (error) {
      if (errnoOf(error) !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
      throw new Refusal('too_large', 'The database document needs too much memory to be read.', 'Ask the user to split it by subject.');
    }
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await (await this.pool)?.destroy();
  }
}
