import { endpointName, pathParameters } from '../../api/endpoint.ts';
import type { CodeApi } from '../../fastapi/endpoints.ts';
import { groupBy } from '../../workspace/group-by.ts';
import type { Contract, Conventions } from '../contract.ts';
import { compareAuthentication, isAuthenticationUnread } from './authentication.ts';
import { compareRequests, compareResponses, compareStatuses } from './bodies.ts';
import { type Comparison, DIFFERENCE_KINDS, type Difference } from './differences.ts';
import { EndpointPair } from './endpoint-pair.ts';
import { compareErrors } from './errors.ts';
import { matchEndpoints, strayFor } from './match-endpoints.ts';
import { compareParameters } from './parameters.ts';

/** Holds the code of a project against its contract. Only certain differences are reported. */
export function compare(contract: Contract, code: CodeApi): Comparison {
  const undecided: string[] = [];
  const global: Difference[] = [];
  // Endpoints that are still open are the completeness check's business, but they exist.
  const { pairs, missing, extra, prefix } = matchEndpoints(contract, code);
  if (prefix !== undefined)
    global.push({
      kind: 'missing_in_code',
      endpoint: 'every endpoint',
      detail: `paths begin with \`${prefix.contract || '/'}\` in the contract and with \`${prefix.code || '/'}\` in the code`,
      contract: contract.endpoints[0]?.place,
      code: pairs[0]?.code.place,
    });
  const differences: Difference[] = [];
  for (const endpoint of missing) {
    const stray = strayFor(endpoint, code);
    const unresolved = code.unresolved.find((each) => each.prefix !== '' && endpoint.path.startsWith(each.prefix));
    if (stray !== undefined && code.unresolved.length > 0)
      undecided.push(
        `${endpointName(endpoint)}: \`${stray.name}\` (${stray.place.path}:${stray.place.line}) may answer it; what includes its router cannot be followed.`,
      );
    else if (unresolved !== undefined)
      undecided.push(
        `${endpointName(endpoint)}: routes below \`${unresolved.prefix}\` cannot be read (${unresolved.place.path}:${unresolved.place.line}: ${unresolved.reason}).`,
      );
    else
      differences.push({
        kind: 'missing_in_code',
        endpoint: endpointName(endpoint),
        detail:
          stray === undefined ? 'the code has no such endpoint' : `\`${stray.name}\` is written, but no application includes its router`,
        contract: endpoint.place,
        code: stray?.place,
      });
  }
  for (const endpoint of extra) {
    differences.push({
      kind: 'extra_in_code',
      endpoint: endpointName(endpoint),
      detail: `\`${endpoint.name}\` serves it, but the contract does not name it`,
      contract: undefined,
      code: endpoint.place,
    });
  }
  const compared = pairs.map((pair) => new EndpointPair(pair.contract, pair.code, contract.conventions, code));
  const decided = compared.filter((pair) => pair.contract.progress !== 'open');
  for (const pair of decided) {
    differences.push(...comparePair(pair));
    undecided.push(...pair.undecided);
  }
  undecided.push(...unreadAuthentication(decided));
  global.push(...spellings(compared), ...validationStatus(contract.conventions, code));
  const { own, shared } = sharedDifferences(differences, pairs.length);
  return {
    endpoints: { contract: contract.endpoints.length, code: code.endpoints.length, matched: pairs.length },
    differences: own.sort(byPlace),
    global: [...global, ...shared],
    undecided,
    applications: code.applications,
  };
}

function byPlace(a: Difference, b: Difference): number {
  const order = DIFFERENCE_KINDS.indexOf(a.kind) - DIFFERENCE_KINDS.indexOf(b.kind);
  if ((a.contract === undefined) !== (b.contract === undefined)) return a.contract === undefined ? 1 : -1;
  const path = (a.contract?.path ?? a.code?.path ?? '').localeCompare(b.contract?.path ?? b.code?.path ?? '');
  if (path !== 0) return path;
  const line = (a.contract?.line ?? a.code?.line ?? 0) - (b.contract?.line ?? b.code?.line ?? 0);
  return line || a.endpoint.localeCompare(b.endpoint) || order || a.detail.localeCompare(b.detail);
}

/** What every endpoint differs in, in the same words, is said once. */
function sharedDifferences(differences: readonly Difference[], matched: number): { own: Difference[]; shared: Difference[] } {
  const groups = groupBy(differences, ({ kind, detail }) => `${kind} ${detail}`);
  const shared: Difference[] = [];
  const own: Difference[] = [];
  for (const group of groups.values()) {
    const [first] = group;
    const isShared =
      first !== undefined &&
      first.kind !== 'missing_in_code' &&
      first.kind !== 'extra_in_code' &&
      matched >= 3 &&
      new Set(group.map((each) => each.endpoint)).size >= matched;
    if (isShared) shared.push({ ...first, endpoint: 'every endpoint' });
    else own.push(...group);
  }
  return { own, shared };
}

function comparePair(pair: EndpointPair): Difference[] {
  return [
    ...compareStatuses(pair),
    ...compareResponses(pair),
    ...compareRequests(pair),
    ...compareParameters(pair),
    ...compareAuthentication(pair),
    ...compareErrors(pair),
  ];
}

/** Path parameters that the two sides call differently: a remark, because they are compared by position. */
function spellings(pairs: readonly EndpointPair[]): Difference[] {
  const found = new Map<string, EndpointPair>();
  for (const pair of pairs) {
    const served = pathParameters(pair.code.path);
    for (const [index, name] of pathParameters(pair.contract.path).entries()) {
      const other = served[index];
      if (other !== undefined && other !== name) found.set(`\`{${name}}\` and \`{${other}}\``, pair);
    }
  }
  const [first] = found;
  if (first === undefined) return [];
  const [spelling, { contract, code }] = first;
  const more = found.size > 1 ? `, and ${found.size - 1} more` : '';
  return [
    {
      kind: 'parameter',
      endpoint: 'every endpoint',
      detail: `path parameters are spelled differently in contract and code: ${spelling}${more}; they are compared by position`,
      contract: contract.place,
      code: code.place,
    },
  ];
}

function validationStatus({ validationStatus: wanted, errors }: Conventions, code: CodeApi): Difference[] {
  const { validationStatus: found } = code;
  if (wanted === undefined || found === undefined || wanted === found) return [];
  return [
    {
      kind: 'error',
      endpoint: 'every endpoint',
      detail: `a request that fails validation is answered with ${wanted} in the contract, ${found} in the code`,
      contract: errors[0]?.place,
      code: code.applications[0],
    },
  ];
}

/** One sentence about all endpoints whose authentication the contract states and the code does not show. */
function unreadAuthentication(pairs: readonly EndpointPair[]): string[] {
  const [first, ...others] = pairs.filter(isAuthenticationUnread);
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return [`${endpointName(first.contract)}${more}: whether the code asks who is calling cannot be read: a dependency is not followed.`];
}
