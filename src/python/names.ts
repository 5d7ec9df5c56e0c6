import type { Binding, FunctionFacts, Scope } from './module-facts.ts';
import type { Expression } from './syntax.ts';

/** The names of a dotted chain, or undefined for any other expression. */
export function dottedChain(expression: Expression): [string, ...string[]] | undefined {
  const attributes: string[] = [];
  let inner = expression;
  while (inner.kind === 'attribute') {
    attributes.unshift(inner.name);
    inner = inner.object;
  }
  return inner.kind === 'name' ? [inner.id, ...attributes] : undefined;
}

/** `a.b` for a dotted chain, with `()` or `[]` where there are calls or subscripts in between; for messages. */
export function spelled(expression: Expression): string {
  switch (expression.kind) {
    case 'name':
      return expression.id;
    case 'attribute':
      return `${spelled(expression.object)}.${expression.name}`;
    case 'call':
      return `${spelled(expression.func)}()`;
    case 'subscript':
      return `${spelled(expression.value)}[…]`;
    case 'await':
      return `await ${spelled(expression.value)}`;
    default:
      return '…';
  }
}

/** The generic class of `Base[T]`, or the expression itself. */
export function unsubscripted(expression: Expression): Expression {
  return expression.kind === 'subscript' ? expression.value : expression;
}

/** The function whose body a scope belongs to, through comprehensions but not through lambdas. */
export function enclosingFunction(scope: Scope): FunctionFacts | undefined {
  return scope.kind === 'class' ? undefined : scope.owner;
}

/** The expression that a dotted name stands for. */
export function chainExpression(dotted: string): Expression {
  const [first = '', ...rest] = dotted.split('.');
  let expression: Expression = { kind: 'name', start: 0, end: 0, id: first };
  for (const name of rest) expression = { kind: 'attribute', start: 0, end: 0, object: expression, name };
  return expression;
}

/** The binding of a name as Python finds it: class bodies are not visible from the functions inside them. */
export function lookup(from: Scope, id: string): { binding: Binding; bindings: readonly Binding[]; scope: Scope } | undefined {
  for (let scope: Scope | undefined = from; scope !== undefined; scope = scope.parent) {
    if (scope.kind === 'class' && scope !== from) continue;
    const bindings = scope.bindings.get(id);
    const binding = bindings?.[0];
    if (bindings !== undefined && binding !== undefined) return { binding, bindings, scope };
  }
  return undefined;
}

/** Where the value of a binding is looked up: in a class, `metadata = metadata` means that of the module. */
export function outsideOfItself(binding: Extract<Binding, { kind: 'value' }>): Scope {
  const { scope, value } = binding;
  const isItself = value?.kind === 'name' && scope.kind === 'class' && scope.bindings.get(value.id)?.includes(binding) === true;
  return isItself ? (scope.parent ?? scope) : scope;
}

/** True when all bindings after the first only replace it by None, or by what is imported where the first fails. */
export function isAlternative(bindings: readonly Binding[]): boolean {
  return bindings.slice(1).every((binding) => isNone(binding) || binding.kind === 'import');
}

/** True for a name that is assigned None. */
export function isNone(binding: Binding): boolean {
  return (
    binding.kind === 'value' && binding.annotation === undefined && binding.value?.kind === 'constant' && binding.value.value === 'None'
  );
}
