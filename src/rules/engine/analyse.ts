import { isTestModule } from '../../python/markers.ts';
import { collectFacts } from '../../python/module-facts.ts';
import { openProject, visibleFacts } from '../../python/open-project.ts';
import { type PythonParser, TooComplex, type TreeNode } from '../../python/parser.ts';
import type { Dependencies, Project } from '../../python/project.ts';
import { Resolver } from '../../python/resolver.ts';
import type { RuffDiagnostic } from '../../python/ruff.ts';
import { buildModule } from '../../python/syntax-builder.ts';
import { RuleContext } from '../context.ts';
import { type AllowedFinding, compareFindings, type Finding, type Judgement, type Report, type RuleDefinition } from '../finding.ts';
import { fileRole, isTemplateLine } from '../knowledge/file-role.ts';
import { Reach } from '../knowledge/reach.ts';
import { CHECKS } from '../registry.ts';
import { applyAllowances } from './allow.ts';
import { reportsFromRuff } from './ruff-findings.ts';

/** One file to check. `text` has LF line endings and no byte order mark. */
export interface SourceFile {
  /** Workspace-relative; need not exist on disk. */
  readonly path: string;
  readonly text: string;
  readonly diagnostics: readonly RuffDiagnostic[];
  /** Files of one generation are checked against the same state of the disk, which is looked at only once. */
  readonly generation: string;
  /** True when the text is what the file holds. */
  readonly isOnDisk: boolean;
}

export interface FileResult {
  readonly findings: readonly Finding[];
  readonly allowed: readonly AllowedFinding[];
  /** What else than its own text the result depends on. */
  readonly dependencies: Dependencies;
}

const INDEPENDENT: Dependencies = { links: [], imports: [], questions: [] };

/** Checks files of one project against the rules. Lives in one thread and keeps parsed modules between calls. */
export class Analyser {
  private readonly parser: PythonParser;
  private readonly project: Project;
  private readonly resolver: Resolver;
  private reach: Reach;
  private generation = '';

  /** `root` is the absolute workspace root with links resolved. */
  constructor(parser: PythonParser, root: string) {
    this.parser = parser;
    this.project = openProject(parser, root);
    this.resolver = new Resolver(this.project);
    this.reach = new Reach(this.resolver, this.project);
  }

  /** The findings of one file, sorted; names it imports are followed on disk. Undefined for a source that is too complex to be read. */
  analyse(file: SourceFile, { rules, roots, tested }: Judgement): FileResult | undefined {
    if (isTemplate(file)) return { findings: [], allowed: [], dependencies: INDEPENDENT };
    if (file.generation !== this.generation) {
      this.project.refresh();
      this.project.files.useRoots(roots);
      this.resolver.refresh();
      this.reach = new Reach(this.resolver, this.project);
      this.generation = file.generation;
    }
    this.resolver.forget();
    let tree: TreeNode;
    try {
      tree = this.parser.parse(file.text, 'whole');
    } catch (error) {
      if (!(error instanceof TooComplex)) throw error;
      return undefined;
    }
    const syntax = buildModule(tree, file.text);
    const facts = collectFacts(file.text, syntax);
    const module = { path: file.path, facts };
    // Nobody imports tests.
    if (file.isOnDisk && !isTestModule(file.path)) this.project.remember({ path: file.path, facts: visibleFacts(file.text, syntax) });
    this.project.use(module);
    const context = new RuleContext(module, fileRole(file.path, facts), this.resolver, this.project, this.reach, tested?.get(file.path));
    const applicable = rules.filter((rule) => rule.applies.includes(context.role));
    context.reports.push(...reportsFromRuff(context, file.diagnostics, applicable));
    for (const rule of applicable) {
      const check = CHECKS.get(rule.id);
      if (check !== undefined) context.run(rule.id, check);
    }
    return { ...applyAllowances(facts, toFindings(context, applicable)), dependencies: this.project.dependencies() };
  }
}

/** A file that does not parse because of template tags is no Python yet. */
function isTemplate(file: SourceFile): boolean {
  const broken = file.diagnostics.filter((diagnostic) => diagnostic.code === 'invalid-syntax');
  if (broken.length === 0) return false;
  const lines = file.text.split('\n');
  const rows = new Set(broken.map((diagnostic) => diagnostic.start.row));
  return [...rows].some((row) => isTemplateLine(lines[row - 1] ?? ''));
}

function toFindings(context: RuleContext, rules: readonly RuleDefinition[]): Finding[] {
  const definitions = new Map(rules.map((rule) => [rule.id, rule]));
  const unique = new Map<string, Finding>();
  for (const report of context.reports) {
    const rule = definitions.get(report.rule);
    if (rule === undefined) throw new Error(`a report names the rule ${report.rule}, which was not asked for`);
    const finding = toFinding(context, report, rule);
    const key = `${finding.rule}:${finding.line}:${finding.column}`;
    if (!unique.has(key)) unique.set(key, finding);
  }
  return [...unique.values()].sort(compareFindings);
}

function toFinding(context: RuleContext, report: Report, rule: RuleDefinition): Finding {
  const start = context.facts.lines.positionAt(report.span.start);
  const end = context.facts.lines.positionAt(Math.max(report.span.start, report.span.end));
  return {
    rule: rule.id,
    // A check may know that one place is less certain than the rule; the project's settings may lower the rule itself.
    severity: rule.severity === 'warning' ? 'warning' : (report.severity ?? rule.severity),
    message: report.message.replace(/\s+/g, ' '),
    path: context.path,
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
    fix: (report.fix ?? rule.fix).replace(/\s+/g, ' '),
    edits: report.edits ?? [],
    symbol: symbolAt(context, report.span.start),
  };
}

function symbolAt(context: RuleContext, offset: number): string {
  return [...context.facts.classes, ...context.facts.functions]
    .map((facts) => facts.node)
    .filter((node) => Math.min(node.start, ...node.decorators.map((decorator) => decorator.start)) <= offset && offset < node.end)
    .sort((a, b) => a.start - b.start)
    .map((node) => node.name)
    .join('.');
}
