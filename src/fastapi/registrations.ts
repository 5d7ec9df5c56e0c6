import type { FunctionFacts, Scope } from '../python/module-facts.ts';
import type { Module } from '../python/project.ts';
import type { Resolver } from '../python/resolver.ts';
import { argumentOf, type CallExpression, type Expression, keywordArgument } from '../python/syntax.ts';

/** Methods of a router that register a function. */
const ROUTE_METHODS = new Set(['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace', 'api_route']);

/**
 * What makes a function answer requests: `@router.get("/path")`, `router.get("/path")(function)`, or
 * `router.add_api_route("/path", function)`. Whether the receiver really is a router is another question.
 */
export interface Registration {
  readonly form: 'decorator' | 'applied' | 'added';
  readonly module: Module;
  /** Where the names in the call are looked up. */
  readonly scope: Scope;
  /** The call that holds the options: of the decorator, or of `add_api_route`. */
  readonly call: CallExpression;
  /** What the function is registered on. */
  readonly receiver: Expression;
  /** Upper case; empty where they are computed. */
  readonly methods: readonly string[];
  readonly path: Expression | undefined;
  /** Where the function stands; undefined where it cannot be followed. */
  readonly target: FunctionPlace | undefined;
}

/** The file of a function, workspace-relative, and the offset at which its statement starts. */
export interface FunctionPlace {
  readonly path: string;
  readonly start: number;
}

/** Everything in a module that has the form of a route: decorators first, in the order of the functions, then calls. */
export function registrationsIn(resolver: Resolver, module: Module): Registration[] {
  const found: Registration[] = [];
  for (const owner of module.facts.functions) {
    const target = { path: module.path, start: owner.node.start };
    for (const decorator of owner.node.decorators) {
      const form = routeForm(decorator);
      if (form !== undefined) found.push(registration(resolver, module, owner.definedIn, 'decorator', form, target));
    }
  }
  for (const { node, scope } of module.facts.calls) {
    const applied = routeForm(node.func);
    const [given] = node.args;
    if (applied !== undefined && given !== undefined) {
      const target = functionGiven(resolver, module, scope, given.value);
      // Whatever is called like this and given no function, as in `session.get(url)(text)`, is no route.
      if (target !== undefined) found.push(registration(resolver, module, scope, 'applied', applied, target));
    } else if (node.func.kind === 'attribute' && node.func.name === 'add_api_route') {
      const endpoint = argumentOf(node.args, 'endpoint', 1);
      const target = endpoint === undefined ? undefined : functionGiven(resolver, module, scope, endpoint);
      found.push(registration(resolver, module, scope, 'added', { call: node, receiver: node.func.object }, target));
    }
  }
  return found;
}

interface RouteForm {
  readonly call: CallExpression;
  readonly receiver: Expression;
}

function routeForm(expression: Expression): RouteForm | undefined {
  if (expression.kind !== 'call' || expression.func.kind !== 'attribute' || !ROUTE_METHODS.has(expression.func.name)) return undefined;
  return { call: expression, receiver: expression.func.object };
}

function registration(
  resolver: Resolver,
  module: Module,
  scope: Scope,
  form: Registration['form'],
  { call, receiver }: RouteForm,
  target: FunctionPlace | undefined,
): Registration {
  const verb = call.func.kind === 'attribute' ? call.func.name : '';
  const isFree = form === 'added' || verb === 'api_route';
  const methods = isFree ? listedMethods(resolver, module, scope, call) : [verb.toUpperCase()];
  return { form, module, scope, call, receiver, methods, path: argumentOf(call.args, 'path', 0), target };
}

function listedMethods(resolver: Resolver, module: Module, scope: Scope, call: CallExpression): string[] {
  const given = keywordArgument(call.args, 'methods');
  if (given === undefined) return ['GET'];
  const listed = resolver.variableValue(module, scope, given)?.value ?? given;
  if (listed.kind !== 'list' && listed.kind !== 'tuple' && listed.kind !== 'set') return [];
  return listed.items.flatMap((item) => (item.kind === 'string' ? [item.value.toUpperCase()] : []));
}

function functionGiven(resolver: Resolver, module: Module, scope: Scope, given: Expression): FunctionPlace | undefined {
  const resolved = resolver.resolve(module, scope, given);
  if (resolved?.kind === 'function') return { path: resolved.module.path, start: resolved.node.start };
  // `register = router.post("/register")(register)` binds the name a second time.
  const named = given.kind === 'name' ? given.id : '';
  const owner = module.facts.functions.find((each: FunctionFacts) => each.definedIn === scope && each.node.name === named);
  return owner === undefined ? undefined : { path: module.path, start: owner.node.start };
}
