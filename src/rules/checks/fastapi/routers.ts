import type { FunctionFacts } from '../../../python/module-facts.ts';
import { spelled } from '../../../python/names.ts';
import { argumentOf, type Statement, walkStatements } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';
import { databaseWork } from '../../knowledge/data-access.ts';
import { isEndpoint } from '../../knowledge/endpoints.ts';
import { layerOf } from '../../knowledge/layers.ts';

/** An endpoint may guard and choose once or twice; from here on it decides. */
const MAX_BRANCHES = 2;
const HTTP_EXCEPTIONS = new Set(['fastapi.HTTPException', 'fastapi.exceptions.HTTPException', 'starlette.exceptions.HTTPException']);
const GENERIC_EXCEPTIONS = new Set([
  'builtins.Exception',
  'builtins.ValueError',
  'builtins.KeyError',
  'builtins.LookupError',
  'builtins.TypeError',
  'builtins.RuntimeError',
  'builtins.NotImplementedError',
]);
const RESPONSES = /^(fastapi|starlette)(\.responses)?\.(JSONResponse|ORJSONResponse|UJSONResponse|PlainTextResponse|Response)$/;

/** fastapi/thin-router: an endpoint that queries, ends transactions or decides by itself. */
export const thinRouter: Check = (context) => {
  for (const owner of context.facts.functions) {
    if (!isEndpoint(context, owner)) continue;
    const works = context.facts.calls.filter((call) => call.scope.owner === owner && databaseWork(context, call) !== undefined);
    const [first] = works;
    if (first !== undefined) {
      const more = works.length > 1 ? ` and ${works.length - 1} more` : '';
      context.report({
        span: first.node.func,
        message: `Endpoint \`${owner.node.name}\` works on the database itself: \`${spelled(first.node.func)}\`${more}.`,
        fix: 'Move this to a service, which calls a repository; let the endpoint call the service and return its result.',
      });
    }
    const branches = [...decisions(owner)];
    if (branches.length <= MAX_BRANCHES) continue;
    context.report({
      severity: 'warning',
      span: owner.node.nameSpan,
      message: `Endpoint \`${owner.node.name}\` decides ${branches.length} times what to do: business logic in a router.`,
      fix: 'Move the decisions to a service; keep parsing, authorisation and the response here.',
    });
  }
};

/** The branches and loops of an endpoint that do more than refuse the request. */
function* decisions(owner: FunctionFacts): Generator<Statement> {
  for (const statement of walkStatements(owner.node.body, (each) => each.kind !== 'function' && each.kind !== 'class')) {
    if (statement.kind === 'for') yield statement;
    if (statement.kind !== 'if') continue;
    const bodies = [...statement.branches.map((branch) => branch.body), ...(statement.orElse === undefined ? [] : [statement.orElse])];
    const isDefault = bodies.length === 1;
    for (const body of bodies) if (!isGuard(body, isDefault)) yield statement;
  }
}

/** A body that ends in a refusal or, without an alternative, only fills in a value. */
function isGuard(body: readonly Statement[], isDefault: boolean): boolean {
  const last = body.at(-1);
  if (last?.kind === 'raise' || last?.kind === 'return') return true;
  // A lone nested `if` is counted by its own branches; a single assignment is a default.
  if (body.length !== 1) return false;
  return last?.kind === 'if' || last?.kind === 'pass' || (isDefault && last?.kind === 'assign' && last.operator === undefined);
}

/** fastapi/http-exception: errors that are no HTTPException, or one with a status that is no error; handlers outside core. */
export const httpException: Check = (context) => {
  for (const owner of context.facts.functions) {
    reportHandler(context, owner);
    if (!isEndpoint(context, owner)) continue;
    reportErrorResponses(context, owner);
    for (const { statement, scope } of context.facts.statements) {
      if (statement.kind !== 'raise' || scope.owner !== owner) continue;
      const [raised] = statement.values;
      const target = raised?.kind === 'call' ? raised.func : raised;
      const name = target === undefined ? undefined : context.external(scope, target);
      if (raised === undefined || name === undefined || !GENERIC_EXCEPTIONS.has(name) || isCaught(context, owner, statement)) continue;
      context.report({
        span: statement,
        message: `Endpoint \`${owner.node.name}\` raises \`${spelled(target ?? raised)}\`: the client gets an unexplained 500.`,
        fix: 'Raise `HTTPException` with a fitting status code, or an exception of your own that a handler in `core/` maps to one.',
      });
    }
  }
  for (const { node, scope } of context.facts.calls) {
    const name = context.external(scope, node.func);
    if (name === undefined || !HTTP_EXCEPTIONS.has(name)) continue;
    const status = argumentOf(node.args, 'status_code', 0);
    if (status === undefined || !/^([123]\d\d)$|HTTP_[123]\d\d_/.test(context.source(status))) continue;
    context.report({
      span: status,
      message: `\`HTTPException\` with the status ${context.source(status)}, which is no error.`,
      fix: 'Use a 4xx code for what the client did wrong, 5xx for what failed here; return a response for everything else.',
    });
  }
};

function reportErrorResponses(context: RuleContext, owner: FunctionFacts): void {
  for (const statement of owner.returns) {
    const { value } = statement;
    if (value?.kind === 'tuple' && value.items.length === 2 && value.items[0]?.kind === 'dict' && value.items[1]?.kind === 'number') {
      context.report({
        span: value,
        message: `Endpoint \`${owner.node.name}\` returns a tuple: FastAPI sends it as a JSON list with status 200.`,
        fix: `Raise \`HTTPException(status_code=${context.source(value.items[1])}, detail=...)\`.`,
      });
    }
    if (value?.kind !== 'call') continue;
    const name = context.external(owner.scope, value.func);
    if (name !== undefined && HTTP_EXCEPTIONS.has(name)) {
      context.report({
        span: value.func,
        message: `Endpoint \`${owner.node.name}\` returns the exception instead of raising it: the client gets status 200.`,
        fix: `Write \`raise ${context.source(value).replace(/\s+/g, ' ').slice(0, 80)}\`.`,
      });
      continue;
    }
    const status = argumentOf(value.args, 'status_code', 1);
    if (name === undefined || !RESPONSES.test(name) || status === undefined) continue;
    if (!/^[45]\d\d$|HTTP_[45]\d\d_/.test(context.source(status))) continue;
    context.report({
      span: value.func,
      message: `Endpoint \`${owner.node.name}\` returns its error as a \`${spelled(value.func)}\`: dependencies and handlers take it for a success.`,
      fix: `Raise \`HTTPException(status_code=${context.source(status)}, detail=...)\`.`,
    });
  }
}

/** An exception handler that is registered in a layer of the application. */
function reportHandler(context: RuleContext, owner: FunctionFacts): void {
  const isHandler = owner.node.decorators.some(
    (decorator) => decorator.kind === 'call' && decorator.func.kind === 'attribute' && decorator.func.name === 'exception_handler',
  );
  const layer = layerOf(context.path);
  if (!isHandler || layer === undefined || layer === 'core') return;
  context.report({
    span: owner.node.nameSpan,
    message: `Exception handler \`${owner.node.name}\` is defined in the ${layer} layer.`,
    fix: 'Move it to `core/`, where the application is put together.',
  });
}

/** Raised inside a `try` of the same function that catches something: meant for that handler. */
function isCaught(context: RuleContext, owner: FunctionFacts, raised: Statement): boolean {
  return context.facts.statements.some(
    ({ statement, scope }) =>
      statement.kind === 'try' &&
      scope.owner === owner &&
      statement.handlers.length > 0 &&
      statement.body.some((each) => each.start <= raised.start && raised.end <= each.end),
  );
}
