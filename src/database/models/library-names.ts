import data from '../../../data/sqlalchemy-names.json';
import type { CodeSite } from '../../python/literals.ts';
import type { Resolver } from '../../python/resolver.ts';
import type { Expression } from '../../python/syntax.ts';

const LIBRARIES = /^(sqlalchemy|sqlmodel|flask_sqlalchemy|flask_appbuilder)\./;

/**
 * What SQLAlchemy or SQLModel calls something, without the module that it was imported from: they give the same class under
 * many paths. `func.now` keeps both words. Undefined for anything else.
 */
export function libraryName(resolver: Resolver, site: CodeSite, expression: Expression): string | undefined {
  const full = resolver.externalName(site.module, site.scope, expression) ?? starName(site, expression);
  if (full === undefined || !LIBRARIES.test(full)) return undefined;
  const func = /\.(func\.\w+)$/.exec(full)?.[1];
  return func ?? full.slice(full.lastIndexOf('.') + 1);
}

/** Names that `from sqlalchemy import *` may bring. */
const STARRED = new Set(data.entries.names);

function starName({ module, scope }: CodeSite, expression: Expression): string | undefined {
  const root = expression.kind === 'attribute' ? expression.object : expression;
  if (root.kind !== 'name' || !STARRED.has(root.id) || scope.bindings.has(root.id) || module.facts.scope.bindings.has(root.id))
    return undefined;
  const star = module.facts.imports.find((each) => each.name === '*' && LIBRARIES.test(`${each.module}.`));
  if (star === undefined) return undefined;
  return `${star.module}.${root.id}${expression.kind === 'attribute' ? `.${expression.name}` : ''}`;
}
