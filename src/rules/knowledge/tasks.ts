import { CELERY_APPLICATIONS, SHARED_TASKS } from '../../python/framework-classes.ts';
import type { FunctionFacts } from '../../python/module-facts.ts';
import type { Expression } from '../../python/syntax.ts';
import type { RuleContext } from '../context.ts';

/** The decorator that makes a function a Celery task: `@app.task` of a known Celery app, or `@shared_task`. */
export function taskDecorator(context: RuleContext, owner: FunctionFacts): Expression | undefined {
  return owner.node.decorators.find((decorator) => {
    const target = decorator.kind === 'call' ? decorator.func : decorator;
    const name = context.external(owner.definedIn, target);
    if (name !== undefined && SHARED_TASKS.has(name)) return true;
    if (target.kind !== 'attribute' || target.name !== 'task') return false;
    const type = context.typeOf(owner.definedIn, target.object);
    return type !== undefined && context.derivesFrom(type, CELERY_APPLICATIONS);
  });
}
