import type { ClassFacts, FunctionFacts, HandlerFacts, Scope } from '../../../python/module-facts.ts';
import {
  type Comment,
  type Expression,
  expressionsOf,
  keywordArgument,
  opensScope,
  type Statement,
  walkExpression,
  walkStatements,
} from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';

/** Comments that stand for code that was left out. */
const LEFT_OUT: readonly RegExp[] = [
  /^#\s*(\.{3}|…+)\s*$/,
  /^#\s*\(?(unchanged|omitted for brevity|same as above|other methods unchanged|-+ ?snip ?-+|implement here)\)?\s*$/i,
  /^#\s*(\.{3}|…+)?\s*(restlicher Code|Rest (wie gehabt|bleibt|unverändert)|(el )?resto del código|le reste du code|ここに.{0,12}(書く|実装)|这里添加|在此处?添加|……?其余代码)/i,
  /^#\s*(\.{3}|…)?\s*\(?(the\s+)?(rest|remainder) of (the |your |this |existing )*(code|file|function|method|class|implementation|logic|module|endpoints?|imports?)\b/i,
  /^#\s*(\.{3}|…)\s*\(?(the\s+)?(existing|previous|other|remaining|same|rest|more)\b/i,
  /^#\s*\(?(existing|previous|remaining|unchanged) (code|implementation|methods?|functions?|imports?|endpoints?|logic)( (here|unchanged|remains?|stays?|continues|as before|above|below|goes here).*)?\)?\s*(\.{3}|…)?\s*$/i,
  /^#\s*(your|actual|real|insert|put|add) (code|implementation|logic)( goes)? here\b/i,
  /^#\s*(implementation|code|logic) (goes )?here\b/i,
  /^#\s*\[TBD\]/i,
  /^#\s*(\.{3}|…)?\s*(现有代码|其余代码|剩余代码|省略|此处省略|既存のコード|残りのコード|以下省略)/,
];
const PROMISE = /\b(TODO|FIXME|TBD|implement|not implemented|placeholder|stub|fill in)\b|待实现|未実装/i;
const INTENDED_NOTHING = /noop|no_op|nothing|dummy|null|stub|placeholder|fake|mock|hook|callback|on_/i;
const ABSTRACT_BASES = new Set([
  'abc.ABC',
  'typing.Protocol',
  'typing_extensions.Protocol',
  'builtins.Exception',
  'builtins.BaseException',
]);
const ABSTRACT_DECORATORS = new Set([
  'abc.abstractmethod',
  'abc.abstractproperty',
  'abc.abstractclassmethod',
  'typing.overload',
  'typing_extensions.overload',
]);

/** code/no-placeholder: a comment or an empty body where code should be. */
export const noPlaceholder: Check = (context) => {
  for (const comment of context.facts.syntax.comments) {
    if (!LEFT_OUT.some((pattern) => pattern.test(comment.text)) || isEllipsisInProse(context, comment)) continue;
    context.report({
      rule: 'code/no-placeholder',
      span: comment,
      message: `\`${comment.text.slice(0, 60)}\` stands for code that is not there.`,
      fix: 'Write the code itself; to change part of a file, edit that part and leave the rest alone.',
    });
  }
  for (const owner of context.facts.functions) {
    const body = owner.node.body.filter((statement) => !isDocstring(statement));
    const hole = body.length === 1 ? body[0] : undefined;
    if (hole === undefined || !isHole(hole) || isDeliberatelyEmpty(context, owner)) continue;
    context.report({
      rule: 'code/no-placeholder',
      span: hole,
      message: `\`${owner.node.name}\` has no body: \`${context.source(hole)}\` stands for missing code.`,
      fix: 'Implement the function, or make it an abstract member if subclasses must.',
    });
  }
};

/** A lone `# ...` among other comment lines is part of what they say. */
function isEllipsisInProse(context: RuleContext, comment: Comment): boolean {
  if (!/^#\s*(\.{3}|…)\s*$/.test(comment.text)) return false;
  const line = context.lineOf(comment.start);
  return [line - 1, line + 1].some((near) => context.facts.lines.lineText(near).trim().startsWith('#'));
}

function isDocstring(statement: Statement): boolean {
  return statement.kind === 'expression' && statement.value.kind === 'string';
}

function isHole(statement: Statement): boolean {
  if (statement.kind === 'pass') return true;
  return statement.kind === 'expression' && statement.value.kind === 'constant' && statement.value.value === '...';
}

function isDeliberatelyEmpty(context: RuleContext, owner: FunctionFacts): boolean {
  const { node } = owner;
  const inside = context.facts.syntax.comments.filter(
    (comment) => node.start <= comment.start && comment.start <= lineEnd(context, node.end),
  );
  if (inside.some((comment) => PROMISE.test(comment.text))) return false;
  if (context.role === 'tests' || context.hasDecorator(owner, ABSTRACT_DECORATORS) || isImportFallback(context, owner)) return true;
  if (owner.parentClass !== undefined && isOpenClass(context, owner.parentClass)) return true;
  const hasDocstring = node.body.some(isDocstring);
  const promisesValue = node.returns !== undefined && !(node.returns.kind === 'constant' && node.returns.value === 'None');
  // Click groups, dependencies that only declare parameters, property setters: the decorator or docstring is the point.
  if (node.decorators.length > 0 || hasDocstring || inside.length > 0) return true;
  if (node.name.startsWith('__') || INTENDED_NOTHING.test(node.name)) return true;
  return owner.parentClass !== undefined ? !promisesValue : isTypingOnly(context, owner.definedIn);
}

/** Below `except ImportError:` an empty function replaces what could not be imported. */
function isImportFallback(context: RuleContext, owner: FunctionFacts): boolean {
  return context.facts.handlers.some(
    ({ node }) =>
      node.start <= owner.node.start &&
      owner.node.end <= node.end &&
      /ImportError|ModuleNotFoundError/.test(node.type === undefined ? '' : context.source(node.type)),
  );
}

/** Classes whose members may be empty: abstract ones, protocols, and any with a base that may define the hook. */
function isOpenClass(context: RuleContext, owner: ClassFacts): boolean {
  if (owner.node.bases.length > 0 || owner.node.keywords.length > 0) {
    const ancestry = context.ancestry(context.classOf(owner));
    return (
      owner.node.bases.length > 0 ||
      [...ancestry].some((name) => ABSTRACT_BASES.has(name)) ||
      owner.node.keywords.some((each) => each.keyword === 'metaclass')
    );
  }
  return /^(Base|Abstract|Null|Noop|NoOp|Dummy|Fake|Mock|Stub)|(Base|Protocol|Interface|Mixin)$/.test(owner.node.name);
}

/** Below `if TYPE_CHECKING:` or inside a function, empty functions are declarations or callbacks. */
function isTypingOnly(context: RuleContext, scope: Scope): boolean {
  return scope.kind !== 'module' || context.role === 'stubs';
}

function lineEnd(context: RuleContext, offset: number): number {
  const at = context.facts.text.indexOf('\n', offset);
  return at === -1 ? context.facts.text.length : at;
}

const BROAD = new Set(['builtins.Exception', 'builtins.BaseException']);
/** Exceptions that are control flow or an optional import: passing over them is their normal use. */
const SIGNALS =
  /^(asyncio\.CancelledError|asyncio\.exceptions\.CancelledError|asyncio\.QueueEmpty|asyncio\.QueueFull|queue\.Empty|queue\.Full|builtins\.(ImportError|ModuleNotFoundError|StopIteration|StopAsyncIteration|KeyboardInterrupt|SystemExit|GeneratorExit)|contextlib\.suppress)$/;
const LOG_METHODS = new Set([
  'debug',
  'info',
  'warning',
  'warn',
  'error',
  'exception',
  'critical',
  'fatal',
  'log',
  'adebug',
  'ainfo',
  'awarning',
  'aerror',
  'aexception',
  'acritical',
  'msg',
  'trace',
]);
const REPORT_CALLS =
  /(^|\.|_)(capture_exception|capture_message|captureException|record_exception|set_exception|print_exc|format_exc|notice_error|add_note|log_\w+|\w*_log|report_\w+|handle_\w*(error|exception)\w*|on_error|fail|abort|exit|_exit|skip|xfail)$/;

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
        rule: 'code/no-swallowed-exception',
        span: header(context, handler),
        message: `${caught} is caught and lost: the handler neither logs nor raises.`,
        fix: isBroad
          ? 'Catch the exceptions you expect, and log (`logger.exception(...)`) or re-raise.'
          : 'Log why it may be ignored, or re-raise.',
      });
    } else if (isConstantAnswer(handler.node.body)) {
      context.report({
        rule: 'code/no-swallowed-exception',
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

const CREDENTIALS_IN_URL = /^[a-z][a-z0-9+.-]*:\/\/[^\s:@/{}]+:[^\s@/{}]+@/i;
const REMOTE_URL = /^(https?|wss?|redis|rediss|amqps?|postgres(ql)?(\+\w+)?|mysql(\+\w+)?|mongodb(\+srv)?|nats|kafka):\/\/[a-z0-9[]/i;
const SECRET_NAME =
  /(^|_)(password|passwd|pwd|secret|secret_key|api_?key|access_?key|auth_?token|private_?key|client_secret|jwt_?secret)$/i;
const CLIENT_CALL =
  /^(httpx|requests|aiohttp|urllib\.request|redis|redis\.asyncio|sqlalchemy|sqlalchemy\.ext\.asyncio|asyncpg|psycopg|psycopg2|pymongo|motor\.motor_asyncio|aio_pika|pika|celery|openai|qdrant_client|elasticsearch|boto3|websockets)\./;
const SERVER_CALL = /^(uvicorn\.run|uvicorn\.Config|hypercorn\.run)$/;

/** code/no-hardcoded-config: credentials, service addresses and ports written into the source. */
export const noHardcodedConfig: Check = (context) => {
  for (const { node } of context.facts.strings) {
    if (node.interpolations.length > 0 || !CREDENTIALS_IN_URL.test(node.value) || context.isInMainGuard(node)) continue;
    context.report({
      rule: 'code/no-hardcoded-config',
      span: node,
      message: 'A connection string with a password is written into the source.',
      fix: 'Read it from a field of the Settings class (`pydantic-settings`), typed `PostgresDsn`, `RedisDsn` or `SecretStr`.',
    });
  }
  for (const assignment of context.facts.assignments) {
    const { target, value } = assignment;
    const name = target.kind === 'name' ? target.id : target.kind === 'attribute' ? target.name : undefined;
    if (name === undefined || value?.kind !== 'string' || !SECRET_NAME.test(name) || !looksSecret(value.value, name)) continue;
    context.report({
      rule: 'code/no-hardcoded-config',
      span: value,
      message: `\`${name}\` is a secret written into the source.`,
      fix: 'Make it a `SecretStr` field of the Settings class and read it from the environment.',
    });
  }
  for (const { node, scope } of context.facts.calls) {
    // Resolving the callee is the expensive part: first see whether there is anything to report.
    if (!node.args.some((argument) => couldBeAddress(argument.value) || argument.keyword === 'port') || context.isInMainGuard(node))
      continue;
    const type = node.func.kind === 'attribute' ? context.typeOf(scope, node.func.object) : undefined;
    const name = context.external(scope, node.func) ?? (type?.kind === 'external' ? `${type.name}.call` : undefined);
    if (name === undefined) continue;
    if (CLIENT_CALL.test(name)) reportAddress(context, scope, node.args);
    if (!SERVER_CALL.test(name)) continue;
    const port = keywordArgument(node.args, 'port');
    // Port 0 asks the system for any free one.
    if (port?.kind !== 'number' || port.text === '0') continue;
    context.report({
      rule: 'code/no-hardcoded-config',
      span: port,
      message: `The server's port ${port.text} is written into the source.`,
      fix: 'Read the port from a field of the Settings class.',
    });
  }
};

const ADDRESS_ARGUMENTS = new Set(['url', 'base_url', 'uri', 'dsn', 'host', 'endpoint_url', 'broker', 'backend']);

function reportAddress(context: RuleContext, scope: Scope, args: readonly { keyword: string | undefined; value: Expression }[]): void {
  for (const { keyword, value } of args) {
    if (keyword !== undefined && !ADDRESS_ARGUMENTS.has(keyword)) continue;
    const literal = addressLiteral(context, scope, value);
    if (literal === undefined || !REMOTE_URL.test(literal.text) || CREDENTIALS_IN_URL.test(literal.text)) continue;
    context.report({
      rule: 'code/no-hardcoded-config',
      span: literal.node,
      message: `The address \`${literal.text.slice(0, 60)}\` is written into the source.`,
      fix: 'Read it from a field of the Settings class, so that each environment can set its own.',
    });
    return;
  }
}

/** The string an address comes from: a literal, the fixed start of an f-string, or what a module constant holds. */
function addressLiteral(context: RuleContext, scope: Scope, value: Expression): { node: Expression; text: string } | undefined {
  if (value.kind === 'string') {
    const [first] = value.interpolations;
    const startsWithName = first !== undefined && /^f?["']+\{/i.test(context.source(value));
    if (startsWithName) return first.kind === 'name' ? addressLiteral(context, scope, first) : undefined;
    return value.isBytes ? undefined : { node: value, text: withGaps(value) };
  }
  if (value.kind === 'binary' && value.operator === '+') return addressLiteral(context, scope, value.left);
  if (value.kind !== 'name') return undefined;
  const constant = context.resolve(scope, value);
  const isLiteral =
    constant?.kind === 'variable' &&
    constant.scope.kind === 'module' &&
    constant.value?.kind === 'string' &&
    constant.value.interpolations.length === 0;
  if (!isLiteral || constant.value?.kind !== 'string') return undefined;
  // A constant of another module is that module's finding there only if it is used there: here the use is all there is.
  return { node: constant.module === context.module ? constant.value : value, text: constant.value.value };
}

/** The text of an f-string with `{…}` where its expressions stand. */
function withGaps({ value, gaps }: Extract<Expression, { kind: 'string' }>): string {
  return gaps.toReversed().reduce((text, gap) => `${text.slice(0, gap)}{…}${text.slice(gap)}`, value);
}

function couldBeAddress(value: Expression): boolean {
  if (value.kind === 'string') return value.value.includes('://') || value.interpolations.length > 0;
  return value.kind === 'binary' ? couldBeAddress(value.left) : value.kind === 'name' && /^_?[A-Z]/.test(value.id);
}

function looksSecret(text: string, name: string): boolean {
  if (text.length < 8 || /\s|[{}<>]/.test(text)) return false;
  if (/^[a-z_]+$/i.test(text) && text.toLowerCase().replaceAll(/[_-]/g, '').includes(name.toLowerCase().replaceAll('_', ''))) return false;
  // A name, a path, a header or an enum value is made of words; a secret mixes kinds of characters.
  return /\d/.test(text) && /[a-z]/i.test(text) && !/^[\w-]+\.[\w.-]+$/.test(text) && !text.includes('/');
}
