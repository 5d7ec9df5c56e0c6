import { compareShapes, isSpelling } from '../../api/compare-shapes.ts';
import { type Parameter, pathParameters } from '../../api/endpoint.ts';
import type { Conventions } from '../contract.ts';
import type { Difference } from './differences.ts';
import type { EndpointPair } from './endpoint-pair.ts';

const USUAL_HEADERS =
  /^(authorization|x-api-key|accept(-language)?|user-agent|content-type|x-request-id|x-forwarded-\w+|host|referer|origin)$/i;

/** Parameters by place and name. */
export function compareParameters(pair: EndpointPair): Difference[] {
  const { contract, code } = pair;
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
          pair.difference('parameter', `the ${wanted.in} parameter \`${wanted.name}\` is called \`${spelled.name}\` in the code`, {
            contract: contractPlace,
          }),
        );
        continue;
      }
      const elsewhere = code.parameters.find((parameter) => parameter.name.toLowerCase() === name.toLowerCase());
      if (elsewhere !== undefined) {
        matched.add(elsewhere);
        found.push(
          pair.difference(
            'parameter',
            `\`${wanted.name}\` is a ${wanted.in} parameter in the contract, a ${elsewhere.in} parameter in the code`,
            { contract: contractPlace },
          ),
        );
      } else if (wanted.in !== 'path' && code.areInputsComplete && !(wanted.in === 'header' && USUAL_HEADERS.test(wanted.name)))
        found.push(
          pair.difference('parameter', `the ${wanted.in} parameter \`${wanted.name}\` is not taken by the code`, {
            contract: contractPlace,
          }),
        );
      continue;
    }
    matched.add(same);
    if (wanted.in !== 'path' && wanted.required !== undefined && same.required !== undefined && wanted.required !== same.required)
      found.push(
        pair.difference(
          'parameter',
          `the ${wanted.in} parameter \`${wanted.name}\` is ${wanted.required ? 'required' : 'optional'} in the contract, ${same.required ? 'required' : 'optional'} in the code`,
          { contract: contractPlace },
        ),
      );
    const isDefaulted = wanted.required !== true && same.required !== true;
    if (isDefaulted && wanted.defaultValue !== undefined && same.defaultValue !== undefined && wanted.defaultValue !== same.defaultValue)
      found.push(
        pair.difference(
          'parameter',
          `the ${wanted.in} parameter \`${wanted.name}\` defaults to ${wanted.defaultValue} in the contract, ${same.defaultValue} in the code`,
          { contract: contractPlace },
        ),
      );
    for (const each of compareShapes(wanted.shape, same.shape, { basis: 'words', direction: 'input' }))
      found.push(
        pair.difference(
          'parameter',
          `the ${wanted.in} parameter \`${wanted.name}\`${each.field === '' ? '' : ` (${each.field})`} ${each.detail}`,
          { contract: contractPlace },
        ),
      );
  }
  for (const extra of code.parameters) {
    if (matched.has(extra) || extra.in === 'path' || extra.in === 'cookie' || isCommon(extra, pair.conventions)) continue;
    found.push(
      pair.difference(
        'parameter',
        `the code ${extra.required === true ? 'demands' : 'takes'} the ${extra.in} parameter \`${extra.name}\`, which is not in the contract`,
      ),
    );
  }
  return found;
}

/** Parameters that the contract describes once for many endpoints, and headers that clients send anyway. */
function isCommon(parameter: Parameter, conventions: Conventions): boolean {
  if (conventions.mentioned.includes(parameter.name.toLowerCase())) return true;
  return parameter.in === 'header' && USUAL_HEADERS.test(parameter.name);
}

function parameterKey(parameter: { readonly in: string; readonly name: string }): string {
  return parameter.in === 'header' ? `header ${parameter.name.toLowerCase().replaceAll('_', '-')}` : `${parameter.in} ${parameter.name}`;
}
