import { enclosingFunction, spelled } from '../python/resolver.ts';
import type { Check } from './context.ts';
import { isEndpoint } from './endpoints.ts';
import { MODEL_LOADERS } from './model-loading.ts';

/** ml/cached-model: a model that is loaded while a request is served. */
export const cachedModel: Check = (context) => {
  for (const { node, scope } of context.facts.calls) {
    const owner = enclosingFunction(scope);
    if (owner === undefined || !isEndpoint(context, owner)) continue;
    const name = context.external(scope, node.func);
    if (name === undefined || !MODEL_LOADERS.test(name)) continue;
    context.report({
      rule: 'ml/cached-model',
      span: node.func,
      message: `Endpoint \`${owner.node.name}\` loads a model for every request: \`${spelled(node.func)}\`.`,
    });
  }
};
