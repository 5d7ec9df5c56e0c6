import { type Content, type ErrorResponse, endpointName, type Parameter, pathParameters } from '../api/endpoint.ts';
import { type Constraints, type Field, hasUnknown, type Shape } from '../api/shape.ts';

import { type Contract, type ContractEndpoint, isWrapped } from './contract.ts';

/** A JSON Schema or another part of an OpenAPI document, as plain JSON. */
type Json = { readonly [key: string]: unknown };

/** Marks documents that this product wrote, so that only those are written over. */
export const GENERATOR = 'python-engineer-mcp';

/** The contract as an OpenAPI 3.1 document. `version` is the API's own. */
export function toOpenApi(contract: Contract, title: string, version: string): Json {
  const schemas = new SchemaWriter(contract);
  const paths = new Map<string, { path: string; operations: Record<string, unknown> }>();
  const ids = new Set<string>();
  for (const endpoint of contract.endpoints) {
    // Two spellings of one template would be two paths, which OpenAPI forbids.
    const key = endpoint.path.replace(/\{[^}]*\}/g, '{}');
    const entry = paths.get(key) ?? { path: endpoint.path, operations: {} };
    paths.set(key, entry);
    entry.operations[endpoint.method.toLowerCase()] = operation(endpoint, entry.path, contract, schemas, ids);
  }
  const needsAuth = contract.endpoints.some((endpoint) => authOf(endpoint, contract) === 'required');
  const components = {
    ...(schemas.isEmpty ? {} : { schemas: schemas.all() }),
    ...(needsAuth ? { securitySchemes: { auth: securityScheme(contract) } } : {}),
  };
  return {
    openapi: '3.1.0',
    info: { title, version, 'x-generator': GENERATOR },
    paths: Object.fromEntries([...paths.values()].map(({ path, operations }) => [path, operations])),
    ...(Object.keys(components).length > 0 ? { components } : {}),
  };
}

function operation(endpoint: ContractEndpoint, path: string, contract: Contract, schemas: SchemaWriter, ids: Set<string>): Json {
  const names = pathParameters(path);
  const own = pathParameters(endpoint.path);
  const parameters = endpoint.parameters.flatMap((parameter) => {
    const name = parameter.in === 'path' ? (names[own.indexOf(parameter.name)] ?? parameter.name) : parameter.name;
    return parameter.in === 'path' && !names.includes(name) ? [] : [parameterObject({ ...parameter, name }, schemas)];
  });
  const description = [
    ...(endpoint.progress === 'done' ? [] : [`**Not decided yet**: ${endpoint.open.join(', ') || 'everything'}.`]),
    ...(endpoint.authText === '' ? [] : [`Authentication: ${endpoint.authText}`]),
    ...(endpoint.validation.length === 0 ? [] : [['Validation:', ...endpoint.validation.map((rule) => `- ${rule}`)].join('\n')]),
  ].join('\n\n');
  const auth = authOf(endpoint, contract);
  const marker = endpoint.progress === 'done' ? '' : endpoint.progress === 'partly' ? '[open in part] ' : '[open] ';
  return {
    operationId: uniqueId(endpoint, ids),
    summary: `${marker}${endpoint.summary || endpointName(endpoint)}`,
    tags: [tagOf(endpoint.path)],
    ...(description === '' ? {} : { description }),
    ...(endpoint.progress === 'done' ? {} : { 'x-open': true }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(endpoint.request === undefined || endpoint.request === 'none'
      ? {}
      : { requestBody: { required: true, content: contentObject(endpoint.request, schemas, endpoint.examples.request) } }),
    responses: responsesObject(endpoint, schemas, contract),
    ...(auth === undefined ? {} : { security: auth === 'required' ? [{ auth: [] }] : [] }),
  };
}

function authOf(endpoint: ContractEndpoint, contract: Contract): 'required' | 'none' | undefined {
  return endpoint.auth ?? contract.conventions.auth;
}

function securityScheme(contract: Contract): Json {
  const texts = [contract.conventions.authText, ...contract.endpoints.map((endpoint) => endpoint.authText)].join(' ');
  if (/api[- ]?key/i.test(texts) && !/bearer|jwt/i.test(texts))
    return { type: 'apiKey', in: 'header', name: /\bX-[\w-]*Key\b/i.exec(texts)?.[0] ?? 'X-API-Key' };
  return { type: 'http', scheme: 'bearer', ...(/jwt/i.test(texts) ? { bearerFormat: 'JWT' } : {}) };
}

/** The first part of a path that is no version, prefix or parameter. */
function tagOf(path: string): string {
  return path.split('/').find((segment) => segment !== '' && !/^(api|v\d[\w.]*|\{.*\})$/i.test(segment)) ?? 'api';
}

function uniqueId(endpoint: ContractEndpoint, ids: Set<string>): string {
  const base = `${endpoint.method.toLowerCase()}_${endpoint.path
    .replace(/[{}]/g, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')}`;
  let id = base;
  for (let count = 2; ids.has(id); count++) id = `${base}_${count}`;
  ids.add(id);
  return id;
}

function parameterObject(parameter: Parameter, schemas: SchemaWriter): Json {
  return {
    name: parameter.name,
    in: parameter.in,
    required: parameter.in === 'path' || parameter.required === true,
    ...(parameter.description === undefined ? {} : { description: parameter.description }),
    schema: {
      ...(parameter.shape.kind === 'unknown' ? { type: 'string' } : schemas.schema(parameter.shape)),
      ...(parameter.defaultValue === undefined ? {} : { default: parameter.defaultValue }),
    },
  };
}

function contentObject(content: Content, schemas: SchemaWriter, example: unknown): Json {
  return { [content.mediaType]: { schema: schemas.schema(content.shape), ...(example === undefined ? {} : { example }) } };
}

function responsesObject(endpoint: ContractEndpoint, schemas: SchemaWriter, { conventions }: Contract): Json {
  const responses: Record<string, unknown> = {};
  for (const { status, content, meaning } of endpoint.responses) {
    responses[status === undefined ? 'default' : String(status)] = {
      description: meaning || 'Success',
      ...(content === undefined || content === 'none'
        ? {}
        : { content: contentObject(wrapped(content, conventions.envelope), schemas, endpoint.examples.response) }),
    };
  }
  const byStatus = new Map<number, ErrorResponse[]>();
  for (const error of endpoint.errors) byStatus.set(error.status, [...(byStatus.get(error.status) ?? []), error]);
  for (const [status, errors] of byStatus) {
    const description = errors
      .map(({ code, when }) => [code === '' ? '' : `\`${code}\``, when].filter((part) => part !== '').join(': '))
      .filter((part) => part !== '')
      .join('\n\n');
    responses[String(status)] ??= { description: description || 'Error', ...schemas.errorContent() };
  }
  if (Object.keys(responses).length === 0) responses.default = { description: 'Not decided yet' };
  return responses;
}

/** A response as it is sent: inside the contract's envelope. An example shows by itself whether it is. */
function wrapped(content: Content, envelope: Contract['conventions']['envelope']): Content {
  const { shape } = content;
  if (
    envelope === undefined ||
    content.basis === 'example' ||
    !/json/.test(content.mediaType) ||
    (shape.kind === 'object' && isWrapped(shape, envelope))
  )
    return content;
  const fields = envelope.fields.map(
    (name): Field => ({ name, shape: name === envelope.payload ? shape : { kind: 'any' }, required: true, line: 0 }),
  );
  return { ...content, shape: { kind: 'object', fields, isOpen: false } };
}

/** Turns shapes into JSON Schemas; named models become components. */
class SchemaWriter {
  private readonly components = new Map<string, { text: string; schema: Json }>();
  private readonly envelope: Contract['conventions']['envelope'];

  constructor(contract: Contract) {
    this.envelope = contract.conventions.envelope;
    for (const model of contract.models)
      if (!model.isGeneric && (model.shape.kind === 'object' || model.shape.kind === 'enum') && !hasUnknown(model.shape))
        this.schema(model.shape);
  }

  get isEmpty(): boolean {
    return this.components.size === 0;
  }

  all(): Json {
    return Object.fromEntries([...this.components].map(([name, { schema }]) => [name, schema]));
  }

  /** The body of every error, where the contract's envelope says how it looks. */
  errorContent(): Json {
    if (this.envelope === undefined) return {};
    const { fields, payload } = this.envelope;
    const properties = Object.fromEntries(
      fields.map((name) => [name, name === payload ? {} : /message|msg|trace|request/i.test(name) ? { type: 'string' } : {}]),
    );
    return { content: { 'application/json': { schema: { type: 'object', properties } } } };
  }

  schema(shape: Shape): Json {
    switch (shape.kind) {
      case 'null':
        return { type: 'null' };
      case 'boolean':
        return { type: 'boolean' };
      case 'number':
        return { type: shape.isInteger ? 'integer' : 'number', ...limits(shape.constraints, 'number') };
      case 'string':
        return {
          type: 'string',
          ...(shape.format === undefined || shape.format === 'path' ? {} : { format: shape.format }),
          ...limits(shape.constraints, shape.format === 'decimal' ? 'none' : 'string'),
        };
      case 'binary':
        return { type: 'string', contentMediaType: 'application/octet-stream' };
      case 'enum':
        return shape.name === undefined ? enumSchema(shape.values) : this.component(componentName(shape.name), enumSchema(shape.values));
      case 'array':
        return { type: 'array', items: this.schema(shape.items), ...limits(shape.constraints, 'array') };
      case 'map':
        return { type: 'object', additionalProperties: this.schema(shape.values) };
      case 'union':
        return { anyOf: shape.options.map((option) => this.schema(option)) };
      case 'object':
        return shape.name === undefined ? this.object(shape.fields) : this.named(shape.name, shape.fields);
      case 'reference':
        return { $ref: `#/components/schemas/${componentName(shape.name)}` };
      default:
        return {};
    }
  }

  private named(shapeName: string, fields: readonly Field[]): Json {
    const name = componentName(shapeName);
    // Registered before its fields are read: a model may contain itself.
    if (!this.components.has(name)) this.components.set(name, { text: '', schema: {} });
    return this.component(name, this.object(fields));
  }

  /** Generic models have one name for several shapes: the later ones get a number. */
  private component(name: string, schema: Json): Json {
    const text = JSON.stringify(schema);
    let unique = name;
    for (let count = 2; this.components.has(unique); count++) {
      const known = this.components.get(unique);
      if (known === undefined || known.text === '' || known.text === text) break;
      unique = `${name}_${count}`;
    }
    this.components.set(unique, { text, schema });
    return { $ref: `#/components/schemas/${unique}` };
  }

  private object(fields: readonly Field[]): Json {
    const required = fields.filter((field) => field.required === true).map((field) => field.name);
    return {
      type: 'object',
      properties: Object.fromEntries(
        fields.map((field) => [
          field.name,
          {
            ...this.schema(field.shape),
            ...(field.description === undefined ? {} : { description: field.description }),
            ...(field.defaultValue === undefined ? {} : { default: field.defaultValue }),
          },
        ]),
      ),
      ...(required.length === 0 ? {} : { required }),
    };
  }
}

/** `Page[Loan]` is `Page_Loan_`, as FastAPI writes it. */
function componentName(name: string): string {
  return name.replace(/[^\w.-]+/g, '_');
}

function enumSchema(values: readonly (string | number | boolean)[]): Json {
  const types = new Set(
    values.map((value) => (typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value)),
  );
  const [type] = types;
  return { ...(types.size === 1 ? { type } : {}), enum: [...values] };
}

const KEYWORDS: Readonly<Record<'number' | 'string' | 'array', Readonly<Record<string, string>>>> = {
  number: { ge: 'minimum', gt: 'exclusiveMinimum', le: 'maximum', lt: 'exclusiveMaximum', multiple_of: 'multipleOf' },
  string: { min_length: 'minLength', max_length: 'maxLength', pattern: 'pattern' },
  array: { min_length: 'minItems', max_length: 'maxItems' },
};

function limits(constraints: Constraints, kind: 'number' | 'string' | 'array' | 'none'): Json {
  if (kind === 'none') return {};
  return Object.fromEntries(
    Object.entries(constraints).flatMap(([key, value]) => {
      const keyword = KEYWORDS[kind][key];
      return keyword === undefined ? [] : [[keyword, value]];
    }),
  );
}
