import data from '../../data/builtins.json';
import type { Binding, ClassFacts, Scope } from './module-facts.ts';
import { chainExpression, dottedChain, isAlternative, isNone, lookup, outsideOfItself, unsubscripted } from './names.ts';
import type { Module, Project } from './project.ts';
import { type CallExpression, type Expression, type FunctionStatement, type ImportedName, keywordArgument } from './syntax.ts';

/** What an expression names. */
export type Resolved =
  /** Something outside the project, by its full dotted name: `requests.get`, `builtins.open`. */
  | { readonly kind: 'external'; readonly name: string }
  | { readonly kind: 'class'; readonly module: Module; readonly node: ClassFacts['node']; readonly scope: Scope }
  | { readonly kind: 'function'; readonly module: Module; readonly node: FunctionStatement; readonly scope: Scope }
  /** A module-level or local variable of the project. */
  | {
      readonly kind: 'variable';
      readonly module: Module;
      readonly annotation: Expression | undefined;
      readonly value: Expression | undefined;
      readonly scope: Scope;
    };

export type ResolvedClass = Extract<Resolved, { kind: 'class' | 'external' }>;

const MAX_STEPS = 24;
const BUILTINS = new Set(data.entries.names);
/** Return types of functions that `@contextmanager` turns into context managers, and of such managers themselves. */
const YIELDING_GENERIC = /\.(Async)?(Generator|Iterator|Iterable)$|\.(Abstract)?(Async)?ContextManager$/;
/** Wrappers whose argument is the type that matters. */
const TRANSPARENT_GENERICS = new Set([
  'typing.Annotated',
  'typing_extensions.Annotated',
  'typing.Optional',
  'typing.Final',
  'typing.ClassVar',
  'sqlalchemy.orm.Mapped',
]);

/** What calling an object of these classes gives. */
const SESSION_FACTORIES = new Map([
  ['sqlalchemy.orm.sessionmaker', 'sqlalchemy.orm.Session'],
  ['sqlalchemy.orm.session.sessionmaker', 'sqlalchemy.orm.Session'],
  ['sqlalchemy.ext.asyncio.async_sessionmaker', 'sqlalchemy.ext.asyncio.AsyncSession'],
]);
const FACTORY = /^_?(create|make|build|get|init|setup)_/;

/** Follows names to what they mean, through imports, re-exports and assignments of the whole project. */
export class Resolver {
  private readonly project: Project;
  /** Rules ask the same questions about the same expression: answers are kept until {@link forget}. */
  private resolved = new Map<Expression, Resolved | undefined>();
  private types = new Map<Expression, ResolvedClass | undefined>();
  private inModules = new Map<string, Resolved | undefined>();
  private made = new Map<string, ResolvedClass | undefined>();

  constructor(project: Project) {
    this.project = project;
  }

  /** Drops what was remembered of one file; call before another one is checked. */
  forget(): void {
    this.resolved = new Map();
    this.types = new Map();
  }

  /** Drops what was remembered of other modules too; call when files may have changed. */
  refresh(): void {
    this.forget();
    this.inModules = new Map();
    this.made = new Map();
  }

  /** What a name or dotted chain means in a scope; undefined when it cannot be known. */
  resolve(module: Module, scope: Scope, expression: Expression, steps = MAX_STEPS): Resolved | undefined {
    if (this.resolved.has(expression)) return this.resolved.get(expression);
    const answer = this.resolveChain(module, scope, expression, steps);
    // An answer that ran out of steps is not the truth.
    if (steps === MAX_STEPS) this.resolved.set(expression, answer);
    return answer;
  }

  private resolveChain(module: Module, scope: Scope, expression: Expression, steps: number): Resolved | undefined {
    if (steps <= 0) return undefined;
    const chain = dottedChain(expression);
    if (chain === undefined) return undefined;
    const [id, ...attributes] = chain;
    const found = lookup(scope, id);
    if (found === undefined) return this.resolveUnbound(module, id, attributes, steps);
    const { binding, bindings } = found;
    if (binding.kind === 'import') return this.resolveImport(module, binding.name, attributes, steps - 1);
    if (attributes.length > 0) return this.resolveMember(module, scope, id, attributes, steps - 1);
    return bindings.length > 1 && binding.kind === 'value' && !isAlternative(bindings)
      ? undefined
      : this.definition(module, binding, steps - 1);
  }

  /** The full dotted name of something outside the project, or undefined. */
  externalName(module: Module, scope: Scope, expression: Expression): string | undefined {
    const resolved = this.resolve(module, scope, expression);
    return resolved?.kind === 'external' ? resolved.name : undefined;
  }

  private resolveUnbound(module: Module, id: string, attributes: readonly string[], steps: number): Resolved | undefined {
    if (BUILTINS.has(id)) return { kind: 'external', name: ['builtins', id, ...attributes].join('.') };
    for (const name of module.facts.imports) {
      if (name.name !== '*') continue;
      const file = this.project.importedFile(module, name);
      const target = file === undefined ? undefined : this.project.module(file);
      if (target === undefined || target.path === module.path) continue;
      const resolved = this.resolveInModule(target, [id, ...attributes], steps - 1);
      if (resolved !== undefined) return resolved;
    }
    return undefined;
  }

  private resolveImport(module: Module, name: ImportedName, attributes: readonly string[], steps: number): Resolved | undefined {
    const written = [...(name.module === '' ? [] : name.module.split('.')), ...(name.name === undefined ? [] : [name.name])];
    // `import a.b` binds `a`; `import a.b as c` binds `a.b`.
    const bound = name.name === undefined && name.alias === undefined ? written.slice(0, 1) : written;
    return this.resolveParts(module, [...bound, ...attributes], name.level, steps);
  }

  private resolveParts(module: Module, parts: readonly string[], level: number, steps: number): Resolved | undefined {
    if (steps <= 0) return undefined;
    for (let length = parts.length; length >= (level > 0 ? 0 : 1); length--) {
      const dotted = parts.slice(0, length).join('.');
      const file = this.project.locate(module, dotted, level);
      if (file === undefined) continue;
      const rest = parts.slice(length);
      const target = rest.length === 0 ? undefined : this.project.module(file);
      if (target === undefined) return undefined;
      return this.resolveInModule(target, rest, steps - 1);
    }
    return level === 0 ? { kind: 'external', name: parts.join('.') } : undefined;
  }

  /** Remembered, and marked before the search: packages that star-import each other lead in circles. */
  private resolveInModule(module: Module, parts: readonly string[], steps: number): Resolved | undefined {
    const key = `${module.path}:${parts.join('.')}`;
    if (this.inModules.has(key)) return this.inModules.get(key);
    this.inModules.set(key, undefined);
    const answer = this.searchModule(module, parts, steps);
    this.inModules.set(key, answer);
    return answer;
  }

  private searchModule(module: Module, parts: readonly string[], steps: number): Resolved | undefined {
    const [id, ...attributes] = parts;
    if (id === undefined || steps <= 0) return undefined;
    const bindings = module.facts.scope.bindings.get(id);
    if (bindings === undefined) return this.resolveUnbound(module, id, attributes, steps);
    const [binding] = bindings;
    if (binding === undefined) return undefined;
    if (binding.kind === 'import') return this.resolveImport(module, binding.name, attributes, steps - 1);
    return attributes.length > 0
      ? this.resolveMember(module, module.facts.scope, id, attributes, steps - 1)
      : this.definition(module, binding, steps - 1);
  }

  private resolveMember(module: Module, scope: Scope, id: string, attributes: readonly string[], steps: number): Resolved | undefined {
    if (steps <= 0) return undefined;
    const [attribute, ...more] = attributes;
    if (attribute === undefined || more.length > 0) return undefined;
    const object: Expression = { kind: 'name', start: 0, end: 0, id };
    const found = lookup(scope, id);
    const owner = found?.binding.kind === 'class' ? this.resolve(module, scope, object, steps) : this.typeOf(module, scope, object, steps);
    if (owner?.kind === 'external') return { kind: 'external', name: `${owner.name}.${attribute}` };
    return owner?.kind === 'class' ? this.member(owner, attribute, steps) : undefined;
  }

  /** A class attribute or method, through the bases that the project defines. */
  member(owner: Extract<Resolved, { kind: 'class' }>, name: string, steps = MAX_STEPS): Resolved | undefined {
    if (steps <= 0) return undefined;
    const scope = classScope(owner);
    const binding = scope?.bindings.get(name)?.[0] ?? scope?.bindings.get(`self.${name}`)?.[0];
    if (binding !== undefined) return this.definition(owner.module, binding, steps - 1);
    for (const base of owner.node.bases) {
      const resolved = this.resolve(owner.module, owner.scope, unsubscripted(base), steps - 1);
      if (resolved?.kind === 'external') return { kind: 'external', name: `${resolved.name}.${name}` };
      const inherited = resolved?.kind === 'class' ? this.member(resolved, name, steps - 1) : undefined;
      if (inherited !== undefined) return inherited;
    }
    return undefined;
  }

  private definition(module: Module, binding: Binding, steps: number): Resolved | undefined {
    switch (binding.kind) {
      case 'class':
        return { kind: 'class', module, node: binding.node, scope: binding.scope };
      case 'function':
        return { kind: 'function', module, node: binding.node, scope: binding.scope };
      case 'value': {
        const isAlias = binding.annotation === undefined && binding.value !== undefined && dottedChain(binding.value) !== undefined;
        if (isAlias && binding.value !== undefined) {
          const target = this.resolve(module, outsideOfItself(binding), binding.value, steps);
          if (target !== undefined) return target;
        }
        return { kind: 'variable', module, annotation: binding.annotation, value: binding.value, scope: binding.scope };
      }
      case 'import':
        return this.resolveImport(module, binding.name, [], steps);
      default:
        return undefined;
    }
  }

  /** The class of the value an expression gives; undefined when it cannot be known from the source. */
  typeOf(module: Module, scope: Scope, expression: Expression, steps = MAX_STEPS): ResolvedClass | undefined {
    if (this.types.has(expression)) return this.types.get(expression);
    const answer = this.typeOfExpression(module, scope, expression, steps);
    if (steps === MAX_STEPS) this.types.set(expression, answer);
    return answer;
  }

  private typeOfExpression(module: Module, scope: Scope, expression: Expression, steps: number): ResolvedClass | undefined {
    if (steps <= 0) return undefined;
    switch (expression.kind) {
      case 'await':
        return this.typeOf(module, scope, expression.value, steps - 1);
      case 'call':
        return this.typeOfCall(module, scope, expression, steps - 1);
      case 'name':
        return this.typeOfName(module, scope, expression.id, steps - 1);
      case 'attribute': {
        const owner = this.typeOf(module, scope, expression.object, steps - 1);
        if (owner?.kind === 'class') {
          const member = this.member(owner, expression.name, steps - 1);
          return member?.kind === 'variable' ? this.typeOfVariable(member, steps - 1) : undefined;
        }
        const resolved = this.resolve(module, scope, expression, steps - 1);
        return resolved?.kind === 'variable' ? this.typeOfVariable(resolved, steps - 1) : undefined;
      }
      default:
        return undefined;
    }
  }

  private typeOfName(module: Module, scope: Scope, id: string, steps: number): ResolvedClass | undefined {
    const found = lookup(scope, id);
    if (found === undefined) return undefined;
    const { binding, bindings } = found;
    if (binding.kind === 'parameter') return this.typeOfParameter(module, found.scope, binding.node.annotation, id, steps);
    if (binding.kind === 'context') return this.typeOfContext(module, binding.scope, binding.value, steps);
    if (binding.kind === 'value') {
      const given = bindings.filter((each) => !isNone(each));
      const annotated = bindings.find((each) => each.kind === 'value' && each.annotation !== undefined);
      const chosen = annotated ?? (given.length === 1 ? given[0] : undefined);
      if (chosen?.kind !== 'value') return undefined;
      return this.typeOfVariable(
        { kind: 'variable', module, annotation: chosen.annotation, value: chosen.value, scope: chosen.scope },
        steps,
      );
    }
    if (binding.kind === 'import') {
      const resolved = this.resolveImport(module, binding.name, [], steps);
      return resolved?.kind === 'variable' ? this.typeOfVariable(resolved, steps) : undefined;
    }
    return undefined;
  }

  /** What `with value as name` binds: for a generator made a context manager, what it yields. */
  private typeOfContext(module: Module, scope: Scope, value: Expression, steps: number): ResolvedClass | undefined {
    const target = value.kind === 'call' ? this.resolve(module, scope, value.func, steps - 1) : undefined;
    if (target?.kind === 'function' && target.node.returns?.kind === 'subscript') {
      const { returns } = target.node;
      const generic = this.externalName(target.module, target.scope, returns.value);
      const [yielded] = returns.index;
      if (generic !== undefined && YIELDING_GENERIC.test(generic) && yielded !== undefined)
        return this.annotatedClass(target.module, target.scope, yielded, steps - 1);
    }
    return this.typeOf(module, scope, value, steps);
  }

  private typeOfParameter(
    module: Module,
    scope: Scope,
    annotation: Expression | undefined,
    id: string,
    steps: number,
  ): ResolvedClass | undefined {
    if (annotation !== undefined) return this.annotatedClass(module, scope.parent ?? scope, annotation, steps);
    const owner = scope.owner;
    const isReceiver = (id === 'self' || id === 'cls') && owner?.parentClass !== undefined;
    if (!isReceiver || owner?.parentClass === undefined) return undefined;
    return { kind: 'class', module, node: owner.parentClass.node, scope: owner.parentClass.definedIn };
  }

  private typeOfVariable(variable: Extract<Resolved, { kind: 'variable' }>, steps: number): ResolvedClass | undefined {
    if (variable.annotation !== undefined) return this.annotatedClass(variable.module, variable.scope, variable.annotation, steps);
    return variable.value === undefined ? undefined : this.typeOf(variable.module, variable.scope, variable.value, steps);
  }

  private typeOfCall(module: Module, scope: Scope, call: CallExpression, steps: number): ResolvedClass | undefined {
    const target = this.resolve(module, scope, call.func, steps);
    if (target?.kind === 'class' || target?.kind === 'external') return target;
    if (target?.kind === 'function' && target.node.returns !== undefined) {
      return this.annotatedClass(target.module, target.scope, target.node.returns, steps);
    }
    if (target?.kind === 'function') return this.typeMade(target, scope, steps);
    return target?.kind === 'variable' ? (this.sessionMade(target, steps) ?? this.classMade(target, steps)) : undefined;
  }

  /** `SessionLocal = sessionmaker(engine)`, and calling it. */
  private sessionMade(factory: Extract<Resolved, { kind: 'variable' }>, steps: number): ResolvedClass | undefined {
    const { module, scope, value, annotation } = factory;
    const made = annotation === undefined ? value : undefined;
    const type =
      annotation !== undefined
        ? this.annotatedClass(module, scope, annotation, steps - 1)
        : made?.kind === 'call'
          ? this.typeOfCall(module, scope, made, steps - 1)
          : undefined;
    const product = type?.kind === 'external' ? SESSION_FACTORIES.get(type.name) : undefined;
    if (product === undefined) return undefined;
    const given = made?.kind === 'call' ? keywordArgument(made.args, 'class_') : undefined;
    return (given && this.annotatedClass(module, scope, given, steps - 1)) ?? { kind: 'external', name: product };
  }

  /** `Router = make_router_class(Route)`, and calling it: what the function's `type[X]` says. */
  private classMade(variable: Extract<Resolved, { kind: 'variable' }>, steps: number): ResolvedClass | undefined {
    if (variable.value?.kind !== 'call') return undefined;
    const maker = this.resolve(variable.module, variable.scope, variable.value.func, steps - 1);
    if (maker?.kind !== 'function' || maker.node.returns?.kind !== 'subscript') return undefined;
    const { returns } = maker.node;
    const generic = this.externalName(maker.module, maker.scope, returns.value);
    const [made] = returns.index;
    if ((generic !== 'builtins.type' && generic !== 'typing.Type') || made === undefined) return undefined;
    return this.annotatedClass(maker.module, maker.scope, made, steps - 1);
  }

  /** What a factory without annotations returns, for objects that a module makes of it: `app = create_app()`. */
  private typeMade(maker: Extract<Resolved, { kind: 'function' }>, from: Scope, steps: number): ResolvedClass | undefined {
    if (steps <= 0 || from.kind !== 'module' || !FACTORY.test(maker.node.name) || maker.node.decorators.length > 0) return undefined;
    const key = `${maker.module.path}:${maker.node.start}`;
    if (!this.made.has(key)) {
      this.made.set(key, undefined);
      const body = this.project.functionFacts(maker.module, maker.node, maker.scope);
      const owner = body?.facts.functions.find((each) => each.node.start + body.offset === maker.node.start);
      const value = owner?.returns.at(-1)?.value;
      if (owner !== undefined && value !== undefined) this.made.set(key, this.typeOf(maker.module, owner.scope, value, steps - 1));
    }
    return this.made.get(key);
  }

  /** The class an annotation stands for: `Annotated[X, ...]`, `X | None`, `"X"` and aliases of these are X. */
  annotatedClass(module: Module, scope: Scope, annotation: Expression, steps = MAX_STEPS): ResolvedClass | undefined {
    if (steps <= 0) return undefined;
    if (annotation.kind === 'string') {
      const name = annotation.value.trim();
      const isDotted = /^[A-Za-z_][\w.]*$/.test(name);
      return isDotted ? this.annotatedClass(module, scope, chainExpression(name), steps - 1) : undefined;
    }
    if (annotation.kind === 'binary' && annotation.operator === '|') {
      const isNone = (side: Expression): boolean => side.kind === 'constant' && side.value === 'None';
      if (isNone(annotation.right)) return this.annotatedClass(module, scope, annotation.left, steps - 1);
      return isNone(annotation.left) ? this.annotatedClass(module, scope, annotation.right, steps - 1) : undefined;
    }
    if (annotation.kind === 'subscript') {
      const generic = this.resolve(module, scope, annotation.value, steps - 1);
      const [first] = annotation.index;
      if (generic?.kind === 'external' && TRANSPARENT_GENERICS.has(generic.name)) {
        return first === undefined ? undefined : this.annotatedClass(module, scope, first, steps - 1);
      }
      return generic?.kind === 'class' || generic?.kind === 'external' ? generic : undefined;
    }
    const resolved = this.resolve(module, scope, annotation, steps - 1);
    if (resolved?.kind === 'class' || resolved?.kind === 'external') return resolved;
    // An alias such as `SessionDep = Annotated[AsyncSession, Depends(get_session)]`.
    return resolved?.kind === 'variable' && resolved.value !== undefined
      ? this.annotatedClass(resolved.module, resolved.scope, resolved.value, steps - 1)
      : undefined;
  }

  /** What a variable such as an annotation alias was assigned, through imports. */
  variableValue(module: Module, scope: Scope, expression: Expression): { module: Module; scope: Scope; value: Expression } | undefined {
    const resolved = this.resolve(module, scope, expression);
    return resolved?.kind === 'variable' && resolved.value !== undefined
      ? { module: resolved.module, scope: resolved.scope, value: resolved.value }
      : undefined;
  }

  /** The external names a class derives from, itself included, nearest first. Bases that cannot be followed are left out. */
  ancestry(type: ResolvedClass): ReadonlySet<string> {
    const names = new Set<string>();
    const pending: ResolvedClass[] = [type];
    const seen = new Set<unknown>();
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      if (next.kind === 'external') {
        names.add(next.name);
        continue;
      }
      if (seen.has(next.node)) continue;
      seen.add(next.node);
      for (const base of next.node.bases) {
        const resolved = this.resolve(next.module, next.scope, unsubscripted(base));
        if (resolved?.kind === 'class' || resolved?.kind === 'external') pending.push(resolved);
        else if (resolved?.kind === 'variable') {
          const made = resolved.value === undefined ? undefined : this.typeOf(resolved.module, resolved.scope, resolved.value);
          if (made !== undefined) pending.push(made);
        }
      }
    }
    return names;
  }

  /** The project's classes that a class derives from, itself included, nearest first. */
  *lineage(type: Extract<ResolvedClass, { kind: 'class' }>): Generator<Extract<ResolvedClass, { kind: 'class' }>> {
    const pending = [type];
    const seen = new Set<unknown>();
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      if (seen.has(next.node)) continue;
      seen.add(next.node);
      yield next;
      for (const base of next.node.bases) {
        const resolved = this.resolve(next.module, next.scope, unsubscripted(base));
        if (resolved?.kind === 'class') pending.push(resolved);
      }
    }
  }

  /** True when a class is or derives from one of the external names. */
  derivesFrom(type: ResolvedClass | undefined, names: ReadonlySet<string>): boolean {
    if (type === undefined) return false;
    for (const name of this.ancestry(type)) if (names.has(name)) return true;
    return false;
  }
}

/** The scope of a class body. */
export function classScope(owner: Extract<Resolved, { kind: 'class' }>): Scope | undefined {
  return owner.module.facts.classes.find((each) => each.node === owner.node)?.scope;
}
