import type { Statement } from '../../python/syntax.ts';

/** True for a string that stands alone. */
export function isDocstring(statement: Statement): boolean {
  return statement.kind === 'expression' && statement.value.kind === 'string';
}

/** True for `pass` and `...`, which do nothing. */
export function isHole(statement: Statement): boolean {
  if (statement.kind === 'pass') return true;
  return statement.kind === 'expression' && statement.value.kind === 'constant' && statement.value.value === '...';
}
