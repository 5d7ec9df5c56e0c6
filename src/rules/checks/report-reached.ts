import type { CallFacts, FunctionFacts } from '../../python/module-facts.ts';
import { enclosingFunction, spelled } from '../../python/resolver.ts';
import type { RuleContext } from '../context.ts';
import type { Effect } from '../knowledge/blocking-effect.ts';
import type { Reached } from '../knowledge/reach.ts';

/** Reports what async functions block on through synchronous functions of the project: effects of one kind, under `rule`. */
export function reportReached(context: RuleContext, kind: Effect['kind'], rule: string, reason: string): void {
  for (const { call, owner, reached } of reachedPlaces(context)) {
    if (reached.effect.kind !== kind) continue;
    const [first = ''] = reached.through;
    const way = reached.through.map((name) => `\`${name}\``).join(' → ');
    context.report({
      rule,
      span: call.node.func,
      message: `\`${owner.node.name}\` blocks the event loop through ${way}: \`${reached.called}\` (${reached.path}:${context.project.lineOf(reached.path, reached.offset)}) ${reason}.`,
      fix: `Make \`${first}\` async: ${reached.effect.instead.charAt(0).toLowerCase()}${reached.effect.instead.slice(1)}; or await \`asyncio.to_thread(${spelled(call.node.func)}, ...)\`.`,
    });
  }
}

interface ReachedPlace {
  readonly call: CallFacts;
  readonly owner: FunctionFacts;
  readonly reached: Reached;
}

/** Found once for the rules that ask. */
const placesByContext = new WeakMap<RuleContext, readonly ReachedPlace[]>();

function reachedPlaces(context: RuleContext): readonly ReachedPlace[] {
  let places = placesByContext.get(context);
  if (places === undefined) {
    places = context.facts.calls.flatMap((call) => {
      const owner = enclosingFunction(call.scope);
      if (owner?.node.isAsync !== true || call.isAwaited) return [];
      const reached = context.reach.from(context.module, call);
      return reached === undefined ? [] : [{ call, owner, reached }];
    });
    placesByContext.set(context, places);
  }
  return places;
}
