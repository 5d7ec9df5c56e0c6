import type { Place } from '../api/endpoint.ts';
import { isTestFile } from '../python/markers.ts';
import { callsIn, type FunctionFacts, type Scope } from '../python/module-facts.ts';
import type { Module, Project } from '../python/project.ts';
import { type Resolver, spelled } from '../python/resolver.ts';
import { type Argument, type CallExpression, type Expression, isConstant, keywordArgument } from '../python/syntax.ts';
import { ROUTE_METHODS, Routes } from './routes.ts';

const MAX_DEPTH = 10;
const APPLICATIONS = new Set(['fastapi.FastAPI', 'fastapi.applications.FastAPI']);
const ROUTERS = new Set(['fastapi.APIRouter', 'fastapi.routing.APIRouter', ...APPLICATIONS]);
const HARMLESS_MIDDLEWARE =
  /CORS|GZip|Brotli|TrustedHost|HTTPSRedirect|CorrelationId|RequestI[dD]|Prometheus|Metrics|Sentry|ProxyHeaders|Session|Timing|Compression|Limit/;
/** Words of code that looks at who is calling. */
const AUTHENTICATES = /authori[sz]|authenticat|\bjwt\b|bearer|api[-_]?key|\b401\b/i;
/** Folders whose applications are not the service, unless there is no other. */
const ASIDE = /(^|\/)(docs?|docs_src|examples?|samples?|scripts?|benchmarks?|sandbox|playground|templates?|migrations?|alembic)\//;

/** Arguments of a decorator, router, include or application, and where they stand. */
export interface Options {
  readonly module: Module;
  readonly scope: Scope;
  readonly args: readonly Argument[];
}

/** A function of the code that answers requests of one method and path. */
export interface Route {
  /** Upper case. */
  readonly method: string;
  readonly path: string;
  readonly owner: FunctionFacts;
  readonly module: Module;
  /** Of the decorator first, then of every router and include above it, the application last. */
  readonly options: readonly Options[];
  readonly isDocumented: boolean;
  /** Names the application at the top. */
  readonly application: string;
}

/** Something that registers routes which reading cannot see. */
export interface Unresolved {
  readonly place: Place;
  readonly reason: string;
  /** The path below which the routes lie, as far as it is known. */
  readonly prefix: string;
}

/** The routes of every application of a project. */
export interface Application {
  readonly routes: readonly Route[];
  readonly unresolved: readonly Unresolved[];
  /** Routers that no application includes, as far as can be seen. */
  readonly strays: readonly Route[];
  readonly applications: readonly Place[];
  /** Middleware that may check who is calling. */
  readonly middleware: readonly Place[];
}

interface RouterNode {
  readonly key: string;
  readonly module: Module;
  readonly scope: Scope;
  readonly made: CallExpression;
  readonly isApplication: boolean;
  /** Made by a library: its routes cannot be seen. */
  readonly isForeign: boolean;
}

interface OwnRoute {
  readonly router: string;
  readonly methods: readonly string[];
  readonly path: string | undefined;
  readonly owner: FunctionFacts;
  readonly module: Module;
  readonly options: Options;
}

interface Include {
  readonly from: string;
  readonly to: RouterNode | undefined;
  readonly prefix: string | undefined;
  readonly options: Options;
  readonly place: Place;
}

/** An application that a function is handed: `def register(app: FastAPI)`. */
interface HandedApplication {
  readonly module: Module;
  readonly owner: FunctionFacts;
  readonly parameter: string;
}

/** Reads the FastAPI applications of a project from its source: routers, includes, mounts, factories and class-based forms. */
export class ApplicationReader {
  private readonly project: Project;
  private readonly resolver: Resolver;
  private readonly routes: Routes;
  private readonly modules = new Map<string, Module | undefined>();
  private readonly routers = new Map<string, RouterNode>();
  private readonly own: OwnRoute[] = [];
  private readonly includes: Include[] = [];
  /** Includes of a router that a function is handed. */
  private readonly handed: (Omit<Include, 'to'> & { readonly owner: FunctionFacts; readonly parameter: string })[] = [];
  /** By the key that stands for the application where it is used. */
  private readonly handedApplications = new Map<string, HandedApplication>();
  private readonly served = new Map<string, ReadonlySet<string> | undefined>();
  private readonly unresolved: Unresolved[] = [];
  private readonly middleware: Place[] = [];

  constructor(resolver: Resolver, project: Project) {
    this.resolver = resolver;
    this.project = project;
    this.routes = new Routes(resolver, project);
  }

  read(): Application {
    for (const file of this.project.files.filesWith('routes')) {
      if (isTestFile(file)) continue;
      const module = this.whole(file);
      if (module !== undefined) this.scan(module);
    }
    for (const include of this.handed) this.followHanded(include);
    for (const key of this.handedApplications.keys()) this.served.set(key, this.applicationsBehind(key, MAX_DEPTH));
    const applications = [...this.routers.values()].filter((router) => router.isApplication);
    const main = applications.filter((router) => !ASIDE.test(router.module.path));
    const roots = main.length > 0 ? main : applications;
    const mounted = new Set(this.includes.map((include) => include.to?.key));
    const routes: Route[] = [];
    const reached = new Set<string>();
    for (const root of roots.filter((router) => !mounted.has(router.key))) this.collect(root, '', [], routes, reached, MAX_DEPTH, root.key);
    const strays: Route[] = [];
    for (const router of this.routers.values()) {
      const isIncluded = reached.has(router.key) || mounted.has(router.key) || ASIDE.test(router.module.path);
      if (!isIncluded) this.collect(router, '', [], roots.length === 0 ? routes : strays, reached, MAX_DEPTH, '');
    }
    return {
      routes,
      strays,
      unresolved: this.unresolved,
      applications: roots.map((router) => this.placeOf(router.module, router.made.start)),
      middleware: this.middleware,
    };
  }

  /** A module with the bodies of its functions; kept, because routes of one module are read again and again. */
  whole(file: string): Module | undefined {
    if (!this.modules.has(file)) this.modules.set(file, this.project.whole(file));
    return this.modules.get(file);
  }

  /** The facts of a function that a name resolved to, with its body. */
  functionOf(path: string, start: number): { module: Module; owner: FunctionFacts } | undefined {
    const module = this.whole(path);
    const owner = module?.facts.functions.find((each) => each.node.start === start);
    return module === undefined || owner === undefined ? undefined : { module, owner };
  }

  /** Makes a module the one that names are looked up from. */
  enter(module: Module): void {
    this.project.use(module);
  }

  placeOf(module: Module, offset: number): Place {
    // A module that was parsed whole knows its lines; of the others the text is looked at again.
    const whole = this.modules.get(module.path);
    const line = whole === undefined ? this.project.lineOf(module.path, offset) : whole.facts.lines.positionAt(offset).line;
    return { path: module.path, line };
  }

  private scan(module: Module): void {
    this.enter(module);
    for (const owner of module.facts.functions) {
      for (const decorator of owner.node.decorators) this.scanDecorator(module, owner, decorator);
    }
    for (const { node, scope } of module.facts.calls) {
      if (node.func.kind === 'call') this.scanAppliedDecorator(module, scope, node.func, node);
      if (node.func.kind !== 'attribute') {
        this.routerAt(module, scope, node);
        continue;
      }
      if (node.func.name === 'include_router') this.scanInclude(module, scope, node);
      else if (node.func.name === 'mount') this.scanMount(module, scope, node);
      else if (node.func.name === 'add_api_route') this.scanAddedRoute(module, scope, node);
      else if (node.func.name === 'add_middleware') this.addMiddleware(module, scope, node);
      else this.routerAt(module, scope, node);
    }
  }

  /** Notes middleware that may check who is calling; that of libraries which does not is told by its name. */
  private addMiddleware(module: Module, scope: Scope, call: CallExpression): void {
    const given = (call.args.find((argument) => argument.keyword === 'middleware_class') ?? call.args[0])?.value;
    const resolved = given === undefined ? undefined : this.resolver.resolve(module, scope, given);
    if (resolved?.kind === 'external' && HARMLESS_MIDDLEWARE.test(resolved.name)) return;
    const whole = resolved?.kind === 'class' ? this.whole(resolved.module.path) : undefined;
    const text = resolved?.kind === 'class' ? whole?.facts.text.slice(resolved.node.start, resolved.node.end) : undefined;
    if (text === undefined || AUTHENTICATES.test(text)) this.middleware.push(this.placeOf(module, call.start));
  }

  /** Notes applications and routers that a module makes, whether something is registered on them or not. */
  private routerAt(module: Module, scope: Scope, call: CallExpression): void {
    const type = this.resolver.typeOf(module, scope, call);
    if (type !== undefined && this.resolver.derivesFrom(type, APPLICATIONS)) this.node(module, scope, call);
  }

  private scanDecorator(module: Module, owner: FunctionFacts, decorator: Expression): void {
    if (decorator.kind !== 'call' || decorator.func.kind !== 'attribute') return;
    const { name } = decorator.func;
    if (name === 'middleware' && AUTHENTICATES.test(module.facts.text.slice(owner.node.start, owner.node.end)))
      this.middleware.push(this.placeOf(module, decorator.start));
    if (!ROUTE_METHODS.has(name)) return;
    const router = this.receiver(module, owner.definedIn, decorator.func.object);
    if (router === undefined) return;
    const given = decorator.args.find((argument) => argument.keyword === undefined || argument.keyword === 'path')?.value;
    // `@cache.get("key")` and the like have no path.
    const path = given === undefined ? '' : this.routes.text(module, owner.definedIn, given);
    const methods = name === 'api_route' ? this.methods(module, owner.definedIn, decorator.args) : [name.toUpperCase()];
    this.own.push({ router, methods, path, owner, module, options: { module, scope: owner.definedIn, args: decorator.args } });
  }

  /** `router.post("/register")(register_user)`: a decorator without the sign. */
  private scanAppliedDecorator(module: Module, scope: Scope, decorator: CallExpression, call: CallExpression): void {
    const [given] = call.args;
    if (decorator.func.kind !== 'attribute' || !ROUTE_METHODS.has(decorator.func.name) || given === undefined) return;
    const resolved = this.resolver.resolve(module, scope, given.value);
    const named = given.value.kind === 'name' ? given.value.id : '';
    const target =
      resolved?.kind === 'function'
        ? this.functionOf(resolved.module.path, resolved.node.start)?.owner
        : // `register = router.post("/register")(register)` binds the name a second time.
          module.facts.functions.find((owner) => owner.definedIn === scope && owner.node.name === named);
    if (target !== undefined) this.scanDecorator(module, target, decorator);
  }

  private methods(module: Module, scope: Scope, args: readonly Argument[]): string[] {
    const given = keywordArgument(args, 'methods');
    if (given === undefined) return ['GET'];
    const listed = this.resolver.variableValue(module, scope, given)?.value ?? given;
    if (listed.kind !== 'list' && listed.kind !== 'tuple' && listed.kind !== 'set') return [];
    return listed.items.flatMap((item) => (item.kind === 'string' ? [item.value.toUpperCase()] : []));
  }

  private scanAddedRoute(module: Module, scope: Scope, call: CallExpression): void {
    const router = call.func.kind === 'attribute' ? this.receiver(module, scope, call.func.object) : undefined;
    if (router === undefined) return;
    const positional = call.args.filter((argument) => argument.keyword === undefined);
    const path = (call.args.find((argument) => argument.keyword === 'path') ?? positional[0])?.value;
    const endpoint = (call.args.find((argument) => argument.keyword === 'endpoint') ?? positional[1])?.value;
    const resolved = endpoint === undefined ? undefined : this.resolver.resolve(module, scope, endpoint);
    const target = resolved?.kind === 'function' ? this.functionOf(resolved.module.path, resolved.node.start) : undefined;
    if (target === undefined) {
      this.unresolved.push({
        place: this.placeOf(module, call.start),
        reason: 'add_api_route with a function that cannot be followed',
        prefix: '',
      });
      return;
    }
    this.own.push({
      router,
      methods: this.methods(module, scope, call.args),
      path: path === undefined ? undefined : this.routes.text(module, scope, path),
      ...target,
      options: { module, scope, args: call.args },
    });
  }

  private scanInclude(module: Module, scope: Scope, call: CallExpression): void {
    const from = call.func.kind === 'attribute' ? this.receiver(module, scope, call.func.object) : undefined;
    const place = this.placeOf(module, call.start);
    if (from === undefined) {
      this.unresolved.push({ place, reason: 'what includes this router cannot be followed', prefix: '' });
      return;
    }
    const options: Options = { module, scope, args: call.args };
    const given = call.args.find((argument) => argument.keyword === undefined || argument.keyword === 'router')?.value;
    const prefix = this.routes.textArgument(module, scope, call, 'prefix');
    const direct = given === undefined ? undefined : this.routerFrom(module, scope, given);
    if (direct !== undefined) {
      this.includes.push({ from, to: direct, prefix, options, place });
      return;
    }
    const handed = given?.kind === 'name' ? parameterOf(scope, given.id) : undefined;
    if (handed !== undefined) {
      this.handed.push({ from, prefix, options, place, ...handed });
      return;
    }
    const looped = given === undefined ? [] : this.routes.included(module, scope, call);
    if (looped.length === 0) {
      this.unresolved.push({ place, reason: `\`${given === undefined ? '' : spelled(given)}\` cannot be followed`, prefix: prefix ?? '' });
      return;
    }
    for (const each of looped)
      this.includes.push({
        from,
        to: this.node(each.router.module, each.router.scope, each.router.made),
        prefix: each.prefix,
        options,
        place,
      });
  }

  /** `create_app(router=api_router)`: the routers that the callers of a function hand it. */
  private followHanded({ owner, parameter, ...include }: (typeof this.handed)[number]): void {
    const before = this.includes.length;
    for (const { module, scope, value } of this.givenTo(owner, parameter)) {
      this.enter(module);
      const to = this.routerFrom(module, scope, value);
      if (to !== undefined) this.includes.push({ ...include, to });
    }
    if (this.includes.length === before)
      this.unresolved.push({ place: include.place, reason: `\`${parameter}\` is handed in`, prefix: include.prefix ?? '' });
  }

  /** What the callers of a function give to one of its parameters. */
  private givenTo(owner: FunctionFacts, parameter: string): { module: Module; scope: Scope; value: Expression }[] {
    const found: { module: Module; scope: Scope; value: Expression }[] = [];
    const index = owner.node.parameters.findIndex((each) => each.name === parameter);
    const name = new RegExp(`\\b${owner.node.name}\\(`);
    for (const file of this.project.files.pythonFiles()) {
      if (isTestFile(file) || !name.test(this.project.files.read(file)?.text ?? '')) continue;
      const module = this.whole(file);
      if (module === undefined) continue;
      this.enter(module);
      for (const { node, scope } of module.facts.calls) {
        const target = this.resolver.resolve(module, scope, node.func);
        if (target?.kind !== 'function' || target.node.start !== owner.node.start || target.node.name !== owner.node.name) continue;
        const positional = node.args.filter((argument) => argument.keyword === undefined);
        const given = node.args.find((argument) => argument.keyword === parameter) ?? positional[index];
        if (given !== undefined) found.push({ module, scope, value: given.value });
      }
    }
    return found;
  }

  /** The keys of the applications that a function is handed; undefined where no caller can be followed: it may be any. */
  private applicationsBehind(key: string, depth: number): ReadonlySet<string> | undefined {
    const handed = this.handedApplications.get(key);
    if (handed === undefined || depth === 0) return undefined;
    const found = new Set<string>();
    for (const { module, scope, value } of this.givenTo(handed.owner, handed.parameter)) {
      this.enter(module);
      const given = this.receiver(module, scope, value);
      const behind =
        given === undefined ? undefined : this.routers.has(given) ? new Set([given]) : this.applicationsBehind(given, depth - 1);
      if (behind === undefined) return undefined;
      for (const each of behind) found.add(each);
    }
    return found.size === 0 ? undefined : found;
  }

  /** True when an expression is an application that another one mounts: what is registered on it goes for its own routes. */
  isMounted(module: Module, scope: Scope, expression: Expression): boolean {
    const router = this.routerFrom(module, scope, expression);
    return router?.isApplication === true && this.includes.some((include) => include.to?.key === router.key);
  }

  private scanMount(module: Module, scope: Scope, call: CallExpression): void {
    const from = call.func.kind === 'attribute' ? this.receiver(module, scope, call.func.object) : undefined;
    const positional = call.args.filter((argument) => argument.keyword === undefined);
    const path = (call.args.find((argument) => argument.keyword === 'path') ?? positional[0])?.value;
    const mounted = (call.args.find((argument) => argument.keyword === 'app') ?? positional[1])?.value;
    const to = mounted === undefined ? undefined : this.routerFrom(module, scope, mounted);
    if (from === undefined || to === undefined || path === undefined) return;
    const prefix = this.routes.text(module, scope, path);
    this.includes.push({ from, to, prefix, options: { module, scope, args: [] }, place: this.placeOf(module, call.start) });
  }

  /** The key of the router that something is registered on. */
  private receiver(module: Module, scope: Scope, expression: Expression): string | undefined {
    const router = this.routerFrom(module, scope, expression);
    if (router !== undefined) return router.key;
    if (expression.kind !== 'name') return undefined;
    // `def register(app: FastAPI)`: whichever application it is called with.
    for (let inner: Scope | undefined = scope; inner !== undefined; inner = inner.parent) {
      const [binding] = inner.bindings.get(expression.id) ?? [];
      if (binding === undefined) continue;
      if (binding.kind !== 'parameter') return undefined;
      const type = this.resolver.typeOf(module, scope, expression);
      const isApplication =
        type === undefined
          ? /^(fastapi_)?(app|application)$/.test(expression.id) && binding.node.annotation === undefined
          : this.resolver.derivesFrom(type, APPLICATIONS);
      if (!isApplication || inner.owner === undefined) return undefined;
      const key = `${module.path}:${inner.owner.node.start} ${expression.id}`;
      this.handedApplications.set(key, { module, owner: inner.owner, parameter: expression.id });
      return key;
    }
    return undefined;
  }

  /** The router or application an expression gives, through variables, factories and attributes of objects. */
  private routerFrom(module: Module, scope: Scope, expression: Expression, depth = MAX_DEPTH): RouterNode | undefined {
    if (depth === 0) return undefined;
    if (expression.kind === 'await') return this.routerFrom(module, scope, expression.value, depth - 1);
    if (expression.kind === 'call') return this.routerMade(module, scope, expression, depth);
    if (expression.kind === 'attribute') {
      const inner = expression.object;
      const owner = inner.kind === 'call' || inner.kind === 'name' ? this.resolver.typeOf(module, scope, inner) : undefined;
      const member = owner?.kind === 'class' ? this.resolver.member(owner, expression.name) : undefined;
      if (member?.kind === 'variable' && member.value !== undefined)
        return this.routerFrom(member.module, member.scope, member.value, depth - 1);
    }
    const resolved = this.resolver.resolve(module, scope, expression);
    if (resolved === undefined && expression.kind === 'name') return this.routerBound(module, scope, expression.id, depth);
    if (resolved?.kind !== 'variable' || resolved.value === undefined) return undefined;
    return this.routerFrom(resolved.module, resolved.scope, resolved.value, depth - 1);
  }

  /** A name that is assigned a router in several branches: the first of them. */
  private routerBound(module: Module, scope: Scope, id: string, depth: number): RouterNode | undefined {
    for (let inner: Scope | undefined = scope; inner !== undefined; inner = inner.parent) {
      for (const binding of inner.bindings.get(id) ?? []) {
        const router =
          binding.kind === 'value' && binding.value !== undefined
            ? this.routerFrom(module, binding.scope, binding.value, depth - 1)
            : undefined;
        if (router !== undefined) return router;
      }
    }
    return undefined;
  }

  private routerMade(module: Module, scope: Scope, call: CallExpression, depth: number): RouterNode | undefined {
    const type = this.resolver.typeOf(module, scope, call);
    const target = this.resolver.resolve(module, scope, call.func);
    if (target?.kind === 'function') {
      const made = this.functionOf(target.module.path, target.node.start);
      const value = made?.owner.returns.at(-1)?.value;
      const router =
        made === undefined || value === undefined ? undefined : this.routerFrom(made.module, made.owner.scope, value, depth - 1);
      if (router !== undefined) return router;
    }
    const isRouter = type === undefined ? spelled(call.func).endsWith('APIRouter') : this.resolver.derivesFrom(type, ROUTERS);
    if (isRouter) return this.node(module, scope, call);
    // `fastapi_users.get_auth_router(backend)`: a router, but of a library.
    const isForeign = target === undefined || target.kind === 'external';
    return isForeign && /router/i.test(spelled(call.func)) ? this.node(module, scope, call) : undefined;
  }

  private node(module: Module, scope: Scope, made: CallExpression): RouterNode {
    const key = `${module.path}:${made.start}`;
    let node = this.routers.get(key);
    if (node === undefined) {
      const type = this.resolver.typeOf(module, scope, made);
      const isApplication = type !== undefined && this.resolver.derivesFrom(type, APPLICATIONS);
      const isRouter = type === undefined ? spelled(made.func).endsWith('APIRouter') : this.resolver.derivesFrom(type, ROUTERS);
      node = { key, module, scope, made, isApplication, isForeign: !isRouter };
      this.routers.set(key, node);
    }
    return node;
  }

  /** The routes of a router and everything it includes, below a prefix. */
  private collect(
    router: RouterNode,
    prefix: string | undefined,
    above: readonly Options[],
    into: Route[],
    reached: Set<string>,
    depth: number,
    application: string,
  ): void {
    reached.add(router.key);
    if (depth === 0) return;
    this.enterFile(router.module.path);
    if (router.isForeign) {
      this.unresolved.push({
        place: this.placeOf(router.module, router.made.start),
        reason: `\`${spelled(router.made.func)}\` makes its routes itself`,
        prefix: prefix ?? '',
      });
      return;
    }
    const given = router.isApplication ? '' : this.routes.textArgument(router.module, router.scope, router.made, 'prefix');
    const base = joined(prefix, given);
    const options: Options[] = [{ module: router.module, scope: router.scope, args: router.made.args }, ...this.handedOn(router), ...above];
    const isOwn = (key: string): boolean =>
      key === router.key || (router.isApplication && this.handedApplications.has(key) && this.served.get(key)?.has(router.key) !== false);
    for (const route of this.own.filter((each) => isOwn(each.router))) {
      const path = joined(base, route.path);
      const place = this.placeOf(route.module, route.owner.node.start);
      if (path === undefined || route.methods.length === 0) {
        this.unresolved.push({ place, reason: `the path of \`${route.owner.node.name}\` is computed`, prefix: base ?? '' });
        continue;
      }
      const all = [route.options, ...options];
      for (const method of route.methods) {
        into.push({
          method,
          path: path === '' ? '/' : path,
          owner: route.owner,
          module: route.module,
          options: all,
          isDocumented: !all.some(isHidden),
          application,
        });
      }
    }
    for (const include of this.includes.filter((each) => isOwn(each.from))) {
      if (include.to === undefined || above.length > MAX_DEPTH || include.to.key === router.key) continue;
      this.collect(include.to, joined(base, include.prefix), [include.options, ...options], into, reached, depth - 1, application);
    }
  }

  /** What a router's own class hands on to FastAPI's: `super().__init__(dependencies=[...])`. */
  private handedOn(router: RouterNode): Options[] {
    const type = this.resolver.typeOf(router.module, router.scope, router.made);
    const initial = type?.kind === 'class' ? this.resolver.member(type, '__init__') : undefined;
    const found = initial?.kind === 'function' ? this.functionOf(initial.module.path, initial.node.start) : undefined;
    if (found === undefined) return [];
    return callsIn(found.module.facts, found.owner).flatMap(({ node, scope }): Options[] => {
      const isInitial = node.func.kind === 'attribute' && node.func.name === '__init__';
      return isInitial ? [{ module: found.module, scope, args: node.args }] : [];
    });
  }

  private enterFile(path: string): void {
    const module = this.modules.get(path);
    if (module !== undefined) this.enter(module);
  }
}

/** The function that a name is a parameter of. */
function parameterOf(scope: Scope, id: string): { owner: FunctionFacts; parameter: string } | undefined {
  for (let inner: Scope | undefined = scope; inner !== undefined; inner = inner.parent) {
    const [binding] = inner.bindings.get(id) ?? [];
    if (binding === undefined) continue;
    return binding.kind === 'parameter' && inner.owner !== undefined ? { owner: inner.owner, parameter: id } : undefined;
  }
  return undefined;
}

function joined(prefix: string | undefined, path: string | undefined): string | undefined {
  return prefix === undefined || path === undefined ? undefined : prefix + path;
}

function isHidden({ args }: Options): boolean {
  return isConstant(keywordArgument(args, 'include_in_schema'), 'False');
}
