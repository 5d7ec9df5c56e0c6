import type { FunctionFacts } from '../../python/module-facts.ts';
import { enclosingFunction, spelled } from '../../python/names.ts';
import type { Check, RuleContext } from '../context.ts';
import { isEndpoint } from '../knowledge/endpoints.ts';
import { inferenceCall, MODEL_LOADERS } from '../knowledge/inference.ts';
import { layerOf } from '../knowledge/layers.ts';
import { reportReached } from '../knowledge/report-reached.ts';

const LIFESPAN_DECORATORS = new Set(['contextlib.asynccontextmanager', 'contextlib.contextmanager']);

/** ml/cached-model: a model that is loaded while a request is served. */
export const cachedModel: Check = (context) => {
  for (const { node, scope } of context.facts.calls) {
    const owner = enclosingFunction(scope);
    if (owner === undefined || !isEndpoint(context, owner)) continue;
    const name = context.external(scope, node.func);
    if (name === undefined || !MODEL_LOADERS.test(name)) continue;
    context.report({
      span: node.func,
      message: `Endpoint \`${owner.node.name}\` loads a model for every request: \`${spelled(node.func)}\`.`,
    });
  }
};

/** ml/isolated: a model loaded in a router. */
export const isolated: Check = (context) => {
  if (layerOf(context.path) !== 'api') return;
  for (const { node, scope } of context.facts.calls) {
    const name = context.external(scope, node.func);
    if (name === undefined || !MODEL_LOADERS.test(name)) continue;
    const owner = enclosingFunction(scope);
    // The lifespan is where a model is to be loaded, wherever the application is put together.
    if (owner !== undefined && isLifespan(context, owner)) continue;
    context.report({
      span: node.func,
      message: `${owner === undefined ? 'The router module' : `\`${owner.node.name}\``} loads a model in the api layer: \`${spelled(node.func)}\`.`,
    });
  }
};

function isLifespan(context: RuleContext, owner: FunctionFacts): boolean {
  return /lifespan|startup/i.test(owner.node.name) || context.hasDecorator(owner, LIFESPAN_DECORATORS);
}

/** ml/executor: inference that holds the event loop. */
export const executor: Check = (context) => {
  for (const call of context.facts.calls) {
    const owner = enclosingFunction(call.scope);
    if (owner?.node.isAsync !== true || call.isAwaited) continue;
    const called = inferenceCall(context.resolver, context.module, call);
    if (called === undefined) continue;
    context.report({
      span: call.node.func,
      message: `\`${owner.node.name}\` computes on the event loop: \`${called}\` stops every other request until it returns.`,
      fix: `Write \`await asyncio.to_thread(${called}, ...)\`, or \`run_in_executor\` with a pool of its own.`,
    });
  }
  reportReached(context, 'inference', 'computes until it is done');
};
