import { ASYNC_SESSIONS, SESSIONS, SYNC_SESSIONS } from '../../../python/framework-classes.ts';
import type { Scope } from '../../../python/module-facts.ts';
import { enclosingFunction, spelled } from '../../../python/names.ts';
import { argumentOf, type Expression, keywordArgument } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';
import { isTable } from '../../knowledge/tables.ts';

const COLUMN = new Set(['sqlalchemy.Column', 'sqlalchemy.schema.Column', 'sqlalchemy.sql.schema.Column']);
const SESSION_FACTORIES = new Set(['sqlalchemy.orm.sessionmaker', 'sqlalchemy.orm.session.sessionmaker']);
const SESSION_NAMES = /^(?:self\.)?_?(?:db|session|db_session|dbsession|async_session|database_session)$/;

/** sqlalchemy/async-session: a synchronous Session as the type of an async function's parameter, or a sync factory in async code. */
export const asyncSession: Check = (context) => {
  for (const owner of context.facts.functions) {
    if (!owner.node.isAsync) continue;
    for (const parameter of owner.node.parameters) {
      if (parameter.annotation === undefined) continue;
      const type = context.annotatedClass(owner.definedIn, parameter.annotation);
      if (type === undefined || !context.derivesFrom(type, SYNC_SESSIONS)) continue;
      context.report({
        span: parameter,
        message: `\`${owner.node.name}\` is async but takes a synchronous session: \`${context.source(parameter)}\`.`,
        fix: 'Take `AsyncSession` from `sqlalchemy.ext.asyncio` and await its methods.',
      });
    }
  }
  if (!usesAsyncEngine(context)) return;
  for (const { node, scope } of context.facts.calls) {
    const name = context.external(scope, node.func);
    if (name === undefined || !SESSION_FACTORIES.has(name)) continue;
    const sessionClass = keywordArgument(node.args, 'class_');
    const type = sessionClass === undefined ? undefined : context.annotatedClass(scope, sessionClass);
    if (type !== undefined && context.derivesFrom(type, ASYNC_SESSIONS)) continue;
    const engine = argumentOf(node.args, 'bind', 0);
    const engineType = engine === undefined ? undefined : context.typeOf(scope, engine);
    if (engineType?.kind !== 'external' || !engineType.name.includes('async')) continue;
    context.report({
      span: node.func,
      message: `\`${spelled(node.func)}\` makes synchronous sessions on an async engine.`,
      fix: 'Use `async_sessionmaker` from `sqlalchemy.ext.asyncio`.',
    });
  }
};

function usesAsyncEngine(context: RuleContext): boolean {
  return context.facts.imports.some((imported) => imported.module.startsWith('sqlalchemy.ext.asyncio'));
}

/** sqlalchemy/select-execute: the legacy `session.query`. */
export const selectExecute: Check = (context) => {
  for (const { node, scope } of context.facts.calls) {
    if (node.func.kind !== 'attribute' || node.func.name !== 'query') continue;
    if (!isSession(context, scope, node.func.object, node.args[0]?.value)) continue;
    const written = node.args[0] === undefined ? '' : context.source(node.args[0].value);
    const entity = written === '' || written.length > 40 || written.includes('\n') ? '...' : written;
    const wait = enclosingFunction(scope)?.node.isAsync === true ? 'await ' : '';
    context.report({
      span: node.func,
      message: `\`${spelled(node.func)}\` is the legacy query API.`,
      fix: `Write \`${wait}session.execute(select(${entity}).where(...))\`, or \`session.scalars(...)\` for whole objects.`,
    });
  }
};

function isSession(context: RuleContext, scope: Scope, receiver: Expression, entity: Expression | undefined): boolean {
  const type = context.typeOf(scope, receiver);
  if (type !== undefined) return context.derivesFrom(type, SESSIONS);
  // Without a type: the customary name, queried for something that is a mapped class of the project.
  if (!SESSION_NAMES.test(spelled(receiver)) || entity === undefined) return false;
  const made = entity.kind === 'call' ? context.external(scope, entity.func) : undefined;
  if (made?.startsWith('sqlalchemy.') === true) return true;
  const queried = entity.kind === 'attribute' ? entity.object : entity;
  const resolved = context.resolve(scope, queried);
  return resolved?.kind === 'class' && isTable(context, resolved);
}

/** `@declared_attr` methods of a model or mixin that return a `Column()`. */
function reportDeclaredColumns(context: RuleContext): void {
  for (const owner of context.facts.functions) {
    if (!owner.node.decorators.some((decorator) => spelled(decorator).includes('declared_attr'))) continue;
    for (const { value } of owner.returns) {
      if (value?.kind !== 'call' || !COLUMN.has(context.external(owner.scope, value.func) ?? '')) continue;
      context.report({
        span: value.func,
        message: `\`${owner.parentClass?.node.name ?? 'the model'}.${owner.node.name}\` is an untyped \`Column()\`.`,
        fix: 'Return `mapped_column(...)` and annotate the method `-> Mapped[...]`.',
      });
    }
  }
}

/** sqlalchemy/mapped-column: `Column()` as an attribute of a declarative model. */
export const mappedColumn: Check = (context) => {
  reportDeclaredColumns(context);
  for (const assignment of context.facts.assignments) {
    const { value, scope, target } = assignment;
    if (scope.kind !== 'class' || value?.kind !== 'call' || target.kind !== 'name') continue;
    const name = context.external(scope, value.func);
    if (name === undefined || !COLUMN.has(name)) continue;
    const owner = scope.ownerClass?.node.name ?? 'the model';
    context.report({
      span: value.func,
      message: `\`${owner}.${target.id}\` is an untyped \`Column()\`.`,
      fix: `Write \`${target.id}: Mapped[...] = mapped_column(...)\`.`,
    });
  }
};
