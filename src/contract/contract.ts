import type { Endpoint, ErrorResponse, Place } from '../api/endpoint.ts';
import type { ObjectShape, Shape } from '../api/shape.ts';

/** How much of an endpoint is decided. */
export type Progress = 'done' | 'partly' | 'open';

/** An endpoint as the contract specifies it. */
export interface ContractEndpoint extends Endpoint {
  readonly progress: Progress;
  /** The parts that still hold a marker, by their label; `everything` when there are no parts. */
  readonly open: readonly string[];
  readonly summary: string;
  readonly validation: readonly string[];
  /** What is said of authentication, in the contract's words. */
  readonly authText: string;
  /** Something stands where the request is described, whether it was understood or not. */
  readonly isRequestSaid: boolean;
  /** Names of the contract's models that its request and responses use. */
  readonly requestModels: readonly string[];
  readonly responseModels: readonly string[];
  readonly examples: { readonly request?: unknown; readonly response?: unknown };
  /** Identifies everything the contract says of the endpoint. */
  readonly hash: string;
}

/** A class of the contract. */
export interface ContractModel {
  readonly name: string;
  readonly place: Place;
  readonly shape: Shape;
  readonly source: string;
  /** It has type parameters. */
  readonly isGeneric: boolean;
}

/** Something of the contract that is wrong or missing, and what to do. */
export interface ContractProblem {
  readonly kind:
    | 'open'
    | 'undefined_model'
    | 'unused_model'
    | 'duplicate'
    | 'missing_endpoint'
    | 'missing_response'
    | 'missing_error'
    | 'missing_request'
    | 'path_parameter'
    | 'status'
    | 'naming'
    | 'same_model'
    | 'not_understood'
    | 'not_specified';
  /** Warnings do not keep the contract from review. */
  readonly severity: 'error' | 'warning';
  /** `METHOD /path`; empty for what concerns no single endpoint. */
  readonly endpoint: string;
  readonly message: string;
  readonly fix: string;
  readonly place: Place;
}

/** A response body that wraps every payload: `{code, message, data}`. */
export interface Envelope {
  readonly fields: readonly string[];
  /** The field that holds the payload. */
  readonly payload: string;
  readonly place: Place;
}

/** What a contract says for all endpoints at once. */
export interface Conventions {
  readonly envelope: Envelope | undefined;
  readonly errors: readonly ErrorResponse[];
  /** `/api/v1`, without a final slash; empty when none is stated. */
  readonly basePath: string;
  readonly naming: 'snake_case' | 'camelCase' | undefined;
  readonly auth: 'required' | undefined;
  readonly authText: string;
  /** The status of a request that fails validation, where the contract names one. */
  readonly validationStatus: number | undefined;
  /** Every identifier in the parts about no single endpoint, lower case. */
  readonly mentioned: readonly string[];
}

/** An endpoint that is only mentioned: in a task table, never specified. */
export interface ListedEndpoint {
  readonly method: string;
  readonly path: string;
  readonly place: Place;
}

/** Everything that was read from the contract's documents. */
export interface Contract {
  readonly paths: readonly string[];
  readonly endpoints: readonly ContractEndpoint[];
  readonly listed: readonly ListedEndpoint[];
  readonly models: readonly ContractModel[];
  /** All Python of the contract, aliases included. */
  readonly source: string;
  readonly conventions: Conventions;
  readonly problems: readonly ContractProblem[];
}

/** The payload of a response that the contract's envelope wraps; the shape itself when it is not wrapped. */
export function unwrapped(shape: Shape, envelope: Envelope | undefined): Shape {
  if (envelope === undefined || shape.kind !== 'object') return shape;
  return isWrapped(shape, envelope) ? (shape.fields.find((field) => field.name === envelope.payload)?.shape ?? shape) : shape;
}

/** True when an object is the envelope: it has the payload, and mostly nothing but the envelope's fields. */
export function isWrapped(shape: ObjectShape, envelope: Envelope): boolean {
  const names = shape.fields.map((field) => field.name);
  const known = names.filter((name) => envelope.fields.includes(name));
  return names.includes(envelope.payload) && known.length >= 2 && known.length >= names.length - 1;
}
