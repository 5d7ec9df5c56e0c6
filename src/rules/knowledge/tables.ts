import type { ResolvedClass } from '../../python/resolver.ts';
import type { RuleContext } from '../context.ts';

const DECLARATIVE = /^(sqlalchemy\.orm\.(DeclarativeBase\w*|MappedAsDataclass)|sqlalchemy\.(orm|ext\.declarative)\.declarative_base)$/;

/** True for a class that is mapped to a table: below a declarative base, or an SQLModel with `table=True`. */
export function isTable(context: RuleContext, type: Extract<ResolvedClass, { kind: 'class' }>): boolean {
  if (type.node.keywords.some((keyword) => keyword.keyword === 'table')) return true;
  const hasName = type.node.body.some(
    (statement) =>
      statement.kind === 'assign' && statement.targets.some((target) => target.kind === 'name' && target.id === '__tablename__'),
  );
  if (hasName) return true;
  const isBase = type.node.bases.some((base) => DECLARATIVE.test(context.resolver.externalName(type.module, type.scope, base) ?? ''));
  if (isBase) return false;
  for (const name of context.ancestry(type)) if (DECLARATIVE.test(name)) return true;
  return false;
}
