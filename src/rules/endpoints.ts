import type { FunctionFacts } from '../python/module-facts.ts';
import { spelled } from '../python/resolver.ts';
import type { CallExpression, Expression } from '../python/syntax.ts';
import type { RuleContext } from './context.ts';

const ROUTERS = new Set(['fastapi.APIRouter', 'fastapi.FastAPI', 'fastapi.routing.APIRouter', 'fastapi.applications.FastAPI']);
const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace', 'api_route']);

/** A decorator that registers the function below it as an HTTP endpoint. */
export interface RouteDecorator {
  readonly call: CallExpression;
  /** Upper case; `API_ROUTE` for `api_route`. */
  readonly method: string;
}

/** The route decorators of a function; none when it is no endpoint or its router cannot be told to be FastAPI's. */
export function routeDecorators(context: RuleContext, owner: FunctionFacts): RouteDecorator[] {
  const found: RouteDecorator[] = [];
  for (const decorator of owner.node.decorators) {
    if (decorator.kind !== 'call' || decorator.func.kind !== 'attribute' || !METHODS.has(decorator.func.name)) continue;
    const type = context.typeOf(owner.definedIn, decorator.func.object);
    if (type === undefined ? isCalledRouter(context, owner, decorator.func.object) : context.derivesFrom(type, ROUTERS))
      found.push({ call: decorator, method: decorator.func.name.toUpperCase() });
  }
  return found;
}

/** `router = OurAPIRouter(...)` of a class that cannot be followed: the name says what it is. */
function isCalledRouter(context: RuleContext, owner: FunctionFacts, expression: Expression): boolean {
  const resolved = context.resolve(owner.definedIn, expression);
  return resolved?.kind === 'variable' && resolved.value?.kind === 'call' && spelled(resolved.value.func).endsWith('APIRouter');
}

/** True for functions that FastAPI calls for a request. */
export function isEndpoint(context: RuleContext, owner: FunctionFacts): boolean {
  return owner.node.decorators.length > 0 && routeDecorators(context, owner).length > 0;
}
