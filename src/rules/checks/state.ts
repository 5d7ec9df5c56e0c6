import data from '../../../data/infrastructure.json';
import type { Scope } from '../../python/module-facts.ts';
import { spelled } from '../../python/names.ts';
import type { CallExpression, Expression } from '../../python/syntax.ts';
import { anyOf } from '../../workspace/vocabulary.ts';
import type { Check, RuleContext } from '../context.ts';
import { MODEL_LOADERS } from '../knowledge/inference.ts';

const MUTABLE_FACTORIES = new Set([
  'builtins.dict',
  'builtins.list',
  'builtins.set',
  'builtins.bytearray',
  'collections.defaultdict',
  'collections.deque',
  'collections.OrderedDict',
  'collections.Counter',
]);
const MUTATORS = new Set([
  'append',
  'extend',
  'insert',
  'add',
  'update',
  'setdefault',
  'pop',
  'popitem',
  'popleft',
  'appendleft',
  'remove',
  'discard',
  'clear',
  'sort',
  'reverse',
]);

/** state/no-module-singleton: a module-level collection that functions change. */
export const noModuleSingleton: Check = (context) => {
  for (const assignment of context.facts.assignments) {
    const { target, value, scope } = assignment;
    if (scope.kind !== 'module' || target.kind !== 'name' || value === undefined || assignment.operator !== undefined) continue;
    if (/^__\w+__$/.test(target.id) || !isMutableCollection(context, scope, value) || context.isInMainGuard(value)) continue;
    // Keeping references to running tasks in a module-level set is what asyncio's documentation recommends.
    const { statement } = assignment;
    if (statement.kind === 'assign' && statement.annotation !== undefined && /\bTask\b/.test(context.source(statement.annotation)))
      continue;
    const mutation = mutationOf(context, scope, target.id);
    const isWaitingToBeFilled = isEmpty(value) && mutation === undefined;
    if (mutation === undefined && !isWaitingToBeFilled) continue;
    // Filled while the module is imported and never after: a table built in steps.
    if (mutation !== undefined && mutation.by === undefined) continue;
    const how =
      mutation === undefined
        ? 'it starts empty, to be filled later'
        : `\`${mutation.by}\` changes it on line ${context.lineOf(mutation.at)}`;
    context.report({
      // Nobody is seen to fill it: less certain.
      severity: mutation === undefined ? 'warning' : 'error',
      span: target,
      message: `\`${target.id}\` is module-level state: ${how}.`,
      fix: 'Keep it in an object that is created in the lifespan and injected with `Depends()`, or in Redis or the database.',
    });
  }
};

function isMutableCollection(context: RuleContext, scope: Scope, value: Expression): boolean {
  if (value.kind === 'list' || value.kind === 'dict' || value.kind === 'set') return true;
  if (value.kind === 'comprehension') return value.form !== 'generator';
  if (value.kind !== 'call') return false;
  const name = context.external(scope, value.func);
  return name !== undefined && MUTABLE_FACTORIES.has(name);
}

function isEmpty(value: Expression): boolean {
  if (value.kind === 'list' || value.kind === 'set') return value.items.length === 0;
  if (value.kind === 'dict') return value.entries.length === 0;
  return value.kind === 'call' && value.args.length === 0;
}

interface Mutation {
  /** The function that does it; undefined when it happens while the module is imported. */
  readonly by: string | undefined;
  readonly at: number;
}

/** Where the module-level name is changed: inside a function if anywhere, else at module level. */
function mutationOf(context: RuleContext, module: Scope, id: string): Mutation | undefined {
  const all = [...mutations(context, module, id)];
  return all.find((each) => each.by !== undefined) ?? all[0];
}

function* mutations(context: RuleContext, module: Scope, id: string): Generator<Mutation> {
  const isIt = (scope: Scope, node: Expression): boolean => node.kind === 'name' && node.id === id && bindsTo(scope, id, module);
  for (const { node, scope } of context.facts.calls) {
    const { func } = node;
    if (func.kind !== 'attribute' || !MUTATORS.has(func.name) || !isIt(scope, func.object)) continue;
    yield { by: scope.owner?.node.name, at: func.start };
  }
  for (const { target, scope, operator } of context.facts.assignments) {
    const changed = target.kind === 'subscript' ? target.value : target;
    const isChange = target.kind === 'subscript' || operator !== undefined;
    if (isChange && isIt(scope, changed)) yield { by: scope.owner?.node.name, at: target.start };
  }
  for (const { statement, scope } of context.facts.statements) {
    if (statement.kind !== 'delete') continue;
    const target = statement.targets.find((each) => each.kind === 'subscript' && isIt(scope, each.value));
    if (target !== undefined) yield { by: scope.owner?.node.name, at: target.start };
  }
}

function bindsTo(from: Scope, id: string, module: Scope): boolean {
  for (let scope: Scope | undefined = from; scope !== undefined; scope = scope.parent) {
    if (scope.kind !== 'class' && scope.bindings.has(id)) return scope === module;
  }
  return false;
}

interface Infrastructure {
  readonly what: string;
  readonly names: RegExp;
}

const INFRASTRUCTURE: readonly Infrastructure[] = [
  ...data.entries.clients.map(({ what, names }) => ({ what, names: anyOf(names) })),
  { what: 'a model', names: MODEL_LOADERS },
];

/** state/no-module-infrastructure: an engine, pool, client or model created when the module is imported. */
export const noModuleInfrastructure: Check = (context) => {
  for (const { node, scope } of context.facts.calls) {
    if (scope.kind !== 'module' || context.isInMainGuard(node)) continue;
    const name = context.external(scope, node.func);
    const found = name === undefined ? undefined : INFRASTRUCTURE.find((entry) => entry.names.test(name));
    if (found === undefined) continue;
    context.report({
      span: node.func,
      message: `\`${spelled(node.func)}\` creates ${found.what} when the module is imported.`,
      fix: 'Create it in the lifespan, keep it on `app.state`, and inject it with `Depends()`.',
    });
  }
};

const DEPENDS = new Set([
  'fastapi.Depends',
  'fastapi.Security',
  'fastapi.param_functions.Depends',
  'fastapi.param_functions.Security',
  'fastapi.params.Depends',
]);

/** state/depends: a dependency given as a parameter's default instead of in its annotation. */
export const depends: Check = (context) => {
  for (const owner of context.facts.functions) {
    for (const parameter of owner.node.parameters) {
      const value = parameter.defaultValue;
      if (value?.kind !== 'call' || !isDependency(context, owner.definedIn, value)) continue;
      const type = parameter.annotation === undefined ? givenType(context, owner.definedIn, value) : context.source(parameter.annotation);
      // A parameter without a default cannot follow one that has one.
      const before = owner.node.parameters.slice(0, owner.node.parameters.indexOf(parameter));
      const isBehindDefault = before.some(
        (each) => each.form === 'plain' && each.defaultValue !== undefined && !isDependency(context, owner.definedIn, each.defaultValue),
      );
      context.report({
        span: parameter,
        message: `Parameter \`${parameter.name}\` of \`${owner.node.name}\` takes its dependency as a default value.`,
        fix: `Write \`${parameter.name}: Annotated[${type}, ${context.source(value).replace(/\s+/g, ' ')}]\`${isBehindDefault ? ', before the parameters that have defaults' : ''}.`,
      });
    }
  }
};

function isDependency(context: RuleContext, scope: Scope, value: Expression): boolean {
  if (value.kind !== 'call') return false;
  const name = context.external(scope, value.func);
  return name !== undefined && DEPENDS.has(name);
}

/** What the dependency is annotated to return, for a parameter that says nothing itself. */
function givenType(context: RuleContext, scope: Scope, value: CallExpression): string {
  const [dependency] = value.args;
  const target = dependency === undefined ? undefined : context.resolve(scope, dependency.value);
  if (target?.kind === 'class') return target.node.name;
  const returns = target?.kind === 'function' ? target.node.returns : undefined;
  if (returns?.kind === 'name' || returns?.kind === 'attribute') return spelled(returns);
  return dependency === undefined ? '...' : `<what ${spelled(dependency.value)} gives>`;
}
