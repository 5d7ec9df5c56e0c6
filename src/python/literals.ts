import type { Scope } from './module-facts.ts';
import type { Module } from './project.ts';
import type { ResolvedClass, Resolver } from './resolver.ts';
import type { Argument, Expression, StringExpression } from './syntax.ts';

/** Where an expression stands: names in it mean what they mean there. */
export interface CodeSite {
  readonly module: Module;
  readonly scope: Scope;
  /** In the body of a function that is being followed: what its parameters were given. */
  readonly parameters?: ReadonlyMap<string, GivenArgument>;
  /** What went into its `**` parameter. */
  readonly rest?: { readonly name: string; readonly site: CodeSite; readonly args: readonly Argument[] };
}

/** An argument of a call, and where the call stands. */
export interface GivenArgument {
  readonly site: CodeSite;
  readonly expression: Expression;
}

export type Literal = string | number | boolean;

const ENUMS = new Set(['enum.Enum', 'enum.StrEnum', 'enum.IntEnum', 'enum.Flag', 'enum.IntFlag', 'fastapi_utils.enums.StrEnum']);
const MAX_DEPTH = 8;

/** The number, text or truth value that an expression or the constant it names gives; undefined when it is computed. */
export function literalValue(resolver: Resolver, site: CodeSite, expression: Expression, depth = MAX_DEPTH): Literal | undefined {
  if (depth === 0) return undefined;
  switch (expression.kind) {
    case 'number': {
      const value = Number(expression.text.replaceAll('_', ''));
      return Number.isNaN(value) ? undefined : value;
    }
    case 'string':
      return expression.interpolations.length > 0 ? interpolated(resolver, site, expression, depth) : expression.value;
    case 'constant':
      return expression.value === 'True' ? true : expression.value === 'False' ? false : undefined;
    case 'call': {
      const [argument] = expression.args;
      const maker = resolver.externalName(site.module, site.scope, expression.func);
      return maker === 'decimal.Decimal' && argument?.value.kind === 'string' ? Number(argument.value.value) : undefined;
    }
    case 'binary': {
      const left = expression.operator === '+' ? literalValue(resolver, site, expression.left, depth - 1) : undefined;
      const right = left === undefined ? undefined : literalValue(resolver, site, expression.right, depth - 1);
      return typeof left === 'string' && typeof right === 'string' ? left + right : undefined;
    }
    case 'name':
    case 'attribute': {
      const given = expression.kind === 'name' ? site.parameters?.get(expression.id) : undefined;
      if (given !== undefined) return literalValue(resolver, given.site, given.expression, depth - 1);
      const member = enumMemberValue(resolver, site, expression);
      if (member !== undefined) return member;
      const variable = resolver.variableValue(site.module, site.scope, expression);
      if (variable === undefined || variable.value === expression) return undefined;
      return variable.value.kind === 'name' || variable.value.kind === 'attribute'
        ? undefined
        : literalValue(resolver, variable, variable.value, depth - 1);
    }
    default:
      return undefined;
  }
}

/** An f-string of constants. */
function interpolated(resolver: Resolver, site: CodeSite, expression: StringExpression, depth: number): string | undefined {
  let text = '';
  let from = 0;
  for (const [index, part] of expression.interpolations.entries()) {
    const value = literalValue(resolver, site, part, depth - 1);
    if (value === undefined) return undefined;
    const gap = expression.gaps[index] ?? from;
    text += expression.value.slice(from, gap) + String(value);
    from = gap;
  }
  return text + expression.value.slice(from);
}

/** `Status.OPEN.value` and `Status.OPEN.name`. */
function enumMemberValue(resolver: Resolver, site: CodeSite, expression: Expression): Literal | undefined {
  if (expression.kind !== 'attribute' || expression.object.kind !== 'attribute') return undefined;
  if (expression.name !== 'value' && expression.name !== 'name') return undefined;
  const type = resolver.resolve(site.module, site.scope, expression.object.object);
  if (type?.kind !== 'class' || !isEnumeration(resolver, type)) return undefined;
  const { name } = expression.object;
  const member = enumMembers(resolver, type)?.find((each) => each.name === name);
  return expression.name === 'name' ? member?.name : member?.value;
}

/** True for classes of Python's `enum`. */
export function isEnumeration(resolver: Resolver, type: ResolvedClass): boolean {
  return resolver.derivesFrom(type, ENUMS);
}

/** The members of an enumeration in order, `value` undefined where it is computed; undefined when it has none of its own. */
export function enumMembers(
  resolver: Resolver,
  type: Extract<ResolvedClass, { kind: 'class' }>,
): readonly { readonly name: string; readonly value: Literal | undefined }[] | undefined {
  const isText = resolver.derivesFrom(type, new Set(['enum.StrEnum']));
  const members = type.node.body.flatMap((statement) => {
    const target = statement.kind === 'assign' && statement.value !== undefined ? statement.targets[0] : undefined;
    if (statement.kind !== 'assign' || statement.value === undefined || target?.kind !== 'name' || target.id.startsWith('_')) return [];
    const isAuto = statement.value.kind === 'call' && resolver.externalName(type.module, type.scope, statement.value.func) === 'enum.auto';
    const automatic = isText ? target.id.toLowerCase() : undefined;
    return [{ name: target.id, value: isAuto ? automatic : literalValue(resolver, type, statement.value) }];
  });
  return members.length === 0 ? undefined : members;
}
