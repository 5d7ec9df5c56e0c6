/** What a log of phase 5a says the contract was: the hash of each endpoint, by `METHOD /path`. */
export type LoggedContract = ReadonlyMap<string, string>;

/** How an endpoint differs from what a log recorded. */
export interface ContractChange {
  readonly endpoint: string;
  readonly change: 'changed' | 'new' | 'removed';
}

const LINE = /^- `([A-Z]+ [^`\n]+)` `([0-9a-f]{8,64})`\r?$/gm;

/** The lines of a log that record a contract. */
export function loggedContractLines(contract: LoggedContract): string[] {
  return [...contract].map(([endpoint, hash]) => `- \`${endpoint}\` \`${hash}\``);
}

/** The contract that a log records; empty where it records none. */
export function readLoggedContract(log: string): LoggedContract {
  return new Map([...log.matchAll(LINE)].map(([, endpoint = '', hash = '']) => [endpoint, hash]));
}

/** What has changed since a contract was logged. */
export function contractChanges(logged: LoggedContract, now: LoggedContract): ContractChange[] {
  const here = [...now].flatMap(([endpoint, hash]): ContractChange[] => {
    const before = logged.get(endpoint);
    if (before === undefined) return [{ endpoint, change: 'new' }];
    return before === hash ? [] : [{ endpoint, change: 'changed' }];
  });
  const gone = [...logged.keys()].filter((endpoint) => !now.has(endpoint));
  return [...here, ...gone.map((endpoint): ContractChange => ({ endpoint, change: 'removed' }))];
}
