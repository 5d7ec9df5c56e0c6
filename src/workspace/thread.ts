import { existsSync } from 'node:fs';
import type Tinypool from 'tinypool';
import { packageFile } from './package-root.ts';
import { errnoOf, Refusal } from './refusal.ts';

/** How long an idle thread is kept, in milliseconds: a working session's pauses, not a night. */
const IDLE_MS = 15 * 60 * 1000;

/** How long one task of a thread may take, and what to do about a task that takes longer or needs too much memory. */
interface ThreadLimits {
  readonly timeLimitMs: number;
  readonly remedy: string;
}

/** Many times what the largest projects need. */
const USUAL_LIMITS: ThreadLimits = { timeLimitMs: 30_000, remedy: 'Split it by subject, or ask the user to.' };

/** What a worker throws when nothing more can be done in its thread. */
export const THREAD_IS_SPENT = 'the thread is spent';

/** The task left its thread unusable; the next one gets a new thread. */
export class SpentThread extends Error {}

/** A thread of its own for a bundled worker. It starts with its first task, and does one after the other. */
export class Thread {
  private readonly worker: string;
  private readonly maxMegabytes: number;
  private readonly limits: ThreadLimits;
  private pool: Promise<Tinypool> | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(worker: string, maxMegabytes: number, limits: ThreadLimits = USUAL_LIMITS) {
    this.worker = worker;
    this.maxMegabytes = maxMegabytes;
    this.limits = limits;
  }

  /**
   * Runs a task; `subject` is what a message names when it takes too much time or memory.
   * @throws Refusal `too_large`
   * @throws SpentThread
   */
  run<T>(task: object, subject: string, signal?: AbortSignal): Promise<T> {
    const result = this.last.then(() => this.runNow<T>(task, subject, signal));
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await (await this.pool)?.destroy();
  }

  private async runNow<T>(task: object, subject: string, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await this.attempt<T>(task, subject, signal);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
    }
    // The thread had kept too much of the project: a new one starts with nothing.
    try {
      return await this.attempt<T>(task, subject, signal);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      throw new Refusal('too_large', `${subject} needs too much memory to be read.`, this.limits.remedy);
    }
  }

  private async attempt<T>(task: object, subject: string, signal: AbortSignal | undefined): Promise<T> {
    this.pool ??= startPool(this.worker, this.maxMegabytes);
    const limit = AbortSignal.timeout(this.limits.timeLimitMs);
    try {
      const answer: T = await (await this.pool).run(task, { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) });
      return answer;
    } catch (error) {
      if (error instanceof Error && error.message === THREAD_IS_SPENT) {
        await this.close();
        this.pool = undefined;
        throw new SpentThread();
      }
      if (limit.aborted)
        throw new Refusal('too_large', `${subject} takes over ${this.limits.timeLimitMs / 1000} s to be read.`, this.limits.remedy);
      throw error;
    }
  }
}

function isOutOfMemory(error: unknown): boolean {
  return errnoOf(error) === 'ERR_WORKER_OUT_OF_MEMORY';
}

/** The pool is loaded on first use: the server answers its client before that. */
async function startPool(worker: string, maxMegabytes: number): Promise<Tinypool> {
  const filename = packageFile(worker);
  if (!existsSync(filename)) throw new Error(`${worker} is missing: build the product (npm run build)`);
  const { default: Pool } = await import('tinypool');
  return new Pool({
    filename,
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
    runtime: 'worker_threads',
    // Without a limit V8 lets each heap grow several times as large as what is alive in it.
    resourceLimits: { maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: maxMegabytes },
  });
}
