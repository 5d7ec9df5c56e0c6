import type { Scope } from '../python/module-facts.ts';
import type { Module } from '../python/project.ts';
import type { Resolved, Resolver } from '../python/resolver.ts';
import type { Expression } from '../python/syntax.ts';

/** What a call calls: through names, and through methods of objects whose class is known (`self.loans.get`, `Service().run`). */
export function callee(resolver: Resolver, module: Module, scope: Scope, func: Expression): Resolved | undefined {
  const target = func.kind === 'subscript' ? func.value : func;
  const resolved = resolver.resolve(module, scope, target);
  if (resolved !== undefined || target.kind !== 'attribute') return resolved;
  const owner = resolver.typeOf(module, scope, target.object);
  if (owner?.kind === 'external') return { kind: 'external', name: `${owner.name}.${target.name}` };
  return owner?.kind === 'class' ? resolver.member(owner, target.name) : undefined;
}
