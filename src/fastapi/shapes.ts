import { ANY, type Constraints, type Field, type Shape, toCamel, UNKNOWN, unionOf, withoutNull } from '../api/shape.ts';

import { MODELS } from '../python/framework-classes.ts';
import { type CodeSite, enumMembers, isEnumeration, literalValue } from '../python/literals.ts';
import type { Project } from '../python/project.ts';
import { parseQuotedAnnotation } from '../python/quoted-annotation.ts';
import type { ResolvedClass, Resolver } from '../python/resolver.ts';
import { type Argument, type CallExpression, type Expression, isConstant, keywordArgument, type Statement } from '../python/syntax.ts';

/** Where an expression stands, and what its type variables are bound to. */
export interface Site extends CodeSite {
  readonly bound?: ReadonlyMap<string, Shape>;
}

export type ProjectClass = Extract<ResolvedClass, { kind: 'class' }>;
/** A model is described as clients send it, as they receive it, or by the names its fields have in Python. */
export type Direction = 'input' | 'output' | 'python';

const MAX_DEPTH = 12;
/** A shape with more classes in it is not known whole: models that hold one another several times grow without end. */
const MAX_EXPANDED = 1_000;
const NO_LIMITS: Constraints = {};
const text = (format?: string, constraints: Constraints = NO_LIMITS): Shape => ({
  kind: 'string',
  ...(format === undefined ? {} : { format }),
  constraints,
});
const number = (isInteger: boolean, constraints: Constraints = NO_LIMITS): Shape => ({ kind: 'number', isInteger, constraints });
const DECIMAL: Shape = { kind: 'string', format: 'decimal', constraints: NO_LIMITS };

/** Types outside the project, by their last two names or their last one. */
const EXTERNAL = new Map<string, Shape>([
  ['str', text()],
  ['int', number(true)],
  ['float', number(false)],
  ['bool', { kind: 'boolean' }],
  ['bytes', { kind: 'binary' }],
  ['bytearray', { kind: 'binary' }],
  ['object', ANY],
  ['dict', { kind: 'map', values: ANY }],
  ['list', { kind: 'array', items: ANY, constraints: NO_LIMITS }],
  ['set', { kind: 'array', items: ANY, constraints: NO_LIMITS }],
  ['tuple', { kind: 'array', items: ANY, constraints: NO_LIMITS }],
  ['typing.Any', ANY],
  ['typing_extensions.Any', ANY],
  ['typing.Dict', { kind: 'map', values: ANY }],
  ['typing.List', { kind: 'array', items: ANY, constraints: NO_LIMITS }],
  ['datetime.datetime', text('date-time')],
  ['datetime.date', text('date')],
  ['datetime.time', text('time')],
  ['datetime.timedelta', text('duration')],
  ['uuid.UUID', text('uuid')],
  ['decimal.Decimal', DECIMAL],
  ['pathlib.Path', text('path')],
  ['pydantic.AwareDatetime', text('date-time')],
  ['pydantic.NaiveDatetime', text('date-time')],
  ['pydantic.FutureDatetime', text('date-time')],
  ['pydantic.PastDatetime', text('date-time')],
  ['pydantic.FutureDate', text('date')],
  ['pydantic.PastDate', text('date')],
  ['pydantic.EmailStr', text('email')],
  ['pydantic.NameEmail', text('name-email')],
  ['pydantic.SecretStr', text('password')],
  ['pydantic.AnyUrl', text('uri')],
  ['pydantic.HttpUrl', text('uri')],
  ['pydantic.AnyHttpUrl', text('uri')],
  ['pydantic.PostgresDsn', text('uri')],
  ['pydantic.RedisDsn', text('uri')],
  ['pydantic.StrictStr', text()],
  ['pydantic.StrictInt', number(true)],
  ['pydantic.StrictFloat', number(false)],
  ['pydantic.StrictBool', { kind: 'boolean' }],
  ['pydantic.PositiveInt', number(true, { gt: 0 })],
  ['pydantic.NonNegativeInt', number(true, { ge: 0 })],
  ['pydantic.NegativeInt', number(true, { lt: 0 })],
  ['pydantic.NonPositiveInt', number(true, { le: 0 })],
  ['pydantic.PositiveFloat', number(false, { gt: 0 })],
  ['pydantic.NonNegativeFloat', number(false, { ge: 0 })],
  ['pydantic.UUID1', text('uuid')],
  ['pydantic.UUID3', text('uuid')],
  ['pydantic.UUID4', text('uuid')],
  ['pydantic.UUID5', text('uuid')],
  ['pydantic.UUID7', text('uuid')],
  ['pydantic.JsonValue', ANY],
  ['fastapi.UploadFile', { kind: 'binary' }],
  ['datastructures.UploadFile', { kind: 'binary' }],
  ['ipaddress.IPv4Address', text('ipv4')],
  ['ipaddress.IPv6Address', text('ipv6')],
]);
const ARRAYS =
  /\.(list|List|set|Set|frozenset|FrozenSet|Sequence|MutableSequence|Iterable|Collection|AbstractSet|tuple|Tuple|deque|conlist)$/;
const MAPS = /\.(dict|Dict|Mapping|MutableMapping|OrderedDict|defaultdict|DefaultDict)$/;
const UNIONS = /^typing(_extensions)?\.Union$/;
const LITERALS = /^typing(_extensions)?\.Literal$/;
const TYPED_DICTS = new Set(['typing.TypedDict', 'typing_extensions.TypedDict', 'typing.NamedTuple']);
const FIELD = /^(pydantic(\.fields)?|sqlmodel(\.main)?)\.Field$/;
/** Calls whose keywords constrain what they annotate. */
const CONSTRAINING =
  /^(pydantic(\.\w+)*|sqlmodel(\.\w+)*|fastapi(\.\w+)*)\.(Field|StringConstraints|Query|Path|Header|Cookie|Body|Form|File|constr|conint|confloat|condecimal|conlist|conset)$/;
const CONSTRAINTS = ['gt', 'ge', 'lt', 'le', 'multiple_of', 'min_length', 'max_length', 'pattern'];
const ANNOTATED_TYPES = new Map([
  ['annotated_types.Gt', ['gt']],
  ['annotated_types.Ge', ['ge']],
  ['annotated_types.Lt', ['lt']],
  ['annotated_types.Le', ['le']],
  ['annotated_types.MinLen', ['min_length']],
  ['annotated_types.MaxLen', ['max_length']],
  ['annotated_types.Len', ['min_length', 'max_length']],
  ['annotated_types.Interval', []],
]);

/** Reads Python types as shapes of JSON: Pydantic models with their bases, generics, aliases and constraints. */
export class ShapeReader {
  private readonly resolver: Resolver;
  private readonly project: Project;
  private readonly open = new Set<ProjectClass['node']>();
  /** How many classes the outermost shape has had written out in it so far. */
  private expanded = 0;

  constructor(resolver: Resolver, project: Project) {
    this.resolver = resolver;
    this.project = project;
  }

  /** The shape of what an annotation stands for. */
  shapeOf(site: Site, annotation: Expression, direction: Direction, depth = MAX_DEPTH): Shape {
    if (depth === 0) return UNKNOWN;
    switch (annotation.kind) {
      case 'string': {
        const quoted = parseQuotedAnnotation(annotation.value, annotation.start);
        return quoted === undefined ? UNKNOWN : this.shapeOf(site, quoted, direction, depth - 1);
      }
      case 'constant':
        return annotation.value === 'None' ? { kind: 'null' } : UNKNOWN;
      case 'binary':
        if (annotation.operator !== '|') return UNKNOWN;
        return unionOf([annotation.left, annotation.right].map((side) => this.shapeOf(site, side, direction, depth - 1)));
      case 'subscript':
        return this.subscripted(site, annotation, direction, depth);
      case 'call':
        return this.called(site, annotation, direction, depth);
      case 'name':
      case 'attribute':
        return this.named(site, annotation, direction, depth);
      default:
        return UNKNOWN;
    }
  }

  private named(site: Site, annotation: Extract<Expression, { kind: 'name' | 'attribute' }>, direction: Direction, depth: number): Shape {
    const bound = annotation.kind === 'name' ? site.bound?.get(annotation.id) : undefined;
    if (bound !== undefined) return bound;
    const resolved = this.resolver.resolve(site.module, site.scope, annotation);
    switch (resolved?.kind) {
      case 'external':
        return externalShape(resolved.name);
      case 'class':
        return this.classShape(resolved, direction, new Map());
      case 'variable': {
        const inner: Site = { module: resolved.module, scope: resolved.scope };
        const { value } = resolved;
        if (value === undefined) return UNKNOWN;
        if (value.kind !== 'call') return this.shapeOf(inner, value, direction, depth - 1);
        const maker = this.resolver.externalName(resolved.module, resolved.scope, value.func);
        if (maker === 'typing.TypeVar' || maker === 'typing_extensions.TypeVar') return ANY;
        if (maker === 'typing.NewType' && value.args[1] !== undefined)
          return this.shapeOf(inner, value.args[1].value, direction, depth - 1);
        if (maker === 'typing_extensions.TypeAliasType' && value.args[1] !== undefined)
          return this.shapeOf(inner, value.args[1].value, direction, depth - 1);
        return this.shapeOf(inner, value, direction, depth - 1);
      }
      default:
        return UNKNOWN;
    }
  }

  private subscripted(site: Site, annotation: Extract<Expression, { kind: 'subscript' }>, direction: Direction, depth: number): Shape {
    const described = annotation.value.kind === 'name' ? site.bound?.get(annotation.value.id) : undefined;
    if (described !== undefined) return described;
    const generic = this.resolver.resolve(site.module, site.scope, annotation.value);
    const [first, second] = annotation.index;
    const shapeOf = (part: Expression): Shape => this.shapeOf(site, part, direction, depth - 1);
    if (generic?.kind === 'class') {
      const given = annotation.index.flatMap((part) => (part.kind === 'tuple' ? part.items : [part]));
      return this.classShape(generic, direction, this.bindings(generic, given.map(shapeOf)));
    }
    if (generic?.kind === 'variable' && generic.value !== undefined)
      // A generic alias: what it stands for, its parameters left open.
      return this.shapeOf({ module: generic.module, scope: generic.scope }, generic.value, direction, depth - 1);
    if (generic?.kind !== 'external' || first === undefined) return UNKNOWN;
    const { name } = generic;
    if (/\.Annotated$/.test(name)) {
      const [type, ...metadata] = annotation.index;
      return type === undefined ? UNKNOWN : this.constrained(shapeOf(type), site, metadata);
    }
    if (/\.Optional$/.test(name)) return unionOf([shapeOf(first), { kind: 'null' }]);
    if (/\.(ClassVar|Final|Required|NotRequired|ReadOnly)$/.test(name)) return shapeOf(first);
    if (UNIONS.test(name)) return unionOf(annotation.index.map(shapeOf));
    if (LITERALS.test(name)) return this.literal(site, annotation.index);
    if (/\.(tuple|Tuple)$/.test(name)) {
      const items = annotation.index.filter((part) => !isConstant(part, '...')).map(shapeOf);
      return { kind: 'array', items: unionOf(items), constraints: NO_LIMITS };
    }
    if (ARRAYS.test(name)) return { kind: 'array', items: shapeOf(first), constraints: NO_LIMITS };
    if (MAPS.test(name)) return { kind: 'map', values: second === undefined ? ANY : shapeOf(second) };
    return UNKNOWN;
  }

  private literal(site: Site, parts: readonly Expression[]): Shape {
    const values: (string | number | boolean)[] = [];
    for (const part of parts) {
      if (part.kind === 'string') values.push(part.value);
      else if (part.kind === 'number') values.push(Number(part.text));
      else if (part.kind === 'constant' && part.value !== 'None') values.push(part.value === 'True');
      else if (part.kind === 'constant')
        return unionOf([
          this.literal(
            site,
            parts.filter((each) => each !== part),
          ),
          { kind: 'null' },
        ]);
      else return UNKNOWN;
    }
    return { kind: 'enum', values };
  }

  /** `constr(max_length=5)`, `conlist(int, min_length=1)`. */
  private called(site: Site, call: CallExpression, direction: Direction, depth: number): Shape {
    const name = this.resolver.externalName(site.module, site.scope, call.func);
    if (name === undefined) return UNKNOWN;
    const kind = /\.con(\w+)$/.exec(name)?.[1];
    const inner = call.args.find((argument) => argument.keyword === undefined)?.value;
    const base: Record<string, Shape> = { str: text(), int: number(true), float: number(false), decimal: DECIMAL, date: text('date') };
    if (kind === 'list' || kind === 'set') {
      const items = inner === undefined ? ANY : this.shapeOf(site, inner, direction, depth - 1);
      return this.constrained({ kind: 'array', items, constraints: NO_LIMITS }, site, [call]);
    }
    const shape = kind === undefined ? undefined : base[kind];
    return shape === undefined ? UNKNOWN : this.constrained(shape, site, [call]);
  }

  /** A shape with the constraints that metadata such as `Field(ge=1)` adds. */
  constrained(shape: Shape, site: Site, metadata: readonly Expression[]): Shape {
    const found: Record<string, string | number> = {};
    for (const part of metadata) if (part.kind === 'call') Object.assign(found, this.constraintsOf(site, part));
    if (Object.keys(found).length === 0) return shape;
    const { shape: inner, isNullable } = withoutNull(shape);
    if (!('constraints' in inner)) return shape;
    const limited = { ...inner, constraints: { ...inner.constraints, ...found } };
    return isNullable ? unionOf([limited, { kind: 'null' }]) : limited;
  }

  private constraintsOf(site: Site, call: CallExpression): Record<string, string | number> {
    const name = this.resolver.externalName(site.module, site.scope, call.func);
    const found: Record<string, string | number> = {};
    const positional = name === undefined ? undefined : ANNOTATED_TYPES.get(name);
    if (positional === undefined && (name === undefined || !CONSTRAINING.test(name))) return found;
    for (const [index, argument] of call.args.entries()) {
      const key = argument.keyword ?? positional?.[index];
      const value = this.literalValue(site, argument.value);
      if (key === undefined || typeof value === 'boolean' || value === undefined) continue;
      const canonical = key === 'regex' ? 'pattern' : key === 'min_items' ? 'min_length' : key === 'max_items' ? 'max_length' : key;
      // Escapes are kept as they are written, and raw and plain strings mean the same pattern.
      if (CONSTRAINTS.includes(canonical)) found[canonical] = typeof value === 'string' ? value.replaceAll('\\\\', '\\') : value;
    }
    return found;
  }

  /** What a name or attribute was assigned, and where; undefined for anything but a variable. */
  variable(site: Site, expression: Expression): (Site & { readonly value: Expression }) | undefined {
    const variable = this.resolver.variableValue(site.module, site.scope, expression);
    return variable?.value === expression ? undefined : variable;
  }

  /** The full name of what an expression names outside the project. */
  externalName(site: Site, expression: Expression): string | undefined {
    return this.resolver.externalName(site.module, site.scope, expression);
  }

  /** A number or text that an expression or the constant it names gives. */
  literalValue(site: Site, expression: Expression): string | number | boolean | undefined {
    return literalValue(this.resolver, site, expression);
  }

  /** A class of the project: a model, an enumeration, a dataclass or a typed dict; unknown for any other. */
  classShape(type: ProjectClass, direction: Direction, given: ReadonlyMap<string, Shape>): Shape {
    // A generic class without arguments takes anything.
    const bound = given.size > 0 ? given : this.bindings(type, []);
    const name = given.size > 0 ? `${type.node.name}[${[...given.values()].map(nameOf).join(', ')}]` : type.node.name;
    if (this.open.has(type.node)) return { kind: 'reference', name };
    if (this.open.size === 0) this.expanded = 0;
    this.expanded += 1;
    if (this.expanded > MAX_EXPANDED) return UNKNOWN;
    this.open.add(type.node);
    try {
      const ancestry = this.resolver.ancestry(type);
      if (isEnumeration(this.resolver, type)) return this.enumeration(type);
      const isModel = this.resolver.derivesFrom(type, MODELS);
      const isRecord = isModel || [...TYPED_DICTS].some((each) => ancestry.has(each)) || this.isDataclass(type);
      if (!isRecord) return UNKNOWN;
      if (ancestry.has('pydantic.RootModel')) return this.rootModel(type, direction, bound);
      const naming = direction === 'python' ? (attribute: string) => attribute : this.naming(type);
      const fields = this.fieldsOf(type, direction, bound, naming);
      return fields === undefined ? UNKNOWN : { kind: 'object', name, fields: [...fields.values()], isOpen: this.allowsExtra(type) };
    } finally {
      this.open.delete(type.node);
    }
  }

  /** True for Pydantic models and enumerations: what a contract is made of. */
  isModel(type: ProjectClass): boolean {
    return this.resolver.derivesFrom(type, MODELS) || isEnumeration(this.resolver, type);
  }

  /** True for classes with type parameters. */
  isGeneric(type: ProjectClass): boolean {
    return this.typeParameters(type).length > 0;
  }

  private isDataclass(type: ProjectClass): boolean {
    return type.node.decorators.some((decorator) => {
      const target = decorator.kind === 'call' ? decorator.func : decorator;
      return /(^|\.)dataclass$/.test(this.resolver.externalName(type.module, type.scope, target) ?? '');
    });
  }

  private enumeration(type: ProjectClass): Shape {
    const members = enumMembers(this.resolver, type) ?? [];
    const values = members.flatMap((member) => (member.value === undefined ? [] : [member.value]));
    // A member whose value is computed: the enumeration is not known whole.
    return values.length === 0 || values.length < members.length ? UNKNOWN : { kind: 'enum', values, name: type.node.name };
  }

  private rootModel(type: ProjectClass, direction: Direction, bound: ReadonlyMap<string, Shape>): Shape {
    for (const base of type.node.bases)
      if (base.kind === 'subscript' && base.index[0] !== undefined)
        return this.shapeOf({ ...siteOf(type), bound }, base.index[0], direction);
    return UNKNOWN;
  }

  /**
   * The fields of a class by attribute, those of its bases first; undefined when a base cannot be followed. `naming` is that of
   * the class at the bottom: its configuration goes for inherited fields too.
   */
  private fieldsOf(
    type: ProjectClass,
    direction: Direction,
    bound: ReadonlyMap<string, Shape>,
    naming: (name: string) => string,
  ): Map<string, Field> | undefined {
    const fields = new Map<string, Field>();
    const site: Site = { ...siteOf(type), bound };
    for (const base of [...type.node.bases].reverse()) {
      const target = base.kind === 'subscript' ? base.value : base;
      const resolved = this.resolver.resolve(type.module, type.scope, target);
      if (resolved?.kind === 'external') {
        if (isFieldless(resolved.name)) continue;
        return undefined;
      }
      if (resolved?.kind !== 'class') return undefined;
      const given = base.kind === 'subscript' ? base.index.map((part) => this.shapeOf(site, part, direction)) : [];
      const inherited = this.fieldsOf(resolved, direction, this.bindings(resolved, given), naming);
      if (inherited === undefined) return undefined;
      for (const [attribute, field] of inherited) fields.set(attribute, field);
    }
    const isTotal = !isConstant(keywordArgument(type.node.keywords, 'total'), 'False');
    for (const statement of type.node.body) {
      const field = this.field(site, type, statement, direction, naming, isTotal);
      if (field !== undefined) fields.set(field.attribute, field.field);
      if (field?.isHidden === true) fields.delete(field.attribute);
    }
    return fields;
  }

  private field(
    site: Site,
    type: ProjectClass,
    statement: Statement,
    direction: Direction,
    naming: (name: string) => string,
    isTotal: boolean,
  ): { attribute: string; field: Field; isHidden: boolean } | undefined {
    const line = this.project.lineOf(type.module.path, statement.start);
    if (statement.kind === 'function') {
      const isComputed = statement.decorators.some((decorator) =>
        /(^|\.)computed_field$/.test(
          this.resolver.externalName(type.module, type.scope, decorator.kind === 'call' ? decorator.func : decorator) ?? '',
        ),
      );
      if (!isComputed || direction === 'input') return undefined;
      const shape = statement.returns === undefined ? UNKNOWN : this.shapeOf(site, statement.returns, direction);
      return { attribute: statement.name, field: { name: naming(statement.name), shape, required: true, line }, isHidden: false };
    }
    if (statement.kind !== 'assign' || statement.annotation === undefined) return undefined;
    const [target] = statement.targets;
    if (target?.kind !== 'name' || target.id.startsWith('_') || target.id === 'model_config') return undefined;
    const wrapper =
      statement.annotation.kind === 'subscript'
        ? this.resolver.externalName(type.module, type.scope, statement.annotation.value)
        : undefined;
    if (wrapper !== undefined && /\.(ClassVar|SkipJsonSchema|InitVar)$/.test(wrapper)) return undefined;
    const settings = this.fieldCalls(site, statement.annotation, statement.value);
    if (settings.isPrivate) return undefined;
    const own = this.shapeOf(site, statement.annotation, direction);
    const shape = statement.value?.kind === 'call' ? this.constrained(own, site, [statement.value]) : own;
    const option = (keyword: string): Expression | undefined => keywordArgument(settings.args, keyword);
    const alias =
      direction === 'python' ? undefined : (option(direction === 'input' ? 'validation_alias' : 'serialization_alias') ?? option('alias'));
    const spelled = alias === undefined ? undefined : this.literalValue(site, alias);
    const hasDefault = hasValue(statement.value, settings.args) || (wrapper !== undefined && /\.NotRequired$/.test(wrapper)) || !isTotal;
    const plain = statement.value?.kind === 'call' ? option('default') : statement.value;
    const defaultValue = plain === undefined ? undefined : this.literalValue(site, plain);
    const described = option('description');
    const description = described === undefined ? undefined : this.literalValue(site, described);
    const excluded = option('exclude');
    return {
      attribute: target.id,
      isHidden: direction !== 'input' && isConstant(excluded, 'True'),
      field: {
        name: typeof spelled === 'string' ? spelled : naming(target.id),
        shape,
        required: !hasDefault,
        line,
        ...(typeof description === 'string' ? { description } : {}),
        ...(defaultValue === undefined ? {} : { defaultValue }),
      },
    };
  }

  /** The arguments of every `Field(...)` of a field, in its annotation and as its value; private for what no schema shows. */
  private fieldCalls(site: Site, annotation: Expression, value: Expression | undefined): { args: readonly Argument[]; isPrivate: boolean } {
    const args: Argument[] = [];
    let isPrivate = false;
    // `Amount = Annotated[Decimal, Field(...)]` is looked into as if it stood here.
    const alias = annotation.kind === 'name' || annotation.kind === 'attribute' ? this.variable(site, annotation) : undefined;
    const whole = alias ?? { ...site, value: annotation };
    const metadata = whole.value.kind === 'subscript' ? whole.value.index : [];
    const candidates = [...metadata.map((each) => ({ at: whole, each })), { at: site, each: value }];
    for (const { at, each: candidate } of candidates) {
      if (candidate?.kind !== 'call') continue;
      const name = this.resolver.externalName(at.module, at.scope, candidate.func);
      if (name !== undefined && FIELD.test(name)) args.push(...candidate.args);
      if (name !== undefined && /\.SkipJsonSchema$/.test(name)) isPrivate = true;
      if (name === 'sqlmodel.Relationship' || name === 'sqlmodel.main.Relationship' || name === 'pydantic.PrivateAttr') isPrivate = true;
    }
    return { args, isPrivate };
  }

  /** How a model spells its fields: `alias_generator=to_camel` in its configuration or that of a base. */
  private naming(type: ProjectClass): (name: string) => string {
    const generator = this.configured(type, 'alias_generator');
    const named =
      generator === undefined
        ? ''
        : (this.resolver.externalName(generator.module, generator.scope, generator.value) ?? lastName(generator.value));
    if (/camel/i.test(named) && !/pascal/i.test(named)) return toCamel;
    return /pascal/i.test(named)
      ? (name) => name.replace(/(^|_)([a-z0-9])/g, (_, _gap, letter: string) => letter.toUpperCase())
      : (name) => name;
  }

  private allowsExtra(type: ProjectClass): boolean {
    const extra = this.configured(type, 'extra');
    return extra !== undefined && extra.value.kind === 'string' && extra.value.value === 'allow';
  }

  /** An option of `model_config`, or of the class statement, in a class or its nearest base that sets it. */
  private configured(type: ProjectClass, option: string): (Site & { value: Expression }) | undefined {
    for (const next of this.resolver.lineage(type)) {
      const keyword = keywordArgument(next.node.keywords, option);
      if (keyword !== undefined) return { ...siteOf(next), value: keyword };
      for (const statement of next.node.body) {
        if (statement.kind !== 'assign' || statement.value === undefined) continue;
        if (!statement.targets.some((target) => target.kind === 'name' && target.id === 'model_config')) continue;
        const found = optionIn(statement.value, option);
        if (found !== undefined) return { ...siteOf(next), value: found };
      }
    }
    return undefined;
  }

  /** What the type parameters of a generic class are bound to when it gets these arguments. */
  private bindings(type: ProjectClass, given: readonly Shape[]): ReadonlyMap<string, Shape> {
    return new Map(this.typeParameters(type).map((name, index) => [name, given[index] ?? ANY]));
  }

  private typeParameters(type: ProjectClass): readonly string[] {
    if (type.node.typeParameters.length > 0) return type.node.typeParameters;
    const names: string[] = [];
    for (const base of type.node.bases) {
      if (base.kind !== 'subscript') continue;
      const variables = base.index.flatMap((part) => (part.kind === 'name' && this.isTypeVariable(type, part) ? [part.id] : []));
      if (/\.(Generic|Protocol)$/.test(this.resolver.externalName(type.module, type.scope, base.value) ?? '')) return variables;
      for (const name of variables) if (!names.includes(name)) names.push(name);
    }
    return names;
  }

  private isTypeVariable(type: ProjectClass, name: Expression): boolean {
    const variable = this.resolver.variableValue(type.module, type.scope, name);
    if (variable?.value.kind !== 'call') return false;
    return /^typing(_extensions)?\.TypeVar$/.test(this.resolver.externalName(variable.module, variable.scope, variable.value.func) ?? '');
  }
}

/** Where the annotations of a class's body are looked up. */
export function siteOf(type: ProjectClass): Site {
  return { module: type.module, scope: type.module.facts.classes.find((each) => each.node === type.node)?.scope ?? type.scope };
}

function nameOf(shape: Shape): string {
  if ((shape.kind === 'object' || shape.kind === 'enum') && shape.name !== undefined) return shape.name;
  if (shape.kind === 'array') return `list[${nameOf(shape.items)}]`;
  if (shape.kind === 'reference') return shape.name;
  return shape.kind === 'number' ? (shape.isInteger ? 'int' : 'float') : shape.kind === 'string' ? (shape.format ?? 'str') : shape.kind;
}

function externalShape(name: string): Shape {
  const parts = name.split('.');
  const last = parts.at(-1) ?? '';
  const found = EXTERNAL.get(parts.slice(-2).join('.')) ?? (parts[0] === 'builtins' ? EXTERNAL.get(last) : undefined);
  if (found !== undefined) return found;
  if (parts[0] === 'pydantic' && EXTERNAL.has(`pydantic.${last}`)) return EXTERNAL.get(`pydantic.${last}`) ?? UNKNOWN;
  if (MAPS.test(`.${last}`)) return { kind: 'map', values: ANY };
  if (ARRAYS.test(`.${last}`) && /^(typing|collections|builtins)/.test(name)) return { kind: 'array', items: ANY, constraints: NO_LIMITS };
  return UNKNOWN;
}

/** Bases outside the project that bring no fields. */
function isFieldless(name: string): boolean {
  return (
    MODELS.has(name) ||
    TYPED_DICTS.has(name) ||
    /^(typing|typing_extensions|abc|builtins)\./.test(name) ||
    /^(pydantic|sqlmodel)(\.\w+)*\.(BaseModel|SQLModel|RootModel|GenericModel)$/.test(name)
  );
}

/** True when a field has a default: any value but `...`, or a `Field(...)` that gives one. */
function hasValue(value: Expression | undefined, args: readonly Argument[]): boolean {
  const isDefault = (argument: Argument): boolean =>
    argument.keyword === 'default_factory' || (argument.keyword === 'default' && !isConstant(argument.value, '...'));
  if (args.some(isDefault)) return true;
  if (value === undefined) return false;
  if (value.kind !== 'call' || !/^(Field|Query|Path|Body|Form|Header)$/.test(lastName(value.func))) return !isConstant(value, '...');
  const first = value.args.find((argument) => argument.keyword === undefined)?.value;
  return first !== undefined && !isConstant(first, '...');
}

function optionIn(value: Expression, option: string): Expression | undefined {
  if (value.kind === 'call') return keywordArgument(value.args, option);
  if (value.kind !== 'dict') return undefined;
  return value.entries.find((entry) => entry.key?.kind === 'string' && entry.key.value === option)?.value;
}

function lastName(expression: Expression): string {
  return expression.kind === 'name' ? expression.id : expression.kind === 'attribute' ? expression.name : '';
}
