import type { Field, Shape } from './shape.ts';

/** A line of a file: the path is workspace-relative, the line 1-based. */
export interface Place {
  readonly path: string;
  readonly line: number;
}

export const PARAMETER_PLACES = ['path', 'query', 'header', 'cookie'] as const;
export type ParameterPlace = (typeof PARAMETER_PLACES)[number];

export interface Parameter extends Field {
  readonly in: ParameterPlace;
}

/** How sure a description is: types and constraints of a schema, words of a table or list, or one example. */
export type Basis = 'schema' | 'words' | 'example';

/** The body of a request or response. */
export interface Content {
  readonly mediaType: string;
  readonly shape: Shape;
  readonly basis: Basis;
}

export interface SuccessResponse {
  /** Undefined when the contract does not say it. */
  readonly status: number | undefined;
  /** `none`: there is no body. Undefined: not said, or not to be known. */
  readonly content: Content | 'none' | undefined;
  readonly meaning: string;
  readonly place: Place;
}

export interface ErrorResponse {
  readonly status: number;
  /** The machine-readable code; empty when there is none. */
  readonly code: string;
  readonly when: string;
  readonly place: Place;
}

/** One operation of an API, as a contract specifies it or as code serves it. */
export interface Endpoint {
  /** Upper case. */
  readonly method: string;
  /** With parameters in braces. */
  readonly path: string;
  readonly place: Place;
  readonly parameters: readonly Parameter[];
  /** `none`: the request has no body. Undefined: not said, or not to be known. */
  readonly request: Content | 'none' | undefined;
  readonly responses: readonly SuccessResponse[];
  readonly errors: readonly ErrorResponse[];
  readonly auth: 'required' | 'none' | undefined;
}

/** True for methods that send a body. */
export function hasBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

/** `METHOD /path`, as people write it. */
export function endpointName(endpoint: { readonly method: string; readonly path: string }): string {
  return `${endpoint.method} ${endpoint.path}`;
}

/** Equal for endpoints that differ only in how their path parameters are called, or in a final slash. */
export function endpointKey(method: string, path: string): string {
  const plain = path.replace(/\{[^{}]*\}/g, '{}');
  return `${method} ${plain.length > 1 ? plain.replace(/(?<!\/)\/+$/, '') : plain}`;
}

/** A path without the converters of its parameters: `{id:int}` is `{id}`. */
export function normalisedPath(path: string): string {
  return path.replace(/\{([^{}:]*):[^{}]*\}/g, '{$1}');
}

/** The names in the braces of a path, in order. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{([^{}:]*)(?::[^{}]*)?\}/g)].map((match) => (match[1] ?? '').trim());
}
