/** A line of a file: the path is workspace-relative, the line 1-based. */
export interface Place {
  readonly path: string;
  readonly line: number;
}

/** Limits on a value, by Pydantic's names: `ge`, `gt`, `le`, `lt`, `multiple_of`, `min_length`, `max_length`, `pattern`. */
export type Constraints = Readonly<Record<string, string | number>>;

/** What a JSON value looks like. Plain data: shapes travel between threads. */
export type Shape =
  /** What static reading cannot tell. */
  | { readonly kind: 'unknown' }
  /** Deliberately anything. */
  | { readonly kind: 'any' }
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'number'; readonly isInteger: boolean; readonly constraints: Constraints }
  /** `format` as in JSON Schema: `date-time`, `uuid`, `email` … */
  | { readonly kind: 'string'; readonly format?: string; readonly constraints: Constraints }
  | { readonly kind: 'binary' }
  | { readonly kind: 'enum'; readonly values: readonly (string | number | boolean)[]; readonly name?: string }
  | { readonly kind: 'array'; readonly items: Shape; readonly constraints: Constraints }
  | { readonly kind: 'map'; readonly values: Shape }
  /** `isOpen`: there may be more fields than are known. */
  | { readonly kind: 'object'; readonly name?: string; readonly fields: readonly Field[]; readonly isOpen: boolean }
  | { readonly kind: 'union'; readonly options: readonly Shape[] }
  /** A model inside itself. */
  | { readonly kind: 'reference'; readonly name: string };

export type ObjectShape = Extract<Shape, { kind: 'object' }>;

export interface Field {
  readonly name: string;
  readonly shape: Shape;
  /** Whether the client must send it; undefined when nothing says so. */
  readonly required: boolean | undefined;
  readonly line: number;
  readonly description?: string;
  readonly defaultValue?: string | number | boolean;
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

export const UNKNOWN: Shape = { kind: 'unknown' };
export const ANY: Shape = { kind: 'any' };

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

/** Applies a function to a shape and everything below it, innermost first. */
export function mapShape(shape: Shape, change: (shape: Shape) => Shape): Shape {
  const inner = (each: Shape): Shape => mapShape(each, change);
  switch (shape.kind) {
    case 'array':
      return change({ ...shape, items: inner(shape.items) });
    case 'map':
      return change({ ...shape, values: inner(shape.values) });
    case 'union':
      return change({ ...shape, options: shape.options.map(inner) });
    case 'object':
      return change({ ...shape, fields: shape.fields.map((field) => ({ ...field, shape: inner(field.shape) })) });
    default:
      return change(shape);
  }
}

/** `X | None` without the None, and whether there was one. */
export function withoutNull(shape: Shape): { shape: Shape; isNullable: boolean } {
  if (shape.kind !== 'union') return { shape, isNullable: shape.kind === 'null' };
  const options = shape.options.filter((option) => option.kind !== 'null');
  const [only] = options;
  const isNullable = options.length < shape.options.length;
  return { shape: options.length === 1 && only !== undefined ? only : { kind: 'union', options }, isNullable };
}
