import { endpointName } from '../../api/endpoint.ts';
import type { Contract } from '../../contract/contract.ts';
import { type ContractChange, contractChanges, type LoggedContract, readLoggedContract } from '../../documents/logged-contract.ts';
import { listWorkLogs } from '../../documents/work-log.ts';
import { Refusal } from '../../workspace/refusal.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { loadContract } from './contract-files.ts';
import type { Session } from './session.ts';

/** The contract; undefined where none can be read, which the inputs of `read_context` explain. */
export async function contractIfReadable(session: Session, workspace: Workspace, signal: AbortSignal): Promise<Contract | undefined> {
  try {
    return (await session.services.contracts.read({ workspace, roots: [], signal }, await loadContract(workspace))).contract;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** The contract's endpoints with their hashes; undefined where no contract can be read. */
export async function contractNow(session: Session, workspace: Workspace, signal: AbortSignal): Promise<LoggedContract | undefined> {
  const contract = await contractIfReadable(session, workspace, signal);
  return contract && new Map(contract.endpoints.map((endpoint) => [endpointName(endpoint), endpoint.hash]));
}

/** What of the contract has changed since the last log that records it, and which log that is; undefined where none does. */
export async function changesSinceLog(
  session: Session,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<{ readonly log: string; readonly changes: readonly ContractChange[] } | undefined> {
  for (const { path } of (await listWorkLogs(workspace)).toReversed()) {
    // A log that cannot be read records nothing.
    const text = (await workspace.readTextIfExists(path).catch(() => undefined))?.text ?? '';
    const logged = readLoggedContract(text);
    if (logged.size === 0) continue;
    const now = await contractNow(session, workspace, signal);
    return now === undefined ? undefined : { log: path, changes: contractChanges(logged, now) };
  }
  return undefined;
}
