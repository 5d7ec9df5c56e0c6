import type { ModuleFacts } from './module-facts.ts';
import { blocksOf, type Comment, type Span, type Statement, walkStatements } from './syntax.ts';

const ALLOW = /^#\s*allow:\s*([a-z][\w-]*\/[\w-]+)\s*(?:(?:-|–|—|:)\s*(.*))?$/;

/** A `# allow: <rule-id> - <reason>` comment, and the lines (1-based) of the statement that it belongs to. */
export interface Allowance {
  readonly rule: string;
  /** Empty when none was given: the comment then does not count. */
  readonly reason: string;
  readonly fromLine: number;
  readonly toLine: number;
}

/** Every such comment of a module. */
export function allowancesIn(facts: ModuleFacts): Allowance[] {
  return facts.syntax.comments.flatMap((comment) => allowance(facts, comment));
}

/** The reason that a comment gives for keeping what a rule would report on a line (1-based); undefined where there is none. */
export function reasonAllowed(facts: ModuleFacts, rule: string, line: number): string | undefined {
  return allowancesIn(facts).find((each) => each.rule === rule && each.reason !== '' && each.fromLine <= line && line <= each.toLine)
    ?.reason;
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
