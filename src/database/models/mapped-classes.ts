import { literalValue } from '../../python/literals.ts';
import { spelled } from '../../python/names.ts';
import type { Project } from '../../python/project.ts';
import { classScope, type Resolved, type Resolver } from '../../python/resolver.ts';
import { type Expression, expressionsOf, isConstant, keywordArgument, type Statement, walkExpression } from '../../python/syntax.ts';
import { onlyReturn, type TypeSource } from './types.ts';

export type ProjectClass = Extract<Resolved, { kind: 'class' }>;

/** How a class is mapped. */
export type Mapping =
  | { readonly kind: 'table'; readonly name: string; readonly style: 'declarative' | 'sqlmodel' }
  /** Its columns belong to the table of a class above it. */
  | { readonly kind: 'inherits'; readonly parent: ProjectClass }
  /** `__table__ = Table(...)`: the table is read where it is made. */
  | { readonly kind: 'given' }
  | { readonly kind: 'unnamed'; readonly reason: string };

const BASES =
  /^sqlalchemy\.(orm\.(decl_api\.)?DeclarativeBase\w*|(orm|ext\.declarative(\.api)?)\.declarative_base|ext\.automap\.automap_base|orm\.registry\.generate_base)$|^flask_(sqlalchemy|appbuilder)\.(\w+\.)*Model$|^advanced_alchemy\.base\.\w+Base$/;
const SQLMODEL = /^sqlmodel(\.main)?\.SQLModel$/;
const REGISTRY = /(registry\.(mapped|mapped_as_dataclass)|as_declarative_mapped)$/;
const MAX_DEPTH = 6;

/** Bases that bring no columns. */
const WITHOUT_COLUMNS =
  /^(sqlalchemy|sqlmodel|flask_sqlalchemy|pydantic|builtins|typing|typing_extensions|abc|enum|dataclasses|collections)\.|^flask_appbuilder\.(\w+\.)*Model$/;

/** Tells which classes of a project are mapped to tables, and how the tables are called. */
export class MappedClasses {
  private readonly resolver: Resolver;
  private readonly project: Project;
  private readonly expected: ReadonlySet<string>;
  private readonly mappings = new Map<ProjectClass['node'], Mapping | undefined>();

  /** `expected` are the names of tables that there should be: they decide between what a computed name may come out as. */
  constructor(resolver: Resolver, project: Project, expected: ReadonlySet<string>) {
    this.resolver = resolver;
    this.project = project;
    this.expected = expected;
  }

  /** How a class is mapped; undefined for classes that are not: bases, mixins, abstract classes, and everything else. */
  mapping(type: ProjectClass): Mapping | undefined {
    if (!this.mappings.has(type.node)) {
      // A class cannot be above itself, but what is being read may be broken.
      this.mappings.set(type.node, undefined);
      this.mappings.set(type.node, this.find(type));
    }
    return this.mappings.get(type.node);
  }

  /** The classes that give a mapped class its columns, itself first: not those of a mapped class above it. */
  contributors(type: ProjectClass): ProjectClass[] {
    const parent = this.mappedParent(type);
    const above = new Set<unknown>(parent === undefined ? [] : [...this.resolver.lineage(parent)].map((each) => each.node));
    return [...this.resolver.lineage(type)].filter((each) => !above.has(each.node));
  }

  /** The bases that cannot be looked into and may bring columns: those of libraries, and what a function makes. */
  unreadBases(type: ProjectClass): string[] {
    return this.contributors(type).flatMap((each) =>
      each.node.bases.flatMap((base) => {
        const target = base.kind === 'subscript' ? base.value : base;
        const resolved = this.resolver.resolve(each.module, each.scope, target);
        if (resolved?.kind === 'class') return [];
        if (resolved?.kind === 'external') return WITHOUT_COLUMNS.test(resolved.name) ? [] : [resolved.name];
        const made =
          resolved?.kind === 'variable' && resolved.value !== undefined
            ? this.resolver.typeOf(resolved.module, resolved.scope, resolved.value)
            : undefined;
        if (made?.kind === 'class' || (made?.kind === 'external' && WITHOUT_COLUMNS.test(made.name))) return [];
        // A declarative base under another name: it brings none either.
        return /(^|\.)_?(\w*Base|Model|db)\b/.test(spelled(target)) ? [] : [spelled(target)];
      }),
    );
  }

  /** True for `declared_attr` and its kin. */
  isDeclaredAttribute(decorators: readonly Expression[]): boolean {
    return decorators.some((decorator) => /\bdeclared_attr\b/.test(spelled(decorator)));
  }

  private find(type: ProjectClass): Mapping | undefined {
    if (isConstant(assigned(type.node.body, '__abstract__'), 'True')) return undefined;
    const ancestry = this.resolver.ancestry(type);
    if ([...ancestry].some((name) => SQLMODEL.test(name))) return this.sqlModel(type);
    const isDecorated = type.node.decorators.some((decorator) =>
      REGISTRY.test(this.resolver.externalName(type.module, type.scope, decorator.kind === 'call' ? decorator.func : decorator) ?? ''),
    );
    const isBelowBase = [...ancestry].some((name) => BASES.test(name)) || this.isBelowDecoratedBase(type);
    // A base that cannot be followed: a class with a table name of its own is mapped all the same.
    const isNamed = assigned(type.node.body, '__tablename__')?.kind === 'string';
    const isForeign = hasMappedAttribute(type) && this.unreadBases(type).length > 0;
    if ((!isBelowBase && !isDecorated && !isNamed && !isForeign) || this.isBase(type)) return undefined;
    if (assigned(type.node.body, '__table__') !== undefined) return { kind: 'given' };
    const parent = this.mappedParent(type);
    for (const each of this.contributors(type)) {
      const name = this.tableName(each, type);
      if (name === undefined) continue;
      if (typeof name !== 'string') return { kind: 'unnamed', reason: name.reason };
      if (this.rewritesNames(type)) return this.rewritten(type, name);
      // Without a key of its own it is a view of the table above, whatever it is called.
      const isView = parent !== undefined && (this.nameOf(parent) === name || !this.hasKey(type));
      return isView ? { kind: 'inherits', parent } : { kind: 'table', name, style: 'declarative' };
    }
    // Flask-SQLAlchemy names tables after their classes.
    if (parent === undefined && this.unreadBases(type).length > 0) return this.namedElsewhere(type);
    const isFlask = [...ancestry].some((name) => name.startsWith('flask_sqlalchemy'));
    if (isFlask && (parent === undefined || this.hasKey(type)))
      return { kind: 'table', name: snakeCase(type.node.name), style: 'declarative' };
    return parent === undefined ? undefined : { kind: 'inherits', parent };
  }

  /** True where a class above changes the table name of every class that derives from it. */
  private rewritesNames(type: ProjectClass): boolean {
    return [...this.resolver.lineage(type)].some((each) =>
      each.node.body.some((statement) => {
        if (statement.kind !== 'function' || statement.name !== '__init_subclass__') return false;
        const body = this.project.functionFacts(each.module, statement, classScope(each) ?? each.scope);
        return body?.facts.assignments.some(({ target }) => target.kind === 'attribute' && target.name === '__tablename__') === true;
      }),
    );
  }

  /** A name that gets something in front when the program runs: the table that is expected and ends with it. */
  private rewritten(type: ProjectClass, name: string): Mapping {
    const fitting = [...this.expected].filter((each) => each === name || each.endsWith(name));
    const [only] = fitting;
    if (fitting.length === 1 && only !== undefined) return { kind: 'table', name: only, style: 'declarative' };
    return { kind: 'unnamed', reason: `the table name of \`${type.node.name}\` is changed by \`__init_subclass__\`` };
  }

  /** A class whose table name a base of a library may choose. */
  private namedElsewhere(type: ProjectClass): Mapping {
    const name = this.expectedName(type.node.name);
    if (name !== undefined) return { kind: 'table', name, style: 'declarative' };
    return { kind: 'unnamed', reason: `the table name of \`${type.node.name}\` is given by a base that cannot be read` };
  }

  /** True where the base that maps Python's types to columns can be read, or is SQLAlchemy's own. */
  hasReadableBase(type: ProjectClass): boolean {
    return [...this.resolver.ancestry(type)].some((name) => /^(sqlalchemy|flask_sqlalchemy|sqlmodel)\./.test(name));
  }

  private nameOf(type: ProjectClass): string | undefined {
    const mapping = this.mapping(type);
    return mapping?.kind === 'table' ? mapping.name : undefined;
  }

  /** True when a class has a key column of its own. */
  private hasKey(type: ProjectClass): boolean {
    return this.contributors(type).some((each) =>
      each.node.body.some((statement) => expressionsOf(statement).some((expression) => [...walkExpression(expression)].some(makesKey))),
    );
  }

  private sqlModel(type: ProjectClass): Mapping | undefined {
    const isTable = type.node.keywords.some(({ keyword, value }) => keyword === 'table' && isConstant(value, 'True'));
    if (!isTable) return undefined;
    for (const each of this.resolver.lineage(type)) {
      const name = this.tableName(each, type);
      if (typeof name === 'string') return { kind: 'table', name, style: 'sqlmodel' };
      if (name !== undefined) return { kind: 'unnamed', reason: name.reason };
    }
    return { kind: 'table', name: type.node.name.toLowerCase(), style: 'sqlmodel' };
  }

  /** A class that derives directly from the library's base, or is decorated to be one, is the base of the project. */
  private isBase(type: ProjectClass): boolean {
    if (type.node.decorators.some((decorator) => /\bas_declarative\b/.test(spelled(decorator)))) return true;
    return type.node.bases.some((base) => {
      const target = base.kind === 'subscript' ? base.value : base;
      return /DeclarativeBase\w*$|^flask_sqlalchemy\.(model\.)?Model$/.test(
        this.resolver.externalName(type.module, type.scope, target) ?? '',
      );
    });
  }

  private isBelowDecoratedBase(type: ProjectClass): boolean {
    return [...this.resolver.lineage(type)].some((each) =>
      each.node.decorators.some((decorator) => /\bas_declarative\b/.test(spelled(decorator))),
    );
  }

  /** The nearest class above that has a table. */
  private mappedParent(type: ProjectClass): ProjectClass | undefined {
    for (const each of this.resolver.lineage(type)) if (each.node !== type.node && this.mapping(each) !== undefined) return each;
    return undefined;
  }

  /** The `__tablename__` that a class gives to `owner`; undefined where it gives none. */
  private tableName(type: ProjectClass, owner: ProjectClass): string | { readonly reason: string } | undefined {
    const given = assigned(type.node.body, '__tablename__');
    const place = `${type.module.path}:${this.project.lineOf(owner.module.path, owner.node.start)}`;
    if (given !== undefined) {
      if (isConstant(given, 'None')) return undefined;
      const site = { module: type.module, scope: classScope(type) ?? type.scope };
      const name = literalValue(this.resolver, site, given);
      return typeof name === 'string' ? name : { reason: `the table name of \`${owner.node.name}\` (${place}) is computed` };
    }
    const method = type.node.body.find((statement) => statement.kind === 'function' && statement.name === '__tablename__');
    if (method?.kind !== 'function') return undefined;
    const returned = onlyReturn(this.project, {
      kind: 'function',
      module: type.module,
      node: method,
      scope: classScope(type) ?? type.scope,
    });
    const name = returned === undefined ? undefined : this.evaluate(returned, owner.node.name, MAX_DEPTH);
    return (
      name ??
      this.expectedName(owner.node.name) ?? {
        reason: `the table name of \`${owner.node.name}\` (${place}) is computed by \`${type.node.name}.__tablename__\``,
      }
    );
  }

  /** The table that is expected under one of the usual names for a class; undefined when there is none, or more than one. */
  private expectedName(className: string): string | undefined {
    const names = [className.toLowerCase(), snakeCase(className)];
    const found = new Set(
      names.flatMap((name) => [name, `${name}s`, `${name}es`, name.replace(/y$/, 'ies')]).filter((name) => this.expected.has(name)),
    );
    const [only] = found;
    return found.size === 1 ? only : undefined;
  }

  /** Text that is computed from `cls.__name__`. */
  private evaluate(source: TypeSource, className: string, depth: number): string | undefined {
    const { site, expression } = source;
    if (depth === 0) return undefined;
    const inner = (each: Expression): string | undefined => this.evaluate({ site, expression: each }, className, depth - 1);
    switch (expression.kind) {
      case 'attribute':
        return expression.name === '__name__' ? className : undefined;
      case 'string': {
        const parts = expression.interpolations.map(inner);
        if (parts.includes(undefined)) return undefined;
        let text = '';
        let from = 0;
        for (const [index, part] of parts.entries()) {
          const gap = expression.gaps[index] ?? from;
          text += expression.value.slice(from, gap) + part;
          from = gap;
        }
        return text + expression.value.slice(from);
      }
      case 'binary': {
        const left = expression.operator === '+' ? inner(expression.left) : undefined;
        const right = inner(expression.right);
        return left === undefined || right === undefined ? undefined : left + right;
      }
      case 'call': {
        if (expression.func.kind === 'attribute' && expression.args.length === 0) {
          const text = inner(expression.func.object);
          if (expression.func.name === 'lower') return text?.toLowerCase();
          if (expression.func.name === 'upper') return text?.toUpperCase();
          return undefined;
        }
        if (this.resolver.externalName(site.module, site.scope, expression.func) === 're.sub')
          return this.substituted(
            expression.args.map(({ value }) => value),
            inner,
          );
        return undefined;
      }
      default: {
        const value = literalValue(this.resolver, site, expression);
        return typeof value === 'string' ? value : undefined;
      }
    }
  }

  /** The usual ways to put underscores between the words of a class name. */
  private substituted(args: readonly Expression[], inner: (expression: Expression) => string | undefined): string | undefined {
    const [pattern, , subject] = args;
    const text = subject === undefined ? undefined : inner(subject);
    const known = pattern?.kind === 'string' ? WORD_BOUNDARIES.get(pattern.value) : undefined;
    return known === undefined || text === undefined ? undefined : text.replace(known.pattern, known.replacement);
  }
}

/** Regular expressions of projects that split words; only known ones are run. */
const WORD_BOUNDARIES: ReadonlyMap<string, { readonly pattern: RegExp; readonly replacement: string }> = new Map([
  ['(?<!^)(?=[A-Z])', { pattern: /(?<!^)(?=[A-Z])/g, replacement: '_' }],
  ['(?<=[a-z])(?=[A-Z])', { pattern: /(?<=[a-z])(?=[A-Z])/g, replacement: '_' }],
  ['([a-z0-9])([A-Z])', { pattern: /([a-z0-9])([A-Z])/g, replacement: '$1_$2' }],
  ['(?<=[a-z0-9])(?=[A-Z])', { pattern: /(?<=[a-z0-9])(?=[A-Z])/g, replacement: '_' }],
  ['(.)([A-Z][a-z]+)', { pattern: /(.)([A-Z][a-z]+)/g, replacement: '$1_$2' }],
]);

/** The value that a class body gives to a name in the end. */
export function assigned(body: readonly Statement[], name: string): Expression | undefined {
  const last = body.findLast(
    (statement) => statement.kind === 'assign' && statement.targets.some((target) => target.kind === 'name' && target.id === name),
  );
  return last?.kind === 'assign' ? last.value : undefined;
}

/** `name: Mapped[...]` in a class body. */
function hasMappedAttribute(type: ProjectClass): boolean {
  return type.node.body.some(
    (statement) =>
      statement.kind === 'assign' &&
      statement.annotation?.kind === 'subscript' &&
      /(^|\.)Mapped$/.test(spelled(statement.annotation.value)),
  );
}

/** `primary_key=True`. */
function makesKey(expression: Expression): boolean {
  return expression.kind === 'call' && isConstant(keywordArgument(expression.args, 'primary_key'), 'True');
}

function snakeCase(name: string): string {
  return name.replace(/((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))/g, '_$1').toLowerCase();
}
