import type { Scope } from '../../../python/module-facts.ts';
import { type Expression, keywordArgument } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';

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
