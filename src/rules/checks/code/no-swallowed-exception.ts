import data from '../../../../data/logging.json';
import type { HandlerFacts } from '../../../python/module-facts.ts';
import { type Expression, expressionsOf, opensScope, type Statement, walkExpression, walkStatements } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';
import { isDocstring, isHole } from '../../knowledge/empty-statements.ts';

const BROAD = new Set(['builtins.Exception', 'builtins.BaseException']);
/** Exceptions that are control flow or an optional import: passing over them is their normal use. */
const SIGNALS =
  /^(asyncio\.CancelledError|asyncio\.exceptions\.CancelledError|asyncio\.QueueEmpty|asyncio\.QueueFull|queue\.Empty|queue\.Full|builtins\.(ImportError|ModuleNotFoundError|StopIteration|StopAsyncIteration|KeyboardInterrupt|SystemExit|GeneratorExit)|contextlib\.suppress)$/;
const LOG_METHODS = new Set(data.entries.methods);
const REPORT_CALLS = new RegExp(`(?:^|\\.|_)(?:${data.entries.reports.join('|')})$`);

/** code/no-swallowed-exception: a handler that neither logs, raises, nor passes the exception on. */
export const noSwallowedException: Check = (context) => {
  for (const handler of context.facts.handlers) {
    const types = handlerTypes(handler);
    const names = types.map((type) => context.external(handler.scope, type));
    const isBroad = types.length === 0 || names.some((name) => name !== undefined && BROAD.has(name));
    if (isControlFlow(context, types, names, isBroad)) continue;
    if (isHandled(context, handler)) continue;
    const caught = types.length === 0 ? 'every exception' : types.map((type) => `\`${context.source(type)}\``).join(', ');
    const isIgnored = handler.node.body.every((statement) => isHole(statement) || isDocstring(statement));
    if (isBroad || isIgnored) {
      context.report({
        span: header(context, handler),
        message: `${caught} is caught and lost: the handler neither logs nor raises.`,
        fix: isBroad
          ? 'Catch the exceptions you expect, and log (`logger.exception(...)`) or re-raise.'
          : 'Log why it may be ignored, or re-raise.',
      });
    } else if (isConstantAnswer(handler.node.body)) {
      context.report({
        severity: 'warning',
        span: header(context, handler),
        message: `${caught} is answered with a constant and leaves no trace in the log.`,
        fix: 'If this is expected, log it at debug level; if not, re-raise.',
      });
    }
  }
};

/** Cancellation is control flow even when it is caught together with other exceptions; the rest only without a broad one. */
function isControlFlow(
  context: RuleContext,
  types: readonly Expression[],
  names: readonly (string | undefined)[],
  isBroad: boolean,
): boolean {
  if (types.some((type) => /(^|\.)CancelledError$/.test(context.source(type)))) return true;
  return !isBroad && names.some((name) => name !== undefined && SIGNALS.test(name));
}

function handlerTypes(handler: HandlerFacts): readonly Expression[] {
  const { type } = handler.node;
  if (type === undefined) return [];
  return type.kind === 'tuple' ? type.items : [type];
}

function header(context: RuleContext, handler: HandlerFacts): { start: number; end: number } {
  const colon = context.facts.text.indexOf(':', handler.node.type?.end ?? handler.node.start);
  return { start: handler.node.start, end: Math.min(colon === -1 ? handler.node.end : colon, handler.node.end) };
}

function isHandled(context: RuleContext, handler: HandlerFacts): boolean {
  for (const statement of walkStatements(handler.node.body, (each) => !opensScope(each))) {
    if (statement.kind === 'raise') return true;
    for (const outer of expressionsOf(statement)) {
      for (const expression of walkExpression(outer)) {
        // Whoever uses the exception itself passes its content on.
        if (expression.kind === 'name' && expression.id === handler.node.name) return true;
        if (expression.kind === 'call' && isLogCall(context.source(expression.func))) return true;
        if (expression.kind === 'attribute' && expression.name === 'exc_info') return true;
      }
    }
  }
  return false;
}

function isLogCall(written: string): boolean {
  const method = written.split('.').at(-1) ?? '';
  // `handleError` is where a logging handler says that it cannot log.
  return (
    LOG_METHODS.has(method) || method === 'handleError' || REPORT_CALLS.test(written) || method === 'print' || written === 'warnings.warn'
  );
}

function isConstantAnswer(body: readonly Statement[]): boolean {
  const [only] = body;
  if (body.length !== 1 || only === undefined) return false;
  return only.kind === 'return' && (only.value === undefined || only.value.kind === 'constant');
}
