import { endpointKey, endpointName, hasBody, type Parameter, pathParameters } from '../../api/endpoint.ts';
import { mapShape, type Shape } from '../../api/shape.ts';
import type { Contract, ContractEndpoint, ContractProblem, ListedEndpoint } from '../contract.ts';

/** Everything that keeps a contract from review or that a reviewer would ask about, in the order of the document. */
export function checkCompleteness(contract: Contract, wbs: readonly ListedEndpoint[]): ContractProblem[] {
  const problems: ContractProblem[] = [...contract.problems];
  const known = new Set(contract.endpoints.map((endpoint) => endpointKey(endpoint.method, endpoint.path)));
  for (const endpoint of contract.endpoints) problems.push(...endpointProblems(endpoint, contract));
  for (const listed of contract.listed) {
    problems.push({
      kind: 'not_specified',
      severity: 'warning',
      endpoint: endpointName(listed),
      message: `${endpointName(listed)} is listed, but specified nowhere.`,
      fix: 'Specify it, or take it off the list.',
      place: listed.place,
    });
  }
  for (const task of wbs) {
    if (isKnown(known, contract, task)) continue;
    problems.push({
      kind: 'missing_endpoint',
      severity: 'error',
      endpoint: endpointName(task),
      message: `${endpointName(task)} stands in the work breakdown, but not in the contract.`,
      fix: 'Define it with define_contract, or ask the architect.',
      place: task.place,
    });
  }
  problems.push(...modelProblems(contract));
  return problems.sort((a, b) => (a.place.path === b.place.path ? a.place.line - b.place.line : a.place.path < b.place.path ? -1 : 1));
}

/** Paths in a work breakdown are often written without the common prefix. */
function isKnown(known: ReadonlySet<string>, contract: Contract, task: ListedEndpoint): boolean {
  const key = endpointKey(task.method, task.path);
  if (known.has(key) || contract.listed.some((each) => endpointKey(each.method, each.path) === key)) return true;
  const suffix = key.slice(task.method.length + 1);
  return [...known].some((each) => each.startsWith(`${task.method} `) && each.endsWith(suffix) && suffix.length > 1);
}

function endpointProblems(endpoint: ContractEndpoint, contract: Contract): ContractProblem[] {
  const name = endpointName(endpoint);
  const problem = (
    kind: ContractProblem['kind'],
    severity: ContractProblem['severity'],
    message: string,
    fix: string,
    line = endpoint.place.line,
  ): ContractProblem => ({
    kind,
    severity,
    endpoint: name,
    message,
    fix,
    place: { path: endpoint.place.path, line },
  });
  if (endpoint.progress !== 'done') {
    const what = endpoint.progress === 'open' ? 'is open' : `is open in part: ${endpoint.open.join(', ')}`;
    return [problem('open', 'error', `${name} ${what}.`, 'Fill it in with define_contract.')];
  }
  const found: ContractProblem[] = [];
  const success = endpoint.responses.filter((response) => response.status === undefined || response.status < 400);
  const [first] = success;
  if (first === undefined)
    found.push(problem('missing_response', 'error', `${name} has no success response.`, 'Say its status and its model.'));
  else if (success.every((response) => response.status === undefined))
    found.push(
      problem(
        'missing_response',
        'warning',
        `${name} does not say the status of its success response.`,
        'Write the status: 200, 201, 202 or 204.',
        first.place.line,
      ),
    );
  else if (success.every((response) => response.content === undefined && response.status !== 204))
    found.push(
      problem(
        'missing_response',
        'warning',
        `${name} does not say what its success response contains.`,
        'Name a Pydantic model, or say that there is no body.',
        first.place.line,
      ),
    );
  for (const response of success) {
    if (response.status === 204 && response.content !== undefined && response.content !== 'none')
      found.push(
        problem('status', 'error', `${name} answers 204 with a body.`, 'Answer 200 with the body, or 204 without.', response.place.line),
      );
  }
  if (hasBody(endpoint.method) && endpoint.request === undefined && endpoint.method !== 'PATCH' && !isAction(endpoint))
    found.push(
      problem(
        'missing_request',
        'warning',
        `${name} does not say what its request contains.`,
        'Name a Pydantic model, or say that there is no body.',
      ),
    );
  if (endpoint.errors.length === 0 && contract.conventions.errors.length === 0)
    found.push(
      problem('missing_error', 'error', `${name} names no error response.`, 'List each error with status, code and when it happens.'),
    );
  else if (endpoint.errors.length === 0 && pathParameters(endpoint.path).length > 0)
    found.push(
      problem('missing_error', 'warning', `${name} names no error of its own, not even 404.`, 'List the errors that are special to it.'),
    );
  found.push(...pathProblems(endpoint, problem));
  if (contract.conventions.naming !== undefined) found.push(...namingProblems(endpoint, contract.conventions.naming, problem));
  const shared = endpoint.requestModels.filter((model) => isOuterRequest(endpoint, model) && isOuterResponse(endpoint, model));
  for (const model of shared)
    found.push(
      problem(
        'same_model',
        'error',
        `\`${model}\` is both the request and the response of ${name}.`,
        'Use separate models for input and output.',
      ),
    );
  return found;
}

/** `POST /orders/{id}/cancel` needs no body. */
function isAction(endpoint: ContractEndpoint): boolean {
  return /\}\/[^/{]+$/.test(endpoint.path);
}

type Report = (
  kind: ContractProblem['kind'],
  severity: ContractProblem['severity'],
  message: string,
  fix: string,
  line?: number,
) => ContractProblem;

function pathProblems(endpoint: ContractEndpoint, problem: Report): ContractProblem[] {
  const inPath = pathParameters(endpoint.path);
  const strays = endpoint.parameters.filter((parameter: Parameter) => parameter.in === 'path' && !inPath.includes(parameter.name));
  return strays.map((parameter) =>
    problem(
      'path_parameter',
      'error',
      `\`${parameter.name}\` is described as a path parameter, but ${endpointName(endpoint)} has no \`{${parameter.name}}\`.`,
      'Spell both the same, or move it to the query.',
      parameter.line,
    ),
  );
}

function namingProblems(endpoint: ContractEndpoint, naming: 'snake_case' | 'camelCase', problem: Report): ContractProblem[] {
  const bad = new Map<string, number>();
  const isBad = (name: string): boolean => (naming === 'snake_case' ? /[a-z][A-Z]/.test(name) : /[a-z]_[a-z]/.test(name));
  const note = (shape: Shape): Shape =>
    mapShape(shape, (each) => {
      if (each.kind === 'object') for (const field of each.fields) if (isBad(field.name)) bad.set(field.name, field.line);
      return each;
    });
  if (endpoint.request !== undefined && endpoint.request !== 'none') note(endpoint.request.shape);
  for (const { content } of endpoint.responses) if (content !== undefined && content !== 'none') note(content.shape);
  for (const parameter of endpoint.parameters)
    if (parameter.in === 'query' && isBad(parameter.name)) bad.set(parameter.name, parameter.line);
  if (bad.size === 0) return [];
  const names = [...bad.keys()].map((name) => `\`${name}\``).join(', ');
  return [
    problem(
      'naming',
      'warning',
      `${endpointName(endpoint)} uses ${names}, but the contract's convention is ${naming}.`,
      'Follow the convention, or have it changed.',
    ),
  ];
}

function modelProblems(contract: Contract): ContractProblem[] {
  const problems: ContractProblem[] = [];
  const seen = new Map<string, number>();
  const used = new Set(contract.endpoints.flatMap((endpoint) => [...endpoint.requestModels, ...endpoint.responseModels]));
  const sources = contract.models.map((model) => model.source);
  for (const model of contract.models) {
    const earlier = seen.get(model.name);
    if (earlier !== undefined) {
      problems.push({
        kind: 'duplicate',
        severity: 'error',
        endpoint: '',
        message: `\`${model.name}\` is defined twice: here and on line ${earlier}.`,
        fix: 'Keep one definition.',
        place: model.place,
      });
      continue;
    }
    seen.set(model.name, model.place.line);
    const isUsed =
      used.has(model.name) || sources.some((source) => source !== model.source && new RegExp(`\\b${model.name}\\b`).test(source));
    // While endpoints are open, a model may be waiting for them.
    if (isUsed || contract.endpoints.some((endpoint) => endpoint.progress !== 'done')) continue;
    problems.push({
      kind: 'unused_model',
      severity: 'warning',
      endpoint: '',
      message: `\`${model.name}\` is used by no endpoint.`,
      fix: 'Use it or remove it.',
      place: model.place,
    });
  }
  problems.push(...inOutProblems(contract));
  return problems;
}

/** pydantic/separate-schemas: a model that one endpoint takes and another returns. */
function inOutProblems(contract: Contract): ContractProblem[] {
  const inputs = new Map<string, ContractEndpoint>();
  for (const endpoint of contract.endpoints)
    for (const name of endpoint.requestModels) if (isOuterRequest(endpoint, name)) inputs.set(name, endpoint);
  const problems: ContractProblem[] = [];
  for (const endpoint of contract.endpoints) {
    for (const name of endpoint.responseModels) {
      const input = inputs.get(name);
      if (input === undefined || input === endpoint || !isOuterResponse(endpoint, name)) continue;
      inputs.delete(name);
      problems.push({
        kind: 'same_model',
        severity: 'error',
        endpoint: endpointName(endpoint),
        message: `\`${name}\` is the request of ${endpointName(input)} and the response of ${endpointName(endpoint)}.`,
        fix: 'Use separate models for input and output.',
        place: endpoint.place,
      });
    }
  }
  return problems;
}

function isNamed(shape: Shape, name: string): boolean {
  return (shape.kind === 'object' && shape.name === name) || (shape.kind === 'array' && isNamed(shape.items, name));
}

function isOuterRequest(endpoint: ContractEndpoint, name: string): boolean {
  return endpoint.request !== undefined && endpoint.request !== 'none' && isNamed(endpoint.request.shape, name);
}

function isOuterResponse(endpoint: ContractEndpoint, name: string): boolean {
  return endpoint.responses.some(({ content }) => content !== undefined && content !== 'none' && isNamed(content.shape, name));
}

/** True when nothing keeps the contract from review. */
export function isReady(contract: Contract, problems: readonly ContractProblem[]): boolean {
  return contract.endpoints.length > 0 && !problems.some((problem) => problem.severity === 'error');
}
