import { MODELS } from '../../../python/framework-classes.ts';
import type { ClassFacts, Scope } from '../../../python/module-facts.ts';
import type { Expression } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';

/** v1 names and what replaces them. */
const REPLACED_IMPORTS = new Map([
  ['pydantic.validator', '`@field_validator`'],
  ['pydantic.root_validator', '`@model_validator`'],
  ['pydantic.class_validators.validator', '`@field_validator`'],
  ['pydantic.class_validators.root_validator', '`@model_validator`'],
  ['pydantic.BaseSettings', '`BaseSettings` from `pydantic_settings`'],
  ['pydantic.generics.GenericModel', '`BaseModel` with `Generic[T]`'],
  ['pydantic.parse_obj_as', '`TypeAdapter(...).validate_python`'],
  ['pydantic.parse_raw_as', '`TypeAdapter(...).validate_json`'],
  ['pydantic.schema_of', '`TypeAdapter(...).json_schema`'],
  ['pydantic.validate_arguments', '`@validate_call`'],
]);
/** `constr(...)` and its kin: functions where types are wanted. */
const CONSTRAINED_TYPE = /^pydantic(\.types)?\.con(str|bytes|int|float|decimal|list|set|frozenset|date)$/;
const REPLACED_METHODS = new Map([
  ['dict', '.model_dump()'],
  ['json', '.model_dump_json()'],
  ['copy', '.model_copy()'],
  ['parse_obj', '.model_validate()'],
  ['parse_raw', '.model_validate_json()'],
  ['parse_file', '.model_validate_json() on the text of the file'],
  ['from_orm', '.model_validate() with `from_attributes=True`'],
  ['construct', '.model_construct()'],
  ['schema', '.model_json_schema()'],
  ['schema_json', '.model_json_schema()'],
  ['update_forward_refs', '.model_rebuild()'],
]);
const REPLACED_ATTRIBUTES = new Map([
  ['__fields__', 'model_fields'],
  ['__fields_set__', 'model_fields_set'],
]);
const REPLACED_KEYWORDS = new Map([
  ['regex', 'pattern'],
  ['min_items', 'min_length'],
  ['max_items', 'max_length'],
  ['allow_mutation', 'frozen'],
  ['const', 'a Literal type'],
]);
const CONSTRAINED = new Set([
  'pydantic.Field',
  'pydantic.fields.Field',
  'pydantic.constr',
  'pydantic.conlist',
  'pydantic.conset',
  'pydantic.types.constr',
  'pydantic.types.conlist',
  'fastapi.Query',
  'fastapi.Path',
  'fastapi.Body',
]);

/** pydantic/v2-only: API of Pydantic v1. */
export const v2Only: Check = (context) => {
  for (const imported of context.facts.imports) {
    const full = imported.name === undefined ? imported.module : `${imported.module}.${imported.name}`;
    const isV1Module = imported.level === 0 && /^pydantic\.v1(\.|$)/.test(full);
    const instead = imported.level === 0 ? REPLACED_IMPORTS.get(full) : undefined;
    if (isV1Module || instead !== undefined) report(context, imported, `\`${full}\` is Pydantic v1`, instead ?? 'the v2 API of `pydantic`');
  }
  for (const { node, scope } of context.facts.references) {
    // Names imported directly were reported at their import.
    if (node.kind !== 'attribute') continue;
    const name = context.external(scope, node);
    const instead = name === undefined ? undefined : REPLACED_IMPORTS.get(name);
    if (instead !== undefined && node.object.kind === 'name') report(context, node, `\`${name}\` is Pydantic v1`, instead);
    const attribute = REPLACED_ATTRIBUTES.get(node.name);
    if (attribute !== undefined && isModel(context, scope, node.object))
      report(context, node, `\`${node.name}\` is Pydantic v1`, `\`${attribute}\``);
  }
  for (const { node, scope } of context.facts.calls) {
    if (node.func.kind === 'attribute') {
      const instead = REPLACED_METHODS.get(node.func.name);
      if (instead !== undefined && isModelMethod(context, scope, node.func)) {
        report(context, node.func, `\`.${node.func.name}()\` of a Pydantic model is v1`, `\`${instead}\``);
      }
    }
    const callee = context.external(scope, node.func);
    if (callee !== undefined && CONSTRAINED_TYPE.test(callee))
      report(
        context,
        node.func,
        `\`${callee.split('.').at(-1)}(...)\` is a Pydantic v1 leftover`,
        '`Annotated[..., Field(...)]` with the same constraints',
      );
    if (callee === undefined || !CONSTRAINED.has(callee)) continue;
    for (const argument of node.args) {
      const instead = argument.keyword === undefined ? undefined : REPLACED_KEYWORDS.get(argument.keyword);
      if (instead !== undefined) report(context, argument.value, `\`${argument.keyword}=\` is a Pydantic v1 constraint`, `\`${instead}\``);
    }
  }
  for (const facts of context.facts.classes) {
    if (facts.node.name === 'Config' && facts.definedIn.kind === 'class') reportConfigClass(context, facts);
  }
};

function reportConfigClass(context: RuleContext, facts: ClassFacts): void {
  const owner = facts.definedIn.ownerClass;
  if (owner === undefined || !context.derivesFrom(context.classOf(owner), MODELS)) return;
  report(
    context,
    facts.node.nameSpan,
    `\`class Config\` in \`${owner.node.name}\` is Pydantic v1`,
    '`model_config = ConfigDict(...)` (`orm_mode` is now `from_attributes`)',
  );
}

function report(context: RuleContext, span: { start: number; end: number }, what: string, instead: string): void {
  context.report({ span, message: `${what}.`, fix: `Use ${instead}.` });
}

/** A method of a class or instance that is known to be a Pydantic model and does not define the method itself. */
function isModelMethod(context: RuleContext, scope: Scope, func: Extract<Expression, { kind: 'attribute' }>): boolean {
  const own = context.resolve(scope, func);
  if (own !== undefined && own.kind !== 'external') return false;
  return isModel(context, scope, func.object);
}

function isModel(context: RuleContext, scope: Scope, expression: Expression): boolean {
  const type = context.typeOf(scope, expression);
  if (type !== undefined) return context.derivesFrom(type, MODELS);
  const resolved = context.resolve(scope, expression);
  return resolved?.kind === 'class' && context.derivesFrom(resolved, MODELS);
}

const SETTINGS_OR_TABLE = new Set([
  'pydantic_settings.BaseSettings',
  'pydantic.BaseSettings',
  'sqlmodel.SQLModel',
  'sqlmodel.main.SQLModel',
]);
const FIELD = new Set(['pydantic.Field', 'pydantic.fields.Field']);
const CONSTRAINTS = new Set(['gt', 'ge', 'lt', 'le', 'multiple_of', 'min_length', 'max_length', 'pattern', 'max_digits', 'decimal_places']);

/** pydantic/annotated-field: a constraint in the default value instead of the annotation. */
export const annotatedField: Check = (context) => {
  for (const annotation of context.facts.annotations) {
    const { value, class: owner } = annotation;
    if (annotation.role !== 'field' || owner === undefined || value?.kind !== 'call') continue;
    const constraints = value.args.flatMap((argument) =>
      argument.keyword !== undefined && CONSTRAINTS.has(argument.keyword) ? [argument.keyword] : [],
    );
    if (constraints.length === 0) continue;
    const name = context.external(annotation.scope, value.func);
    if (name === undefined || !FIELD.has(name)) continue;
    const type = context.classOf(owner);
    if (!context.derivesFrom(type, MODELS) || context.derivesFrom(type, SETTINGS_OR_TABLE)) continue;
    const target = annotation.statement.kind === 'assign' ? annotation.statement.targets[0] : undefined;
    const field = target?.kind === 'name' ? target.id : 'field';
    context.report({
      span: value,
      message: `\`${owner.node.name}.${field}\` puts its constraints (${constraints.join(', ')}) into the default value.`,
      fix: `Write \`${field}: Annotated[${context.source(annotation.node)}, Field(...)]\`, and the default, if any, after \`=\`.`,
    });
  }
};
