import { reviewPage } from '../contract/review-page.ts';
import { loadContract } from './phase/contract-files.ts';
import type { Session } from './phase/session.ts';

/** The page that clients with MCP Apps show beside the result of check_contract. */
export const CONTRACT_VIEW = 'ui://python-engineer/contract.html';

/** The review page of the workspace's contract, for clients that show it as a view; says why where there is none. */
export async function contractView(session: Session): Promise<string> {
  const workspace = await session.workspace();
  const disk = await loadContract(workspace);
  const project = { workspace, roots: [], signal: new AbortController().signal };
  const { document, reading: read } = await session.services.contracts.openapi(project, disk, disk.config.currentVersion?.value ?? '1.0.0');
  return reviewPage(read, document, disk.config.outputLanguage.value);
}
