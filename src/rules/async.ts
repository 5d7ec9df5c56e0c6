import type { CallFacts, FunctionFacts } from '../python/module-facts.ts';
import { enclosingFunction, spelled } from '../python/resolver.ts';
import { type BlockingCall, blockingFunction, blockingMethod, syncDriverCall } from './blocking-calls.ts';
import type { Check, RuleContext } from './context.ts';
import { isEndpoint } from './endpoints.ts';
import { SYNC_SESSIONS } from './sessions.ts';

const SESSION_WORK = new Set([
  'query',
  'execute',
  'scalars',
  'scalar',
  'get',
  'get_one',
  'add',
  'add_all',
  'commit',
  'flush',
  'refresh',
  'delete',
  'merge',
  'rollback',
  'exec',
  'bulk_save_objects',
  'bulk_insert_mappings',
]);
const SYNC_ENGINES = new Set(['sqlalchemy.create_engine', 'sqlalchemy.engine.create_engine', 'sqlmodel.create_engine']);

/** async/io-is-async: a call that blocks the event loop inside an async function, or I/O in a `def` endpoint. */
export const ioIsAsync: Check = (context) => {
  for (const call of context.facts.calls) {
    const place = placeOf(context, call);
    if (place === undefined || call.isAwaited) continue;
    const blocking = blockingCall(context, call);
    if (blocking === undefined) continue;
    const called = spelled(call.node.func);
    context.report({
      rule: 'async/io-is-async',
      span: call.node.func,
      message: place.owner.node.isAsync
        ? `\`${place.owner.node.name}\` blocks the event loop: \`${called}\` waits for I/O without giving way.`
        : `Endpoint \`${place.owner.node.name}\` does blocking I/O in a plain \`def\`: \`${called}\` holds one of the few worker threads.`,
      fix: place.owner.node.isAsync ? `${blocking.instead}.` : `Make the endpoint \`async def\`. ${blocking.instead}.`,
    });
  }
};

/** async/no-sync-driver: a synchronous database driver used in async code or in a request handler. */
export const noSyncDriver: Check = (context) => {
  for (const call of context.facts.calls) {
    const place = placeOf(context, call);
    if (place === undefined || call.isAwaited) continue;
    const name = context.external(call.scope, call.node.func);
    const found = name === undefined ? undefined : syncDriverCall(name);
    if (found === undefined) continue;
    context.report({
      rule: 'async/no-sync-driver',
      span: call.node.func,
      message: `\`${place.owner.node.name}\` blocks on a synchronous database driver: \`${spelled(call.node.func)}\`.`,
      fix: `${found.instead}.`,
    });
  }
};

/** async/no-sync-orm: a synchronous SQLAlchemy session or engine used inside an async function. */
export const noSyncOrm: Check = (context) => {
  for (const call of context.facts.calls) {
    const owner = enclosingFunction(call.scope);
    if (owner?.node.isAsync !== true || call.isAwaited) continue;
    const name = context.external(call.scope, call.node.func);
    if (name !== undefined && SYNC_ENGINES.has(name)) {
      context.report({
        rule: 'async/no-sync-orm',
        span: call.node.func,
        message: `\`${owner.node.name}\` creates a synchronous engine inside async code.`,
        fix: 'Use `create_async_engine` from `sqlalchemy.ext.asyncio`, once, in the lifespan.',
      });
    } else if (isSyncSessionWork(context, call)) {
      context.report({
        rule: 'async/no-sync-orm',
        span: call.node.func,
        message: `\`${owner.node.name}\` blocks the event loop: \`${spelled(call.node.func)}\` runs on a synchronous Session.`,
        fix: 'Take an `AsyncSession` from `sqlalchemy.ext.asyncio` and await the call.',
      });
    }
  }
};

function isSyncSessionWork(context: RuleContext, call: CallFacts): boolean {
  const { func } = call.node;
  if (func.kind !== 'attribute' || !SESSION_WORK.has(func.name)) return false;
  const type = context.typeOf(call.scope, func.object);
  return type !== undefined && context.derivesFrom(type, SYNC_SESSIONS);
}

/** The async function or `def` endpoint whose body makes the call. */
function placeOf(context: RuleContext, call: CallFacts): { owner: FunctionFacts } | undefined {
  const owner = enclosingFunction(call.scope);
  if (owner === undefined) return undefined;
  return owner.node.isAsync || isEndpoint(context, owner) ? { owner } : undefined;
}

function blockingCall(context: RuleContext, call: CallFacts): BlockingCall | undefined {
  const { func } = call.node;
  const name = context.external(call.scope, func);
  const direct = name === undefined ? undefined : blockingFunction(name);
  if (direct !== undefined) return direct;
  if (func.kind !== 'attribute') return undefined;
  const type = context.typeOf(call.scope, func.object);
  return type?.kind === 'external' ? blockingMethod(type.name, func.name) : undefined;
}
