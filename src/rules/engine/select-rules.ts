import type { RuleDefinition } from '../finding.ts';

/** The rules that are named by their id (`async/no-time-sleep`) or their topic (`async`); all of them without names. */
export function selectRules(rules: readonly RuleDefinition[], wanted: readonly string[] | undefined): readonly RuleDefinition[] {
  return wanted === undefined ? rules : rules.filter(({ id }) => wanted.some((each) => id === each || id.startsWith(`${each}/`)));
}
