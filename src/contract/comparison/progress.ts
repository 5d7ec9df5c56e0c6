import { endpointName } from '../../api/endpoint.ts';
import type { Contract, Progress } from '../contract.ts';

/** How many endpoints of a contract are decided. */
export function progressCounts(contract: Contract): Record<Progress, number> {
  const count = (progress: Progress): number => contract.endpoints.filter((endpoint) => endpoint.progress === progress).length;
  return { done: count('done'), partly: count('partly'), open: count('open') };
}

/** "Contract: 3 done, 1 partly, 12 open of 16 endpoints." */
export function progressText(contract: Contract): string {
  const { done, partly, open } = progressCounts(contract);
  return `Contract: ${done} done, ${partly} partly, ${open} open of ${contract.endpoints.length} endpoint${contract.endpoints.length === 1 ? '' : 's'}.`;
}

/** The next endpoint that is not done, as `METHOD /path`; empty when all are. */
export function nextOpen(contract: Contract): string {
  const next = contract.endpoints.find((endpoint) => endpoint.progress !== 'done');
  return next === undefined ? '' : endpointName(next);
}
