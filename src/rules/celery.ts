import type { FunctionFacts } from '../python/module-facts.ts';
import type { Expression } from '../python/syntax.ts';
import type { Check, RuleContext } from './context.ts';

const CELERY_APPS = new Set(['celery.Celery', 'celery.app.Celery', 'celery.app.base.Celery']);
const SHARED_TASK = new Set(['celery.shared_task', 'celery.app.shared_task']);

/** celery/annotated: a task whose parameters or result have no type. */
export const annotated: Check = (context) => {
  for (const owner of context.facts.functions) {
    const decorator = taskDecorator(context, owner);
    if (decorator === undefined) continue;
    const untyped = owner.node.parameters.filter(
      (parameter, index) => parameter.annotation === undefined && !(index === 0 && isReceiver(parameter.name)),
    );
    const missing = [
      ...untyped.map((parameter) => `parameter \`${parameter.name}\``),
      ...(owner.node.returns === undefined ? ['the return type'] : []),
    ];
    if (missing.length === 0) continue;
    context.report({
      rule: 'celery/annotated',
      span: owner.node.nameSpan,
      message: `Task \`${owner.node.name}\` is not fully annotated: ${missing.join(', ')}.`,
    });
  }
};

/** celery/retry: a task that neither retries itself nor lets Celery retry it. */
export const retry: Check = (context) => {
  for (const owner of context.facts.functions) {
    const decorator = taskDecorator(context, owner);
    if (decorator === undefined || retriesByDecorator(decorator)) continue;
    const retriesItself = context.facts.calls.some(
      (call) =>
        call.scope.owner === owner &&
        call.node.func.kind === 'attribute' &&
        (call.node.func.name === 'retry' || call.node.func.name === 'Retry'),
    );
    if (retriesItself) continue;
    context.report({
      rule: 'celery/retry',
      span: owner.node.nameSpan,
      message: `Task \`${owner.node.name}\` is lost when it fails once: nothing retries it.`,
    });
  }
};

/** The decorator that makes a function a Celery task: `@app.task` of a known Celery app, or `@shared_task`. */
function taskDecorator(context: RuleContext, owner: FunctionFacts): Expression | undefined {
  return owner.node.decorators.find((decorator) => {
    const target = decorator.kind === 'call' ? decorator.func : decorator;
    const name = context.external(owner.definedIn, target);
    if (name !== undefined && SHARED_TASK.has(name)) return true;
    if (target.kind !== 'attribute' || target.name !== 'task') return false;
    const type = context.typeOf(owner.definedIn, target.object);
    return type !== undefined && context.derivesFrom(type, CELERY_APPS);
  });
}

function retriesByDecorator(decorator: Expression): boolean {
  return (
    decorator.kind === 'call' &&
    decorator.args.some(
      (argument) => argument.keyword === 'autoretry_for' || argument.keyword === 'base' || argument.value.kind === 'starred',
    )
  );
}

function isReceiver(name: string): boolean {
  return name === 'self' || name === 'task';
}
