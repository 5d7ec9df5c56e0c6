import { APPLICATIONS } from '../python/framework-classes.ts';
import { isTestFile } from '../python/markers.ts';
import type { FunctionFacts, Scope } from '../python/module-facts.ts';
import { spelled } from '../python/names.ts';
import type { Module, Project } from '../python/project.ts';
import type { Resolver } from '../python/resolver.ts';
import { argumentOf, type CallExpression, type Expression } from '../python/syntax.ts';
import { makesApplication, makesRouter } from './router-classes.ts';
import type { WholeModules } from './whole-modules.ts';

const MAX_DEPTH = 10;

/** A router or application, told apart by where it is made. */
export interface RouterNode {
  readonly key: string;
  readonly module: Module;
  readonly scope: Scope;
  readonly made: CallExpression;
  readonly isApplication: boolean;
  /** Made by a library: its routes cannot be seen. */
  readonly isForeign: boolean;
}

/** An application that a function is handed: `def register(app: FastAPI)`. */
interface HandedApplication {
  readonly module: Module;
  readonly owner: FunctionFacts;
  readonly parameter: string;
}

/** Says which router or application an expression is, through variables, factories, attributes and the parameters of functions. */
export class Routers {
  private readonly resolver: Resolver;
  private readonly project: Project;
  private readonly modules: WholeModules;
  private readonly known = new Map<string, RouterNode>();
  /** By the key that stands for the application where it is used. */
  private readonly handed = new Map<string, HandedApplication>();
  private readonly served = new Map<string, ReadonlySet<string> | undefined>();

  constructor(resolver: Resolver, project: Project, modules: WholeModules) {
    this.resolver = resolver;
    this.project = project;
    this.modules = modules;
  }

  /** Every router that was asked for so far. */
  all(): RouterNode[] {
    return [...this.known.values()];
  }

  /** Finds the callers of functions that are handed an application; to be called when every module has been looked at. */
  followHandedApplications(): void {
    for (const key of this.handed.keys()) this.served.set(key, this.applicationsBehind(key, MAX_DEPTH));
  }

  /** True when what is registered under a key is registered on this router. A handed application whose callers are not known is any. */
  isRegisteredOn(router: RouterNode, key: string): boolean {
    return key === router.key || (router.isApplication && this.handed.has(key) && this.served.get(key)?.has(router.key) !== false);
  }

  /** The key of the router that something is registered on. */
  receiver(module: Module, scope: Scope, expression: Expression): string | undefined {
    const router = this.routerFrom(module, scope, expression);
    if (router !== undefined) return router.key;
    if (expression.kind !== 'name') return undefined;
    // `def register(app: FastAPI)`: whichever application it is called with.
    const handed = parameterOf(scope, expression.id);
    if (handed === undefined) return undefined;
    const { owner, parameter, annotation } = handed;
    const type = this.resolver.typeOf(module, scope, expression);
    const isApplication =
      type === undefined
        ? /^(fastapi_)?(app|application)$/.test(parameter) && annotation === undefined
        : this.resolver.derivesFrom(type, APPLICATIONS);
    if (!isApplication) return undefined;
    const key = `${module.path}:${owner.node.start} ${parameter}`;
    this.handed.set(key, { module, owner, parameter });
    return key;
  }

  /** The router or application an expression gives, through variables, factories and attributes of objects. */
  routerFrom(module: Module, scope: Scope, expression: Expression, depth = MAX_DEPTH): RouterNode | undefined {
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
    const target = this.resolver.resolve(module, scope, call.func);
    if (target?.kind === 'function') {
      const made = this.modules.functionOf(target.module.path, target.node.start);
      const value = made?.owner.returns.at(-1)?.value;
      const router =
        made === undefined || value === undefined ? undefined : this.routerFrom(made.module, made.owner.scope, value, depth - 1);
      if (router !== undefined) return router;
    }
    if (makesRouter(this.resolver, module, scope, call)) return this.node(module, scope, call);
    // `fastapi_users.get_auth_router(backend)`: a router, but of a library.
    const isForeign = target === undefined || target.kind === 'external';
    return isForeign && /router/i.test(spelled(call.func)) ? this.node(module, scope, call) : undefined;
  }

  node(module: Module, scope: Scope, made: CallExpression): RouterNode {
    const key = `${module.path}:${made.start}`;
    let node = this.known.get(key);
    if (node === undefined) {
      const isApplication = makesApplication(this.resolver, module, scope, made);
      node = { key, module, scope, made, isApplication, isForeign: !makesRouter(this.resolver, module, scope, made) };
      this.known.set(key, node);
    }
    return node;
  }

  /** What the callers of a function give to one of its parameters. */
  givenTo(owner: FunctionFacts, parameter: string): { module: Module; scope: Scope; value: Expression }[] {
    const found: { module: Module; scope: Scope; value: Expression }[] = [];
    const index = owner.node.parameters.findIndex((each) => each.name === parameter);
    const name = new RegExp(`\\b${owner.node.name}\\(`);
    for (const file of this.project.files.pythonFiles()) {
      if (isTestFile(file) || !name.test(this.project.files.read(file)?.text ?? '')) continue;
      const module = this.modules.whole(file);
      if (module === undefined) continue;
      this.modules.enter(module);
      for (const { node, scope } of module.facts.calls) {
        const target = this.resolver.resolve(module, scope, node.func);
        if (target?.kind !== 'function' || target.node.start !== owner.node.start || target.node.name !== owner.node.name) continue;
        const value = argumentOf(node.args, parameter, index);
        if (value !== undefined) found.push({ module, scope, value });
      }
    }
    return found;
  }

  /** The keys of the applications that a function is handed; undefined where no caller can be followed: it may be any. */
  private applicationsBehind(key: string, depth: number): ReadonlySet<string> | undefined {
    const handed = this.handed.get(key);
    if (handed === undefined || depth === 0) return undefined;
    const found = new Set<string>();
    for (const { module, scope, value } of this.givenTo(handed.owner, handed.parameter)) {
      this.modules.enter(module);
      const given = this.receiver(module, scope, value);
      const behind = given === undefined ? undefined : this.known.has(given) ? new Set([given]) : this.applicationsBehind(given, depth - 1);
      if (behind === undefined) return undefined;
      for (const each of behind) found.add(each);
    }
    return found.size === 0 ? undefined : found;
  }
}

/** The function that a name is a parameter of, and the parameter's annotation. */
export function parameterOf(
  scope: Scope,
  id: string,
): { owner: FunctionFacts; parameter: string; annotation: Expression | undefined } | undefined {
  for (let inner: Scope | undefined = scope; inner !== undefined; inner = inner.parent) {
    const [binding] = inner.bindings.get(id) ?? [];
    if (binding === undefined) continue;
    if (binding.kind !== 'parameter' || inner.owner === undefined) return undefined;
    return { owner: inner.owner, parameter: id, annotation: binding.node.annotation };
  }
  return undefined;
}
