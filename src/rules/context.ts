import type { FunctionFacts, ModuleFacts, Scope } from '../python/module-facts.ts';
import type { Module, Project } from '../python/project.ts';
import type { Resolved, ResolvedClass, Resolver } from '../python/resolver.ts';
import type { Expression, Span } from '../python/syntax.ts';
import type { FileRole, Report, TestedFunctions } from './finding.ts';
import { isMainGuard } from './knowledge/main-guard.ts';
import type { Reach } from './knowledge/reach.ts';

/** What a rule sees: one file's facts, its role, and what its names mean across the project. */
export class RuleContext {
  readonly facts: ModuleFacts;
  readonly module: Module;
  readonly role: FileRole;
  readonly reports: Report[] = [];
  /** For what lies in other modules; names of this file are resolved by the methods below. */
  readonly resolver: Resolver;
  readonly project: Project;
  readonly reach: Reach;
  /** Undefined where nothing was measured. */
  readonly tested: TestedFunctions | undefined;
  private running: string | undefined;
  private readonly mainGuards: readonly Span[];

  constructor(module: Module, role: FileRole, resolver: Resolver, project: Project, reach: Reach, tested: TestedFunctions | undefined) {
    this.module = module;
    this.facts = module.facts;
    this.role = role;
    this.resolver = resolver;
    this.project = project;
    this.reach = reach;
    this.tested = tested;
    const guards = module.facts.syntax.body.filter(isMainGuard);
    this.mainGuards = [...guards, ...functionsOnlyFor(guards, module.facts)];
  }

  get path(): string {
    return this.module.path;
  }

  /** Runs the check of a rule; what it reports goes under that rule. */
  run(rule: string, check: Check): void {
    this.running = rule;
    check(this);
    this.running = undefined;
  }

  /** Reports a violation of the rule whose check is running. */
  report(report: Omit<Report, 'rule'>): void {
    if (this.running === undefined) throw new Error('a check reports only while it runs');
    this.reports.push({ rule: this.running, ...report });
  }

  /** 1-based line of an offset. */
  lineOf(offset: number): number {
    return this.facts.lines.positionAt(offset).line;
  }

  source(span: Span): string {
    return this.facts.text.slice(span.start, span.end);
  }

  resolve(scope: Scope, expression: Expression): Resolved | undefined {
    return this.resolver.resolve(this.module, scope, expression);
  }

  /** The dotted name of something outside the project. */
  external(scope: Scope, expression: Expression): string | undefined {
    return this.resolver.externalName(this.module, scope, expression);
  }

  typeOf(scope: Scope, expression: Expression): ResolvedClass | undefined {
    return this.resolver.typeOf(this.module, scope, expression);
  }

  annotatedClass(scope: Scope, annotation: Expression): ResolvedClass | undefined {
    return this.resolver.annotatedClass(this.module, scope, annotation);
  }

  derivesFrom(type: ResolvedClass | undefined, names: ReadonlySet<string>): boolean {
    return this.resolver.derivesFrom(type, names);
  }

  ancestry(type: ResolvedClass): ReadonlySet<string> {
    return this.resolver.ancestry(type);
  }

  /** The resolved class of a class statement in this file. */
  classOf(facts: ModuleFacts['classes'][number]): Extract<ResolvedClass, { kind: 'class' }> {
    return { kind: 'class', module: this.module, node: facts.node, scope: facts.definedIn };
  }

  /** True below `if __name__ == "__main__":`, and in functions that are called nowhere else. */
  isInMainGuard(span: Span): boolean {
    return isWithin(span, this.mainGuards);
  }

  /** True when a decorator of the function resolves to one of the names, called or not. */
  hasDecorator(owner: FunctionFacts, names: ReadonlySet<string>): boolean {
    return owner.node.decorators.some((decorator) => {
      const target = decorator.kind === 'call' ? decorator.func : decorator;
      const name = this.external(owner.definedIn, target);
      return name !== undefined && names.has(name);
    });
  }
}

function isWithin(span: Span, outer: readonly Span[]): boolean {
  return outer.some((each) => each.start <= span.start && span.end <= each.end);
}

function functionsOnlyFor(guards: readonly Span[], facts: ModuleFacts): Span[] {
  if (guards.length === 0) return [];
  const named = (id: string) => facts.references.filter(({ node, use }) => use === 'load' && node.kind === 'name' && node.id === id);
  return facts.functions
    .filter((owner) => owner.definedIn.kind === 'module' && owner.node.decorators.length === 0)
    .filter((owner) => {
      const uses = named(owner.node.name);
      return uses.length > 0 && uses.every(({ node }) => isWithin(node, guards));
    })
    .map((owner) => owner.node);
}

/** A check reads a context and reports to it. */
export type Check = (context: RuleContext) => void;

/** Computes something about a file the first time a rule asks, and keeps it for the other rules. */
export function oncePerFile<T extends object>(compute: (context: RuleContext) => T): (context: RuleContext) => T {
  const known = new WeakMap<RuleContext, T>();
  return (context) => {
    const value = known.get(context) ?? compute(context);
    known.set(context, value);
    return value;
  };
}
