import type { CallFacts, FunctionFacts } from '../../python/module-facts.ts';
import { enclosingFunction, spelled } from '../../python/names.ts';
import { type Check, oncePerFile, type RuleContext } from '../context.ts';
import { blockingEffect, type Effect } from '../knowledge/blocking-effect.ts';
import { isEndpoint } from '../knowledge/endpoints.ts';
import { reportReached } from '../knowledge/report-reached.ts';

const SYNC_ENGINES = new Set(['sqlalchemy.create_engine', 'sqlalchemy.engine.create_engine', 'sqlmodel.create_engine']);

/** async/io-is-async: a call that blocks the event loop inside an async function, or I/O in a `def` endpoint. */
export const ioIsAsync: Check = (context) => {
  for (const { call, owner, effect } of blockingCalls(context, 'io')) {
    const called = spelled(call.node.func);
    context.report({
      span: call.node.func,
      message: owner.node.isAsync
        ? `\`${owner.node.name}\` blocks the event loop: \`${called}\` waits for I/O without giving way.`
        : `Endpoint \`${owner.node.name}\` does blocking I/O in a plain \`def\`: \`${called}\` holds one of the few worker threads.`,
      fix: owner.node.isAsync ? `${effect.instead}.` : `Make the endpoint \`async def\`. ${effect.instead}.`,
    });
  }
  reportReached(context, 'io', 'waits for I/O');
};

/** async/no-time-sleep: a sleep that async code reaches through functions of the project; Ruff finds the direct ones. */
export const noTimeSleep: Check = (context) => {
  reportReached(context, 'sleep', 'stops every request until it returns');
};

/** async/no-sync-driver: a synchronous database driver used in async code or in a request handler. */
export const noSyncDriver: Check = (context) => {
  for (const { call, owner, effect } of blockingCalls(context, 'driver')) {
    context.report({
      span: call.node.func,
      message: `\`${owner.node.name}\` blocks on a synchronous database driver: \`${spelled(call.node.func)}\`.`,
      fix: `${effect.instead}.`,
    });
  }
  reportReached(context, 'driver', 'is a synchronous database driver');
};

/** async/no-sync-orm: a synchronous SQLAlchemy session or engine used inside an async function. */
export const noSyncOrm: Check = (context) => {
  for (const call of context.facts.calls) {
    const owner = enclosingFunction(call.scope);
    if (owner?.node.isAsync !== true || call.isAwaited) continue;
    const name = context.external(call.scope, call.node.func);
    if (name === undefined || !SYNC_ENGINES.has(name)) continue;
    context.report({
      span: call.node.func,
      message: `\`${owner.node.name}\` creates a synchronous engine inside async code.`,
      fix: 'Use `create_async_engine` from `sqlalchemy.ext.asyncio`, once, in the lifespan.',
    });
  }
  for (const { call, owner, effect } of blockingCalls(context, 'orm')) {
    // A `def` endpoint with a synchronous session is the right way to use one.
    if (!owner.node.isAsync) continue;
    context.report({
      span: call.node.func,
      message: `\`${owner.node.name}\` blocks the event loop: \`${spelled(call.node.func)}\` runs on a synchronous Session.`,
      fix: `${effect.instead}.`,
    });
  }
  reportReached(context, 'orm', 'runs on a synchronous Session');
};

interface BlockingPlace {
  readonly call: CallFacts;
  /** The async function or `def` endpoint whose body makes the call. */
  readonly owner: FunctionFacts;
  readonly effect: Effect;
}

const blockingPlaces = oncePerFile((context): readonly BlockingPlace[] =>
  context.facts.calls.flatMap((call) => {
    const owner = enclosingFunction(call.scope);
    if (owner === undefined || call.isAwaited || !(owner.node.isAsync || isEndpoint(context, owner))) return [];
    const effect = blockingEffect(context.resolver, context.module, call);
    return effect === undefined ? [] : [{ call, owner, effect }];
  }),
);

function blockingCalls(context: RuleContext, kind: Effect['kind']): readonly BlockingPlace[] {
  return blockingPlaces(context).filter((place) => place.effect.kind === kind);
}
