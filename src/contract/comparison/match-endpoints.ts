import { endpointKey } from '../../api/endpoint.ts';
import type { CodeApi, CodeEndpoint, Stray } from '../../fastapi/endpoints.ts';
import type { Contract, ContractEndpoint } from '../contract.ts';

/** An endpoint of the contract and the one of the code that answers it. */
export interface Pair {
  readonly contract: ContractEndpoint;
  readonly code: CodeEndpoint;
}

/** Paths that operators, browsers and protocols expect; no contract lists them. */
const INFRASTRUCTURE =
  /^\/?$|(^|\/)(health\w*|ready\w*|readiness|live\w*|liveness|ping|metrics|version|docs|redoc|openapi[\w.]*|favicon[\w.]*|robots[\w.]*)(\/|$)/i;

/** The endpoints of both sides by method and path. */
export interface EndpointMatch {
  readonly pairs: readonly Pair[];
  readonly missing: readonly ContractEndpoint[];
  /** Served by the code and named nowhere in the contract. */
  readonly extra: readonly CodeEndpoint[];
  /** The beginning of the paths that all of them differ in; undefined where they agree. */
  readonly prefix?: { readonly contract: string; readonly code: string };
}

/** Finds for each endpoint of a contract the one of the code, across a path prefix that all of them differ in. */
export function matchEndpoints(contract: Contract, code: CodeApi): EndpointMatch {
  const direct = pairUp(contract, code, (path) => path);
  if (direct.pairs.length * 2 >= contract.endpoints.length || contract.endpoints.length < 2) return direct;
  const prefix = differingPrefix(contract, code);
  if (prefix === undefined) return direct;
  const shifted = pairUp(contract, code, (path) =>
    path.startsWith(prefix.contract) ? prefix.code + path.slice(prefix.contract.length) : path,
  );
  if (shifted.pairs.length <= direct.pairs.length || shifted.pairs.length * 2 < contract.endpoints.length) return direct;
  return { ...shifted, prefix };
}

/** The function of a router that no application is seen to include which would answer an endpoint. */
export function strayFor(endpoint: ContractEndpoint, code: CodeApi): Stray | undefined {
  const candidates = code.strays.filter((each) => each.method === endpoint.method);
  const found = candidates.find((each) => endsAlike(endpoint.path, each.path));
  if (found !== undefined || code.unresolved.length === 0) return found;
  // A router that is loaded at run time may get its whole path there.
  return candidates.find((each) => each.path === '/' && isAbout(endpoint.path, each.place.path));
}

function pairUp(contract: Contract, code: CodeApi, translate: (path: string) => string): EndpointMatch {
  const byKey = new Map(code.endpoints.map((endpoint) => [endpointKey(endpoint.method, endpoint.path), endpoint]));
  const pairs: Pair[] = [];
  const missing: ContractEndpoint[] = [];
  const used = new Set<CodeEndpoint>();
  for (const endpoint of contract.endpoints) {
    const found = byKey.get(endpointKey(endpoint.method, translate(endpoint.path)));
    if (found === undefined) missing.push(endpoint);
    else {
      pairs.push({ contract: endpoint, code: found });
      used.add(found);
    }
  }
  const listed = new Set(contract.listed.map((each) => endpointKey(each.method, translate(each.path))));
  // An application that the contract names nothing of is another service.
  const concerned = new Set(pairs.map((pair) => pair.code.application));
  const extra = code.endpoints.filter(
    (endpoint) =>
      !used.has(endpoint) &&
      (concerned.size === 0 || concerned.has(endpoint.application)) &&
      endpoint.isDocumented &&
      !INFRASTRUCTURE.test(endpoint.path) &&
      !listed.has(endpointKey(endpoint.method, endpoint.path)) &&
      !/^(HEAD|OPTIONS|TRACE)$/.test(endpoint.method),
  );
  return { pairs, missing, extra };
}

/** The two prefixes whose exchange makes most endpoints agree. */
function differingPrefix(contract: Contract, code: CodeApi): { contract: string; code: string } | undefined {
  const counts = new Map<string, number>();
  for (const wanted of contract.endpoints) {
    const seen = new Set<string>();
    for (const found of code.endpoints) {
      if (found.method !== wanted.method) continue;
      const [a, b] = [segments(wanted.path), segments(found.path)];
      let same = 0;
      while (same < a.length && same < b.length && plain(a.at(-1 - same)) === plain(b.at(-1 - same))) same++;
      if (same === 0) continue;
      const key = `${prefixOf(a, same)} ${prefixOf(b, same)}`;
      if (!seen.has(key)) counts.set(key, (counts.get(key) ?? 0) + 1);
      seen.add(key);
    }
  }
  const [best] = [...counts].filter(([key]) => !key.includes('{')).sort((a, b) => b[1] - a[1]);
  const [first = '', second = ''] = best?.[0].split(' ') ?? [];
  return best === undefined || first === second ? undefined : { contract: first, code: second };
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function plain(segment: string | undefined): string {
  return (segment ?? '').replace(/\{[^}]*\}/g, '{}');
}

function prefixOf(parts: readonly string[], same: number): string {
  const before = parts.slice(0, parts.length - same);
  return before.length === 0 ? '' : `/${before.join('/')}`;
}

function endsAlike(path: string, end: string): boolean {
  const [a, b] = [segments(path).map(plain), segments(end).map(plain)];
  return b.length > 0 && a.slice(-b.length).join('/') === b.join('/');
}

/** True when a file is called after the last part of a path: `plugin/notice/api.py` and `/sys/notices`. */
function isAbout(path: string, file: string): boolean {
  const last = segments(path).findLast((segment) => !segment.startsWith('{')) ?? '';
  const stem = last.toLowerCase().replace(/s$/, '');
  return (
    stem.length >= 3 &&
    file
      .toLowerCase()
      .split(/[^a-z]+/)
      .some((word) => word.replace(/s$/, '') === stem)
  );
}
