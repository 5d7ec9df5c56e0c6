import type { Scope } from '../python/module-facts.ts';
import type { Module } from '../python/project.ts';
import type { Resolver } from '../python/resolver.ts';
import { argumentOf, type CallExpression, type Expression, keywordArgument } from '../python/syntax.ts';
import type { TextValues } from './text-values.ts';

/** A router or application: the call that makes it, and where that stands. */
export interface RouterObject {
  readonly module: Module;
  readonly scope: Scope;
  readonly made: CallExpression;
}

/** Says which routers a call of `include_router` includes. */
export class Includes {
  private readonly resolver: Resolver;
  private readonly texts: TextValues;

  constructor(resolver: Resolver, texts: TextValues) {
    this.resolver = resolver;
    this.texts = texts;
  }

  /** The router or application an expression names; undefined for anything else, or one that a function makes. */
  routerOf(module: Module, scope: Scope, expression: Expression): RouterObject | undefined {
    const resolved = this.resolver.resolve(module, scope, expression);
    if (resolved?.kind !== 'variable' || resolved.value?.kind !== 'call') return undefined;
    return { module: resolved.module, scope: resolved.scope, made: resolved.value };
  }

  /**
   * A call such as `api.include_router(users.router, prefix="/users")`: what it includes, and under which prefix. In a loop
   * over a list of routers it includes each of them; what cannot be known is left out.
   */
  included(module: Module, scope: Scope, call: CallExpression): { router: RouterObject; prefix: string | undefined }[] {
    if (call.func.kind !== 'attribute' || call.func.name !== 'include_router') return [];
    const given = argumentOf(call.args, 'router', 0);
    if (given === undefined) return [];
    const router = this.routerOf(module, scope, given);
    if (router !== undefined) return [{ router, prefix: this.texts.argument(module, scope, call, 'prefix') }];
    return this.rounds(module, scope, call).flatMap((round) => {
      const each = round.valueOf(given);
      const found = each === undefined ? undefined : this.routerOf(round.module, round.scope, each);
      if (found === undefined) return [];
      const prefix = keywordArgument(call.args, 'prefix');
      const listed = prefix === undefined ? undefined : round.valueOf(prefix);
      return [
        {
          router: found,
          prefix:
            listed === undefined ? this.texts.argument(module, scope, call, 'prefix') : this.texts.text(round.module, round.scope, listed),
        },
      ];
    });
  }

  /** The rounds of the loop over a written list around a call: `for router, prefix in ((users.router, "/users"), ...):`. */
  private rounds(module: Module, scope: Scope, call: CallExpression): LoopRound[] {
    for (const { statement, scope: outer } of module.facts.statements) {
      if (statement.kind !== 'for' || statement.start > call.start || call.end > statement.end) continue;
      const { iterable, target } = statement;
      const listed = this.resolver.variableValue(module, outer, iterable) ?? { module, scope, value: iterable };
      if (listed.value.kind !== 'list' && listed.value.kind !== 'tuple') continue;
      return listed.value.items.map((item) => new LoopRound(listed.module, listed.scope, target, item));
    }
    return [];
  }
}

/** One round of a loop: what its variables stand for. */
class LoopRound {
  readonly module: Module;
  readonly scope: Scope;
  private readonly target: Expression;
  private readonly item: Expression;

  constructor(module: Module, scope: Scope, target: Expression, item: Expression) {
    this.module = module;
    this.scope = scope;
    this.target = target;
    this.item = item;
  }

  /** The expression that a loop variable, or an attribute of one, stands for; undefined for any other. */
  valueOf(expression: Expression): Expression | undefined {
    if (expression.kind === 'attribute') {
      const object = this.valueOf(expression.object);
      return object === undefined ? undefined : { ...expression, object };
    }
    if (expression.kind !== 'name') return undefined;
    if (this.target.kind === 'name') return this.target.id === expression.id ? this.item : undefined;
    if (this.target.kind !== 'tuple' || (this.item.kind !== 'tuple' && this.item.kind !== 'list')) return undefined;
    const at = this.target.items.findIndex((each) => each.kind === 'name' && each.id === expression.id);
    return at === -1 ? undefined : this.item.items[at];
  }
}
