import data from '../../../data/logging.json';
import type { FunctionFacts } from '../../python/module-facts.ts';
import type { Expression } from '../../python/syntax.ts';
import type { Check, RuleContext } from '../context.ts';
import { isLayerName } from '../knowledge/layers.ts';
import { taskDecorator } from '../knowledge/tasks.ts';

/** Names of modules that say nothing about what their tasks are for. */
const CATCH_ALL = new Set([
  'tasks',
  'task',
  'celery_tasks',
  'worker',
  'workers',
  'jobs',
  'celery',
  'celery_app',
  'celery_worker',
  'background',
]);
/** Folders that are no domain: a catch-all module below them serves the whole project. */
const NO_DOMAIN = new Set(['', 'src', 'app', 'apps', 'backend', 'server', 'project']);
/** `bind` makes a logger that knows the task. */
const LOG_METHODS = new Set([...data.entries.methods, 'bind']);
const TASK_SIGNALS = /^celery\.signals\.task_(prerun|postrun|success|failure)/;

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
      span: owner.node.nameSpan,
      message: `Task \`${owner.node.name}\` is lost when it fails once: nothing retries it.`,
    });
  }
};

/** celery/by-domain: one module that holds the tasks of the whole project. */
export const byDomain: Check = (context) => {
  const [stem = '', parent = ''] = context.path.toLowerCase().replace(/\.py$/, '').split('/').reverse();
  if (!CATCH_ALL.has(stem) || !(NO_DOMAIN.has(parent) || isLayerName(parent) || isTopPackage(context))) return;
  const tasks = context.facts.functions.filter((owner) => taskDecorator(context, owner) !== undefined);
  const [first, second] = tasks;
  if (first === undefined || second === undefined) return;
  context.report({
    span: first.node.nameSpan,
    message: `The module holds ${tasks.length} tasks of whatever domain: ${tasks
      .slice(0, 3)
      .map((owner) => `\`${owner.node.name}\``)
      .join(', ')}.`,
    fix: 'Give each domain its module: `workers/email.py`, `workers/export.py`.',
  });
};

/** `shop/tasks.py` beside `shop/main.py`: the package is the project, not a domain. */
function isTopPackage(context: RuleContext): boolean {
  const folder = context.path.split('/').slice(0, -1).join('/') || '.';
  return context.project.files.filesIn(folder).some((name) => name === 'main.py' || name === 'app.py');
}

/** celery/structlog: a task that says nothing when it starts, completes or fails, or says it without structlog. */
export const structlog: Check = (context) => {
  const tasks = context.facts.functions.filter((owner) => taskDecorator(context, owner) !== undefined);
  if (tasks.length === 0 || logsBySignal(context)) return;
  const loggers = new Map<FunctionFacts, 'structlog' | 'other'>();
  for (const { node, scope } of context.facts.calls) {
    if (scope.owner === undefined || node.func.kind !== 'attribute' || !LOG_METHODS.has(node.func.name)) continue;
    const type = context.typeOf(scope, node.func.object);
    // A logger whose origin cannot be followed may well be structlog's.
    const isOther = type?.kind === 'external' && /^(logging|celery\.utils\.log|loguru)\./.test(type.name);
    const looksLikeLogger = type !== undefined || /log/i.test(context.source(node.func.object));
    if (looksLikeLogger && loggers.get(scope.owner) !== 'structlog') loggers.set(scope.owner, isOther ? 'other' : 'structlog');
  }
  for (const owner of tasks) {
    const logger = loggers.get(owner);
    if (logger === 'structlog') continue;
    context.report({
      span: owner.node.nameSpan,
      message:
        logger === 'other'
          ? `Task \`${owner.node.name}\` logs plain lines: its runs cannot be found by task or argument.`
          : `Task \`${owner.node.name}\` logs neither its start nor its end.`,
    });
  }
};

/** Handlers of Celery's task signals in this module log for all of its tasks. */
function logsBySignal(context: RuleContext): boolean {
  return context.facts.imports.some((imported) => imported.level === 0 && TASK_SIGNALS.test(`${imported.module}.${imported.name ?? ''}`));
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
