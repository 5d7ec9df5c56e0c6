import { type Statement, walkExpression } from '../../python/syntax.ts';

/** True for `if __name__ == "__main__":`. */
export function isMainGuard(statement: Statement): boolean {
  if (statement.kind !== 'if') return false;
  return statement.branches.some((branch) =>
    [...walkExpression(branch.test)].some((each) => each.kind === 'name' && each.id === '__name__'),
  );
}
