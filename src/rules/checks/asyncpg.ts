import data from '../../../data/sql-execution.json';
import type { Scope } from '../../python/module-facts.ts';
import { enclosingFunction, spelled } from '../../python/names.ts';
import type { Expression } from '../../python/syntax.ts';
import type { Check, RuleContext } from '../context.ts';
import { isEndpoint } from '../knowledge/endpoints.ts';

const EXECUTORS = new Set(data.entries.executors);
const SQL_TEXT = new Set(data.entries.texts);
const SQL_START = new RegExp(`^\\s*\\(?\\s*(?:${data.entries.beginnings.join('|')})`, 'i');

/** asyncpg/parameterised: SQL text that is assembled from values. */
export const parameterised: Check = (context) => {
  for (const { node, scope } of context.facts.calls) {
    const first = node.args[0]?.value;
    if (first === undefined || first.kind === 'starred') continue;
    const isExecution = node.func.kind === 'attribute' && EXECUTORS.has(node.func.name);
    const couldBeText = first.kind !== 'name' || /text$|ddl$|literal_column$/i.test(spelled(node.func));
    if (!isExecution && !couldBeText) continue;
    const assembled = assembledSql(context, scope, first);
    if (assembled === undefined) continue;
    const callee = context.external(scope, node.func);
    const isText = callee !== undefined && SQL_TEXT.has(callee);
    if (!isExecution && !isText) continue;
    const owner = enclosingFunction(scope)?.node.name;
    const where = owner === undefined ? 'SQL' : `SQL in \`${owner}\``;
    context.report({
      span: assembled.node,
      severity: assembled.parts.every((part) => isIdentifierPart(context, scope, part)) ? 'warning' : 'error',
      message: `${where} is assembled by ${assembled.how}: \`${assembled.parts
        .map((part) => context.source(part))
        .join('`, `')
        .slice(0, 80)}\` goes into the statement as text.`,
      fix: isText
        ? 'Pass values as bound parameters: `text("... = :name")` with `{"name": value}`; take names of tables and columns from a fixed list.'
        : 'Pass values as parameters (`$1`, `$2` for asyncpg); quote identifiers that must vary from a fixed list.',
    });
  }
};

interface AssembledSql {
  readonly node: Expression;
  readonly how: string;
  readonly parts: readonly Expression[];
}

function assembledSql(context: RuleContext, scope: Scope, expression: Expression): AssembledSql | undefined {
  switch (expression.kind) {
    case 'string':
      return expression.interpolations.length > 0 && SQL_START.test(expression.value)
        ? { node: expression, how: 'an f-string', parts: expression.interpolations }
        : undefined;
    case 'binary': {
      const text = leftmost(expression);
      if (text?.kind !== 'string' || !SQL_START.test(text.value)) return undefined;
      if (expression.operator === '%') return { node: expression, how: '`%`', parts: [expression.right] };
      const parts = operands(expression).filter((part) => part.kind !== 'string' || part.interpolations.length > 0);
      return expression.operator === '+' && parts.length > 0 ? { node: expression, how: '`+`', parts } : undefined;
    }
    case 'call': {
      const { func } = expression;
      if (func.kind !== 'attribute' || func.name !== 'format') return undefined;
      const named = func.object.kind === 'name' ? context.resolve(scope, func.object) : undefined;
      const template = named?.kind === 'variable' ? named.value : func.object;
      if (template?.kind !== 'string' || !SQL_START.test(template.value)) return undefined;
      return { node: expression, how: '`.format`', parts: expression.args.map((argument) => argument.value) };
    }
    case 'name': {
      const resolved = context.resolve(scope, expression);
      const appended = appendedValues(context, scope, expression.id);
      if (appended !== undefined) return appended;
      const isLocal =
        resolved?.kind === 'variable' &&
        resolved.value !== undefined &&
        resolved.value.kind !== 'name' &&
        resolved.module === context.module;
      return isLocal && resolved.value !== undefined ? assembledSql(context, resolved.scope, resolved.value) : undefined;
    }
    default:
      return undefined;
  }
}

/** `query += f"..."` after the variable was given SQL. */
function appendedValues(context: RuleContext, scope: Scope, id: string): AssembledSql | undefined {
  const owner = enclosingFunction(scope);
  const own = context.facts.assignments.filter(
    (each) => each.target.kind === 'name' && each.target.id === id && enclosingFunction(each.scope) === owner,
  );
  const startsAsSql = own.some((each) => each.operator === undefined && each.value?.kind === 'string' && SQL_START.test(each.value.value));
  if (!startsAsSql) return undefined;
  for (const { operator, value } of own) {
    if (operator !== '+=' || value?.kind !== 'string' || value.interpolations.length === 0) continue;
    return { node: value, how: '`+=` and an f-string', parts: value.interpolations };
  }
  return undefined;
}

function leftmost(expression: Expression): Expression | undefined {
  let inner = expression;
  while (inner.kind === 'binary') inner = inner.left;
  return inner;
}

function operands(expression: Expression): Expression[] {
  return expression.kind === 'binary' && expression.operator === '+'
    ? [...operands(expression.left), ...operands(expression.right)]
    : [expression];
}

/** Identifiers cannot be parameters: constants, quoted names and table names of models are only warned about. */
function isIdentifierPart(context: RuleContext, scope: Scope, part: Expression): boolean {
  const written = spelled(part).replace(/\(\)$/, '');
  const isQuoted = context.facts.text[part.start - 2] === '"' && context.facts.text[part.end + 1] === '"';
  if (isQuoted && /^[{]$/.test(context.facts.text[part.start - 1] ?? '')) return true;
  if (
    /(^|\.)[A-Z][A-Z0-9_]*$|__tablename__$|(^|\.)_?(table|table_name|schema|schema_name|column|columns|columns_sql|column_names|index_name|identifier|placeholders?|\w*_placeholders?|\w*_default)$/.test(
      written,
    )
  )
    return true;
  if (/(^|\.)(quote_ident|quote_identifier|quoted_name|quote|Identifier)$/.test(written)) return true;
  if (part.kind === 'number' || (part.kind === 'string' && part.interpolations.length === 0)) return true;
  // A number cannot carry SQL.
  if (part.kind === 'call' && /^(builtins\.)?(int|float)$/.test(context.external(scope, part.func) ?? '')) return true;
  const value = context.resolve(scope, part);
  if (value?.kind === 'variable' && value.value !== undefined) {
    if (value.value.kind === 'number' || (value.value.kind === 'string' && value.value.interpolations.length === 0)) return true;
    // `", ".join(f"${i}" for i in ...)` writes placeholders, not values.
    return /join\(\s*f?["'][$%:]/.test(context.source(value.value)) && value.module === context.module;
  }
  return false;
}

const REQUEST_LAYERS = /(^|\/)(api|routers?|endpoints|services|repositories|crud|dao)(\/|\.py$)/;

/** asyncpg/pool: a connection opened for a single piece of work. */
export const pool: Check = (context) => {
  for (const { node, scope } of context.facts.calls) {
    const owner = enclosingFunction(scope);
    if (owner === undefined || context.external(scope, node.func) !== 'asyncpg.connect') continue;
    if (!isEndpoint(context, owner) && !REQUEST_LAYERS.test(context.path)) continue;
    context.report({
      span: node.func,
      message: `\`${owner.node.name}\` opens a database connection for every call: \`asyncpg.connect\`.`,
    });
  }
};
