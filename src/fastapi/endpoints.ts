import { type Content, type Endpoint, type ErrorResponse, normalisedPath, type Place, pathParameters } from '../api/endpoint.ts';
import { type Shape, UNKNOWN } from '../api/shape.ts';
import type { FunctionFacts } from '../python/module-facts.ts';
import { spelled } from '../python/names.ts';
import type { Module, Project } from '../python/project.ts';
import type { Resolver } from '../python/resolver.ts';
import { type Argument, argumentOf, type Expression, keywordArgument } from '../python/syntax.ts';
import { type Application, ApplicationReader, type Options, type Route, type Unresolved } from './application.ts';
import { InputReader } from './inputs.ts';
import { RaisedReader } from './raised.ts';
import { JSON_RESPONSES, ReturnedShapes } from './returned.ts';
import { type ProjectClass, ShapeReader, type Site, siteOf } from './shapes.ts';
import { statusOf } from './status.ts';
import type { WholeModules } from './whole-modules.ts';

/** An endpoint as the code serves it. */
export interface CodeEndpoint extends Endpoint {
  /** The function that answers. */
  readonly name: string;
  readonly isDocumented: boolean;
  /** Statuses that the function sets itself in some cases. */
  readonly otherStatuses: readonly number[];
  /** The OAuth2 scopes it asks for. */
  readonly scopes: readonly string[];
  /** Which application serves it. */
  readonly application: string;
  readonly areInputsComplete: boolean;
  /** Where the errors it may answer can no longer be followed; undefined when all of them are known. */
  readonly errorGap: string | undefined;
}

/** An endpoint that may be served. */
export type Stray = Pick<CodeEndpoint, 'method' | 'path' | 'name' | 'place'>;

/** What the code of a project serves. */
export interface CodeApi {
  readonly endpoints: readonly CodeEndpoint[];
  /** Endpoints of routers that no application is seen to include, as far as a route tells of them. */
  readonly strays: readonly Stray[];
  readonly unresolved: readonly Unresolved[];
  readonly applications: readonly Place[];
  readonly hasMiddleware: boolean;
  /** The status of a request that fails validation; undefined where a handler computes it. */
  readonly validationStatus: number | undefined;
}

const RESPONSE = /(^|\.)(\w*Response)$/;
const FILES = /(File|Streaming|HTML|PlainText|Redirect|EventSource)\w*Response$/;
const MEDIA_TYPES: readonly (readonly [RegExp, string])[] = [
  [/HTML/, 'text/html'],
  [/PlainText/, 'text/plain'],
  [/EventSource/, 'text/event-stream'],
  [/File|Streaming/, 'application/octet-stream'],
];

/** Reads every endpoint of the applications below a project's root. */
export function readCode(resolver: Resolver, project: Project): CodeApi {
  const reader = new ApplicationReader(resolver, project);
  const application = reader.read();
  const describer = new EndpointDescriber(reader, resolver, project);
  const { unresolved, applications, middleware } = application;
  return {
    endpoints: served(application.routes, describer),
    strays: application.strays.map((route) => stray(route, reader)),
    unresolved,
    applications,
    hasMiddleware: middleware.length > 0,
    validationStatus: describer.validationStatus(),
  };
}

function stray({ method, path, owner, module }: Route, reader: ApplicationReader): Stray {
  const { name, nameSpan } = owner.node;
  return { method, path: normalisedPath(path), name, place: reader.modules.placeOf(module, nameSpan.start) };
}

/** One endpoint for each method and path. */
function served(routes: Application['routes'], describer: EndpointDescriber): CodeEndpoint[] {
  const unique = new Map<string, CodeEndpoint>();
  for (const route of routes) {
    const endpoint = describer.describe(route);
    const key = `${endpoint.method} ${endpoint.path}`;
    // The first registered route answers.
    if (!unique.has(key)) unique.set(key, endpoint);
  }
  return [...unique.values()];
}

class EndpointDescriber {
  private readonly modules: WholeModules;
  private readonly resolver: Resolver;
  private readonly shapes: ShapeReader;
  private readonly returned: ReturnedShapes;
  private readonly raised: RaisedReader;

  constructor(application: ApplicationReader, resolver: Resolver, project: Project) {
    this.modules = application.modules;
    this.resolver = resolver;
    this.shapes = new ShapeReader(resolver, project);
    this.returned = new ReturnedShapes(this.modules, resolver, this.shapes);
    this.raised = new RaisedReader(application, resolver, this.shapes, project);
  }

  validationStatus(): number | undefined {
    return this.raised.validationStatus();
  }

  describe(route: Route): CodeEndpoint {
    const { owner, module } = route;
    this.modules.enter(module);
    const site: Site = { module, scope: owner.definedIn };
    const path = normalisedPath(route.path);
    const inputs = new InputReader(this.modules, this.resolver, this.shapes, pathParameters(path));
    const isStatic = owner.node.decorators.some((decorator) => decorator.kind === 'name' && decorator.id === 'staticmethod');
    inputs.addFunction(site, owner.node.parameters, owner.parentClass !== undefined && !isStatic);
    if (owner.parentClass !== undefined) this.addClassDependencies(inputs, module, owner);
    inputs.addDependencies(route.options);
    const taken = inputs.result(route.method);
    const place = this.modules.placeOf(module, owner.node.nameSpan.start);
    const [own] = route.options;
    const status = this.declaredStatus(own);
    const response = this.response(route, own, site, status);
    const raised = this.raised.ofFunction(module, owner);
    const inDependencies = taken.dependencies.map(({ path: file, start }) => {
      const found = this.modules.functionOf(file, start);
      return found === undefined ? { errors: [], gap: file } : this.raised.ofFunction(found.module, found.owner);
    });
    const returned = this.returnedErrors(route);
    return {
      method: route.method,
      path,
      place,
      name: owner.node.name,
      parameters: taken.parameters,
      request: taken.request,
      responses: [{ status: status ?? 200, content: response, meaning: '', place: this.placeOf(own, place) }],
      errors: [
        ...raised.errors,
        ...returned,
        ...this.declaredErrors(own),
        ...inDependencies.flatMap((each) => each.errors.map((error) => ({ ...error, when: 'in a dependency' }))),
      ],
      auth: authOf(
        taken.auth,
        inDependencies.flatMap((each) => each.errors),
        raised.errors,
        looksItself(module, owner) || taken.parameters.some((parameter) => parameter.in === 'cookie'),
      ),
      scopes: taken.scopes,
      application: route.application,
      isDocumented: route.isDocumented && !this.isPage(route),
      otherStatuses: this.otherStatuses(route),
      areInputsComplete: taken.isComplete,
      errorGap: raised.gap ?? inDependencies.find((each) => each.gap !== undefined)?.gap,
    };
  }

  /** Class-based views: what the attributes of the class and its bases depend on goes for each method. */
  private addClassDependencies(inputs: InputReader, module: Module, owner: FunctionFacts): void {
    const { parentClass } = owner;
    const isView = parentClass?.node.decorators.some((decorator) => /cbv|class_based_view|controller/i.test(spelled(decorator)));
    if (parentClass === undefined || isView !== true) return;
    const view: ProjectClass = { kind: 'class', module, node: parentClass.node, scope: parentClass.definedIn };
    for (const next of this.resolver.lineage(view)) {
      const attributes = next.node.body.flatMap((statement) => {
        const [target] = statement.kind === 'assign' ? statement.targets : [];
        if (statement.kind !== 'assign' || target?.kind !== 'name' || statement.value === undefined) return [];
        return [
          {
            start: statement.start,
            end: statement.end,
            name: target.id,
            form: 'plain' as const,
            annotation: statement.annotation,
            defaultValue: statement.value,
          },
        ];
      });
      inputs.addAttributes(siteOf(next), attributes);
    }
  }

  private declaredStatus(own: Options | undefined): number | undefined {
    const given = argument(own, 'status_code');
    return given === undefined || own === undefined ? 200 : statusOf(this.shapes, own, given);
  }

  private placeOf(own: Options | undefined, fallback: Place): Place {
    const model = argument(own, 'response_model');
    return own === undefined || model === undefined ? fallback : this.modules.placeOf(own.module, model.start);
  }

  private response(route: Route, own: Options | undefined, site: Site, status: number | undefined): Content | 'none' | undefined {
    if (status === 204 || status === 205 || status === 304) return 'none';
    const responseClass = argument(own, 'response_class');
    const classText = responseClass === undefined ? '' : spelled(responseClass);
    const { owner } = route;
    const declared = argument(own, 'response_model');
    const isNoModel = declared?.kind === 'constant' && declared.value === 'None';
    const annotated = declared === undefined || isNoModel ? owner.node.returns : declared;
    const annotatedText = annotated === undefined ? '' : spelled(annotated);
    if (FILES.test(classText) || FILES.test(annotatedText))
      return { mediaType: mediaTypeOf(FILES.test(classText) ? classText : annotatedText), shape: { kind: 'binary' }, basis: 'schema' };
    if (annotated !== undefined && !isNoModel) {
      const shape = this.shapes.shapeOf(own === undefined || declared === undefined ? site : own, annotated, 'output');
      const isResponse = RESPONSE.test(annotatedText) && shape.kind === 'unknown';
      // A declared dict or Any says nothing: what is returned says more.
      if (!isResponse && shape.kind !== 'unknown' && shape.kind !== 'any' && shape.kind !== 'map') {
        const isNull = shape.kind === 'null';
        if (isNull && owner.returns.some((statement) => statement.value !== undefined)) return undefined;
        const optional = this.leavesOut(own);
        return json(optional ? UNKNOWN : shape);
      }
    }
    const files = owner.returns
      .flatMap((statement) => (statement.value?.kind === 'call' ? [spelled(statement.value.func)] : []))
      .filter((name) => FILES.test(name));
    if (files.length > 0) return { mediaType: mediaTypeOf(files[0] ?? ''), shape: { kind: 'binary' }, basis: 'schema' };
    const shape = this.returned.ofFunction(route.module, {
      ...owner,
      returns: owner.returns.filter((statement) => !this.isErrorResponse(route, statement.value)),
    });
    return shape.kind === 'null' && owner.returns.length === 0 ? undefined : json(shape);
  }

  /** `response_model_exclude_unset` and its kin: fields may be missing from what is sent. */
  private leavesOut(own: Options | undefined): boolean {
    return ['response_model_exclude', 'response_model_include'].some((keyword) => argument(own, keyword) !== undefined);
  }

  /** `return JSONResponse(status_code=404, ...)` is no success. */
  private isErrorResponse(route: Route, value: Expression | undefined): boolean {
    return (this.responseStatus(route, value) ?? 0) >= 400;
  }

  private responseStatus(route: Route, value: Expression | undefined): number | undefined {
    if (value?.kind !== 'call') return undefined;
    const name = this.resolver.externalName(route.module, route.owner.scope, value.func);
    if (name === undefined || !/^(fastapi|starlette)(\.responses)?\.\w*Response$/.test(name)) return undefined;
    const given = JSON_RESPONSES.test(name) ? argumentOf(value.args, 'status_code', 1) : keywordArgument(value.args, 'status_code');
    if (given === undefined) return /Redirect/.test(name) ? 307 : undefined;
    return statusOf(this.shapes, { module: route.module, scope: route.owner.scope }, given);
  }

  private returnedErrors(route: Route): ErrorResponse[] {
    return route.owner.returns.flatMap((statement) => {
      const status = this.responseStatus(route, statement.value);
      return status === undefined || status < 400
        ? []
        : [{ status, code: '', when: '', place: this.modules.placeOf(route.module, statement.start) }];
    });
  }

  /** Statuses below 400 that the function returns or sets: `JSONResponse(status_code=202)`, `response.status_code = 201`. */
  private otherStatuses(route: Route): number[] {
    const { owner, module } = route;
    const returned = owner.returns.map((statement) => this.responseStatus(route, statement.value));
    const set = module.facts.assignments.flatMap((assignment) => {
      const { target, value, scope } = assignment;
      if (scope.owner !== owner || target.kind !== 'attribute' || target.name !== 'status_code' || value === undefined) return [];
      return [statusOf(this.shapes, { module, scope }, value) ?? 0];
    });
    return [...returned, ...set].flatMap((status) => (status !== undefined && status < 400 ? [status] : []));
  }

  /** `responses={404: {"model": ...}}` of the decorator; what stands on routers goes for any of their endpoints, or none. */
  private declaredErrors(options: Options | undefined): ErrorResponse[] {
    const given = argument(options, 'responses');
    if (options === undefined || given === undefined) return [];
    const listed = this.shapes.variable(options, given) ?? { module: options.module, scope: options.scope, value: given };
    if (listed.value.kind !== 'dict') return [];
    return listed.value.entries.flatMap(({ key }) => {
      const status = key === undefined ? undefined : statusOf(this.shapes, listed, key);
      return key === undefined || status === undefined || status < 400
        ? []
        : [{ status, code: '', when: 'documented', place: this.modules.placeOf(listed.module, key.start) }];
    });
  }

  /** An endpoint that answers with a page. */
  private isPage(route: Route): boolean {
    return route.options.some((options) => {
      const given = argument(options, 'response_class') ?? argument(options, 'default_response_class');
      return given !== undefined && /HTML|Redirect/.test(spelled(given));
    });
  }
}

/** A dependency that refuses with 401 asks who is calling, however it does so; an endpoint that does may ask, or log someone in. */
function authOf(
  taken: Endpoint['auth'],
  inDependencies: readonly ErrorResponse[],
  raised: readonly ErrorResponse[],
  mayLook: boolean,
): Endpoint['auth'] {
  const refuses = (errors: readonly ErrorResponse[]): boolean => errors.some((error) => error.status === 401);
  if (taken === 'required' || refuses(inDependencies)) return 'required';
  return taken === 'none' && (mayLook || refuses(raised)) ? undefined : taken;
}

/** An endpoint that reads cookies or headers may find out by itself who is calling. */
function looksItself(module: Module, owner: FunctionFacts): boolean {
  return /\.(cookies|headers)\b/.test(module.facts.text.slice(owner.node.start, owner.node.end));
}

function json(shape: Shape): Content {
  return { mediaType: 'application/json', shape, basis: 'schema' };
}

function mediaTypeOf(name: string): string {
  return MEDIA_TYPES.find(([pattern]) => pattern.test(name))?.[1] ?? 'application/octet-stream';
}

function argument(options: { readonly args: readonly Argument[] } | undefined, keyword: string): Expression | undefined {
  return options === undefined ? undefined : keywordArgument(options.args, keyword);
}
