import type { ErrorResponse } from '../../api/endpoint.ts';
import type { Conventions } from '../contract.ts';
import type { Difference } from './differences.ts';
import type { EndpointPair } from './endpoint-pair.ts';

/** Answers that any API may give without each endpoint saying so. */
const EVERYWHERE = new Set([401, 403, 405, 406, 413, 415, 422, 429]);
/** Answers that the framework, a proxy or a security scheme gives without a line of the project's code. */
const UNSEEN = new Set([401, 405, 406, 422, 429]);

/** Statuses and codes of errors. */
export function compareErrors(pair: EndpointPair): Difference[] {
  const { contract, code } = pair;
  if (contract.errors.length === 0) return [];
  const found: Difference[] = [];
  const named = [...contract.errors, ...pair.conventions.errors];
  const statuses = new Set(named.map((error) => error.status));
  const reported = new Set<string>();
  for (const raised of code.errors) {
    // What a dependency refuses (a missing login) need not be repeated by every endpoint.
    if (raised.status >= 500 || raised.when === 'documented' || (raised.when !== '' && EVERYWHERE.has(raised.status))) continue;
    if (statuses.has(raised.status)) continue;
    // The same error under another status is one difference: said where the contract names it.
    if (raised.code !== '' && contract.errors.some((error) => sameCode(error.code, raised.code))) continue;
    const key = `${raised.status}`;
    if (reported.has(key)) continue;
    reported.add(key);
    const withCode = raised.code === '' ? '' : ` (${raised.code})`;
    found.push(
      pair.difference('error', `the code answers ${raised.status}${withCode}, which the contract does not name`, {
        contract: contract.errors[0]?.place,
        code: raised.place,
      }),
    );
  }
  found.push(...unansweredErrors(pair), ...otherCodes(pair, named));
  return found;
}

/** Errors that the contract names and the code never gives. */
function unansweredErrors(pair: EndpointPair): Difference[] {
  const { contract, code } = pair;
  const found: Difference[] = [];
  const unread = new Set<number>();
  for (const wanted of contract.errors) {
    const { status } = wanted;
    if (status >= 500 || UNSEEN.has(status) || (status === 403 && pair.api.hasMiddleware) || isValidation(wanted, pair.conventions))
      continue;
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
        pair.difference('error', `\`${wanted.code}\` is answered with ${status} in the contract, ${moved.status} in the code`, {
          contract: wanted.place,
          code: moved.place,
        }),
      );
    else if (code.errorGap !== undefined) unread.add(status);
    else
      found.push(
        pair.difference(
          'error',
          `the contract names ${status}${wanted.code === '' ? '' : ` (${wanted.code})`}, the code never answers it`,
          { contract: wanted.place },
        ),
      );
  }
  if (unread.size > 0)
    pair.undecide(`whether the code answers ${[...unread].join(', ')} cannot be read: ${code.errorGap} is not followed.`);
  return found;
}

function isValidation(error: ErrorResponse, conventions: Conventions): boolean {
  return error.status === conventions.validationStatus || (error.status === 400 && /valid|校验|参数|検証|malformed|格式/i.test(error.when));
}

/** Another machine-readable code under the same status. */
function otherCodes(pair: EndpointPair, named: readonly ErrorResponse[]): Difference[] {
  const { contract, code } = pair;
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
      pair.difference(
        'error',
        `the code answers ${raised.status} with \`${raised.code}\`, the contract with ${[...new Set(wanted.map((error) => `\`${error.code}\``))].join(' or ')}`,
        { contract: first?.place, code: raised.place },
      ),
    );
  }
  return found;
}

function sameCode(a: string, b: string): boolean {
  return a.toLowerCase().replace(/[^a-z0-9]/g, '') === b.toLowerCase().replace(/[^a-z0-9]/g, '');
}
