import type { FunctionFacts } from '../../python/module-facts.ts';
import type { RuffDiagnostic } from '../../python/ruff.ts';
import type { RuleContext } from '../context.ts';
import type { Report, RuleDefinition, TextEdit } from '../finding.ts';
import { taskDecorator } from '../knowledge/tasks.ts';

/** Turns Ruff's diagnostics into reports under our rule ids. */
export function reportsFromRuff(context: RuleContext, diagnostics: readonly RuffDiagnostic[], rules: readonly RuleDefinition[]): Report[] {
  const ruleOf = new Map(rules.flatMap((rule) => rule.ruff.map((code): [string, string] => [code, rule.id])));
  const reports: Report[] = [];
  const unannotated = new Map<FunctionFacts, RuffDiagnostic[]>();
  for (const diagnostic of diagnostics) {
    const rule = ruleOf.get(diagnostic.code);
    if (rule === undefined) continue;
    const span = spanOf(context, diagnostic);
    if (rule === 'typing/annotated-signatures') {
      const owner = innermostFunction(context, span.start);
      if (owner !== undefined && !isTaskReceiver(context, owner, span))
        unannotated.set(owner, [...(unannotated.get(owner) ?? []), diagnostic]);
      continue;
    }
    // A package's __init__ has __path__; Ruff is not told which file it reads.
    if (diagnostic.code === 'F821' && context.source(span) === '__path__') continue;
    // In a stub a name may be used before it is defined.
    if (diagnostic.code === 'F821' && context.role === 'stubs') continue;
    if (rule === 'code/no-print' && context.isInMainGuard(span)) continue;
    if (rule === 'code/docstring' && isNestedConfig(context, span.start)) continue;
    // PEP 562: what __all__ names may be made on demand.
    if (diagnostic.code === 'F822' && context.facts.scope.bindings.has('__getattr__')) continue;
    if (diagnostic.code === 'F821' && isQuoted(context, span)) {
      reports.push({
        rule,
        span,
        severity: 'warning',
        message: `\`${context.source(span)}\` in a quoted annotation is not imported: type checkers and Pydantic cannot resolve it.`,
        fix: 'Import it, below `if TYPE_CHECKING:` where the import would be circular.',
      });
      continue;
    }
    reports.push({ rule, span, message: message(context, diagnostic, span) });
  }
  for (const [owner, found] of unannotated) reports.push(annotationReport(owner, found));
  return syntaxErrorsAsOne(reports, context);
}

function annotationReport(owner: FunctionFacts, diagnostics: readonly RuffDiagnostic[]): Report {
  const missing = [...new Set(diagnostics.map(missingPart))];
  // Half a fix would leave the finding standing.
  const isFixable = diagnostics.every((diagnostic) => diagnostic.edits.length > 0);
  return {
    rule: 'typing/annotated-signatures',
    span: owner.node.nameSpan,
    message: `\`${owner.node.name}\` is not fully annotated: ${missing.join(', ')}.`,
    edits: isFixable ? diagnostics.flatMap((diagnostic) => diagnostic.edits.map(toTextEdit)) : [],
  };
}

function toTextEdit({ start, end, text }: RuffDiagnostic['edits'][number]): TextEdit {
  return { line: start.row, column: start.column, endLine: end.row, endColumn: end.column, text };
}

function missingPart(diagnostic: RuffDiagnostic): string {
  const name = /`([^`]+)`/.exec(diagnostic.message)?.[1] ?? '';
  return diagnostic.code.startsWith('ANN0') ? `parameter \`${name}\` has no type` : 'the return type is missing';
}

/** A broken file often gives many syntax errors; only the first one is the cause. */
function syntaxErrorsAsOne(reports: readonly Report[], context: RuleContext): Report[] {
  const broken = reports.filter((report) => report.message.startsWith(SYNTAX_PREFIX)).sort((a, b) => a.span.start - b.span.start);
  const [first] = broken;
  if (first === undefined) return [...reports];
  const others = reports.filter((report) => !report.message.startsWith(SYNTAX_PREFIX));
  const more = broken.length > 1 ? ` (${broken.length - 1} more below, probably from the same cause)` : '';
  return [
    ...others,
    { ...first, message: `${first.message}${more}`, span: { start: first.span.start, end: Math.max(first.span.end, first.span.start) } },
  ].filter((report) => report.span.start <= context.facts.text.length);
}

const SYNTAX_PREFIX = 'The file does not parse: ';

function message(context: RuleContext, diagnostic: RuffDiagnostic, span: { start: number; end: number }): string {
  const named = /`([^`]+)`/.exec(diagnostic.message)?.[1] ?? context.source(span).slice(0, 60);
  switch (diagnostic.code) {
    case 'invalid-syntax': {
      const text = diagnostic.message.replace(/\.$/, '');
      return `${SYNTAX_PREFIX}${text.charAt(0).toLowerCase()}${text.slice(1)}.`;
    }
    case 'ASYNC251': {
      const owner = innermostFunction(context, span.start)?.node.name ?? 'async code';
      return `\`${owner}\` blocks the event loop: \`time.sleep\` stops every request until it returns.`;
    }
    case 'PLW0602':
    case 'PLW0603': {
      const owner = innermostFunction(context, span.start)?.node.name ?? 'A function';
      return `\`${owner}\` changes module state through \`global ${named}\`.`;
    }
    case 'PLW0604':
      return `\`global ${named}\` at module level does nothing.`;
    case 'T201':
    case 'T203':
      return `\`${named}\` writes to standard output instead of the log.`;
    case 'PD002':
      return '`inplace=True` changes a frame that others may still hold, and returns nothing to chain.';
    case 'TID251':
      return '`unittest.mock.patch` is used where pytest-mock is the convention.';
    case 'F821':
      return `\`${named}\` is not defined anywhere: this line fails when it runs.`;
    case 'F822':
      return `\`${named}\` in \`__all__\` is not defined.`;
    case 'F811':
      return `\`${named}\` is defined twice; the first definition is never used.`;
    case 'D101':
    case 'D102':
    case 'D103':
    case 'D106': {
      const kind = { D101: 'Public class', D102: 'Public method', D103: 'Public function', D106: 'Public class' }[diagnostic.code];
      return `${kind} \`${context.source(span)}\` has no docstring.`;
    }
    default:
      return `${diagnostic.message.replace(/\.$/, '')}.`;
  }
}

function spanOf(context: RuleContext, diagnostic: RuffDiagnostic): { start: number; end: number } {
  const { lines } = context.facts;
  return {
    start: lines.offsetAt({ line: diagnostic.start.row, column: diagnostic.start.column }),
    end: lines.offsetAt({ line: diagnostic.end.row, column: diagnostic.end.column }),
  };
}

function innermostFunction(context: RuleContext, offset: number): FunctionFacts | undefined {
  return context.facts.functions.filter((owner) => owner.node.start <= offset && offset < owner.node.end).at(-1);
}

/** True inside a string: an annotation in quotes runs only when somebody resolves it. */
function isQuoted(context: RuleContext, span: { start: number; end: number }): boolean {
  const { strings, annotations, text } = context.facts;
  return (
    strings.some(({ node }) => node.start < span.start && span.end < node.end && node.interpolations.length === 0) ||
    annotations.some(({ node }) => node.start <= span.start && span.end <= node.end && /["']/.test(text[node.start - 1] ?? ''))
  );
}

/** The `self` of a task that is bound to itself needs no type, like that of a method. */
function isTaskReceiver(context: RuleContext, owner: FunctionFacts, span: { start: number }): boolean {
  const [first] = owner.node.parameters;
  return first?.name === 'self' && first.start === span.start && taskDecorator(context, owner) !== undefined;
}

/** `class Config` inside a model has its own rule; it needs no docstring. */
function isNestedConfig(context: RuleContext, offset: number): boolean {
  return context.facts.classes.some(
    (facts) => facts.definedIn.kind === 'class' && facts.node.nameSpan.start === offset && /^(Config|Meta)$/.test(facts.node.name),
  );
}
