import type { CallFacts, FunctionFacts } from '../../python/module-facts.ts';
import { enclosingFunction, spelled } from '../../python/names.ts';
import { oncePerFile, type RuleContext } from '../context.ts';
import type { Effect } from './blocking-effect.ts';
import type { Reached } from './reach.ts';

/** Reports what async functions block on through synchronous functions of the project: effects of one kind. */
export function reportReached(context: RuleContext, kind: Effect['kind'], reason: string): void {
  for (const { call, owner, reached } of reachedPlaces(context)) {
    if (reached.effect.kind !== kind) continue;
    const [first = ''] = reached.through;
    const way = reached.through.map((name) => `\`${name}\``).join(' → ');
    context.report({
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

const reachedPlaces = oncePerFile((context): readonly ReachedPlace[] =>
  context.facts.calls.flatMap((call) => {
    const owner = enclosingFunction(call.scope);
    if (owner?.node.isAsync !== true || call.isAwaited) return [];
    const reached = context.reach.from(context.module, call);
    return reached === undefined ? [] : [{ call, owner, reached }];
  }),
);
