import { compareShapes, typeName } from '../../api/compare-shapes.ts';
import type { Content, SuccessResponse } from '../../api/endpoint.ts';
import { unwrapped } from '../contract.ts';
import type { Difference } from './differences.ts';
import type { EndpointPair } from './endpoint-pair.ts';

/** The statuses of success. */
export function compareStatuses(pair: EndpointPair): Difference[] {
  const { contract, code } = pair;
  const wanted = contract.responses.flatMap((response) =>
    response.status === undefined || response.status >= 400 ? [] : [response.status],
  );
  const [served] = code.responses;
  if (wanted.length === 0 || served?.status === undefined) return [];
  const possible = code.otherStatuses.length > 0 ? code.otherStatuses : [served.status];
  if (possible.some((status) => wanted.includes(status)) || (code.otherStatuses.length > 0 && wanted.includes(served.status))) return [];
  return [
    pair.difference('status', `success is ${wanted.join(' or ')} in the contract, ${possible.join(' or ')} in the code`, {
      contract: contract.responses[0]?.place,
      code: served.place,
    }),
  ];
}

/** The bodies of success. */
export function compareResponses(pair: EndpointPair): Difference[] {
  const { contract, code } = pair;
  const [served] = code.responses;
  if (served === undefined) return [];
  const wanted =
    contract.responses.find((response) => response.status === served.status) ??
    (contract.responses.length === 1 ? contract.responses[0] : undefined);
  if (wanted?.content === undefined) return [];
  return compareBodies(pair, wanted, served);
}

function compareBodies(pair: EndpointPair, wanted: SuccessResponse, served: SuccessResponse): Difference[] {
  const { code } = pair;
  const places = { contract: wanted.place, code: served.place };
  if (served.content === undefined || wanted.content === undefined) return [];
  if (wanted.content === 'none' || served.content === 'none') {
    if (wanted.content === served.content || wanted.status !== served.status) return [];
    const isNothing = served.content !== 'none' && (served.content.shape.kind === 'unknown' || served.content.shape.kind === 'null');
    if (isNothing) return [];
    return [
      pair.difference(
        'response',
        wanted.content === 'none'
          ? 'the contract promises no body, the code returns one'
          : 'the contract promises a body, the code returns none',
        places,
      ),
    ];
  }
  const media = mediaDifference(wanted.content, served.content);
  if (media !== undefined) return [pair.difference('response', media, places)];
  const { envelope } = pair.conventions;
  const [theirs, ours] = [unwrapped(wanted.content.shape, envelope), unwrapped(served.content.shape, envelope)];
  if (ours.kind === 'unknown')
    pair.undecide(`what \`${code.name}\` returns cannot be read from the source (${code.place.path}:${code.place.line}).`);
  return compareShapes(theirs, ours, { basis: wanted.content.basis, direction: 'output' }).map((each) =>
    pair.shapeDifference('response', 'the response', each, places),
  );
}

/** The bodies of requests. */
export function compareRequests(pair: EndpointPair): Difference[] {
  const { contract, code } = pair;
  const { request: wanted } = contract;
  const { request: found } = code;
  if (wanted === undefined || found === undefined) {
    // A body that the contract does not mention at all, where it specifies everything else.
    const isSpecified = contract.responses.length > 0 && contract.progress === 'done';
    if (wanted !== undefined || found === undefined || found === 'none' || !isSpecified || !demandsBody(found)) return [];
    if (!contract.isRequestSaid) return [pair.difference('request', 'the code demands a body, the contract names none')];
    pair.undecide(`what the contract says of the request (${contract.place.path}:${contract.place.line}) is not understood as a body.`);
    return [];
  }
  if (wanted === 'none' || found === 'none') {
    if (wanted === found) return [];
    return [
      pair.difference(
        'request',
        wanted === 'none' ? 'the contract has no request body, the code takes one' : 'the contract has a request body, the code takes none',
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
    return [pair.difference('request', `the body is ${wanted.mediaType} in the contract, ${found.mediaType} in the code`)];
  return compareShapes(unwrapped(wanted.shape, pair.conventions.envelope), found.shape, { basis: wanted.basis, direction: 'input' }).map(
    (each) => pair.shapeDifference('request', 'the request', each, {}),
  );
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
