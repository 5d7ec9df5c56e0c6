import type Tinypool from 'tinypool';
import { packageFile } from './package-root.ts';

/** How long an idle thread is kept, in milliseconds: a working session's pauses, not a night. */
const IDLE_MS = 15 * 60 * 1000;

/** A thread of its own for a bundled worker. The pool is loaded on first use: the server answers its client before that. */
export async function startThread(worker: string, maxMegabytes: number): Promise<Tinypool> {
  const { default: Pool } = await import('tinypool');
  return new Pool({
    filename: packageFile(worker),
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
    runtime: 'worker_threads',
    // Without a limit V8 lets each heap grow several times as large as what is alive in it.
    resourceLimits: { maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: maxMegabytes },
  });
}
