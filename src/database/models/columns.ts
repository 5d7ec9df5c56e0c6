import { type CodeSite, literalValue } from '../../python/literals.ts';
import { spelled } from '../../python/names.ts';
import type { Project } from '../../python/project.ts';
import { parseQuotedAnnotation } from '../../python/quoted-annotation.ts';
import type { Resolver } from '../../python/resolver.ts';
import { type Argument, type CallExpression, type Expression, isConstant, keywordArgument } from '../../python/syntax.ts';
import type { Check, Column, ColumnType, Place, Said, Expression as SqlExpression, Unknown } from '../schema.ts';
import { namedType } from '../script/postgresql/types.ts';
import { libraryName } from './library-names.ts';
import type { ModelSql } from './sql.ts';
import { type ModelTypes, onlyReturn, positional, type TypeMapEntry } from './types.ts';

/** A foreign key as code names its target. */
export interface ForeignKeyDraft {
  readonly site: CodeSite;
  /** `"books.id"`, or `Book.id`. */
  readonly target: Expression;
  readonly name: string | undefined;
  readonly onDelete: string | undefined;
  readonly onUpdate: string | undefined;
  readonly place: Place;
}

/** A column, and what its definition says about the table around it. */
export interface ColumnDraft {
  readonly attribute: string;
  /** Its type is undefined where it follows from the column that its foreign key points to. */
  readonly column: Column;
  readonly isPrimaryKey: boolean;
  readonly isUnique: boolean;
  readonly isIndexed: boolean;
  readonly foreignKeys: readonly ForeignKeyDraft[];
  readonly checks: readonly Check[];
  readonly autoincrement: boolean | 'auto';
  /** Whether it is a key, unique or indexed is computed. */
  readonly isUnclear: boolean;
}

/** What is written for an attribute of a class. */
export interface AttributeSource {
  readonly site: CodeSite;
  readonly name: string;
  readonly start: number;
  readonly annotation: Expression | undefined;
  readonly value: Expression | undefined;
}

/** Arguments of a column, and where they stand. */
interface ColumnArguments {
  readonly site: CodeSite;
  readonly args: readonly Argument[];
}

/** What an annotation in `Mapped[...]` says. */
interface Annotated {
  readonly site: CodeSite;
  /** The type without `None`. */
  readonly type: Expression;
  readonly isNullable: boolean;
  /** The `mapped_column()` calls in `Annotated[...]`. */
  readonly columns: readonly ColumnArguments[];
}

const COLUMN = /^(Column|mapped_column|MappedColumn)$/;
const SPECIAL = /^(ForeignKey|Identity|Computed|Sequence|CheckConstraint|FetchedValue|DefaultClause|ColumnDefault)$/;
const MAX_DEPTH = 8;

/** Reads the columns that attributes of declarative and SQLModel classes, and the arguments of `Table()`, stand for. */
export class ColumnReader {
  private readonly resolver: Resolver;
  private readonly project: Project;
  private readonly types: ModelTypes;
  private readonly sql: ModelSql;

  constructor(resolver: Resolver, project: Project, types: ModelTypes, sql: ModelSql) {
    this.resolver = resolver;
    this.project = project;
    this.types = types;
    this.sql = sql;
  }

  /**
   * The column of an attribute; `none` for what is no column, and why where that cannot be known. `map` is undefined where the
   * base that maps types cannot be read.
   */
  declarative(source: AttributeSource, map: readonly TypeMapEntry[] | undefined): ColumnDraft | 'none' | Unknown {
    const mapped = this.mappedType(source);
    if (mapped === 'none') return 'none';
    const own = source.value === undefined ? [] : this.columnArguments(source.site, source.value);
    if (own === 'none') return 'none';
    if (own === undefined) return mapped === undefined ? 'none' : { unknown: `what \`${source.name}\` is made of is not written here` };
    if (mapped === undefined && own.length === 0) return 'none';
    return this.draft(source, [...own, ...(mapped?.columns ?? [])], mapped, map);
  }

  /** The column of a field of an SQLModel class with `table=True`. */
  sqlModelField(source: AttributeSource): ColumnDraft | 'none' | Unknown {
    const { site, annotation, value } = source;
    // pydantic keeps names with an underscore for itself.
    if (annotation === undefined || source.name.startsWith('_')) return 'none';
    const generic = annotation.kind === 'subscript' ? this.resolver.externalName(site.module, site.scope, annotation.value) : undefined;
    if (generic !== undefined && /\.(ClassVar|PrivateAttr|Mapped)$/.test(generic)) return 'none';
    const made = value?.kind === 'call' ? libraryName(this.resolver, site, value.func) : undefined;
    if (made === 'Relationship') return 'none';
    const isField = value?.kind === 'call' && (made === 'Field' || this.isPydanticField(site, value));
    if (value?.kind === 'call' && !isField) return this.followedField(source, value);
    const args = isField && value?.kind === 'call' ? value.args : [];
    const given = keywordArgument(args, 'sa_column');
    if (given === undefined || isConstant(given, 'None')) return this.draftOfField(source, args, isField ? undefined : value);
    const own = this.columnArguments(site, given);
    return Array.isArray(own) ? this.draft(source, own, undefined, []) : { unknown: `its \`sa_column\` is made when the program runs` };
  }

  /** A `Column()` in the arguments of `Table()`; undefined for any other argument. */
  tableColumn(site: CodeSite, expression: Expression, place: Place): ColumnDraft | undefined {
    const own = this.columnArguments(site, expression);
    if (own === undefined || own === 'none') return undefined;
    const name = this.columnName(own);
    if (name === undefined) return undefined;
    return this.draft({ site, name, start: expression.start, annotation: undefined, value: expression }, own, undefined, [], place);
  }

  /** A field made by a function of the project, or a plain default that is a call. */
  private followedField(source: AttributeSource, value: CallExpression): ColumnDraft | 'none' | Unknown {
    const resolved = this.resolver.resolve(source.site.module, source.site.scope, value.func);
    if (resolved?.kind !== 'function') return this.draftOfField(source, [], value);
    const returned = onlyReturn(this.project, resolved, { site: source.site, args: value.args });
    const made = returned?.expression.kind === 'call' ? libraryName(this.resolver, returned.site, returned.expression.func) : undefined;
    if (returned === undefined || made !== 'Field') return { unknown: `\`${spelled(value.func)}\` makes it when the program runs` };
    const read = this.sqlModelField({ ...source, site: returned.site, value: returned.expression });
    return read === 'none' || 'unknown' in read
      ? read
      : { ...read, column: { ...read.column, place: this.place(source.site, source.start) } };
  }

  private isPydanticField(site: CodeSite, call: CallExpression): boolean {
    return /^pydantic(\.fields)?\.Field$/.test(this.resolver.externalName(site.module, site.scope, call.func) ?? '');
  }

  /** What stands in `Mapped[...]`; `none` for annotations that make no column, undefined where there is no `Mapped`. */
  private mappedType({ site, annotation }: AttributeSource): Annotated | 'none' | undefined {
    if (annotation?.kind !== 'subscript') return undefined;
    const generic = libraryName(this.resolver, site, annotation.value);
    if (generic === 'WriteOnlyMapped' || generic === 'DynamicMapped') return 'none';
    const [inner] = annotation.index;
    if (generic !== 'Mapped' || inner === undefined) return undefined;
    return this.annotated(site, inner, MAX_DEPTH);
  }

  private annotated(site: CodeSite, annotation: Expression, depth: number): Annotated {
    const plain: Annotated = { site, type: annotation, isNullable: false, columns: [] };
    if (depth === 0) return plain;
    if (annotation.kind === 'string') {
      const quoted = parseQuotedAnnotation(annotation.value, annotation.start);
      return quoted === undefined ? plain : this.annotated(site, quoted, depth - 1);
    }
    if (annotation.kind === 'binary' && annotation.operator === '|') {
      if (isConstant(annotation.right, 'None')) return { ...this.annotated(site, annotation.left, depth - 1), isNullable: true };
      if (isConstant(annotation.left, 'None')) return { ...this.annotated(site, annotation.right, depth - 1), isNullable: true };
      return { ...plain, isNullable: hasNone(annotation) };
    }
    if (annotation.kind === 'subscript') {
      const generic = this.resolver.externalName(site.module, site.scope, annotation.value) ?? '';
      const [first, ...others] = annotation.index;
      if (first === undefined) return plain;
      if (/\.Optional$/.test(generic)) return { ...this.annotated(site, first, depth - 1), isNullable: true };
      if (/\.Union$/.test(generic)) {
        const options = annotation.index.filter((each) => !isConstant(each, 'None'));
        const [only] = options;
        const isNullable = options.length < annotation.index.length;
        return options.length === 1 && only !== undefined
          ? { ...this.annotated(site, only, depth - 1), isNullable }
          : { ...plain, isNullable };
      }
      if (/\.Annotated$/.test(generic)) {
        const inner = this.annotated(site, first, depth - 1);
        const columns = others.flatMap((each) => {
          const args = this.columnArguments(site, each);
          return Array.isArray(args) ? args : [];
        });
        // The alias itself may be in a type map: it stays the type.
        return { site, type: annotation, isNullable: inner.isNullable, columns: [...columns, ...inner.columns] };
      }
      return plain;
    }
    const variable = this.resolver.variableValue(site.module, site.scope, annotation);
    if (variable === undefined || variable.value === annotation || variable.value.kind === 'call') return plain;
    const inner = this.annotated(variable, variable.value, depth - 1);
    const isUnion = inner.isNullable && inner.type !== variable.value;
    return isUnion ? inner : { ...inner, site, type: annotation };
  }

  /** The arguments of the column that a value makes; `none` for a relationship and its kin, undefined where it is not known. */
  private columnArguments(site: CodeSite, value: Expression, depth = MAX_DEPTH): ColumnArguments[] | 'none' | undefined {
    if (value.kind === 'conditional') {
      const [body, other] = [value.body, value.orElse].map((each) => this.columnArguments(site, each, depth - 1));
      const [first] = Array.isArray(body) ? body : [];
      const [second] = Array.isArray(other) ? other : [];
      if (first === undefined || second === undefined) return undefined;
      return [{ site, args: first.args.filter((argument) => second.args.some((each) => sameArgument(argument, each))) }];
    }
    if (value.kind === 'name' || value.kind === 'attribute') {
      const variable = depth === 0 ? undefined : this.resolver.variableValue(site.module, site.scope, value);
      return variable === undefined || variable.value === value ? 'none' : this.columnArguments(variable, variable.value, depth - 1);
    }
    if (value.kind !== 'call' || depth === 0) return 'none';
    const name = libraryName(this.resolver, site, value.func);
    if (name !== undefined && COLUMN.test(name)) return withRest(site, value.args);
    if (name === 'deferred' || name === 'declared_attr' || name === 'column_property') {
      const [inner] = positional(value.args);
      if (inner?.kind !== 'call' && name === 'column_property') return 'none';
      return inner === undefined ? undefined : this.columnArguments(site, inner, depth - 1);
    }
    if (name !== undefined && !COLUMN.test(name)) return 'none';
    const resolved = this.resolver.resolve(site.module, site.scope, value.func);
    if (resolved?.kind === 'function') {
      const returned = onlyReturn(this.project, resolved, { site, args: value.args });
      return returned === undefined ? undefined : this.columnArguments(returned.site, returned.expression, depth - 1);
    }
    // A method of the class itself: `cls._user_column()`.
    if (value.func.kind === 'attribute' && value.func.object.kind === 'name' && /^(cls|self)$/.test(value.func.object.id)) {
      const owner = site.scope.owner?.parentClass;
      const type =
        owner === undefined ? undefined : { kind: 'class' as const, module: site.module, node: owner.node, scope: owner.definedIn };
      const method = type === undefined ? undefined : this.resolver.member(type, value.func.name);
      const returned = method?.kind === 'function' ? onlyReturn(this.project, method) : undefined;
      return returned === undefined ? undefined : this.columnArguments(returned.site, returned.expression, depth - 1);
    }
    return resolved?.kind === 'external' ? 'none' : undefined;
  }

  private columnName(sources: readonly ColumnArguments[]): string | undefined {
    for (const { site, args } of sources) {
      const given = keywordArgument(args, 'name') ?? positional(args)[0];
      const isSpecial = given?.kind === 'call';
      const name = given === undefined || isSpecial ? undefined : literalValue(this.resolver, site, given);
      if (typeof name === 'string') return name;
    }
    return undefined;
  }

  private draft(
    source: AttributeSource,
    sources: readonly ColumnArguments[],
    mapped: Annotated | undefined,
    map: readonly TypeMapEntry[] | undefined,
    at?: Place,
  ): ColumnDraft {
    const place = at ?? this.place(source.site, source.start);
    const specials = sources.flatMap(({ site, args }) => this.specials(site, args));
    const isPrimaryKey = this.flag(sources, 'primary_key') === true;
    const foreignKeys = specials.flatMap(({ site, name, call }) => (name === 'ForeignKey' ? this.foreignKey(site, call, place) : []));
    const explicitType = this.explicitType(sources);
    const type = explicitType ?? (foreignKeys.length > 0 ? undefined : this.inferredType(mapped, map));
    const generated = this.generated(specials);
    const serverDefault = this.serverDefault(sources, specials);
    const isCounted = specials.some(({ name }) => name === 'Identity' || name === 'Sequence');
    const autoincrement = this.flag(sources, 'autoincrement') ?? 'auto';
    const sequence = specials.some(({ name }) => name === 'Sequence') ? 'Sequence(…)' : undefined;
    return {
      attribute: source.name,
      column: {
        name: this.columnName(sources) ?? source.name,
        place,
        type: type ?? (foreignKeys.length > 0 ? undefined : { unknown: 'the code gives it no type' }),
        isNullable: this.nullable(sources, mapped, isPrimaryKey),
        default: serverDefault,
        isAutoincrement: isCounted,
        generated,
        clientDefault: sequence ?? this.clientDefault(sources),
      },
      isPrimaryKey,
      isUnclear: this.isComputed(sources, ['primary_key', 'unique', 'index']) || hasSplat(sources),
      isUnique: this.flag(sources, 'unique') === true,
      isIndexed: this.flag(sources, 'index') === true,
      foreignKeys,
      checks: specials.flatMap(({ site, name, call }) => (name === 'CheckConstraint' ? this.check(site, call, place) : [])),
      autoincrement: typeof autoincrement === 'boolean' ? autoincrement : 'auto',
    };
  }

  /** A column made by `Field(...)` or a bare annotation of SQLModel. */
  private draftOfField(source: AttributeSource, args: readonly Argument[], plainDefault: Expression | undefined): ColumnDraft {
    const { site, annotation, name } = source;
    const place = this.place(site, source.start);
    const read = annotation === undefined ? undefined : this.annotated(site, annotation, MAX_DEPTH);
    const extra = keywordArgument(args, 'sa_column_kwargs');
    const column: ColumnArguments = { site, args: extra === undefined ? [] : dictArguments(extra) };
    const more = keywordArgument(args, 'sa_column_args');
    const moreArgs: ColumnArguments = {
      site,
      args: more !== undefined && 'items' in more ? more.items.map((value): Argument => ({ keyword: undefined, value })) : [],
    };
    const specials = [column, moreArgs].flatMap((each) => this.specials(site, each.args));
    const field: ColumnArguments = { site, args };
    const isPrimaryKey = this.flag([field], 'primary_key') === true;
    const target = keywordArgument(args, 'foreign_key');
    const onDelete = this.word(site, args, 'ondelete');
    const given = keywordArgument(args, 'sa_type');
    const type = given === undefined ? this.sqlModelType(read, args) : this.types.columnType({ site, expression: given });
    const nullable = this.flag([column, field], 'nullable');
    const hasDefault = plainDefault ?? keywordArgument(args, 'default') ?? keywordArgument(args, 'default_factory') ?? positional(args)[0];
    const isNoDefault = hasDefault === undefined || isConstant(hasDefault, 'None') || isConstant(hasDefault, '...');
    return {
      attribute: name,
      column: {
        name: this.columnName([{ site, args: column.args.filter((argument) => argument.keyword === 'name') }]) ?? name,
        place,
        type,
        isNullable: nullable ?? this.fieldNullable(isPrimaryKey, read, hasDefault),
        default: this.serverDefault([column], specials),
        isAutoincrement: specials.some((special) => special.name === 'Identity' || special.name === 'Sequence'),
        generated: this.generated(specials),
        clientDefault: isNoDefault ? this.clientDefault([column]) : this.shown(site, hasDefault),
      },
      isPrimaryKey,
      isUnclear: this.isComputed([field, column], ['primary_key', 'unique', 'index', 'foreign_key']),
      isUnique: this.flag([field, column], 'unique') === true,
      isIndexed: this.flag([field, column], 'index') === true,
      foreignKeys: [
        ...(target === undefined || isConstant(target, 'None')
          ? []
          : [{ site, target, name: undefined, onDelete: onDelete ?? 'NO ACTION', onUpdate: 'NO ACTION', place }]),
        ...specials.flatMap(({ name: special, call }) => (special === 'ForeignKey' ? this.foreignKey(site, call, place) : [])),
      ],
      checks: specials.flatMap((each) => (each.name === 'CheckConstraint' ? this.check(each.site, each.call, place) : [])),
      autoincrement: 'auto',
    };
  }

  private fieldNullable(isPrimaryKey: boolean, read: Annotated | undefined, given: Expression | undefined): Said<boolean> {
    if (isPrimaryKey) return false;
    if (read?.isNullable === true) return true;
    return isConstant(given, 'None')
      ? { unknown: 'whether a default of None makes it nullable depends on the version of pydantic' }
      : false;
  }

  private sqlModelType(read: Annotated | undefined, args: readonly Argument[]): ColumnType | Unknown {
    if (read === undefined) return { unknown: 'the code gives it no type' };
    const base = this.types.annotatedType({ site: read.site, expression: read.type }, []);
    // Newer versions of SQLModel give a plain datetime a time zone, older ones do not.
    if (/^timestamp/.test('unknown' in base ? '' : base.name))
      return { unknown: 'whether SQLModel gives it a time zone depends on its version' };
    const number = (keyword: string): number | undefined => {
      const given = keywordArgument(args, keyword);
      const value = given === undefined ? undefined : literalValue(this.resolver, read.site, given);
      return typeof value === 'number' ? value : undefined;
    };
    if ('unknown' in base) {
      // pydantic's own text types become VARCHAR.
      const name = this.resolver.externalName(read.site.module, read.site.scope, read.type) ?? '';
      return /^pydantic\.|^pathlib\./.test(name) ? namedType('varchar', sizes(number('max_length'))) : base;
    }
    if (base.name === 'character varying' && base.parameters.length === 0) return namedType('varchar', sizes(number('max_length')));
    if (base.name === 'numeric') return namedType('numeric', sizes(number('max_digits'), number('decimal_places')));
    return base;
  }

  /** The constraints and counters among the positional arguments. */
  private specials(site: CodeSite, args: readonly Argument[]): { site: CodeSite; name: string; call: CallExpression }[] {
    return args.flatMap(({ keyword, value }) => {
      if (value.kind !== 'call' || (keyword !== undefined && keyword !== 'server_default')) return [];
      const name = libraryName(this.resolver, site, value.func);
      if (name !== undefined) return SPECIAL.test(name) ? [{ site, name, call: value }] : [];
      const resolved = this.resolver.resolve(site.module, site.scope, value.func);
      const returned = resolved?.kind === 'function' ? onlyReturn(this.project, resolved) : undefined;
      if (returned?.expression.kind !== 'call') return [];
      const made = libraryName(this.resolver, returned.site, returned.expression.func);
      return made !== undefined && SPECIAL.test(made) ? [{ site: returned.site, name: made, call: returned.expression }] : [];
    });
  }

  private explicitType(sources: readonly ColumnArguments[]): ColumnType | Unknown | undefined {
    for (const { site, args } of sources) {
      const named = keywordArgument(args, 'type_');
      if (named !== undefined) return this.types.columnType({ site, expression: named });
      for (const [index, expression] of positional(args).entries()) {
        if (index === 0 && typeof literalValue(this.resolver, site, expression) === 'string') continue;
        if (this.specials(site, [{ keyword: undefined, value: expression }]).length > 0 || isConstant(expression, 'None')) continue;
        return this.types.columnType({ site, expression });
      }
    }
    return undefined;
  }

  private inferredType(mapped: Annotated | undefined, map: readonly TypeMapEntry[] | undefined): ColumnType | Unknown | undefined {
    if (map === undefined) return { unknown: 'its type follows from a base that cannot be read' };
    return mapped === undefined ? undefined : this.types.annotatedType({ site: mapped.site, expression: mapped.type }, map);
  }

  private nullable(sources: readonly ColumnArguments[], mapped: Annotated | undefined, isPrimaryKey: boolean): Said<boolean> {
    const given = this.flag(sources, 'nullable');
    if (given !== undefined) return given;
    if (hasSplat(sources)) return { unknown: 'its arguments are given by a mapping' };
    if (this.isComputed(sources, ['nullable', 'primary_key'])) return { unknown: 'whether it is nullable is computed' };
    if (isPrimaryKey) return false;
    return mapped === undefined ? true : mapped.isNullable;
  }

  private serverDefault(
    sources: readonly ColumnArguments[],
    specials: readonly { readonly name: string }[],
  ): SqlExpression | Unknown | 'none' {
    if (specials.some(({ name }) => name === 'FetchedValue')) return { unknown: 'its default is whatever the database has' };
    for (const { site, args } of sources) {
      const given = keywordArgument(args, 'server_default');
      if (given === undefined) continue;
      if (isConstant(given, 'None')) return 'none';
      if (given.kind === 'call' && SPECIAL.test(libraryName(this.resolver, site, given.func) ?? '')) return 'none';
      return this.sql.serverDefault(site, given) ?? { unknown: `its server default \`${spelled(given)}\` is computed` };
    }
    return hasSplat(sources) ? { unknown: 'its arguments are given by a mapping' } : 'none';
  }

  private clientDefault(sources: readonly ColumnArguments[]): string | undefined {
    for (const { site, args } of sources) {
      for (const keyword of ['insert_default', 'default', 'default_factory']) {
        const given = keywordArgument(args, keyword);
        if (given !== undefined && !isConstant(given, 'None')) return `${keyword}=${this.shown(site, given)}`;
      }
    }
    return undefined;
  }

  private shown(site: CodeSite, value: Expression): string {
    const literal = literalValue(this.resolver, site, value);
    return typeof literal === 'string' ? `"${literal}"` : literal === undefined ? spelled(value) : String(literal);
  }

  private generated(
    specials: readonly { readonly site: CodeSite; readonly name: string; readonly call: CallExpression }[],
  ): Column['generated'] {
    const computed = specials.find(({ name }) => name === 'Computed');
    const [first] = computed === undefined ? [] : positional(computed.call.args);
    if (computed === undefined || first === undefined) return undefined;
    return (
      this.sql.textOrExpression(computed.site, first, (attribute) => attribute) ?? {
        unknown: 'the expression it is computed by cannot be read',
      }
    );
  }

  private foreignKey(site: CodeSite, call: CallExpression, place: Place): ForeignKeyDraft[] {
    const target = positional(call.args)[0] ?? keywordArgument(call.args, 'column');
    if (target === undefined) return [];
    return [
      {
        site,
        target,
        name: this.word(site, call.args, 'name'),
        onDelete: this.action(site, call.args, 'ondelete'),
        onUpdate: this.action(site, call.args, 'onupdate'),
        place,
      },
    ];
  }

  /** What `ondelete=` or `onupdate=` says, upper case; undefined where it is computed. */
  action(site: CodeSite, args: readonly Argument[], keyword: string): string | undefined {
    const given = keywordArgument(args, keyword);
    if (given === undefined || isConstant(given, 'None')) return 'NO ACTION';
    const value = literalValue(this.resolver, site, given);
    return typeof value === 'string' ? value.toUpperCase() : undefined;
  }

  private check(site: CodeSite, call: CallExpression, place: Place): Check[] {
    const [text] = positional(call.args);
    const expression = text === undefined ? undefined : this.sql.textOrExpression(site, text, (attribute) => attribute);
    return expression === undefined ? [] : [{ name: this.word(site, call.args, 'name'), place, expression }];
  }

  private word(site: CodeSite, args: readonly Argument[], keyword: string): string | undefined {
    const given = keywordArgument(args, keyword);
    const value = given === undefined ? undefined : literalValue(this.resolver, site, given);
    return typeof value === 'string' ? value : undefined;
  }

  private flag(sources: readonly ColumnArguments[], keyword: string): boolean | undefined {
    for (const { site, args } of sources) {
      const given = keywordArgument(args, keyword);
      const value = given === undefined ? undefined : literalValue(this.resolver, site, given);
      if (typeof value === 'boolean') return value;
    }
    return undefined;
  }

  /** True when one of the keywords is given, but not as a constant. */
  private isComputed(sources: readonly ColumnArguments[], keywords: readonly string[]): boolean {
    return sources.some(({ site, args }) =>
      keywords.some((keyword) => {
        const given = keywordArgument(args, keyword);
        return given !== undefined && !isConstant(given, 'None') && literalValue(this.resolver, site, given) === undefined;
      }),
    );
  }

  private place(site: CodeSite, start: number): Place {
    return { path: site.module.path, line: this.project.lineOf(site.module.path, start) };
  }
}

function sizes(...values: readonly (number | undefined)[]): number[] {
  const end = values.indexOf(undefined);
  return (end === -1 ? values : values.slice(0, end)).filter((value) => value !== undefined);
}

/** The arguments of a call; where it passes on the `**` parameter of its function, what that was given. */
function withRest(site: CodeSite, args: readonly Argument[]): ColumnArguments[] {
  const { rest } = site;
  const isRest = ({ keyword, value }: Argument): boolean =>
    keyword === undefined && value.kind === 'starred' && value.value.kind === 'name' && value.value.id === rest?.name;
  if (rest === undefined || !args.some(isRest)) return [{ site, args }];
  return [
    { site, args: args.filter((argument) => !isRest(argument)) },
    { site: rest.site, args: rest.args },
  ];
}

/** `{"server_default": ...}` as keyword arguments. */
function dictArguments(expression: Expression): Argument[] {
  if (expression.kind !== 'dict') return [];
  return expression.entries.flatMap(({ key, value }) => (key?.kind === 'string' ? [{ keyword: key.value, value }] : []));
}

function hasSplat(sources: readonly ColumnArguments[]): boolean {
  return sources.some(({ args }) => args.some((argument) => argument.keyword === undefined && argument.value.kind === 'starred'));
}

function hasNone(expression: Expression): boolean {
  if (expression.kind === 'binary') return hasNone(expression.left) || hasNone(expression.right);
  return isConstant(expression, 'None');
}

function sameArgument(one: Argument, other: Argument): boolean {
  return one.keyword === other.keyword && shapeOf(one.value) === shapeOf(other.value);
}

/** An expression without its places. */
function shapeOf(expression: Expression): string {
  return JSON.stringify(expression, (key, value: unknown) => (key === 'start' || key === 'end' ? undefined : value));
}
