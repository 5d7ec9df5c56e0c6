import { LineIndex } from './lines.ts';
import {
  type AttributeExpression,
  type CallExpression,
  type ClassStatement,
  childrenOf,
  type ExceptHandler,
  type Expression,
  expressionsOf,
  type FunctionStatement,
  type ImportedName,
  type ModuleSyntax,
  type NameExpression,
  type Parameter,
  type Span,
  type Statement,
  type StringExpression,
} from './syntax.ts';

/** How a name came to be bound in a scope. */
export type Binding =
  | { readonly kind: 'import'; readonly name: ImportedName }
  | { readonly kind: 'class'; readonly node: ClassStatement; readonly scope: Scope }
  | { readonly kind: 'function'; readonly node: FunctionStatement; readonly scope: Scope }
  | { readonly kind: 'parameter'; readonly node: Parameter }
  /** `scope` is where the value stands, which differs from where the name lives for `self.name = value`. */
  | { readonly kind: 'value'; readonly annotation: Expression | undefined; readonly value: Expression | undefined; readonly scope: Scope }
  /** Bound by `with value as name`: what the context manager gives. */
  | { readonly kind: 'context'; readonly value: Expression; readonly scope: Scope }
  /** Loop targets, exception names, unpacking: bound, but to nothing that is known. */
  | { readonly kind: 'unknown' };

/** A naming scope. Comprehensions and lambdas have one too. */
export interface Scope {
  readonly kind: 'module' | 'class' | 'function' | 'inner';
  readonly parent: Scope | undefined;
  readonly bindings: Map<string, Binding[]>;
  /** The function this scope belongs to or lies in; undefined at module and class level. */
  readonly owner: FunctionFacts | undefined;
  /** The class whose body this is. */
  readonly ownerClass: ClassFacts | undefined;
}

export interface FunctionFacts {
  readonly node: FunctionStatement;
  /** Where the function is defined. */
  readonly definedIn: Scope;
  /** The function's own scope. */
  readonly scope: Scope;
  /** The class it is a method of. */
  readonly parentClass: ClassFacts | undefined;
  /** The function it is nested in. */
  readonly parentFunction: FunctionFacts | undefined;
  readonly returns: Extract<Statement, { kind: 'return' }>[];
}

export interface ClassFacts {
  readonly node: ClassStatement;
  readonly definedIn: Scope;
  readonly scope: Scope;
}

/** A place in the code: which scope it is in and which statement holds it. */
interface Site {
  readonly scope: Scope;
  readonly statement: Statement;
}

export interface CallFacts extends Site {
  readonly node: CallExpression;
  readonly isAwaited: boolean;
}

export interface ReferenceFacts extends Site {
  /** An outermost dotted chain or a plain name. */
  readonly node: AttributeExpression | NameExpression;
  readonly use: 'load' | 'store' | 'delete';
  /** The chain is subscripted: `os.environ["X"]`. */
  readonly isSubscripted: boolean;
  /** The chain is called: `os.getenv("X")`. */
  readonly isCalled: boolean;
}

export interface AnnotationFacts extends Site {
  readonly node: Expression;
  readonly role: 'parameter' | 'return' | 'variable' | 'field';
  readonly parameter: Parameter | undefined;
  /** The function whose signature or body holds it. */
  readonly function: FunctionFacts | undefined;
  /** The class whose body holds it, directly or as a method's signature. */
  readonly class: ClassFacts | undefined;
  /** The value assigned in the same statement. */
  readonly value: Expression | undefined;
}

export interface HandlerFacts extends Site {
  readonly node: ExceptHandler;
}

export interface AssignmentFacts extends Site {
  readonly target: Expression;
  readonly value: Expression | undefined;
  readonly operator: string | undefined;
}

/** Everything the rules read about one file. */
export interface ModuleFacts {
  readonly text: string;
  readonly lines: LineIndex;
  readonly syntax: ModuleSyntax;
  readonly scope: Scope;
  readonly imports: readonly (ImportedName & { readonly scope: Scope })[];
  readonly functions: readonly FunctionFacts[];
  readonly classes: readonly ClassFacts[];
  readonly calls: readonly CallFacts[];
  readonly references: readonly ReferenceFacts[];
  readonly annotations: readonly AnnotationFacts[];
  readonly handlers: readonly HandlerFacts[];
  readonly assignments: readonly AssignmentFacts[];
  readonly strings: readonly (Site & { readonly node: StringExpression })[];
  /** Every statement with its scope, in source order. */
  readonly statements: readonly Site[];
}

/**
 * Collects the facts of a parsed file in one pass. With `enclosing` the text is a part of a file: names are looked up in
 * that scope, which stays as it is.
 */
export function collectFacts(text: string, syntax: ModuleSyntax, enclosing?: Scope): ModuleFacts {
  const collector = new FactsCollector();
  const scope =
    enclosing === undefined ? newScope('module', undefined, undefined, undefined) : { ...enclosing, bindings: new Map(enclosing.bindings) };
  collector.block(syntax.body, scope);
  return { text, lines: new LineIndex(text), syntax, scope, ...collector.facts };
}

/** True when a stretch lies in a function, its decorators and parameters included. */
export function isInside(owner: FunctionFacts, span: Span): boolean {
  return owner.node.start <= span.start && span.end <= owner.node.end;
}

/** The calls in a function, those of functions inside it included. */
export function callsIn(facts: ModuleFacts, owner: FunctionFacts): readonly CallFacts[] {
  return facts.calls.filter(({ node }) => isInside(owner, node));
}

/**
 * What other modules can see of a module: names and what they are bound to, decorated functions and the calls that the
 * module itself makes. The rest is dropped to save memory.
 */
export function interfaceOf(facts: ModuleFacts): ModuleFacts {
  const dropped = { references: [], annotations: [], handlers: [], assignments: [], strings: [], statements: [] };
  return {
    ...facts,
    ...dropped,
    functions: facts.functions.filter((owner) => owner.definedIn.kind === 'module' && owner.node.decorators.length > 0),
    calls: facts.calls.filter((call) => call.scope.kind === 'module'),
    text: '',
    lines: new LineIndex(''),
    syntax: { body: [], comments: [] },
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
type Lists = Omit<ModuleFacts, 'text' | 'lines' | 'syntax' | 'scope'>;

class FactsCollector {
  readonly facts: Mutable<Lists> = {
    imports: [],
    functions: [],
    classes: [],
    calls: [],
    references: [],
    annotations: [],
    handlers: [],
    assignments: [],
    strings: [],
    statements: [],
  };

  block(body: readonly Statement[], scope: Scope): void {
    for (const statement of body) this.statement(statement, scope);
  }

  private statement(statement: Statement, scope: Scope): void {
    const site: Site = { scope, statement };
    this.facts.statements.push(site);
    switch (statement.kind) {
      case 'function':
        this.function(statement, scope, site);
        return;
      case 'class':
        this.class(statement, scope, site);
        return;
      case 'import':
        for (const name of statement.names) this.importedName(name, scope);
        return;
      case 'assign':
        this.assignment(statement, site);
        return;
      case 'return':
        scope.owner?.returns.push(statement);
        break;
      case 'with':
        for (const item of statement.items) {
          this.expression(item.value, site);
          if (item.target === undefined) continue;
          this.bindTarget(item.target, scope, { kind: 'context', value: item.value, scope });
          this.expression(item.target, site, 'store');
        }
        this.block(statement.body, scope);
        return;
      case 'for':
        this.bindTarget(statement.target, scope, { kind: 'unknown' });
        this.expression(statement.target, site, 'store');
        this.expression(statement.iterable, site);
        for (const block of statement.blocks) this.block(block, scope);
        return;
      case 'try':
        this.tryStatement(statement, site);
        return;
      case 'delete':
        for (const target of statement.targets) this.expression(target, site, 'delete');
        return;
      default:
        break;
    }
    for (const expression of expressionsOf(statement)) this.expression(expression, site);
    if (statement.kind === 'if') {
      for (const branch of statement.branches) this.block(branch.body, scope);
      this.block(statement.orElse ?? [], scope);
    } else if (statement.kind === 'block') for (const block of statement.blocks) this.block(block, scope);
  }

  private function(node: FunctionStatement, scope: Scope, site: Site): void {
    bind(scope, node.name, { kind: 'function', node, scope });
    for (const expression of expressionsOf(node)) this.expression(expression, site);
    // A function and its scope point at each other: the scope is put in once both exist.
    const facts: FunctionFacts & { scope: Scope } = {
      node,
      definedIn: scope,
      scope,
      parentClass: scope.kind === 'class' ? scope.ownerClass : undefined,
      parentFunction: scope.kind === 'class' ? scope.parent?.owner : scope.owner,
      returns: [],
    };
    facts.scope = newScope('function', scope, facts, undefined);
    this.facts.functions.push(facts);
    for (const parameter of node.parameters) {
      bind(facts.scope, parameter.name, { kind: 'parameter', node: parameter });
      if (parameter.annotation !== undefined) this.annotation(parameter.annotation, 'parameter', site, facts, parameter, undefined);
    }
    if (node.returns !== undefined) this.annotation(node.returns, 'return', site, facts, undefined, undefined);
    this.block(node.body, facts.scope);
  }

  private class(node: ClassStatement, scope: Scope, site: Site): void {
    bind(scope, node.name, { kind: 'class', node, scope });
    for (const expression of expressionsOf(node)) this.expression(expression, site);
    const facts: ClassFacts & { scope: Scope } = { node, definedIn: scope, scope };
    facts.scope = newScope('class', scope, scope.owner, facts);
    this.facts.classes.push(facts);
    this.block(node.body, facts.scope);
  }

  private importedName(name: ImportedName, scope: Scope): void {
    this.facts.imports.push({ ...name, scope });
    const bound = name.alias ?? (name.name === undefined ? (name.module.split('.')[0] ?? '') : name.name);
    bind(scope, bound, { kind: 'import', name });
  }

  private assignment(node: Extract<Statement, { kind: 'assign' }>, site: Site): void {
    const { scope } = site;
    for (const target of node.targets) {
      if (node.operator === undefined) {
        const isSingle = target.kind === 'name' || target.kind === 'attribute';
        this.bindTarget(
          target,
          scope,
          isSingle ? { kind: 'value', annotation: node.annotation, value: node.value, scope } : { kind: 'unknown' },
        );
      }
      this.expression(target, site, 'store');
      this.facts.assignments.push({
        ...site,
        target,
        value: node.value,
        operator: node.operator,
      });
    }
    if (node.annotation !== undefined) {
      this.expression(node.annotation, site);
      this.annotation(node.annotation, scope.kind === 'class' ? 'field' : 'variable', site, scope.owner, undefined, node.value);
    }
    if (node.value !== undefined) this.expression(node.value, site);
  }

  private annotation(
    node: Expression,
    role: AnnotationFacts['role'],
    site: Site,
    owner: FunctionFacts | undefined,
    parameter: Parameter | undefined,
    value: Expression | undefined,
  ): void {
    const ownerClass = site.scope.kind === 'class' ? site.scope.ownerClass : undefined;
    this.facts.annotations.push({ ...site, node, role, parameter, function: owner, class: ownerClass, value });
  }

  private tryStatement(node: Extract<Statement, { kind: 'try' }>, site: Site): void {
    this.block(node.body, site.scope);
    for (const handler of node.handlers) {
      if (handler.type !== undefined) this.expression(handler.type, site);
      if (handler.name !== undefined) bind(site.scope, handler.name, { kind: 'unknown' });
      this.facts.handlers.push({ ...site, node: handler });
      this.block(handler.body, site.scope);
    }
    for (const block of node.rest) this.block(block, site.scope);
  }

  private bindTarget(target: Expression, scope: Scope, binding: Binding): void {
    if (target.kind === 'name') bind(scope, target.id, binding);
    else if (target.kind === 'tuple' || target.kind === 'list' || target.kind === 'starred') {
      for (const part of childrenOf(target)) this.bindTarget(part, scope, { kind: 'unknown' });
    } else if (target.kind === 'attribute' && target.object.kind === 'name' && target.object.id === 'self') {
      // Attributes set on self are looked up as members of the class, under a name no identifier can have.
      const classScope = scope.owner?.definedIn;
      if (classScope?.kind === 'class') bind(classScope, `self.${target.name}`, binding);
    }
  }

  private expression(expression: Expression, site: Site, use: ReferenceFacts['use'] = 'load', isAwaited = false): void {
    switch (expression.kind) {
      case 'name':
      case 'attribute':
        this.reference(expression, site, use, false, false);
        return;
      case 'call':
        this.facts.calls.push({ scope: site.scope, statement: site.statement, node: expression, isAwaited });
        if (expression.func.kind === 'name' || expression.func.kind === 'attribute')
          this.reference(expression.func, site, 'load', false, true);
        else this.expression(expression.func, site);
        for (const argument of expression.args) this.expression(argument.value, site);
        return;
      case 'subscript':
        if (expression.value.kind === 'name' || expression.value.kind === 'attribute')
          this.reference(expression.value, site, use, true, false);
        else this.expression(expression.value, site);
        for (const part of expression.index) this.expression(part, site);
        return;
      case 'await':
        this.expression(expression.value, site, 'load', true);
        return;
      case 'string':
        this.facts.strings.push({ scope: site.scope, statement: site.statement, node: expression });
        for (const part of expression.interpolations) this.expression(part, site);
        return;
      case 'lambda':
      case 'comprehension':
        this.innerScope(expression, site);
        return;
      case 'named':
        this.bindTarget(expression.target, site.scope, {
          kind: 'value',
          annotation: undefined,
          value: expression.value,
          scope: site.scope,
        });
        this.expression(expression.value, site);
        return;
      default:
        for (const part of childrenOf(expression)) this.expression(part, site, use === 'load' ? 'load' : use);
    }
  }

  private innerScope(expression: Extract<Expression, { kind: 'lambda' | 'comprehension' }>, site: Site): void {
    const isLambda = expression.kind === 'lambda';
    const inner: Site = {
      scope: newScope('inner', site.scope, isLambda ? undefined : site.scope.owner, undefined),
      statement: site.statement,
    };
    if (expression.kind === 'lambda') {
      for (const parameter of expression.parameters) bind(inner.scope, parameter.name, { kind: 'parameter', node: parameter });
    } else for (const target of expression.targets) this.bindTarget(target, inner.scope, { kind: 'unknown' });
    for (const part of childrenOf(expression)) this.expression(part, inner);
  }

  private reference(
    node: AttributeExpression | NameExpression,
    site: Site,
    use: ReferenceFacts['use'],
    isSubscripted: boolean,
    isCalled: boolean,
  ): void {
    // Written out: spreading the site is several times slower, and this runs for every name in the file.
    this.facts.references.push({ scope: site.scope, statement: site.statement, node, use, isSubscripted, isCalled });
    let inner: Expression = node;
    while (inner.kind === 'attribute') inner = inner.object;
    if (inner.kind !== 'name') this.expression(inner, site);
  }
}

function newScope(
  kind: Scope['kind'],
  parent: Scope | undefined,
  owner: FunctionFacts | undefined,
  ownerClass: ClassFacts | undefined,
): Scope {
  return { kind, parent, bindings: new Map(), owner, ownerClass };
}

function bind(scope: Scope, name: string, binding: Binding): void {
  const bindings = scope.bindings.get(name);
  if (bindings === undefined) scope.bindings.set(name, [binding]);
  else bindings.push(binding);
}
