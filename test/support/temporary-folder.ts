import { mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** A new empty folder; removed after the test when called inside one. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'python-engineer-test-')));
  try {
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
  } catch {
    // Called outside a test: the folder serves the whole file and the system's temporary folder is cleaned by others.
  }
  return folder;
}
