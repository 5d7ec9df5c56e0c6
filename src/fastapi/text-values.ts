import type { Scope } from '../python/module-facts.ts';
import type { Module } from '../python/project.ts';
import type { Resolver } from '../python/resolver.ts';
import { type CallExpression, type Expression, keywordArgument } from '../python/syntax.ts';

const MAX_DEPTH = 8;

/** Evaluates the strings that paths and prefixes are made of. */
export class TextValues {
  private readonly resolver: Resolver;

  constructor(resolver: Resolver) {
    this.resolver = resolver;
  }

  /** The text of a keyword argument of a call; empty where it is not given, undefined where it cannot be known. */
  argument(module: Module, scope: Scope, call: CallExpression, keyword: string): string | undefined {
    // `**options` may hold it.
    if (call.args.some((argument) => argument.value.kind === 'starred')) return undefined;
    const value = keywordArgument(call.args, keyword);
    return value === undefined ? '' : this.text(module, scope, value);
  }

  /** The text of a string expression: literals, constants and settings fields of the project, f-strings and sums of these. */
  text(module: Module, scope: Scope, expression: Expression, depth = MAX_DEPTH): string | undefined {
    if (depth === 0) return undefined;
    switch (expression.kind) {
      case 'string':
        return this.interpolated(module, scope, expression, depth);
      case 'constant':
        return expression.value === 'None' ? '' : undefined;
      case 'binary':
        return expression.operator === '+'
          ? joined(this.text(module, scope, expression.left, depth - 1), this.text(module, scope, expression.right, depth - 1))
          : undefined;
      case 'name':
      case 'attribute': {
        const resolved = this.resolver.resolve(module, scope, expression);
        return resolved?.kind === 'variable' && resolved.value !== undefined
          ? this.text(resolved.module, resolved.scope, resolved.value, depth - 1)
          : undefined;
      }
      default:
        return undefined;
    }
  }

  private interpolated(
    module: Module,
    scope: Scope,
    expression: Extract<Expression, { kind: 'string' }>,
    depth: number,
  ): string | undefined {
    let text = expression.value;
    // From the last to the first, so that the positions before it stay true.
    for (const [index, part] of [...expression.interpolations.entries()].reverse()) {
      const value = this.text(module, scope, part, depth - 1);
      const at = expression.gaps[index];
      if (value === undefined || at === undefined) return undefined;
      text = text.slice(0, at) + value + text.slice(at);
    }
    return text;
  }
}

/** A path below a prefix; undefined where one of them is not known. */
export function joined(prefix: string | undefined, path: string | undefined): string | undefined {
  return prefix === undefined || path === undefined ? undefined : prefix + path;
}
