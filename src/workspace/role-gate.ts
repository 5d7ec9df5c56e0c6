import { type IterationFolders, RECORDS_FOLDER } from './artefacts.ts';
import { foldForComparison } from './paths.ts';
import { Refusal } from './refusal.ts';

/**
 * Refuses files that are not the role's to write in a mode, whatever tool is used.
 * `relative` is a checked workspace-relative path.
 * @throws Refusal `gate`
 */
export function refuseForRole(relative: string, mode: 'contract' | 'develop', folders: IterationFolders): void {
  const path = foldForComparison(relative);
  const isContract = isContractPath(path, foldForComparison(folders.temp));
  if (path === '.ai' || path.startsWith('.ai/')) {
    if (isContract && mode === 'contract') return;
    throw new Refusal('gate', `"${relative}" is not this role's to write: ${reasonFor(path, isContract)}`, remedyFor(path, isContract));
  }
  if (mode === 'contract') {
    throw new Refusal(
      'gate',
      `"${relative}" may not be written in contract mode: phase 5a produces documentation only, and the frontend engineer reviews it before development starts.`,
      `Write ${folders.temp}/api-contract.md; for code, call read_context with mode "develop" once the contract is reviewed.`,
    );
  }
}

/** The contract, or a part of it beside it: `api-contract-orders.md`. */
function isContractPath(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`) && /^api-contract(-[^/]*)?\.md$/.test(path.slice(folder.length + 1));
}

function reasonFor(path: string, isContract: boolean): string {
  if (isContract) return 'in develop mode the contract is authoritative.';
  if (path.startsWith('.ai/context/')) return '.ai/context/ is kept by people.';
  if (path.startsWith(`${RECORDS_FOLDER}/`)) return 'work logs are append-only and numbered by the server.';
  if (path.startsWith('.ai/records/')) return "it is another role's record.";
  if (path.includes('/reports/')) return 'reports are a versioned archive.';
  return 'it belongs to the roles upstream.';
}

function remedyFor(path: string, isContract: boolean): string {
  if (isContract) return 'Implement the contract as it is; to change it, ask the user and call read_context with mode "contract".';
  if (path.startsWith(`${RECORDS_FOLDER}/`)) return 'Use write_work_log.';
  return 'Tell the user what should change in it.';
}
