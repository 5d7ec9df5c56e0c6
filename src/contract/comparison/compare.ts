import { compareShapes, isSpelling, type ShapeDifference, typeName } from '../../api/compare-shapes.ts';
import {
  type Content,
  type ErrorResponse,
  endpointName,
  type Parameter,
  type Place,
  pathParameters,
  type SuccessResponse,
} from '../../api/endpoint.ts';
import type { CodeApi, CodeEndpoint } from '../../fastapi/endpoints.ts';
import { groupBy } from '../../workspace/group-by.ts';
import { type Contract, type ContractEndpoint, type Conventions, unwrapped } from '../contract.ts';
import { matchEndpoints, type Pair, strayFor } from './match-endpoints.ts';

export const DIFFERENCE_KINDS = [
  'missing_in_code',
  'extra_in_code',
  'status',
  'response',
  'request',
  'parameter',
  'auth',
  'error',
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** One place where the code departs from the contract. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** `METHOD /path`, as the contract spells it where it has the endpoint. */
  readonly endpoint: string;
  readonly detail: string;
  readonly contract: Place | undefined;
  readonly code: Place | undefined;
}

/** The result of holding code against a contract. */
export interface Comparison {
  readonly endpoints: { readonly contract: number; readonly code: number; readonly matched: number };
  readonly differences: readonly Difference[];
  /** What differs for every endpoint in the same way. */
  readonly global: readonly Difference[];
  /** What reading alone cannot decide, each a sentence. */
  readonly undecided: readonly string[];
  readonly applications: readonly Place[];
}

const USUAL_HEADERS =
  /^(authorization|x-api-key|accept(-language)?|user-agent|content-type|x-request-id|x-forwarded-\w+|host|referer|origin)$/i;
/** Answers that any API may give without each endpoint saying so. */
const EVERYWHERE = new Set([401, 403, 405, 406, 413, 415, 422, 429]);
/** Answers that the framework, a proxy or a security scheme gives without a line of the project's code. */
const UNSEEN = new Set([401, 405, 406, 422, 429]);

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
  const comparer = new EndpointComparer(contract.conventions, code);
  for (const pair of pairs) differences.push(...comparer.compare(pair));
  undecided.push(...comparer.undecided, ...comparer.unreadAuthentication());
  global.push(...comparer.global());
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

class EndpointComparer {
  readonly undecided: string[] = [];
  private readonly conventions: Conventions;
  private readonly code: CodeApi;
  private readonly spellings = new Map<string, { contract: Place; code: Place }>();
  private readonly unreadAuth: ContractEndpoint[] = [];

  constructor(conventions: Conventions, code: CodeApi) {
    this.conventions = conventions;
    this.code = code;
  }

  compare({ contract, code }: Pair): Difference[] {
    this.noteSpelling(contract, code);
    if (contract.progress === 'open') return [];
    return [
      ...this.statuses(contract, code),
      ...this.responses(contract, code),
      ...this.requests(contract, code),
      ...this.parameters(contract, code),
      ...this.authentication(contract, code),
      ...this.errors(contract, code),
    ];
  }

  global(): Difference[] {
    const found: Difference[] = [];
    const [first] = this.spellings;
    if (first !== undefined) {
      const [spelling, places] = first;
      const more = this.spellings.size > 1 ? `, and ${this.spellings.size - 1} more` : '';
      found.push({
        kind: 'parameter',
        endpoint: 'every endpoint',
        detail: `path parameters are spelled differently in contract and code: ${spelling}${more}; they are compared by position`,
        contract: places.contract,
        code: places.code,
      });
    }
    const { validationStatus } = this.conventions;
    const own = this.code.validationStatus;
    if (validationStatus !== undefined && own !== undefined && validationStatus !== own)
      found.push({
        kind: 'error',
        endpoint: 'every endpoint',
        detail: `a request that fails validation is answered with ${validationStatus} in the contract, ${own} in the code`,
        contract: this.conventions.errors[0]?.place,
        code: this.code.applications[0],
      });
    return found;
  }

  /** One sentence about all endpoints whose authentication the contract states and the code does not show. */
  unreadAuthentication(): string[] {
    const [first, ...others] = this.unreadAuth;
    if (first === undefined) return [];
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return [`${endpointName(first)}${more}: whether the code asks who is calling cannot be read: a dependency is not followed.`];
  }

  private noteSpelling(contract: ContractEndpoint, code: CodeEndpoint): void {
    const [wanted, found] = [pathParameters(contract.path), pathParameters(code.path)];
    wanted.forEach((name, index) => {
      const other = found[index];
      if (other !== undefined && other !== name)
        this.spellings.set(`\`{${name}}\` and \`{${other}}\``, { contract: contract.place, code: code.place });
    });
  }

  private difference(
    kind: DifferenceKind,
    contract: ContractEndpoint,
    code: CodeEndpoint,
    detail: string,
    places?: { contract?: Place | undefined; code?: Place | undefined },
  ): Difference {
    return {
      kind,
      endpoint: endpointName(contract),
      detail,
      contract: places?.contract ?? contract.place,
      code: places?.code ?? code.place,
    };
  }

  private statuses(contract: ContractEndpoint, code: CodeEndpoint): Difference[] {
    const wanted = contract.responses.flatMap((response) =>
      response.status === undefined || response.status >= 400 ? [] : [response.status],
    );
    const [served] = code.responses;
    if (wanted.length === 0 || served?.status === undefined) return [];
    const possible = code.otherStatuses.length > 0 ? code.otherStatuses : [served.status];
    if (possible.some((status) => wanted.includes(status)) || (code.otherStatuses.length > 0 && wanted.includes(served.status))) return [];
    return [
      this.difference('status', contract, code, `success is ${wanted.join(' or ')} in the contract, ${possible.join(' or ')} in the code`, {
        contract: contract.responses[0]?.place,
        code: served.place,
      }),
    ];
  }

  private responses(contract: ContractEndpoint, code: CodeEndpoint): Difference[] {
    const [served] = code.responses;
    if (served === undefined) return [];
    const wanted =
      contract.responses.find((response) => response.status === served.status) ??
      (contract.responses.length === 1 ? contract.responses[0] : undefined);
    if (wanted?.content === undefined) return [];
    return this.bodies('response', contract, code, wanted, served);
  }

  private bodies(
    kind: 'response',
    contract: ContractEndpoint,
    code: CodeEndpoint,
    wanted: SuccessResponse,
    served: SuccessResponse,
  ): Difference[] {
    const places = { contract: wanted.place, code: served.place };
    if (served.content === undefined || wanted.content === undefined) return [];
    if (wanted.content === 'none' || served.content === 'none') {
      if (wanted.content === served.content || wanted.status !== served.status) return [];
      const isNothing = served.content !== 'none' && (served.content.shape.kind === 'unknown' || served.content.shape.kind === 'null');
      if (isNothing) return [];
      return [
        this.difference(
          kind,
          contract,
          code,
          wanted.content === 'none'
            ? 'the contract promises no body, the code returns one'
            : 'the contract promises a body, the code returns none',
          places,
        ),
      ];
    }
    const media = mediaDifference(wanted.content, served.content);
    if (media !== undefined) return [this.difference(kind, contract, code, media, places)];
    const { envelope } = this.conventions;
    const [theirs, ours] = [unwrapped(wanted.content.shape, envelope), unwrapped(served.content.shape, envelope)];
    if (ours.kind === 'unknown')
      this.undecided.push(
        `${endpointName(contract)}: what \`${code.name}\` returns cannot be read from the source (${code.place.path}:${code.place.line}).`,
      );
    return compareShapes(theirs, ours, { basis: wanted.content.basis, direction: 'output' }).map((each) =>
      this.ofShape(kind, 'the response', contract, code, each, places),
    );
  }

  private requests(contract: ContractEndpoint, code: CodeEndpoint): Difference[] {
    const { request: wanted } = contract;
    const { request: found } = code;
    if (wanted === undefined || found === undefined) {
      // A body that the contract does not mention at all, where it specifies everything else.
      const isSpecified = contract.responses.length > 0 && contract.progress === 'done';
      if (wanted !== undefined || found === undefined || found === 'none' || !isSpecified || !demandsBody(found)) return [];
      if (!contract.isRequestSaid) return [this.difference('request', contract, code, 'the code demands a body, the contract names none')];
      this.undecided.push(
        `${endpointName(contract)}: what the contract says of the request (${contract.place.path}:${contract.place.line}) is not understood as a body.`,
      );
      return [];
    }
    if (wanted === 'none' || found === 'none') {
      if (wanted === found) return [];
      return [
        this.difference(
          'request',
          contract,
          code,
          wanted === 'none'
            ? 'the contract has no request body, the code takes one'
            : 'the contract has a request body, the code takes none',
        ),
      ];
    }
    const isForm = (content: Content): boolean => /form/.test(content.mediaType);
    if (
      isForm(wanted) !== isForm(found) &&
      (isForm(wanted) || /json/.test(wanted.mediaType)) &&
      wanted.shape.kind !== 'binary' &&
      wanted.shape.kind !== 'unknown'
    )
      return [
        this.difference('request', contract, code, `the body is ${wanted.mediaType} in the contract, ${found.mediaType} in the code`),
      ];
    return compareShapes(unwrapped(wanted.shape, this.conventions.envelope), found.shape, { basis: wanted.basis, direction: 'input' }).map(
      (each) => this.ofShape('request', 'the request', contract, code, each, {}),
    );
  }

  private ofShape(
    kind: DifferenceKind,
    what: string,
    contract: ContractEndpoint,
    code: CodeEndpoint,
    each: ShapeDifference,
    places: { contract?: Place | undefined; code?: Place | undefined },
  ): Difference {
    const detail = each.field === '' ? `${what} ${each.detail}` : `\`${each.field}\` of ${what} ${each.detail}`;
    // Lines of fields lie in the contract's document; those of the code may lie in another module than the endpoint.
    const line =
      each.contractLine > 0 && (places.contract ?? contract.place).path === contract.place.path
        ? { path: contract.place.path, line: each.contractLine }
        : undefined;
    return this.difference(kind, contract, code, detail, { contract: line ?? places.contract, code: places.code });
  }

  private parameters(contract: ContractEndpoint, code: CodeEndpoint): Difference[] {
    const found: Difference[] = [];
    const byName = new Map(code.parameters.map((parameter) => [parameterKey(parameter), parameter]));
    const positions = pathParameters(contract.path);
    const served = pathParameters(code.path);
    const matched = new Set<Parameter>();
    for (const wanted of contract.parameters) {
      const contractPlace = { path: contract.place.path, line: wanted.line };
      const name = wanted.in === 'path' ? (served[positions.indexOf(wanted.name)] ?? wanted.name) : wanted.name;
      const same = byName.get(parameterKey({ ...wanted, name }));
      if (same === undefined) {
        const spelled = code.parameters.find(
          (parameter) => parameter.in === wanted.in && isSpelling(parameter.name, name) && !matched.has(parameter),
        );
        if (spelled !== undefined) {
          matched.add(spelled);
          found.push(
            this.difference(
              'parameter',
              contract,
              code,
              `the ${wanted.in} parameter \`${wanted.name}\` is called \`${spelled.name}\` in the code`,
              { contract: contractPlace },
            ),
          );
          continue;
        }
        const elsewhere = code.parameters.find((parameter) => parameter.name.toLowerCase() === name.toLowerCase());
        if (elsewhere !== undefined) {
          matched.add(elsewhere);
          found.push(
            this.difference(
              'parameter',
              contract,
              code,
              `\`${wanted.name}\` is a ${wanted.in} parameter in the contract, a ${elsewhere.in} parameter in the code`,
              { contract: contractPlace },
            ),
          );
        } else if (wanted.in !== 'path' && code.areInputsComplete && !(wanted.in === 'header' && USUAL_HEADERS.test(wanted.name)))
          found.push(
            this.difference('parameter', contract, code, `the ${wanted.in} parameter \`${wanted.name}\` is not taken by the code`, {
              contract: contractPlace,
            }),
          );
        continue;
      }
      matched.add(same);
      if (wanted.in !== 'path' && wanted.required !== undefined && same.required !== undefined && wanted.required !== same.required)
        found.push(
          this.difference(
            'parameter',
            contract,
            code,
            `the ${wanted.in} parameter \`${wanted.name}\` is ${wanted.required ? 'required' : 'optional'} in the contract, ${same.required ? 'required' : 'optional'} in the code`,
            { contract: contractPlace },
          ),
        );
      const isDefaulted = wanted.required !== true && same.required !== true;
      if (isDefaulted && wanted.defaultValue !== undefined && same.defaultValue !== undefined && wanted.defaultValue !== same.defaultValue)
        found.push(
          this.difference(
            'parameter',
            contract,
            code,
            `the ${wanted.in} parameter \`${wanted.name}\` defaults to ${wanted.defaultValue} in the contract, ${same.defaultValue} in the code`,
            { contract: contractPlace },
          ),
        );
      for (const each of compareShapes(wanted.shape, same.shape, { basis: 'words', direction: 'input' }))
        found.push(
          this.difference(
            'parameter',
            contract,
            code,
            `the ${wanted.in} parameter \`${wanted.name}\`${each.field === '' ? '' : ` (${each.field})`} ${each.detail}`,
            { contract: contractPlace },
          ),
        );
    }
    for (const extra of code.parameters) {
      if (matched.has(extra) || extra.in === 'path' || extra.in === 'cookie' || this.isCommon(extra)) continue;
      found.push(
        this.difference(
          'parameter',
          contract,
          code,
          `the code ${extra.required === true ? 'demands' : 'takes'} the ${extra.in} parameter \`${extra.name}\`, which is not in the contract`,
        ),
      );
    }
    return found;
  }

  /** Parameters that the contract describes once for many endpoints, and headers that clients send anyway. */
  private isCommon(parameter: Parameter): boolean {
    if (this.conventions.mentioned.includes(parameter.name.toLowerCase())) return true;
    return parameter.in === 'header' && USUAL_HEADERS.test(parameter.name);
  }

  private authentication(contract: ContractEndpoint, code: CodeEndpoint): Difference[] {
    const wanted = contract.auth ?? this.conventions.auth;
    const scopes = [...contract.authText.matchAll(/(?<![\w/:])[a-z][\w.-]*:[a-z*][\w.-]*(?![\w/:])/g)].map((match) => match[0]);
    const lacking = scopes.filter((scope) => !code.scopes.includes(scope));
    if (lacking.length > 0 && code.scopes.length > 0)
      return [
        this.difference(
          'auth',
          contract,
          code,
          `the contract demands the scope ${lacking.map((scope) => `\`${scope}\``).join(', ')}, the code ${code.scopes.map((scope) => `\`${scope}\``).join(', ')}`,
        ),
      ];
    // Reported only where the endpoint itself states it: a rule for all of them has its exceptions.
    if (code.auth === undefined && contract.auth === 'required') this.unreadAuth.push(contract);
    if (wanted === undefined || code.auth === undefined || wanted === code.auth) return [];
    if (wanted === 'required' && this.code.hasMiddleware) {
      this.undecided.push(
        `${endpointName(contract)}: the contract demands authentication; the endpoint itself has none, but middleware may.`,
      );
      return [];
    }
    return [
      this.difference(
        'auth',
        contract,
        code,
        wanted === 'required'
          ? 'the contract demands authentication, the code lets everyone in'
          : 'the contract leaves it open to everyone, the code demands authentication',
      ),
    ];
  }

  private errors(contract: ContractEndpoint, code: CodeEndpoint): Difference[] {
    if (contract.errors.length === 0) return [];
    const found: Difference[] = [];
    const named = [...contract.errors, ...this.conventions.errors];
    const statuses = new Set(named.map((error) => error.status));
    const reported = new Set<string>();
    for (const raised of code.errors) {
      // What a dependency refuses (a missing login) need not be repeated by every endpoint.
      if (raised.status >= 500 || raised.when === 'documented' || (raised.when !== '' && EVERYWHERE.has(raised.status))) continue;
      if (statuses.has(raised.status)) continue;
      if (EVERYWHERE.has(raised.status) && raised.when !== '') continue;
      // The same error under another status is one difference: said where the contract names it.
      if (raised.code !== '' && contract.errors.some((error) => sameCode(error.code, raised.code))) continue;
      const key = `${raised.status}`;
      if (reported.has(key)) continue;
      reported.add(key);
      const withCode = raised.code === '' ? '' : ` (${raised.code})`;
      found.push(
        this.difference('error', contract, code, `the code answers ${raised.status}${withCode}, which the contract does not name`, {
          contract: contract.errors[0]?.place,
          code: raised.place,
        }),
      );
    }
    found.push(...this.unansweredErrors(contract, code), ...this.errorCodes(contract, code, named));
    return found;
  }

  /** Errors that the contract names and the code never gives. */
  private unansweredErrors(contract: ContractEndpoint, code: CodeEndpoint): Difference[] {
    const found: Difference[] = [];
    const unread = new Set<number>();
    for (const wanted of contract.errors) {
      const { status } = wanted;
      if (status >= 500 || UNSEEN.has(status) || (status === 403 && this.code.hasMiddleware) || this.isValidation(wanted)) continue;
      const answers = code.errors.filter((error) => error.status === status);
      const isAnswered =
        answers.length > 0 && (wanted.code === '' || answers.some((error) => error.code === '' || sameCode(error.code, wanted.code)));
      // Another code under the same status is reported as such.
      const isOtherCode =
        answers.length > 0 &&
        !answers.every((error) => contract.errors.some((other) => other.status === status && sameCode(other.code, error.code)));
      if (isAnswered || isOtherCode) continue;
      const moved =
        wanted.code === '' ? undefined : code.errors.find((error) => error.status !== status && sameCode(error.code, wanted.code));
      if (moved !== undefined)
        found.push(
          this.difference(
            'error',
            contract,
            code,
            `\`${wanted.code}\` is answered with ${status} in the contract, ${moved.status} in the code`,
            { contract: wanted.place, code: moved.place },
          ),
        );
      else if (code.errorGap !== undefined) unread.add(status);
      else
        found.push(
          this.difference(
            'error',
            contract,
            code,
            `the contract names ${status}${wanted.code === '' ? '' : ` (${wanted.code})`}, the code never answers it`,
            { contract: wanted.place },
          ),
        );
    }
    if (unread.size > 0)
      this.undecided.push(
        `${endpointName(contract)}: whether the code answers ${[...unread].join(', ')} cannot be read: ${code.errorGap} is not followed.`,
      );
    return found;
  }

  private isValidation(error: ErrorResponse): boolean {
    return (
      error.status === this.conventions.validationStatus ||
      (error.status === 400 && /valid|校验|参数|検証|malformed|格式/i.test(error.when))
    );
  }

  /** Another machine-readable code under the same status. */
  private errorCodes(contract: ContractEndpoint, code: CodeEndpoint, named: readonly ErrorResponse[]): Difference[] {
    const found: Difference[] = [];
    const reported = new Set<string>();
    for (const raised of code.errors) {
      if (raised.code === '' || raised.status >= 500 || raised.when !== '') continue;
      const wanted = named.filter((error) => error.status === raised.status && error.code !== '');
      if (wanted.length === 0 || wanted.some((error) => sameCode(error.code, raised.code))) continue;
      // A code of the global table that goes with no particular endpoint settles nothing.
      if (!contract.errors.some((error) => error.status === raised.status && error.code !== '')) continue;
      const key = `${raised.status} ${raised.code}`;
      if (reported.has(key)) continue;
      reported.add(key);
      const [first] = contract.errors.filter((error) => error.status === raised.status);
      found.push(
        this.difference(
          'error',
          contract,
          code,
          `the code answers ${raised.status} with \`${raised.code}\`, the contract with ${[...new Set(wanted.map((error) => `\`${error.code}\``))].join(' or ')}`,
          { contract: first?.place, code: raised.place },
        ),
      );
    }
    return found;
  }
}

function sameCode(a: string, b: string): boolean {
  return a.toLowerCase().replace(/[^a-z0-9]/g, '') === b.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function parameterKey(parameter: { readonly in: string; readonly name: string }): string {
  return parameter.in === 'header' ? `header ${parameter.name.toLowerCase().replaceAll('_', '-')}` : `${parameter.in} ${parameter.name}`;
}

function demandsBody(content: Content): boolean {
  return content.shape.kind !== 'object' || content.shape.fields.some((field) => field.required === true);
}

/** JSON against a file or page; streams may be anything. */
function mediaDifference(contract: Content, code: Content): string | undefined {
  const isJson = (content: Content): boolean => /json/.test(content.mediaType);
  if (isJson(contract) && !isJson(code) && code.mediaType !== 'application/octet-stream')
    return `the body is JSON in the contract, ${code.mediaType} in the code`;
  if (!isJson(contract) && isJson(code) && code.shape.kind !== 'unknown' && code.shape.kind !== 'any')
    return `the body is ${contract.mediaType} in the contract, JSON (${typeName(code.shape)}) in the code`;
  return undefined;
}
