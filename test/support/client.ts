import { cp } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { addFiles, type ClientOptions, connect, type TestClient } from './connect.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A real client on a real server process over stdio; both end with the test. */
export async function startClient(options: ClientOptions = {}): Promise<TestClient> {
  const connected = await connect(options);
  onTestFinished(() => connected.client.close());
  return connected;
}

/** A new workspace that holds these files. */
export async function workspaceWith(files: Record<string, string | Uint8Array>): Promise<string> {
  const root = await temporaryFolder();
  await addFiles(root, files);
  return root;
}

/** A copy of the sample workspace that ships with the repository. */
export async function sampleWorkspace(): Promise<string> {
  const root = await temporaryFolder();
  await cp('examples/library-service', root, { recursive: true });
  return root;
}
