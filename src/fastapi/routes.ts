import { isTestFile } from '../python/markers.ts';
import type { FunctionFacts, Scope } from '../python/module-facts.ts';
import type { Module, Project } from '../python/project.ts';
import { type Resolver, spelled } from '../python/resolver.ts';
import { type Argument, type CallExpression, type Expression, keywordArgument } from '../python/syntax.ts';

const MAX_DEPTH = 8;
/** Methods of a router that register the function below them. */
export const ROUTE_METHODS = new Set(['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace', 'api_route']);

/** A router or application: the call that makes it, and the module where it stands. */
export interface RouterObject {
  readonly module: Module;
  readonly scope: Scope;
  readonly made: CallExpression;
}

/** An endpoint as it is reached through a chain of routers. */
export interface ServedEndpoint {
  /** Upper case. */
  readonly method: string;
  /** The path through every prefix; undefined where one of them cannot be known. */
  readonly path: string | undefined;
  readonly function: FunctionFacts;
  /** False when the endpoint, its router or an include leaves it out of the documentation. */
  readonly isDocumented: boolean;
}

/** Follows routers through `include_router` and prefixes, across the modules of a project. */
export class Routes {
  private readonly resolver: Resolver;
  private readonly project: Project;

  constructor(resolver: Resolver, project: Project) {
    this.resolver = resolver;
    this.project = project;
  }

  /** The router or application an expression names; undefined for anything else, or one that a function makes. */
  routerOf(module: Module, scope: Scope, expression: Expression): RouterObject | undefined {
    const resolved = this.resolver.resolve(module, scope, expression);
    if (resolved?.kind !== 'variable' || resolved.value?.kind !== 'call') return undefined;
    return { module: resolved.module, scope: resolved.scope, made: resolved.value };
  }

  /** The endpoints of a router and of every router it includes, under `prefix` (undefined: not known). */
  endpointsOf(router: RouterObject, prefix: string | undefined, depth = MAX_DEPTH): ServedEndpoint[] {
    if (depth === 0) return [];
    const own = join(prefix, this.textArgument(router.module, router.scope, router.made, 'prefix'));
    const isDocumented = !isHidden(router.made.args);
    const found: ServedEndpoint[] = [];
    for (const owner of router.module.facts.functions) {
      for (const decorator of owner.node.decorators) {
        const route = this.routeOn(router, owner, decorator);
        if (route === undefined) continue;
        const path = join(own, this.pathOf(router.module, owner.definedIn, route.call));
        found.push({ method: route.method, path, function: owner, isDocumented: isDocumented && !isHidden(route.call.args) });
      }
    }
    for (const include of this.includesOf(router)) {
      const below = this.endpointsOf(include.router, join(own, include.prefix), depth - 1);
      found.push(...below.map((each) => ({ ...each, isDocumented: each.isDocumented && isDocumented && !isHidden(include.call.args) })));
    }
    return found;
  }

  /**
   * A call such as `api.include_router(users.router, prefix="/users")`: what it includes, and under which prefix. In a loop
   * over a list of routers it includes each of them; what cannot be known is left out.
   */
  included(module: Module, scope: Scope, call: CallExpression): { router: RouterObject; prefix: string | undefined }[] {
    if (call.func.kind !== 'attribute' || call.func.name !== 'include_router') return [];
    const given = call.args.find((argument) => argument.keyword === undefined || argument.keyword === 'router')?.value;
    if (given === undefined) return [];
    const router = this.routerOf(module, scope, given);
    if (router !== undefined) return [{ router, prefix: this.textArgument(module, scope, call, 'prefix') }];
    return this.rounds(module, scope, call).flatMap((round) => {
      const each = round.valueOf(given);
      const found = each === undefined ? undefined : this.routerOf(round.module, round.scope, each);
      if (found === undefined) return [];
      const prefix = keywordArgument(call.args, 'prefix');
      const listed = prefix === undefined ? undefined : round.valueOf(prefix);
      return [
        {
          router: found,
          prefix: listed === undefined ? this.textArgument(module, scope, call, 'prefix') : this.text(round.module, round.scope, listed),
        },
      ];
    });
  }

  /** The rounds of the loop over a written list around a call: `for router, prefix in ((users.router, "/users"), ...):`. */
  rounds(module: Module, scope: Scope, call: CallExpression): LoopRound[] {
    for (const { statement, scope: outer } of module.facts.statements) {
      if (statement.kind !== 'for' || statement.start > call.start || call.end > statement.end) continue;
      const { iterable, target } = statement;
      const listed = this.resolver.variableValue(module, outer, iterable) ?? { module, scope, value: iterable };
      if (listed.value.kind !== 'list' && listed.value.kind !== 'tuple') continue;
      return listed.value.items.map((item) => new LoopRound(listed.module, listed.scope, target, item));
    }
    return [];
  }

  /**
   * True when a router's endpoints are pages or internal: it, or whatever includes it anywhere in the project, answers with
   * another class than JSON or leaves the endpoints out of the documentation.
   */
  isServedAsPages(router: RouterObject, depth = MAX_DEPTH): boolean {
    if (givesPages(router.made.args)) return true;
    if (depth === 0) return false;
    return this.includersOf(router).some(
      ({ call, includer }) => givesPages(call.args) || (includer !== undefined && this.isServedAsPages(includer, depth - 1)),
    );
  }

  /** True when an application is mounted below another one somewhere in the project. */
  isMounted(application: RouterObject): boolean {
    return this.project.files.filesWith('mounts').some((file) => {
      const module = this.project.whole(file);
      return module?.facts.calls.some(
        ({ node, scope }) =>
          node.func.kind === 'attribute' &&
          node.func.name === 'mount' &&
          node.args.some((argument) => isSame(this.routerOf(module, scope, argument.value), application)),
      );
    });
  }

  private includersOf(router: RouterObject): { call: CallExpression; includer: RouterObject | undefined }[] {
    const files = this.project.files.filesWith('includes').filter((file) => !isTestFile(file));
    return files.flatMap((file) => {
      const module = this.project.whole(file);
      if (module === undefined) return [];
      return module.facts.calls.flatMap(({ node, scope }) => {
        const { func } = node;
        if (func.kind !== 'attribute' || !this.included(module, scope, node).some((include) => isSame(include.router, router))) return [];
        return [{ call: node, includer: this.routerOf(module, scope, func.object) }];
      });
    });
  }

  private includesOf(router: RouterObject): { router: RouterObject; prefix: string | undefined; call: CallExpression }[] {
    return router.module.facts.calls.flatMap(({ node, scope }) => {
      const includes = this.included(router.module, scope, node);
      if (includes.length === 0 || node.func.kind !== 'attribute') return [];
      if (!isSame(this.routerOf(router.module, scope, node.func.object), router)) return [];
      return includes.flatMap((include) => (isSame(include.router, router) ? [] : [{ ...include, call: node }]));
    });
  }

  private routeOn(router: RouterObject, owner: FunctionFacts, decorator: Expression): { call: CallExpression; method: string } | undefined {
    if (decorator.kind !== 'call' || decorator.func.kind !== 'attribute' || !ROUTE_METHODS.has(decorator.func.name)) return undefined;
    const receiver = this.routerOf(router.module, owner.definedIn, decorator.func.object);
    return isSame(receiver, router) ? { call: decorator, method: decorator.func.name.toUpperCase() } : undefined;
  }

  private pathOf(module: Module, scope: Scope, call: CallExpression): string | undefined {
    const path = call.args.find((argument) => argument.keyword === undefined || argument.keyword === 'path')?.value;
    return path === undefined ? undefined : this.text(module, scope, path);
  }

  textArgument(module: Module, scope: Scope, call: CallExpression, keyword: string): string | undefined {
    // `**options` may hold it.
    if (call.args.some((argument) => argument.value.kind === 'starred')) return undefined;
    const value = keywordArgument(call.args, keyword);
    return value === undefined ? '' : this.text(module, scope, value);
  }

  /** The text of a string expression: literals, constants and settings fields of the project, f-strings and sums of these. */
  text(module: Module, scope: Scope, expression: Expression, depth = MAX_DEPTH): string | undefined {
    if (depth === 0) return undefined;
    switch (expression.kind) {
      case 'string':
        return this.interpolated(module, scope, expression, depth);
      case 'constant':
        return expression.value === 'None' ? '' : undefined;
      case 'binary':
        return expression.operator === '+'
          ? join(this.text(module, scope, expression.left, depth - 1), this.text(module, scope, expression.right, depth - 1))
          : undefined;
      case 'name':
      case 'attribute': {
        const resolved = this.resolver.resolve(module, scope, expression);
        return resolved?.kind === 'variable' && resolved.value !== undefined
          ? this.text(resolved.module, resolved.scope, resolved.value, depth - 1)
          : undefined;
      }
      default:
        return undefined;
    }
  }

  private interpolated(
    module: Module,
    scope: Scope,
    expression: Extract<Expression, { kind: 'string' }>,
    depth: number,
  ): string | undefined {
    let text = expression.value;
    // From the last to the first, so that the positions before it stay true.
    for (const [index, part] of [...expression.interpolations.entries()].reverse()) {
      const value = this.text(module, scope, part, depth - 1);
      const at = expression.gaps[index];
      if (value === undefined || at === undefined) return undefined;
      text = text.slice(0, at) + value + text.slice(at);
    }
    return text;
  }
}

/** One round of a loop: what its variables stand for. */
export class LoopRound {
  readonly module: Module;
  readonly scope: Scope;
  private readonly target: Expression;
  private readonly item: Expression;

  constructor(module: Module, scope: Scope, target: Expression, item: Expression) {
    this.module = module;
    this.scope = scope;
    this.target = target;
    this.item = item;
  }

  /** The expression that a loop variable, or an attribute of one, stands for; undefined for any other. */
  valueOf(expression: Expression): Expression | undefined {
    if (expression.kind === 'attribute') {
      const object = this.valueOf(expression.object);
      return object === undefined ? undefined : { ...expression, object };
    }
    if (expression.kind !== 'name') return undefined;
    if (this.target.kind === 'name') return this.target.id === expression.id ? this.item : undefined;
    if (this.target.kind !== 'tuple' || (this.item.kind !== 'tuple' && this.item.kind !== 'list')) return undefined;
    const at = this.target.items.findIndex((each) => each.kind === 'name' && each.id === expression.id);
    return at === -1 ? undefined : this.item.items[at];
  }
}

/** A module may have been parsed twice, for its interface and as a whole. */
function isSame(a: RouterObject | undefined, b: RouterObject): boolean {
  return a?.module.path === b.module.path && a.made.start === b.made.start;
}

function givesPages(args: readonly Argument[]): boolean {
  if (isHidden(args)) return true;
  const given = args.find((argument) => argument.keyword === 'default_response_class' || argument.keyword === 'response_class')?.value;
  return given !== undefined && !/JSON/i.test(spelled(given));
}

function join(prefix: string | undefined, path: string | undefined): string | undefined {
  return prefix === undefined || path === undefined ? undefined : prefix + path;
}

function isHidden(args: readonly Argument[]): boolean {
  return args.some(
    (argument) => argument.keyword === 'include_in_schema' && !(argument.value.kind === 'constant' && argument.value.value === 'True'),
  );
}
