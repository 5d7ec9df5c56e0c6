import { readFileSync } from 'node:fs';
import { cp, mkdtemp, realpath } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { addFiles, connect, type TestClient } from '../test/support/connect.ts';

/** A new folder for one run; whoever asks for it removes it. */
export async function newFolder(): Promise<string> {
  return realpath(await mkdtemp(path.join(os.tmpdir(), 'python-engineer-stress-')));
}

/** A copy of the sample workspace with these files added (text by path). */
export async function sampleWorkspace(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = await newFolder();
  await cp('examples/library-service', root, { recursive: true });
  await addFiles(root, files);
  return root;
}

/** A server on a workspace, in develop mode. */
export async function startOn(root: string, ...args: string[]): Promise<TestClient> {
  const server = await connect({ args: ['--root', root, ...args] });
  await server.call('read_context', { mode: 'develop', task: 'Go on.' });
  return server;
}

/** What a process uses now (`VmRSS`) or has used at most (`VmHWM`), in bytes; 0 where the system does not say. */
export function memoryOf(pid: number, measure: 'VmRSS' | 'VmHWM'): number {
  try {
    return Number(new RegExp(`^${measure}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
