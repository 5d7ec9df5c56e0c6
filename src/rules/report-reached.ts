import { enclosingFunction, spelled } from '../python/resolver.ts';
import type { Effect } from './blocking-effect.ts';
import type { RuleContext } from './context.ts';

/** Reports what async functions block on through synchronous functions of the project: effects of one kind, under `rule`. */
export function reportReached(context: RuleContext, kind: Effect['kind'], rule: string, reason: string): void {
  for (const call of context.facts.calls) {
    const owner = enclosingFunction(call.scope);
    if (owner?.node.isAsync !== true || call.isAwaited) continue;
    const reached = context.reach.from(context.module, call);
    if (reached?.effect.kind !== kind) continue;
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
