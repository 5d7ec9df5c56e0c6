import type { ModuleFacts } from '../../python/module-facts.ts';
import { blocksOf, type Comment, type Span, type Statement, walkStatements } from '../../python/syntax.ts';
import type { AllowedFinding, Finding } from '../finding.ts';

const ALLOW = /^#\s*allow:\s*([a-z][\w-]*\/[\w-]+)\s*(?:(?:-|–|—|:)\s*(.*))?$/;

interface Allowance {
  readonly rule: string;
  /** Empty when none was given: the comment then does not count. */
  readonly reason: string;
  readonly fromLine: number;
  readonly toLine: number;
}

/** Splits findings into those that stand and those that a `# allow: <rule-id> - <reason>` comment turns off. */
export function applyAllowances(facts: ModuleFacts, findings: readonly Finding[]): { findings: Finding[]; allowed: AllowedFinding[] } {
  const allowances = facts.syntax.comments.flatMap((comment) => allowance(facts, comment));
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

/** The reason that a comment gives for keeping what a rule would report on a line (1-based); undefined where there is none. */
export function reasonAllowed(facts: ModuleFacts, rule: string, line: number): string | undefined {
  const all = facts.syntax.comments.flatMap((comment) => allowance(facts, comment));
  return all.find((each) => each.rule === rule && each.reason !== '' && each.fromLine <= line && line <= each.toLine)?.reason;
}

function allowance(facts: ModuleFacts, comment: Comment): Allowance[] {
  const match = ALLOW.exec(comment.text.trim());
  if (match?.[1] === undefined) return [];
  const line = facts.lines.positionAt(comment.start).line;
  const isAlone = facts.lines.lineText(line).trim().startsWith('#');
  const extent = extentOf(facts, line, isAlone);
  return [{ rule: match[1], reason: (match[2] ?? '').trim(), ...extent }];
}

/** The lines of the statement that a comment belongs to: the one on its line, or the next one for a comment alone. */
function extentOf(facts: ModuleFacts, line: number, isAlone: boolean): { fromLine: number; toLine: number } {
  let best = { fromLine: line, toLine: line };
  for (const statement of walkStatements(facts.syntax.body)) {
    const head = headOf(statement);
    const fromLine = facts.lines.positionAt(head.start).line;
    const toLine = facts.lines.positionAt(head.end).line;
    if (fromLine <= line && line <= toLine) best = { fromLine, toLine };
    else if (isAlone && fromLine > line) return best.toLine > line ? best : { fromLine: line, toLine };
  }
  return best;
}

/** A simple statement is its own extent; a compound one reaches from its first decorator to the start of its body. */
function headOf(statement: Statement): Span {
  const firstInBody = blocksOf(statement)[0]?.[0];
  const decorators = statement.kind === 'function' || statement.kind === 'class' ? statement.decorators : [];
  const start = Math.min(statement.start, ...decorators.map((decorator) => decorator.start));
  return { start, end: firstInBody === undefined ? statement.end : Math.max(start, firstInBody.start - 1) };
}
