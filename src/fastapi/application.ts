import type { Place } from '../api/endpoint.ts';
import { isTestFile } from '../python/markers.ts';
import { callsIn, type FunctionFacts, type Scope } from '../python/module-facts.ts';
import { spelled } from '../python/names.ts';
import type { Module, Project } from '../python/project.ts';
import type { Resolver } from '../python/resolver.ts';
import { type Argument, argumentOf, type CallExpression, type Expression, isConstant, keywordArgument } from '../python/syntax.ts';
import { Includes } from './includes.ts';
import { type Registration, registrationsIn } from './registrations.ts';
import { makesApplication } from './router-classes.ts';
import { parameterOf, type RouterNode, Routers } from './routers.ts';
import { joined, TextValues } from './text-values.ts';
import { WholeModules } from './whole-modules.ts';

const MAX_DEPTH = 10;
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

/** Reads the FastAPI applications of a project from its source: routers, includes, mounts, factories and class-based forms. */
export class ApplicationReader {
  private readonly project: Project;
  private readonly resolver: Resolver;
  private readonly texts: TextValues;
  private readonly loops: Includes;
  readonly modules: WholeModules;
  private readonly routers: Routers;
  private readonly own: OwnRoute[] = [];
  private readonly includes: Include[] = [];
  /** Includes of a router that a function is handed. */
  private readonly handed: (Omit<Include, 'to'> & { readonly owner: FunctionFacts; readonly parameter: string })[] = [];
  private readonly unresolved: Unresolved[] = [];
  private readonly middleware: Place[] = [];

  constructor(resolver: Resolver, project: Project) {
    this.resolver = resolver;
    this.project = project;
    this.modules = new WholeModules(project);
    this.routers = new Routers(resolver, project, this.modules);
    this.texts = new TextValues(resolver);
    this.loops = new Includes(resolver, this.texts);
  }

  read(): Application {
    for (const file of this.project.files.filesWith('routes')) {
      if (isTestFile(file)) continue;
      const module = this.modules.whole(file);
      if (module !== undefined) this.scan(module);
    }
    for (const include of this.handed) this.followHanded(include);
    this.routers.followHandedApplications();
    const applications = this.routers.all().filter((router) => router.isApplication);
    const main = applications.filter((router) => !ASIDE.test(router.module.path));
    const roots = main.length > 0 ? main : applications;
    const mounted = new Set(this.includes.map((include) => include.to?.key));
    const routes: Route[] = [];
    const reached = new Set<string>();
    for (const root of roots.filter((router) => !mounted.has(router.key))) this.collect(root, '', [], routes, reached, MAX_DEPTH, root.key);
    const strays: Route[] = [];
    for (const router of this.routers.all()) {
      const isIncluded = reached.has(router.key) || mounted.has(router.key) || ASIDE.test(router.module.path);
      if (!isIncluded) this.collect(router, '', [], roots.length === 0 ? routes : strays, reached, MAX_DEPTH, '');
    }
    return {
      routes,
      strays,
      unresolved: this.unresolved,
      applications: roots.map((router) => this.modules.placeOf(router.module, router.made.start)),
      middleware: this.middleware,
    };
  }

  private scan(module: Module): void {
    this.modules.enter(module);
    for (const owner of module.facts.functions) {
      for (const decorator of owner.node.decorators) this.addMiddlewareFunction(module, owner, decorator);
    }
    for (const registration of registrationsIn(this.resolver, module)) this.addRoute(registration);
    for (const { node, scope } of module.facts.calls) {
      if (node.func.kind !== 'attribute') {
        this.routerAt(module, scope, node);
        continue;
      }
      if (node.func.name === 'include_router') this.scanInclude(module, scope, node);
      else if (node.func.name === 'mount') this.scanMount(module, scope, node);
      else if (node.func.name === 'add_middleware') this.addMiddleware(module, scope, node);
      else this.routerAt(module, scope, node);
    }
  }

  /** Notes middleware that may check who is calling; that of libraries which does not is told by its name. */
  private addMiddleware(module: Module, scope: Scope, call: CallExpression): void {
    const given = (call.args.find((argument) => argument.keyword === 'middleware_class') ?? call.args[0])?.value;
    const resolved = given === undefined ? undefined : this.resolver.resolve(module, scope, given);
    if (resolved?.kind === 'external' && HARMLESS_MIDDLEWARE.test(resolved.name)) return;
    const whole = resolved?.kind === 'class' ? this.modules.whole(resolved.module.path) : undefined;
    const text = resolved?.kind === 'class' ? whole?.facts.text.slice(resolved.node.start, resolved.node.end) : undefined;
    if (text === undefined || AUTHENTICATES.test(text)) this.middleware.push(this.modules.placeOf(module, call.start));
  }

  /** Notes applications and routers that a module makes, whether something is registered on them or not. */
  private routerAt(module: Module, scope: Scope, call: CallExpression): void {
    if (makesApplication(this.resolver, module, scope, call)) this.routers.node(module, scope, call);
  }

  private addMiddlewareFunction(module: Module, owner: FunctionFacts, decorator: Expression): void {
    if (decorator.kind !== 'call' || decorator.func.kind !== 'attribute' || decorator.func.name !== 'middleware') return;
    if (AUTHENTICATES.test(module.facts.text.slice(owner.node.start, owner.node.end)))
      this.middleware.push(this.modules.placeOf(module, decorator.start));
  }

  private addRoute({ form, module, scope, call, receiver, methods, path, target }: Registration): void {
    const router = this.routers.receiver(module, scope, receiver);
    if (router === undefined) return;
    const found = target === undefined ? undefined : this.modules.functionOf(target.path, target.start);
    if (found === undefined) {
      this.unresolved.push({
        place: this.modules.placeOf(module, call.start),
        reason: 'add_api_route with a function that cannot be followed',
        prefix: '',
      });
      return;
    }
    // `@cache.get("key")` and the like have no path.
    const isBare = path === undefined && form !== 'added';
    const text = path === undefined ? undefined : this.texts.text(module, scope, path);
    this.own.push({ router, methods, path: isBare ? '' : text, ...found, options: { module, scope, args: call.args } });
  }

  private scanInclude(module: Module, scope: Scope, call: CallExpression): void {
    const from = call.func.kind === 'attribute' ? this.routers.receiver(module, scope, call.func.object) : undefined;
    const place = this.modules.placeOf(module, call.start);
    if (from === undefined) {
      this.unresolved.push({ place, reason: 'what includes this router cannot be followed', prefix: '' });
      return;
    }
    const options: Options = { module, scope, args: call.args };
    const given = argumentOf(call.args, 'router', 0);
    const prefix = this.texts.argument(module, scope, call, 'prefix');
    const direct = given === undefined ? undefined : this.routers.routerFrom(module, scope, given);
    if (direct !== undefined) {
      this.includes.push({ from, to: direct, prefix, options, place });
      return;
    }
    const handed = given?.kind === 'name' ? parameterOf(scope, given.id) : undefined;
    if (handed !== undefined) {
      this.handed.push({ from, prefix, options, place, ...handed });
      return;
    }
    const looped = given === undefined ? [] : this.loops.included(module, scope, call);
    if (looped.length === 0) {
      this.unresolved.push({ place, reason: `\`${given === undefined ? '' : spelled(given)}\` cannot be followed`, prefix: prefix ?? '' });
      return;
    }
    for (const each of looped)
      this.includes.push({
        from,
        to: this.routers.node(each.router.module, each.router.scope, each.router.made),
        prefix: each.prefix,
        options,
        place,
      });
  }

  /** `create_app(router=api_router)`: the routers that the callers of a function hand it. */
  private followHanded({ owner, parameter, ...include }: (typeof this.handed)[number]): void {
    const before = this.includes.length;
    for (const { module, scope, value } of this.routers.givenTo(owner, parameter)) {
      this.modules.enter(module);
      const to = this.routers.routerFrom(module, scope, value);
      if (to !== undefined) this.includes.push({ ...include, to });
    }
    if (this.includes.length === before)
      this.unresolved.push({ place: include.place, reason: `\`${parameter}\` is handed in`, prefix: include.prefix ?? '' });
  }

  /** True when an expression is an application that another one mounts: what is registered on it goes for its own routes. */
  isMounted(module: Module, scope: Scope, expression: Expression): boolean {
    const router = this.routers.routerFrom(module, scope, expression);
    return router?.isApplication === true && this.includes.some((include) => include.to?.key === router.key);
  }

  private scanMount(module: Module, scope: Scope, call: CallExpression): void {
    const from = call.func.kind === 'attribute' ? this.routers.receiver(module, scope, call.func.object) : undefined;
    const path = argumentOf(call.args, 'path', 0);
    const mounted = argumentOf(call.args, 'app', 1);
    const to = mounted === undefined ? undefined : this.routers.routerFrom(module, scope, mounted);
    if (from === undefined || to === undefined || path === undefined) return;
    const prefix = this.texts.text(module, scope, path);
    this.includes.push({ from, to, prefix, options: { module, scope, args: [] }, place: this.modules.placeOf(module, call.start) });
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
    this.modules.enterFile(router.module.path);
    if (router.isForeign) {
      this.unresolved.push({
        place: this.modules.placeOf(router.module, router.made.start),
        reason: `\`${spelled(router.made.func)}\` makes its routes itself`,
        prefix: prefix ?? '',
      });
      return;
    }
    const given = router.isApplication ? '' : this.texts.argument(router.module, router.scope, router.made, 'prefix');
    const base = joined(prefix, given);
    const options: Options[] = [{ module: router.module, scope: router.scope, args: router.made.args }, ...this.handedOn(router), ...above];
    const isOwn = (key: string): boolean => this.routers.isRegisteredOn(router, key);
    for (const route of this.own.filter((each) => isOwn(each.router))) {
      const path = joined(base, route.path);
      const place = this.modules.placeOf(route.module, route.owner.node.start);
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
    const found = initial?.kind === 'function' ? this.modules.functionOf(initial.module.path, initial.node.start) : undefined;
    if (found === undefined) return [];
    return callsIn(found.module.facts, found.owner).flatMap(({ node, scope }): Options[] => {
      const isInitial = node.func.kind === 'attribute' && node.func.name === '__init__';
      return isInitial ? [{ module: found.module, scope, args: node.args }] : [];
    });
  }
}

function isHidden({ args }: Options): boolean {
  return isConstant(keywordArgument(args, 'include_in_schema'), 'False');
}
