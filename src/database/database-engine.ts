import type Tinypool from 'tinypool';
import { packageFile } from '../workspace/package-root.ts';
import { errnoOf, Refusal } from '../workspace/refusal.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { DatabaseAnswer, DatabaseTask, SchemaAnswer, SchemaTask } from './database-worker.ts';
import type { MigrationFile } from './migrations.ts';

/** How long the thread is kept when nothing is asked, in milliseconds. */
const IDLE_MS = 15 * 60 * 1000;

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
    this.pool ??= startThread();
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

async function startThread(): Promise<Tinypool> {
  const { default: Pool } = await import('tinypool');
  return new Pool({
    filename: packageFile('dist/database-worker.js'),
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
    runtime: 'worker_threads',
    resourceLimits: { maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: 768 },
  });
}
