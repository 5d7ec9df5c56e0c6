import { type Parameter, pathParameters } from '../../api/endpoint.ts';
import type { ContractEndpoint } from '../contract.ts';

/** What one entry says of an endpoint. */
export type EntryReading = Omit<ContractEndpoint, 'hash'> & {
  /** It states only what is different from an earlier entry. */
  readonly isChange: boolean;
};

/** A change states only what is different. */
export function overruled(earlier: EntryReading, change: EntryReading): EntryReading {
  return {
    ...earlier,
    parameters: uniqueParameters(
      [...change.parameters.filter((parameter) => parameter.shape.kind !== 'unknown'), ...earlier.parameters],
      [],
    ),
    request: change.request ?? earlier.request,
    responses: change.responses.length > 0 ? change.responses : earlier.responses,
    errors:
      change.errors.length > 0
        ? [...change.errors, ...earlier.errors.filter((error) => !change.errors.some((other) => other.status === error.status))]
        : earlier.errors,
    auth: change.auth ?? earlier.auth,
    authText: change.authText || earlier.authText,
    validation: [...earlier.validation, ...change.validation],
    requestModels: [...new Set([...earlier.requestModels, ...change.requestModels])],
    responseModels: [...new Set([...earlier.responseModels, ...change.responseModels])],
    open: [...earlier.open, ...change.open],
    progress: change.progress === 'open' ? earlier.progress : change.progress === 'partly' ? 'partly' : earlier.progress,
  };
}

/** What a table row adds to the entry that specifies the endpoint. */
export function withDetails(main: EntryReading, row: EntryReading): EntryReading {
  return {
    ...main,
    summary: main.summary === '' ? row.summary : main.summary,
    auth: main.auth ?? row.auth,
    authText: main.authText || row.authText,
    parameters: uniqueParameters([...main.parameters, ...row.parameters], pathParameters(main.path)),
    request: main.request ?? row.request,
    isRequestSaid: main.isRequestSaid || row.isRequestSaid,
    requestModels: [...new Set([...main.requestModels, ...row.requestModels])],
    responseModels: [...new Set([...main.responseModels, ...row.responseModels])],
    responses: main.responses.length > 0 ? main.responses : row.responses,
    errors: main.errors.length > 0 ? main.errors : row.errors,
  };
}

/** Each parameter once, under the name that the path gives it. */
export function uniqueParameters(parameters: readonly Parameter[], pathNames: readonly string[]): Parameter[] {
  const unique = new Map<string, Parameter>();
  for (const parameter of parameters) {
    const key = `${parameter.in} ${parameter.name.toLowerCase()}`;
    // A path parameter that the path does not have is a spelling of one that it has: reported by the completeness check.
    const known = unique.get(key);
    if (known === undefined || known.shape.kind === 'unknown') unique.set(key, parameter);
  }
  const all = [...unique.values()];
  const described = all.filter((parameter) => parameter.in === 'path' && !pathNames.includes(parameter.name));
  // `id` in the table for `{loan_id}` in the path, where there is only one of each.
  const bare = all.filter(
    (parameter) => parameter.in === 'path' && pathNames.includes(parameter.name) && parameter.shape.kind === 'unknown',
  );
  const [only] = bare;
  const [spelled] = described;
  if (only === undefined || spelled === undefined || bare.length !== 1 || described.length !== 1) return all;
  return all.flatMap((parameter) => (parameter === spelled ? [] : parameter === only ? [{ ...spelled, name: only.name }] : [parameter]));
}
