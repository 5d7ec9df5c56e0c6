import { allowancesIn } from '../../python/allow-comments.ts';
import type { ModuleFacts } from '../../python/module-facts.ts';
import type { AllowedFinding, Finding } from '../finding.ts';

/** Splits findings into those that stand and those that a `# allow: <rule-id> - <reason>` comment turns off. */
export function applyAllowances(facts: ModuleFacts, findings: readonly Finding[]): { findings: Finding[]; allowed: AllowedFinding[] } {
  const allowances = allowancesIn(facts);
  const standing: Finding[] = [];
  const allowed: AllowedFinding[] = [];
  for (const finding of findings) {
    const match = allowances.filter((each) => each.rule === finding.rule && each.fromLine <= finding.line && finding.line <= each.toLine);
    const counted = match.find((each) => each.reason !== '');
    if (counted !== undefined) allowed.push({ ...finding, reason: counted.reason });
    else if (match.length > 0) {
      standing.push({
        ...finding,
        fix: `${finding.fix} (The allow comment here has no reason: write "# allow: ${finding.rule} - <reason>".)`,
      });
    } else standing.push(finding);
  }
  return { findings: standing, allowed };
}
