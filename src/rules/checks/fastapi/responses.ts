import type { Registration } from '../../../fastapi/registrations.ts';
import { ServedPaths } from '../../../fastapi/served-paths.ts';
import type { FunctionFacts } from '../../../python/module-facts.ts';
import { spelled } from '../../../python/names.ts';
import type { Resolved } from '../../../python/resolver.ts';
import { type Expression, keywordArgument } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';
import { routesOf } from '../../knowledge/endpoints.ts';

const RESPONSES = new Set([
  'starlette.responses.Response',
  'fastapi.Response',
  'fastapi.responses.Response',
  'fastapi.responses.JSONResponse',
  'fastapi.responses.ORJSONResponse',
  'fastapi.responses.UJSONResponse',
  'fastapi.responses.HTMLResponse',
  'fastapi.responses.PlainTextResponse',
  'fastapi.responses.RedirectResponse',
  'fastapi.responses.StreamingResponse',
  'fastapi.responses.FileResponse',
  'starlette.responses.JSONResponse',
  'starlette.responses.HTMLResponse',
  'starlette.responses.PlainTextResponse',
  'starlette.responses.RedirectResponse',
  'starlette.responses.StreamingResponse',
  'starlette.responses.FileResponse',
  'sse_starlette.EventSourceResponse',
  'sse_starlette.sse.EventSourceResponse',
]);
const DICTS = new Set([
  'builtins.dict',
  'typing.Dict',
  'typing.Mapping',
  'typing.MutableMapping',
  'collections.abc.Mapping',
  'collections.abc.MutableMapping',
]);
const WRAPPERS = new Set(['builtins.list', 'typing.List', 'typing.Optional', 'collections.abc.Sequence', 'typing.Sequence']);
const ANY = new Set(['typing.Any', 'typing_extensions.Any', 'builtins.object']);

/** fastapi/response-model: an endpoint that does not say what it returns. */
export const responseModel: Check = (context) => {
  for (const owner of context.facts.functions) {
    for (const route of routesOf(context, owner)) {
      if (isExempt(context, owner, route) || hasModel(context, owner, route) || isPage(context, owner, route)) continue;
      context.report({
        span: route.call,
        message: `Endpoint \`${owner.node.name}\` has no response model: its output is neither validated nor documented.`,
        fix: 'Add `response_model=<Resource>Response`, or annotate the return type with the Pydantic model.',
      });
    }
  }
};

/** fastapi/no-raw-dict: an endpoint that returns a dict. */
export const noRawDict: Check = (context) => {
  for (const owner of context.facts.functions) {
    const routes = routesOf(context, owner);
    if (routes.length === 0 || routes.some((route) => isExempt(context, owner, route))) continue;
    // Asked last: the answer may lie anywhere in the project.
    const isServedAsPage = (): boolean => routes.some((route) => isPage(context, owner, route));
    const literals = owner.returns.filter((statement) => statement.value !== undefined && isRawDict(context, owner, statement.value));
    if (literals.length > 0 && isServedAsPage()) continue;
    for (const statement of literals) {
      context.report({
        span: statement,
        message: `Endpoint \`${owner.node.name}\` returns a raw dict.`,
        fix: 'Return an instance of a Pydantic response model with these fields.',
      });
    }
    if (literals.length > 0) continue;
    const declared = declaredDict(context, owner, routes);
    if (declared === undefined || isServedAsPage()) continue;
    context.report({
      span: declared,
      message: `Endpoint \`${owner.node.name}\` is declared to return a dict (\`${context.source(declared)}\`).`,
      fix: 'Define a Pydantic response model with these fields and return it.',
    });
  }
};

/** An endpoint of a router that serves pages, or is not part of the documented API. */
function isPage(context: RuleContext, owner: FunctionFacts, route: Registration): boolean {
  if (route.call.func.kind !== 'attribute') return false;
  const routes = new ServedPaths(context.resolver, context.project);
  const router = routes.includes.routerOf(context.module, owner.definedIn, route.call.func.object);
  return router !== undefined && routes.isServedAsPages(router);
}

function declaredDict(context: RuleContext, owner: FunctionFacts, routes: readonly Registration[]): Expression | undefined {
  const candidates = [...routes.map((route) => keywordArgument(route.call.args, 'response_model')), owner.node.returns];
  const isAnswered = routes.some((route) => keywordArgument(route.call.args, 'response_model') !== undefined);
  return candidates.find((candidate, index) => {
    // With a response model the return annotation only describes the function's inside.
    if (candidate === undefined || (isAnswered && index === candidates.length - 1)) return false;
    return namesDict(context, owner, candidate);
  });
}

/** `dict`, `dict[str, X]`, `dict | None`, `list[dict]`. */
function namesDict(context: RuleContext, owner: FunctionFacts, annotation: Expression): boolean {
  if (annotation.kind === 'binary') return [annotation.left, annotation.right].some((side) => namesDict(context, owner, side));
  const name = context.external(owner.definedIn, annotation.kind === 'subscript' ? annotation.value : annotation);
  if (name !== undefined && DICTS.has(name)) return true;
  const [item] = annotation.kind === 'subscript' ? annotation.index : [];
  return name !== undefined && WRAPPERS.has(name) && item !== undefined && namesDict(context, owner, item);
}

/** A dict literal or `dict(...)`, a list of them, or a local name for one. */
function isRawDict(context: RuleContext, owner: FunctionFacts, value: Expression): boolean {
  switch (value.kind) {
    case 'dict':
      return true;
    case 'call':
      return context.external(owner.scope, value.func) === 'builtins.dict';
    case 'list':
      return value.items.length > 0 && value.items.every((item) => item.kind === 'dict');
    case 'comprehension':
      return value.form === 'dict' || (value.form === 'list' && value.parts[0]?.kind === 'dict');
    case 'name': {
      const bindings = owner.scope.bindings.get(value.id);
      const [only] = bindings ?? [];
      return bindings?.length === 1 && only?.kind === 'value' && only.annotation === undefined && only.value?.kind === 'dict';
    }
    default:
      return false;
  }
}

function isExempt(context: RuleContext, owner: FunctionFacts, route: Registration): boolean {
  const { args } = route.call;
  if (args.some((each) => each.value.kind === 'starred')) return true;
  if (route.methods.length > 0 && route.methods.every((method) => method === 'HEAD' || method === 'OPTIONS')) return true;
  if (keywordArgument(args, 'response_class') !== undefined) return true;
  const schema = keywordArgument(args, 'include_in_schema');
  if (schema !== undefined && !(schema.kind === 'constant' && schema.value === 'True')) return true;
  const status = keywordArgument(args, 'status_code');
  const statusText = status === undefined ? '' : context.source(status);
  if (/\b(204|205|304)\b|NO_CONTENT|RESET_CONTENT|NOT_MODIFIED|REDIRECT/.test(statusText)) return true;
  if (owner.node.returns !== undefined && isResponseClass(context, owner, owner.node.returns)) return true;
  return (
    owner.returns.length > 0 &&
    owner.returns.every((statement) => statement.value !== undefined && givesResponse(context, owner, statement.value))
  );
}

function isResponseClass(context: RuleContext, owner: FunctionFacts, annotation: Expression): boolean {
  const type = context.annotatedClass(owner.definedIn, annotation);
  if (type !== undefined && context.derivesFrom(type, RESPONSES)) return true;
  // Response classes of libraries that cannot be followed are told by their customary names.
  return /(Response|Template\w*)$/.test(context.source(annotation)) && type?.kind !== 'class';
}

function givesResponse(context: RuleContext, owner: FunctionFacts, value: Expression): boolean {
  if (value.kind === 'conditional') return givesResponse(context, owner, value.body) && givesResponse(context, owner, value.orElse);
  const called = value.kind === 'await' ? value.value : value;
  if (called.kind === 'call') {
    if (/redirect\w*$/i.test(spelled(called.func))) return true;
    const target = context.resolve(owner.scope, called.func);
    if (target?.kind === 'function' && target.node.returns !== undefined && namesResponse(context, target, target.node.returns))
      return true;
  }
  if (value.kind === 'name') {
    // Made in several places: one response among them is enough to be unsure.
    const bindings = owner.scope.bindings.get(value.id) ?? [];
    if (bindings.some((each) => each.kind === 'value' && each.value?.kind === 'call' && givesResponse(context, owner, each.value)))
      return true;
  }
  const type = context.typeOf(owner.scope, value);
  if (type === undefined) return value.kind === 'call' && /Response$/.test(context.source(value.func));
  if (context.derivesFrom(type, RESPONSES)) return true;
  return type.kind === 'external' && /(Response|TemplateResponse)$/.test(type.name);
}

/** `-> StreamingResponse`, `-> FileResponse | JSONResponse`. */
function namesResponse(context: RuleContext, target: Extract<Resolved, { kind: 'function' }>, annotation: Expression): boolean {
  if (annotation.kind === 'binary') return [annotation.left, annotation.right].some((side) => namesResponse(context, target, side));
  const type = context.resolver.annotatedClass(target.module, target.scope, annotation);
  return type !== undefined && (context.derivesFrom(type, RESPONSES) || (type.kind === 'external' && type.name.endsWith('Response')));
}

function hasModel(context: RuleContext, owner: FunctionFacts, route: Registration): boolean {
  if (keywordArgument(route.call.args, 'response_model') !== undefined) return true;
  const { returns } = owner.node;
  if (returns === undefined) return false;
  const name = context.external(owner.definedIn, returns);
  return name === undefined || !ANY.has(name);
}
