import { ROUTE_METHODS } from '../../fastapi/routes.ts';
import type { CallFacts, FunctionFacts } from '../../python/module-facts.ts';
import { spelled } from '../../python/resolver.ts';
import { type CallExpression, type Expression, keywordArgument } from '../../python/syntax.ts';
import type { RuleContext } from '../context.ts';

const ROUTERS = new Set(['fastapi.APIRouter', 'fastapi.FastAPI', 'fastapi.routing.APIRouter', 'fastapi.applications.FastAPI']);

/** A decorator, or a call of `add_api_route`, that registers a function as an HTTP endpoint. */
export interface RouteDecorator {
  readonly call: CallExpression;
  /** Upper case; `API_ROUTE` for `api_route`. */
  readonly method: string;
}

/** The route decorators of a function; none when it is no endpoint or its router cannot be told to be FastAPI's. */
export function routeDecorators(context: RuleContext, owner: FunctionFacts): RouteDecorator[] {
  const found: RouteDecorator[] = addedRoutes(context, owner);
  for (const decorator of owner.node.decorators) {
    if (decorator.kind !== 'call' || decorator.func.kind !== 'attribute' || !ROUTE_METHODS.has(decorator.func.name)) continue;
    const type = context.typeOf(owner.definedIn, decorator.func.object);
    if (type === undefined ? isCalledRouter(context, owner, decorator.func.object) : context.derivesFrom(type, ROUTERS))
      found.push({ call: decorator, method: decorator.func.name.toUpperCase() });
  }
  return found;
}

/** Functions of this file that `router.add_api_route("/path", function)` registers. */
function addedRoutes(context: RuleContext, owner: FunctionFacts): RouteDecorator[] {
  let added = addedByContext.get(context);
  if (added === undefined) {
    added = context.facts.calls.filter(({ node }) => node.func.kind === 'attribute' && node.func.name === 'add_api_route');
    addedByContext.set(context, added);
  }
  return added.flatMap(({ node, scope }) => {
    const positional = node.args.filter((argument) => argument.keyword === undefined);
    const given = (node.args.find((argument) => argument.keyword === 'endpoint') ?? positional[1])?.value;
    const target = given === undefined ? undefined : context.resolve(scope, given);
    if (target?.kind !== 'function' || target.node !== owner.node) return [];
    const methods = keywordArgument(node.args, 'methods');
    const [method] = methods?.kind === 'list' || methods?.kind === 'tuple' || methods?.kind === 'set' ? methods.items : [];
    return [{ call: node, method: method?.kind === 'string' ? method.value.toUpperCase() : 'GET' }];
  });
}

const addedByContext = new WeakMap<RuleContext, readonly CallFacts[]>();

/** `router = OurAPIRouter(...)` of a class that cannot be followed: the name says what it is. */
function isCalledRouter(context: RuleContext, owner: FunctionFacts, expression: Expression): boolean {
  const resolved = context.resolve(owner.definedIn, expression);
  return resolved?.kind === 'variable' && resolved.value?.kind === 'call' && spelled(resolved.value.func).endsWith('APIRouter');
}

/** True for functions that FastAPI calls for a request. */
export function isEndpoint(context: RuleContext, owner: FunctionFacts): boolean {
  return routeDecorators(context, owner).length > 0;
}
