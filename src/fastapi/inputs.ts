import { type Content, hasBody, type Parameter, type ParameterPlace } from '../api/endpoint.ts';
import { type Field, type Shape, withoutNull } from '../api/shape.ts';
import { spelled } from '../python/names.ts';
import type { Resolver } from '../python/resolver.ts';
import {
  type Argument,
  argumentOf,
  type CallExpression,
  type Expression,
  type Parameter as FunctionParameter,
  isConstant,
  keywordArgument,
} from '../python/syntax.ts';
import type { Options } from './application.ts';
import type { ShapeReader, Site, siteOf } from './shapes.ts';
import type { WholeModules } from './whole-modules.ts';

/** What the parameters of an endpoint and of its dependencies take from a request. */
export interface Inputs {
  readonly parameters: readonly Parameter[];
  readonly request: Content | 'none' | undefined;
  /** Undefined where a dependency cannot be followed. */
  readonly auth: 'required' | 'none' | undefined;
  /** The OAuth2 scopes that are asked for. */
  readonly scopes: readonly string[];
  /** False where a parameter or dependency may add inputs that cannot be seen. */
  readonly isComplete: boolean;
  /** The functions that dependencies are, for what they raise. */
  readonly dependencies: readonly { readonly path: string; readonly start: number }[];
}

const MARKER = /^fastapi(\.\w+)*\.(Depends|Security|Query|Path|Header|Cookie|Body|Form|File)$/;
/** Parameters that FastAPI fills in itself. */
const PROVIDED = /^(fastapi|starlette)(\.\w+)*\.(Request|Response|BackgroundTasks|WebSocket|HTTPConnection|SecurityScopes)$/;
const SECURITY = /^fastapi\.security(\.\w+)*\.(OAuth2\w*|HTTP(Bearer|Basic|Digest|Base)|APIKey\w+|OpenIdConnect|SecurityBase)$/;
const LOGIN_FORM = /^fastapi\.security(\.\w+)*\.OAuth2PasswordRequestForm(Strict)?$/;
/** A function that is called like this lets only known callers through, wherever it takes their identity from. */
const AUTHENTICATES =
  /(^|_)(current_?(active_?)?(super)?(user|member|admin|account|principal|staff)|require_?\w*(user|auth|login|admin|role|permission|scope)|authenticated?|verify_?\w*token|check_?auth|login_required)(_|$)/i;
const AUTH_HEADER = /^(authorization|x-api-key|x-token|x-auth-token|api-key)$/i;
const MAX_DEPTH = 8;

interface Marker {
  readonly kind: string;
  readonly call: CallExpression;
  readonly site: Site;
}

interface BodyPart {
  readonly name: string;
  readonly shape: Shape;
  readonly required: boolean;
  readonly line: number;
  readonly kind: 'json' | 'form' | 'file';
  readonly isEmbedded: boolean;
}

/** Reads what an endpoint takes in, as FastAPI would. */
export class InputReader {
  private readonly modules: WholeModules;
  private readonly resolver: Resolver;
  private readonly shapes: ShapeReader;
  private readonly pathNames: ReadonlySet<string>;
  private readonly parameters = new Map<string, Parameter>();
  private readonly bodies: BodyPart[] = [];
  private readonly followed = new Set<string>();
  private readonly dependencies: { path: string; start: number }[] = [];
  private isAuthenticated = false;
  private hasUnknown = false;
  /** There is a security scheme that lets requests without credentials through. */
  private isOptional = false;
  private readonly scopes: string[] = [];
  /** The body is FastAPI's login form. */
  private isLogin = false;
  /** A parameter's type cannot be followed: it may be a body or a query parameter. */
  private isUnclear = false;

  constructor(modules: WholeModules, resolver: Resolver, shapes: ShapeReader, pathNames: readonly string[]) {
    this.modules = modules;
    this.resolver = resolver;
    this.shapes = shapes;
    this.pathNames = new Set(pathNames);
  }

  /** The parameters of a function; `skipsFirst` for methods, whose first one is the object. */
  addFunction(site: Site, parameters: readonly FunctionParameter[], skipsFirst: boolean, depth = MAX_DEPTH): void {
    for (const [index, parameter] of parameters.entries()) {
      if ((skipsFirst && index === 0) || parameter.form !== 'plain') continue;
      this.addParameter(site, parameter, depth);
    }
  }

  /** The attributes of a class-based view; only those with a marker of FastAPI's take something from the request. */
  addAttributes(site: Site, attributes: readonly FunctionParameter[]): void {
    for (const attribute of attributes) {
      const { defaultValue } = attribute;
      const isMarked =
        defaultValue !== undefined &&
        (defaultValue.kind === 'call' ? this.markerOf(site, defaultValue) !== undefined : this.namedMarker(site, defaultValue).length > 0);
      if (isMarked) this.addParameter(site, attribute, MAX_DEPTH);
    }
  }

  /** The `dependencies=[Depends(...)]` of decorators, routers and includes. */
  addDependencies(options: readonly Options[]): void {
    for (const { module, scope, args } of options) {
      const given = keywordArgument(args, 'dependencies');
      if (given === undefined) continue;
      const listed = this.shapes.variable({ module, scope }, given) ?? { module, scope, value: given };
      if (listed.value.kind !== 'list' && listed.value.kind !== 'tuple') {
        this.hasUnknown = true;
        continue;
      }
      for (const item of listed.value.items) {
        const call = item.kind === 'call' ? item : undefined;
        const variable = call === undefined ? this.shapes.variable(listed, item) : undefined;
        const made = call ?? (variable?.value.kind === 'call' ? variable.value : undefined);
        const at = variable ?? listed;
        if (made === undefined || this.markerKind(at, made) === undefined) this.hasUnknown = true;
        else this.addDependency({ kind: 'Depends', call: made, site: at }, undefined, at, MAX_DEPTH);
      }
    }
  }

  result(method: string): Inputs {
    const auth = this.isAuthenticated ? 'required' : this.hasUnknown || this.isOptional ? undefined : 'none';
    return {
      parameters: [...this.parameters.values()],
      request: this.request(method),
      auth,
      scopes: this.scopes,
      isComplete: !this.isUnclear && !this.hasUnknown,
      dependencies: this.dependencies,
    };
  }

  private addParameter(site: Site, parameter: FunctionParameter, depth: number): void {
    const { annotation, defaultValue } = parameter;
    const parts = annotation === undefined ? { type: undefined, site, markers: [] } : this.unwrapped(site, annotation);
    const fromDefault =
      defaultValue?.kind === 'call'
        ? this.markerOf(site, defaultValue)
        : defaultValue === undefined
          ? undefined
          : this.namedMarker(site, defaultValue)[0];
    const marker = fromDefault ?? parts.markers.at(-1);
    if (marker?.kind === 'Depends' || marker?.kind === 'Security') {
      this.addDependency(marker, parts.type, parts.site, depth);
      return;
    }
    const typeName = parts.type === undefined ? undefined : this.resolver.externalName(parts.site.module, parts.site.scope, parts.type);
    if (typeName !== undefined && PROVIDED.test(typeName)) return;
    const described = annotation === undefined ? ({ kind: 'any' } as const) : this.shapes.shapeOf(site, annotation, 'input');
    const shape = marker === undefined ? described : this.shapes.constrained(described, marker.site, [marker.call]);
    const { line } = this.modules.placeOf(site.module, parameter.start);
    const hasDefault =
      fromDefault === undefined
        ? defaultValue !== undefined && !isConstant(defaultValue, '...')
        : hasDefaultArgument(fromDefault.call.args);
    if (marker !== undefined && isConstant(keywordArgument(marker.call.args, 'include_in_schema'), 'False')) return;
    const alias = marker && keywordArgument(marker.call.args, 'alias');
    const spelledAlias = alias === undefined ? undefined : this.shapes.literalValue(marker?.site ?? site, alias);
    const name = typeof spelledAlias === 'string' ? spelledAlias : parameter.name;
    if (shape.kind === 'unknown' && marker === undefined && !this.pathNames.has(name)) {
      this.isUnclear = true;
      return;
    }
    const place = this.placeOf(name, marker?.kind, shape);
    if (place === 'body' || place === 'form' || place === 'file') {
      const embed = marker && keywordArgument(marker.call.args, 'embed');
      this.bodies.push({
        name,
        shape,
        required: !hasDefault,
        line,
        kind: place === 'body' ? 'json' : place,
        isEmbedded: isConstant(embed, 'True'),
      });
      return;
    }
    const inner = withoutNull(shape).shape;
    // A model in the query or headers: its fields are the parameters.
    if (marker !== undefined && inner.kind === 'object' && (place === 'query' || place === 'header' || place === 'cookie')) {
      for (const field of inner.fields)
        this.setParameter({ ...field, in: place, name: place === 'header' ? field.name.replaceAll('_', '-') : field.name });
      return;
    }
    const written = place === 'header' && typeof spelledAlias !== 'string' ? name.replaceAll('_', '-') : name;
    const given = fromDefault === undefined ? defaultValue : defaultArgument(fromDefault.call.args);
    const value = given === undefined ? undefined : this.shapes.literalValue(fromDefault?.site ?? site, given);
    this.setParameter({
      name: written,
      in: place,
      shape,
      required: place === 'path' || !hasDefault,
      line,
      ...(value === undefined ? {} : { defaultValue: value }),
    });
  }

  private setParameter(parameter: Parameter): void {
    if (parameter.in === 'header' && AUTH_HEADER.test(parameter.name)) this.isAuthenticated = true;
    const key = `${parameter.in} ${parameter.name.toLowerCase()}`;
    if (!this.parameters.has(key)) this.parameters.set(key, parameter);
  }

  /** Where FastAPI takes a parameter from. */
  private placeOf(name: string, marker: string | undefined, shape: Shape): ParameterPlace | 'body' | 'form' | 'file' {
    switch (marker) {
      case 'Path':
        return 'path';
      case 'Query':
        return 'query';
      case 'Header':
        return 'header';
      case 'Cookie':
        return 'cookie';
      case 'Body':
        return 'body';
      case 'Form':
        return 'form';
      case 'File':
        return 'file';
      default:
        if (this.pathNames.has(name)) return 'path';
        return isFile(shape) ? 'file' : isScalar(shape) ? 'query' : 'body';
    }
  }

  /** The type of an annotation and the FastAPI markers around it, through `Annotated`, aliases and `| None`. */
  private unwrapped(
    site: Site,
    annotation: Expression,
    depth = MAX_DEPTH,
  ): { type: Expression | undefined; site: Site; markers: Marker[] } {
    if (depth === 0) return { type: annotation, site, markers: [] };
    if (annotation.kind === 'subscript') {
      const generic = this.resolver.externalName(site.module, site.scope, annotation.value);
      const [type, ...metadata] = annotation.index;
      if (generic !== undefined && /\.Annotated$/.test(generic) && type !== undefined) {
        const inner = this.unwrapped(site, type, depth - 1);
        const markers = metadata.flatMap((part) =>
          part.kind === 'call' ? (this.markerOf(site, part) ?? []) : this.namedMarker(site, part),
        );
        return { ...inner, markers: [...inner.markers, ...markers] };
      }
      if (generic !== undefined && /\.Optional$/.test(generic) && type !== undefined) return this.unwrapped(site, type, depth - 1);
      return { type: annotation, site, markers: [] };
    }
    if (annotation.kind === 'binary') {
      const side = [annotation.left, annotation.right].find((each) => !(each.kind === 'constant' && each.value === 'None'));
      return side === undefined ? { type: annotation, site, markers: [] } : this.unwrapped(site, side, depth - 1);
    }
    if (annotation.kind !== 'name' && annotation.kind !== 'attribute') return { type: annotation, site, markers: [] };
    const variable = this.shapes.variable(site, annotation);
    return variable === undefined ? { type: annotation, site, markers: [] } : this.unwrapped(variable, variable.value, depth - 1);
  }

  private markerOf(site: Site, call: CallExpression): Marker | undefined {
    const kind = this.markerKind(site, call);
    return kind === undefined ? undefined : { kind, call, site };
  }

  /** `Annotated[User, CurrentUser]` where `CurrentUser = Depends(...)`. */
  private namedMarker(site: Site, part: Expression): Marker[] {
    const variable = this.shapes.variable(site, part);
    if (variable?.value.kind !== 'call') return [];
    const marker = this.markerOf(variable, variable.value);
    return marker === undefined ? [] : [marker];
  }

  private markerKind(site: Site, call: CallExpression): string | undefined {
    const name = this.resolver.externalName(site.module, site.scope, call.func);
    return name === undefined ? undefined : MARKER.exec(name)?.[2];
  }

  private addDependency(marker: Marker, type: Expression | undefined, typeSite: Site, depth: number): void {
    const given = argumentOf(marker.call.args, 'dependency', 0);
    if (given === undefined && type === undefined) return;
    const scopes = keywordArgument(marker.call.args, 'scopes');
    if (scopes?.kind === 'list' || scopes?.kind === 'tuple')
      for (const item of scopes.items) {
        const scope = this.shapes.literalValue(marker.site, item);
        if (typeof scope === 'string') this.scopes.push(scope);
      }
    if (depth === 0) this.hasUnknown = true;
    else this.follow(given === undefined ? typeSite : marker.site, given ?? type, depth - 1);
  }

  /** Goes through what is handed to `Depends`: a function, a class, an object that can be called, or what makes one. */
  private follow(site: Site, callable: Expression | undefined, depth: number): void {
    if (callable === undefined || depth <= 0) return;
    if (AUTHENTICATES.test(lastName(callable))) this.isAuthenticated = true;
    if (callable.kind === 'call') {
      this.followMade(site, callable, depth);
      return;
    }
    const resolved = this.resolver.resolve(site.module, site.scope, callable);
    switch (resolved?.kind) {
      case 'function':
        this.followFunction(resolved.module.path, resolved.node.start, depth);
        return;
      case 'class':
        this.followClass(resolved, '__init__', depth);
        return;
      case 'variable':
        if (resolved.value?.kind === 'call') this.followMade({ module: resolved.module, scope: resolved.scope }, resolved.value, depth);
        else if (resolved.value !== undefined && resolved.value !== callable)
          this.follow({ module: resolved.module, scope: resolved.scope }, resolved.value, depth - 1);
        else this.hasUnknown = true;
        return;
      case 'external':
        if (LOGIN_FORM.test(resolved.name)) this.addLoginForm();
        else if (SECURITY.test(resolved.name)) this.isAuthenticated = true;
        else this.hasUnknown = true;
        return;
      default:
        if (callable.kind !== 'lambda') this.hasUnknown = true;
    }
  }

  /** FastAPI's own form for the OAuth2 password flow; its optional fields need no contract. */
  private addLoginForm(): void {
    this.isLogin = true;
    for (const name of ['username', 'password'])
      this.bodies.push({ name, shape: { kind: 'string', constraints: {} }, required: true, line: 0, kind: 'form', isEmbedded: false });
  }

  private followMade(site: Site, call: CallExpression, depth: number): void {
    if (AUTHENTICATES.test(lastName(call.func))) this.isAuthenticated = true;
    const name = this.resolver.externalName(site.module, site.scope, call.func);
    if (name !== undefined && SECURITY.test(name)) {
      if (isConstant(keywordArgument(call.args, 'auto_error'), 'False')) this.isOptional = true;
      else this.isAuthenticated = true;
      return;
    }
    const target = this.resolver.resolve(site.module, site.scope, call.func);
    if (target?.kind === 'class') {
      const type = this.resolver.ancestry(target);
      if ([...type].some((each) => SECURITY.test(each))) this.isAuthenticated = true;
      this.followClass(target, '__call__', depth);
      return;
    }
    if (target?.kind === 'function') {
      const made = this.modules.functionOf(target.module.path, target.node.start);
      const value = made?.owner.returns.at(-1)?.value;
      const inner =
        made === undefined || value?.kind !== 'name'
          ? undefined
          : made.module.facts.functions.find((each) => each.parentFunction === made.owner && each.node.name === value.id);
      if (made !== undefined && inner !== undefined) {
        // A function that takes anything gets its signature elsewhere, mostly that of a class.
        if (inner.node.parameters.some((parameter) => parameter.form !== 'plain')) this.isUnclear = true;
        this.followFunction(made.module.path, inner.node.start, depth);
        return;
      }
    }
    this.hasUnknown = true;
  }

  private followFunction(path: string, start: number, depth: number): void {
    const key = `${path}:${start}`;
    if (this.followed.has(key)) return;
    this.followed.add(key);
    const found = this.modules.functionOf(path, start);
    if (found === undefined) {
      this.hasUnknown = true;
      return;
    }
    if (AUTHENTICATES.test(found.owner.node.name)) this.isAuthenticated = true;
    this.dependencies.push({ path, start });
    const isStatic = found.owner.node.decorators.some((decorator) => decorator.kind === 'name' && decorator.id === 'staticmethod');
    const skipsFirst = !isStatic && found.owner.parentClass !== undefined;
    this.addFunction({ module: found.module, scope: found.owner.definedIn }, found.owner.node.parameters, skipsFirst, depth);
  }

  private followClass(type: Parameters<typeof siteOf>[0], method: '__init__' | '__call__', depth: number): void {
    const member = this.resolver.member(type, method);
    if (member?.kind === 'function') {
      this.followFunction(member.module.path, member.node.start, depth);
      return;
    }
    if (method === '__call__') {
      this.hasUnknown = true;
      return;
    }
    // Without a constructor of its own: a dataclass or model, whose fields are the parameters.
    const shape = this.shapes.classShape(type, 'input', new Map());
    if (shape.kind === 'object') for (const field of shape.fields) this.addField(field);
    else if (member !== undefined) this.hasUnknown = true;
  }

  private addField(field: Field): void {
    const place = this.pathNames.has(field.name) ? 'path' : isScalar(field.shape) ? 'query' : undefined;
    if (place !== undefined) this.setParameter({ ...field, in: place });
  }

  private request(method: string): Content | 'none' | undefined {
    const [first] = this.bodies;
    if (first === undefined) return this.isUnclear || (hasBody(method) && this.hasUnknown) ? undefined : 'none';
    const isForm = this.bodies.some((part) => part.kind !== 'json');
    if (isForm) {
      const fields = this.bodies.flatMap((part): Field[] => {
        const inner = withoutNull(part.shape).shape;
        return part.kind === 'form' && inner.kind === 'object'
          ? [...inner.fields]
          : [{ name: part.name, shape: part.shape, required: part.required, line: part.line }];
      });
      const mediaType = this.bodies.some((part) => part.kind === 'file') ? 'multipart/form-data' : 'application/x-www-form-urlencoded';
      return { mediaType, basis: 'schema', shape: { kind: 'object', fields, isOpen: this.isLogin } };
    }
    if (this.bodies.length === 1 && !first.isEmbedded) return { mediaType: 'application/json', basis: 'schema', shape: first.shape };
    const fields = this.bodies.map(({ name, shape, required, line }): Field => ({ name, shape, required, line }));
    return { mediaType: 'application/json', basis: 'schema', shape: { kind: 'object', fields, isOpen: false } };
  }
}

/** `Query(5)`, `Query(default=None)`; not `Query(...)` or `Query(ge=1)`. */
function hasDefaultArgument(args: readonly Argument[]): boolean {
  return args.some((argument) => argument.keyword === 'default_factory') || defaultArgument(args) !== undefined;
}

function defaultArgument(args: readonly Argument[]): Expression | undefined {
  const given = argumentOf(args, 'default', 0);
  return isConstant(given, '...') ? undefined : given;
}

function isFile(shape: Shape): boolean {
  const { shape: inner } = withoutNull(shape);
  return inner.kind === 'binary' || (inner.kind === 'array' && inner.items.kind === 'binary');
}

/** What FastAPI reads from the query without being told: values that are no models, lists or mappings. */
function isScalar(shape: Shape): boolean {
  const { shape: inner } = withoutNull(shape);
  if (inner.kind === 'union') return inner.options.every(isScalar);
  return inner.kind !== 'object' && inner.kind !== 'array' && inner.kind !== 'map' && inner.kind !== 'reference';
}

function lastName(expression: Expression): string {
  return spelled(expression).replace(/\(\)$/, '').split('.').at(-1) ?? '';
}
