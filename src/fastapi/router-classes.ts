import { APPLICATIONS, ROUTERS } from '../python/framework-classes.ts';
import type { Scope } from '../python/module-facts.ts';
import { spelled } from '../python/names.ts';
import type { Module } from '../python/project.ts';
import type { Resolver } from '../python/resolver.ts';
import type { CallExpression, Expression } from '../python/syntax.ts';

/** True for a call that makes a router or an application. The class of a library cannot be followed: its name says what it is. */
export function makesRouter(resolver: Resolver, module: Module, scope: Scope, call: CallExpression): boolean {
  const type = resolver.typeOf(module, scope, call);
  return type === undefined ? spelled(call.func).endsWith('APIRouter') : resolver.derivesFrom(type, ROUTERS);
}

/** True for a call that makes an application. */
export function makesApplication(resolver: Resolver, module: Module, scope: Scope, call: CallExpression): boolean {
  const type = resolver.typeOf(module, scope, call);
  return type !== undefined && resolver.derivesFrom(type, APPLICATIONS);
}

/** True for an expression that is a router or an application: by its type, or by the call that its name is assigned. */
export function isRouter(resolver: Resolver, module: Module, scope: Scope, expression: Expression): boolean {
  const type = resolver.typeOf(module, scope, expression);
  if (type !== undefined) return resolver.derivesFrom(type, ROUTERS);
  const resolved = resolver.resolve(module, scope, expression);
  return resolved?.kind === 'variable' && resolved.value?.kind === 'call' && spelled(resolved.value.func).endsWith('APIRouter');
}
