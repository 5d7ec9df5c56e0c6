import type { Registration } from '../../../fastapi/registrations.ts';
import { MODELS } from '../../../python/framework-classes.ts';
import type { FunctionFacts, Scope } from '../../../python/module-facts.ts';
import type { ResolvedClass } from '../../../python/resolver.ts';
import { type Expression, expressionsOf, keywordArgument, type Parameter, type Statement, walkExpression } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';
import { routesOf } from '../../knowledge/endpoints.ts';
import { isTable } from '../../knowledge/tables.ts';

type ProjectClass = Extract<ResolvedClass, { kind: 'class' }>;

const SQL_MODELS = new Set(['sqlmodel.SQLModel', 'sqlmodel.main.SQLModel']);
const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
/** Markers of parameters that are not read from the JSON body. */
const NOT_BODY = /\b(Depends|Security|Query|Path|Header|Cookie|Form|File)\s*\(/;

/** pydantic/separate-schemas: one model as the body of a request and as a response. */
export const separateSchemas: Check = (context) => {
  const inputs: { parameter: Parameter; owner: FunctionFacts; model: ProjectClass }[] = [];
  const outputs = new Map<ProjectClass['node'], string>();
  for (const owner of context.facts.functions) {
    const routes = routesOf(context, owner);
    if (routes.length === 0) continue;
    for (const model of responseModels(context, owner)) if (!outputs.has(model.node)) outputs.set(model.node, owner.node.name);
    if (!routes.some(takesBody)) continue;
    for (const parameter of owner.node.parameters) {
      const { annotation } = parameter;
      if (annotation === undefined || NOT_BODY.test(context.source(parameter))) continue;
      for (const model of modelsIn(context, owner.definedIn, annotation)) inputs.push({ parameter, owner, model });
    }
  }
  const reported = new Set<unknown>();
  for (const { parameter, owner, model } of inputs) {
    const answered = outputs.get(model.node);
    if (answered === undefined || reported.has(model.node) || parameter.annotation === undefined) continue;
    reported.add(model.node);
    const { name } = model.node;
    const where = answered === owner.node.name ? 'returns it too' : `\`${answered}\` returns it`;
    const base =
      name
        .replace(/^(Create|Update|New)(?=[A-Z])/, '')
        .replace(/(Schema|Model|Base|Create|Update|Response|Request|Read|In|Out|Dto|DTO)$/, '') || name;
    context.report({
      span: parameter.annotation,
      message: `\`${name}\` is both input and output: \`${owner.node.name}\` takes it, and ${where}.`,
      fix: `Define \`${base}Create\` (or \`${base}Update\`) for the request and \`${base}Response\` for what is returned.`,
    });
  }
};

/** True for a route that may take a body; methods that are computed may be any. */
function takesBody({ methods }: Registration): boolean {
  return methods.length === 0 || methods.some((method) => BODY_METHODS.has(method));
}

/** The models an endpoint answers with: of `response_model=`, else of the return annotation. */
function responseModels(context: RuleContext, owner: FunctionFacts): ProjectClass[] {
  const declared = routesOf(context, owner).flatMap((route) => keywordArgument(route.call.args, 'response_model') ?? []);
  const annotations = declared.length > 0 ? declared : owner.node.returns === undefined ? [] : [owner.node.returns];
  return annotations.flatMap((annotation) => modelsIn(context, owner.definedIn, annotation));
}

/** The project's Pydantic models in an annotation: of `X`, `list[X]`, `X | None`, `Page[X]`. */
function modelsIn(context: RuleContext, scope: Scope, annotation: Expression): ProjectClass[] {
  switch (annotation.kind) {
    case 'subscript':
      return annotation.index.slice(0, 1).flatMap((part) => modelsIn(context, scope, part));
    case 'binary':
      return [annotation.left, annotation.right].flatMap((part) => modelsIn(context, scope, part));
    case 'name':
    case 'attribute':
    case 'string': {
      const type = context.annotatedClass(scope, annotation);
      return type?.kind === 'class' && context.derivesFrom(type, MODELS) ? [type] : [];
    }
    default:
      return [];
  }
}

/** pydantic/from-attributes: a table's row turned into a model that does not say it reads attributes. */
export const fromAttributes: Check = (context) => {
  for (const { node, scope, statement } of context.facts.calls) {
    if (node.func.kind !== 'attribute' || node.func.name !== 'model_validate') continue;
    if (node.args.some((argument) => argument.keyword === 'from_attributes')) continue;
    const model = context.resolve(scope, node.func.object);
    const [row] = node.args;
    if (model?.kind !== 'class' || row === undefined) continue;
    reportUnread(context, model, rowClass(context, scope, row.value, statement), node.func);
  }
  for (const owner of context.facts.functions) {
    const [model] = owner.returns.length === 0 ? [] : responseModels(context, owner);
    if (model === undefined || routesOf(context, owner).length === 0) continue;
    for (const statement of owner.returns) {
      if (statement.value !== undefined) reportUnread(context, model, context.typeOf(owner.scope, statement.value), statement);
    }
  }
};

/** The table whose row an expression gives: by its type, or by the query it comes from. */
function rowClass(context: RuleContext, scope: Scope, row: Expression, statement: Statement): ResolvedClass | undefined {
  const type = context.typeOf(scope, row);
  if (type?.kind === 'class') return type;
  if (row.kind !== 'name') return queriedClass(context, scope, row);
  const bindings = scope.bindings.get(row.id) ?? scope.parent?.bindings.get(row.id) ?? [];
  const [only] = bindings;
  if (only?.kind === 'value' && bindings.length === 1 && only.value !== undefined) return queriedClass(context, only.scope, only.value);
  // `[Model.model_validate(row) for row in rows]`: what the rows are is said where they are queried.
  for (const outer of expressionsOf(statement)) {
    for (const part of walkExpression(outer)) {
      if (part.kind !== 'comprehension' || !part.targets.some((target) => target.kind === 'name' && target.id === row.id)) continue;
      for (const source of part.parts) {
        const found = source.kind === 'name' ? rowsOf(context, scope, source) : queriedClass(context, scope, source);
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

/** What a name for many rows was annotated or assigned: `rows: list[Order]`, `rows = await session.scalars(select(Order))`. */
function rowsOf(context: RuleContext, scope: Scope, name: Extract<Expression, { kind: 'name' }>): ResolvedClass | undefined {
  for (let inner: Scope | undefined = scope; inner !== undefined && inner.kind !== 'module'; inner = inner.parent) {
    const bindings = inner.bindings.get(name.id) ?? [];
    const [only] = bindings;
    if (only === undefined || bindings.length > 1) continue;
    const annotation = only.kind === 'parameter' ? only.node.annotation : only.kind === 'value' ? only.annotation : undefined;
    const item = annotation?.kind === 'subscript' ? annotation.index[0] : undefined;
    if (item !== undefined) return context.annotatedClass(inner, item);
    return only.kind === 'value' && only.value !== undefined ? queriedClass(context, only.scope, only.value) : undefined;
  }
  return undefined;
}

/** The one table of `select(Order)` or `session.get(Order, id)` inside an expression that gives whole rows. */
function queriedClass(context: RuleContext, scope: Scope, expression: Expression): ResolvedClass | undefined {
  const givesRows = /\b(scalars?|scalar_one(_or_none)?|get|get_one)\(/.test(context.source(expression));
  if (!givesRows) return undefined;
  for (const part of walkExpression(expression)) {
    if (part.kind !== 'call') continue;
    const isSelect = /^(sqlalchemy(\.\w+)*|sqlmodel)\.select$/.test(context.external(scope, part.func) ?? '');
    const isGet = part.func.kind === 'attribute' && (part.func.name === 'get' || part.func.name === 'get_one');
    const [first, second] = part.args;
    if (first === undefined || !((isSelect && second === undefined) || isGet)) continue;
    const table = context.resolve(scope, first.value);
    if (table?.kind === 'class' && isTable(context, table)) return table;
  }
  return undefined;
}

function reportUnread(
  context: RuleContext,
  model: ProjectClass,
  row: ResolvedClass | undefined,
  span: { start: number; end: number },
): void {
  if (row?.kind !== 'class' || !isTable(context, row) || row.node === model.node) return;
  // SQLModel reads attributes by itself.
  if (!context.derivesFrom(model, MODELS) || context.derivesFrom(model, SQL_MODELS) || readsAttributes(context, model) !== false) return;
  context.report({
    span,
    message: `\`${model.node.name}\` is filled from a \`${row.node.name}\` row, but does not declare that it reads attributes.`,
    fix: `Add \`model_config = ConfigDict(from_attributes=True)\` to \`${model.node.name}\`.`,
  });
}

/** Whether a model or one of its bases sets `from_attributes`; undefined when a base cannot be followed. */
function readsAttributes(context: RuleContext, model: ProjectClass): boolean | undefined {
  const pending: ProjectClass[] = [model];
  const seen = new Set<unknown>();
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    if (seen.has(next.node)) continue;
    seen.add(next.node);
    if (next.node.keywords.some((keyword) => keyword.keyword === 'from_attributes') || setsFromAttributes(next)) return true;
    for (const base of next.node.bases) {
      const target = base.kind === 'subscript' ? base.value : base;
      const resolved = context.resolver.resolve(next.module, next.scope, target);
      if (resolved?.kind === 'class') pending.push(resolved);
      else if (resolved?.kind !== 'external') return undefined;
      else if (!MODELS.has(resolved.name) && !/^(typing|abc|enum|builtins)\./.test(resolved.name)) return undefined;
    }
  }
  return false;
}

function setsFromAttributes(model: ProjectClass): boolean | undefined {
  return model.node.body.some((statement) => {
    if (statement.kind === 'class') return statement.name === 'Config';
    if (statement.kind !== 'assign' || statement.value === undefined) return false;
    if (!statement.targets.some((target) => target.kind === 'name' && target.id === 'model_config')) return false;
    const { value } = statement;
    if (value.kind === 'call')
      return value.args.some((argument) => argument.keyword === 'from_attributes' || argument.keyword === undefined);
    if (value.kind === 'dict')
      return value.entries.some(
        (entry) => entry.key === undefined || (entry.key.kind === 'string' && entry.key.value === 'from_attributes'),
      );
    // A shared configuration object: it may well be set there.
    return true;
  });
}
