import { type CodeSite, enumMembers, type GivenArgument, isEnumeration, literalValue } from '../../python/literals.ts';
import { spelled } from '../../python/names.ts';
import type { Project } from '../../python/project.ts';
import type { Resolved, Resolver } from '../../python/resolver.ts';
import {
  type Argument,
  type CallExpression,
  type Expression,
  isConstant,
  keywordArgument,
  type Statement,
  walkExpression,
} from '../../python/syntax.ts';
import type { ColumnType, Unknown } from '../schema.ts';
import { namedType } from '../script/postgresql/types.ts';
import { libraryName } from './library-names.ts';

type ProjectClass = Extract<Resolved, { kind: 'class' }>;

/** An annotation with its place: entries of a type map are written elsewhere than the columns they type. */
export interface TypeSource {
  readonly site: CodeSite;
  readonly expression: Expression;
}

const MAX_DEPTH = 8;
/** SQLAlchemy's types without parameters, and what PostgreSQL makes of them. */
const PLAIN: ReadonlyMap<string, string> = byName([
  [['Integer', 'INTEGER', 'INT'], 'integer'],
  [['BigInteger', 'BIGINT'], 'bigint'],
  [['SmallInteger', 'SMALLINT'], 'smallint'],
  [['Text', 'TEXT', 'UnicodeText', 'CLOB'], 'text'],
  [['Boolean', 'BOOLEAN'], 'boolean'],
  [['Date', 'DATE'], 'date'],
  [['Interval', 'INTERVAL'], 'interval'],
  [['Double', 'DOUBLE', 'DOUBLE_PRECISION'], 'double precision'],
  [['LargeBinary', 'BYTEA', 'PickleType', 'BLOB', 'BINARY', 'VARBINARY'], 'bytea'],
  [['Uuid', 'UUID'], 'uuid'],
  [['REAL'], 'real'],
  ...[
    ...['JSON', 'JSONB', 'INET', 'CIDR', 'MACADDR', 'MACADDR8', 'HSTORE', 'TSVECTOR', 'TSQUERY', 'OID', 'MONEY', 'CITEXT', 'REGCLASS'],
    ...['JSONPATH', 'INT4RANGE', 'INT8RANGE', 'NUMRANGE', 'DATERANGE', 'TSRANGE', 'TSTZRANGE', 'INT4MULTIRANGE', 'INT8MULTIRANGE'],
    ...['NUMMULTIRANGE', 'DATEMULTIRANGE', 'TSMULTIRANGE', 'TSTZMULTIRANGE'],
  ].map((name): [string[], string] => [[name], name.toLowerCase()]),
]);
/** Types with numbers in brackets: what PostgreSQL calls them, and the keywords of the numbers in order. */
const SIZED = byName<{ readonly name: string; readonly parameters: readonly string[] }>([
  [['String', 'VARCHAR', 'Unicode', 'NVARCHAR', 'AutoString'], { name: 'varchar', parameters: ['length'] }],
  [['CHAR', 'NCHAR'], { name: 'bpchar', parameters: ['length'] }],
  [['Numeric', 'NUMERIC', 'DECIMAL'], { name: 'numeric', parameters: ['precision', 'scale'] }],
  [['BIT'], { name: 'bit', parameters: ['length'] }],
]);
const WITH_TIME_ZONE = byName([
  [['DateTime', 'DATETIME', 'TIMESTAMP'], 'timestamp'],
  [['Time', 'TIME'], 'time'],
]);
/** The column types of Python's own, unless a type map says something else. */
const BY_PYTHON_TYPE: ReadonlyMap<string, string> = new Map([
  ['builtins.bool', 'boolean'],
  ['builtins.bytes', 'bytea'],
  ['builtins.float', 'double precision'],
  ['builtins.int', 'integer'],
  ['builtins.str', 'varchar'],
  ['datetime.date', 'date'],
  ['datetime.datetime', 'timestamp'],
  ['datetime.time', 'time'],
  ['datetime.timedelta', 'interval'],
  ['decimal.Decimal', 'numeric'],
  ['uuid.UUID', 'uuid'],
]);
/** Types of libraries beside SQLAlchemy that are what their name says. */
const OTHER_LIBRARIES: ReadonlyMap<string, string> = new Map([
  ['sqlalchemy_utils.UUIDType', 'uuid'],
  ['sqlalchemy_utils.types.UUIDType', 'uuid'],
  ['sqlalchemy_utils.TSVectorType', 'tsvector'],
  ['sqlalchemy_utils.types.TSVectorType', 'tsvector'],
  ['sqlalchemy_utils.JSONType', 'json'],
  ['sqlalchemy_utils.types.JSONType', 'json'],
  ['citext.CIText', 'citext'],
]);

function byName<T>(groups: readonly (readonly [names: readonly string[], value: T])[]): ReadonlyMap<string, T> {
  return new Map(groups.flatMap(([names, value]) => names.map((name): [string, T] => [name, value])));
}

/** Reads column types: SQLAlchemy's own, those of its dialect for PostgreSQL, and those that a project defines. */
export class ModelTypes {
  private readonly resolver: Resolver;
  private readonly project: Project;

  constructor(resolver: Resolver, project: Project) {
    this.resolver = resolver;
    this.project = project;
  }

  /** The column type that an expression such as `String(20)` or `sa.BigInteger` stands for. */
  columnType({ site, expression }: TypeSource, depth = MAX_DEPTH): ColumnType | Unknown {
    if (depth === 0) return unknown(expression);
    if (expression.kind === 'conditional') return { unknown: 'its type depends on a condition' };
    const given = expression.kind === 'name' ? site.parameters?.get(expression.id) : undefined;
    if (given !== undefined) return this.columnType(given, depth - 1);
    const call = expression.kind === 'call' ? expression : undefined;
    if (call?.func.kind === 'attribute' && call.func.name === 'with_variant') return this.variant(site, call, depth);
    if (call?.func.kind === 'attribute' && call.func.name === 'as_mutable') {
      const inner = call.args[0]?.value;
      return inner === undefined ? unknown(expression) : this.columnType({ site, expression: inner }, depth - 1);
    }
    const target = call?.func ?? expression;
    const args = call?.args ?? [];
    const name = libraryName(this.resolver, site, target);
    if (name !== undefined) return this.libraryType(site, name, args, depth) ?? unknown(expression);
    const resolved = this.resolver.resolve(site.module, site.scope, target);
    if (resolved?.kind === 'external') return this.foreignType(site, resolved.name, args) ?? unknown(expression);
    if (resolved?.kind === 'class') return this.decorator(resolved, site, args, depth);
    if (resolved?.kind === 'variable' && resolved.value !== undefined && call === undefined && resolved.value !== expression)
      return this.columnType({ site: resolved, expression: resolved.value }, depth - 1);
    if (resolved?.kind === 'function' && call !== undefined) {
      const returned = onlyReturn(this.project, resolved, { site, args });
      return returned === undefined ? unknown(expression) : this.columnType(returned, depth - 1);
    }
    return unknown(expression);
  }

  /** The column type of a Python type in `Mapped[...]`, without its `None`. */
  annotatedType(annotation: TypeSource, map: readonly TypeMapEntry[], depth = MAX_DEPTH): ColumnType | Unknown {
    const { site, expression } = annotation;
    if (depth === 0) return unknown(expression);
    const key = this.typeKey(annotation);
    const mapped = key === undefined ? undefined : map.find((entry) => entry.key === key);
    if (mapped !== undefined) return this.columnType(mapped.type);
    if (expression.kind === 'subscript') {
      const generic = this.resolver.externalName(site.module, site.scope, expression.value) ?? '';
      const [first] = expression.index;
      if (/\.Annotated$/.test(generic) && first !== undefined) return this.annotatedType({ site, expression: first }, map, depth - 1);
      if (/\.Literal$/.test(generic)) return this.literalEnum(site, expression.index);
      return unknown(expression);
    }
    const resolved = this.resolver.resolve(site.module, site.scope, expression);
    if (resolved?.kind === 'variable' && resolved.value !== undefined && resolved.value !== expression) {
      const inner = newTypeArgument(this.resolver, resolved) ?? resolved.value;
      return this.annotatedType({ site: resolved, expression: inner }, map, depth - 1);
    }
    if (resolved?.kind === 'class') {
      const forEnums = map.find((entry) => entry.key === 'enum.Enum' || entry.key === 'enum.StrEnum');
      if (isEnumeration(this.resolver, resolved))
        return this.enumeration(resolved, forEnums?.type.site ?? site, callArguments(forEnums?.type.expression).filter(isKeyword));
      return unknown(expression);
    }
    const plain = resolved?.kind === 'external' ? BY_PYTHON_TYPE.get(resolved.name) : undefined;
    return plain === undefined ? unknown(expression) : namedType(plain);
  }

  /** The entries of a `type_annotation_map`. */
  typeMap({ site, expression }: TypeSource): TypeMapEntry[] {
    if (expression.kind !== 'dict') return [];
    return expression.entries.flatMap(({ key, value }) => {
      const name = key === undefined ? undefined : this.typeKey({ site, expression: key });
      return name === undefined ? [] : [{ key: name, type: { site, expression: value } }];
    });
  }

  /** Equal for annotations that SQLAlchemy looks up as the same. */
  private typeKey({ site, expression }: TypeSource): string | undefined {
    if (expression.kind === 'subscript') {
      const generic = this.typeKey({ site, expression: expression.value });
      const inner = expression.index.map((each) => this.typeKey({ site, expression: each }) ?? '?');
      return generic === undefined ? undefined : `${generic.replace(/^typing\.(Dict|List)$/, lowered)}[${inner.join()}]`;
    }
    const resolved = this.resolver.resolve(site.module, site.scope, expression);
    switch (resolved?.kind) {
      case 'external':
        return resolved.name;
      case 'class':
        return `${resolved.module.path}:${resolved.node.start}`;
      case 'variable':
        return resolved.value === undefined ? undefined : `${resolved.module.path}:${resolved.value.start}`;
      default:
        return undefined;
    }
  }

  private libraryType(site: CodeSite, name: string, args: readonly Argument[], depth: number): ColumnType | Unknown | undefined {
    const plain = PLAIN.get(name);
    if (plain !== undefined)
      return isConstant(keywordArgument(args, 'native_uuid'), 'False') ? namedType('bpchar', [32]) : namedType(plain);
    const sized = SIZED.get(name);
    if (sized !== undefined) return this.sized(site, sized.name, sized.parameters, args);
    const timed = WITH_TIME_ZONE.get(name);
    if (timed !== undefined) return this.timed(site, timed, args);
    switch (name) {
      case 'Float':
      case 'FLOAT':
        return this.float(site, args);
      case 'Enum':
      case 'ENUM':
        return this.enumType(site, args);
      case 'DOMAIN': {
        const base = positional(args)[1];
        return base === undefined ? undefined : this.columnType({ site, expression: base }, depth - 1);
      }
      case 'ARRAY': {
        const item = args[0]?.value;
        const inner = item === undefined ? undefined : this.columnType({ site, expression: item }, depth - 1);
        return inner === undefined || 'unknown' in inner ? inner : { ...inner, isArray: true };
      }
      default:
        return undefined;
    }
  }

  private sized(site: CodeSite, name: string, parameters: readonly string[], args: readonly Argument[]): ColumnType | Unknown {
    const values: number[] = [];
    for (const [index, parameter] of parameters.entries()) {
      const given = keywordArgument(args, parameter) ?? positional(args)[index];
      if (given === undefined || isConstant(given, 'None')) break;
      const value = literalValue(this.resolver, site, given);
      if (typeof value !== 'number') return { unknown: `the ${parameter} of its type is computed` };
      values.push(value);
    }
    return namedType(name, values);
  }

  private timed(site: CodeSite, name: string, args: readonly Argument[]): ColumnType | Unknown {
    const given = keywordArgument(args, 'timezone') ?? positional(args)[0];
    const zoned = given === undefined ? false : literalValue(this.resolver, site, given);
    if (typeof zoned !== 'boolean') return { unknown: 'whether it has a time zone is computed' };
    const precision = keywordArgument(args, 'precision');
    const digits = precision === undefined ? undefined : literalValue(this.resolver, site, precision);
    return namedType(zoned ? `${name}tz` : name, typeof digits === 'number' ? [digits] : []);
  }

  private float(site: CodeSite, args: readonly Argument[]): ColumnType {
    const given = keywordArgument(args, 'precision') ?? positional(args)[0];
    const precision = given === undefined ? undefined : literalValue(this.resolver, site, given);
    return namedType(typeof precision === 'number' && precision <= 24 ? 'float4' : 'float8');
  }

  /** `Enum(Status)` or `Enum("open", "closed", name="status")`. */
  private enumType(site: CodeSite, args: readonly Argument[]): ColumnType | Unknown {
    const [first] = positional(args);
    const resolved = first === undefined ? undefined : this.resolver.resolve(site.module, site.scope, first);
    if (resolved?.kind === 'class') return this.enumeration(resolved, site, args);
    const values = positional(args).map((each) => literalValue(this.resolver, site, each));
    if (values.length === 0 || !values.every((value) => typeof value === 'string'))
      return { unknown: 'the values of its enumeration are computed' };
    return this.namedEnum(site, args, values, undefined);
  }

  private enumeration(type: ProjectClass, site: CodeSite, args: readonly Argument[]): ColumnType | Unknown {
    const members = enumMembers(this.resolver, type);
    const callable = keywordArgument(args, 'values_callable');
    const usesValues = callable === undefined || isConstant(callable, 'None') ? false : this.givesValues(site, callable);
    const labels = members?.map((member) => (usesValues === true ? member.value : member.name));
    if (labels === undefined || usesValues === undefined || labels.includes(undefined))
      return { unknown: `the values of \`${type.node.name}\` are computed` };
    const values = labels.map(String);
    return this.namedEnum(site, args, values, type.node.name.toLowerCase());
  }

  /** `values_callable=lambda e: [m.value for m in e]`, or a function that does the same. */
  private givesValues(site: CodeSite, callable: Expression): boolean | undefined {
    const resolved = callable.kind === 'lambda' ? undefined : this.resolver.resolve(site.module, site.scope, callable);
    const body =
      callable.kind === 'lambda'
        ? callable.body
        : resolved?.kind === 'function'
          ? onlyReturn(this.project, resolved)?.expression
          : undefined;
    if (body === undefined) return undefined;
    const attributes = [...walkExpression(body)].flatMap((each) => (each.kind === 'attribute' ? [each.name] : []));
    return attributes.includes('value') ? true : attributes.includes('name') ? false : undefined;
  }

  private namedEnum(
    site: CodeSite,
    args: readonly Argument[],
    values: readonly string[],
    ownName: string | undefined,
  ): ColumnType | Unknown {
    if (isConstant(keywordArgument(args, 'native_enum'), 'False')) {
      const given = keywordArgument(args, 'length');
      const length = given === undefined ? undefined : literalValue(this.resolver, site, given);
      return { ...namedType('varchar', [typeof length === 'number' ? length : longest(values)]), written: values };
    }
    const given = keywordArgument(args, 'name');
    const name = given === undefined ? ownName : literalValue(this.resolver, site, given);
    const inSchema = keywordArgument(args, 'schema');
    const schema = inSchema === undefined ? undefined : literalValue(this.resolver, site, inSchema);
    // Without a name that can be read, the values can be compared all the same.
    if (typeof name !== 'string') return { name: '', parameters: [], isArray: false, values };
    return { name: typeof schema === 'string' ? `${schema}.${name}` : name, parameters: [], isArray: false, values };
  }

  private literalEnum(site: CodeSite, parts: readonly Expression[]): ColumnType | Unknown {
    const values = parts.map((part) => literalValue(this.resolver, site, part));
    if (!values.every((value) => typeof value === 'string')) return { unknown: 'its literals are not all text' };
    return { ...namedType('varchar', [longest(values)]), written: values };
  }

  /** `JSON().with_variant(JSONB(), "postgresql")` is JSONB here. */
  private variant(site: CodeSite, call: CallExpression, depth: number): ColumnType | Unknown {
    const [type, ...dialects] = positional(call.args);
    const names = dialects.map((dialect) => literalValue(this.resolver, site, dialect));
    const chosen = names.includes('postgresql') ? type : call.func.kind === 'attribute' ? call.func.object : undefined;
    return chosen === undefined ? unknown(call) : this.columnType({ site, expression: chosen }, depth - 1);
  }

  private foreignType(site: CodeSite, name: string, args: readonly Argument[]): ColumnType | undefined {
    const known = OTHER_LIBRARIES.get(name);
    if (known !== undefined) return namedType(known);
    const vector = /^pgvector\.sqlalchemy\.(?:\w+\.)?(Vector|VECTOR|HALFVEC|BIT|SPARSEVEC)$/.exec(name)?.[1];
    if (vector === undefined) return undefined;
    const [size] = positional(args);
    const dimensions = size === undefined ? undefined : literalValue(this.resolver, site, size);
    return namedType(vector.toLowerCase(), typeof dimensions === 'number' ? [dimensions] : []);
  }

  /** `if dialect.name == "postgresql": return dialect.type_descriptor(UUID())`; `impl` where it leaves the choice to the base. */
  private chosenForPostgres(method: Extract<Resolved, { kind: 'function' }>, depth: number): ColumnType | Unknown | 'impl' | undefined {
    const body = this.project.functionFacts(method.module, method.node, method.scope);
    const owner = body?.facts.functions.find((each) => each.node.start + body.offset === method.node.start);
    const returned = owner === undefined ? undefined : returnedFor(owner.node.body, 'postgresql');
    if (owner === undefined || returned === undefined) return undefined;
    if (/^(self\.impl|super\(\)\.load_dialect_impl\(\))$/.test(spelled(returned))) return 'impl';
    if (returned.kind !== 'call' || returned.func.kind !== 'attribute' || returned.func.name !== 'type_descriptor') return undefined;
    const [type] = positional(returned.args);
    return type === undefined
      ? undefined
      : this.columnType({ site: { module: method.module, scope: owner.scope }, expression: type }, depth - 1);
  }

  /** A type of the project: what its `impl` says, unless it chooses by dialect. */
  private decorator(type: ProjectClass, site: CodeSite, args: readonly Argument[], depth: number): ColumnType | Unknown {
    const own = (name: string): Resolved | undefined => this.resolver.member(type, name);
    const chooses = own('load_dialect_impl');
    const chosen = chooses?.kind === 'function' ? this.chosenForPostgres(chooses, depth) : 'impl';
    if (chosen === undefined) return { unknown: `\`${type.node.name}\` chooses its type by dialect` };
    if (chosen !== 'impl') return chosen;
    const parent = this.resolver.ancestry(type);
    const impl = own('impl');
    if (impl?.kind === 'variable' && impl.value !== undefined && impl.value.kind !== 'conditional') {
      const made = impl.value.kind === 'call' || args.length === 0 || own('__init__')?.kind === 'function' ? impl.value : undefined;
      if (made !== undefined) return this.columnType({ site: impl, expression: made }, depth - 1);
      return this.columnType({ site, expression: { ...impl.value, kind: 'call', func: impl.value, args } }, depth - 1);
    }
    if (impl?.kind === 'external' && /^sqlalchemy\./.test(impl.name)) {
      const name = impl.name.slice(impl.name.lastIndexOf('.') + 1);
      const plain = PLAIN.get(name);
      // Its own constructor decides what becomes of the arguments.
      if (own('__init__')?.kind === 'function')
        return plain === undefined ? { unknown: `\`${type.node.name}\` passes its arguments on when the program runs` } : namedType(plain);
      return this.libraryType(site, name, args, depth) ?? { unknown: `the type of \`${type.node.name}\` cannot be read` };
    }
    // `class Name(String)`: the library's type with methods added.
    const base = [...parent].find((name) => /^sqlalchemy\./.test(name) && !/TypeDecorator|UserDefinedType|TypeEngine/.test(name));
    const made =
      base === undefined || own('__init__')?.kind === 'function'
        ? undefined
        : this.libraryType(site, base.slice(base.lastIndexOf('.') + 1), args, depth);
    return made ?? { unknown: `the type of \`${type.node.name}\` is made when the program runs` };
  }
}

/** One entry of a `type_annotation_map`. */
export interface TypeMapEntry {
  readonly key: string;
  readonly type: TypeSource;
}

/** A call that is followed into the function. */
interface FollowedCall {
  readonly site: CodeSite;
  readonly args: readonly Argument[];
}

/** What a function returns, where it has one `return` only; with `call`, its parameters stand for the arguments given. */
export function onlyReturn(project: Project, target: Extract<Resolved, { kind: 'function' }>, call?: FollowedCall): TypeSource | undefined {
  const body = project.functionFacts(target.module, target.node, target.scope);
  const owner = body?.facts.functions.find((each) => each.node.start + body.offset === target.node.start);
  const [only, ...others] = owner?.returns ?? [];
  if (owner === undefined || only?.value === undefined || others.length > 0) return undefined;
  const site = { module: target.module, scope: owner.scope };
  return { site: call === undefined ? site : { ...site, ...givenArguments(target, call) }, expression: only.value };
}

function givenArguments(
  target: Extract<Resolved, { kind: 'function' }>,
  { site, args }: FollowedCall,
): Pick<CodeSite, 'parameters' | 'rest'> {
  const parameters = new Map<string, GivenArgument>();
  const ordered = positional(args);
  const plain = target.node.parameters.filter((parameter) => parameter.form === 'plain');
  for (const [index, { name, defaultValue }] of plain.entries()) {
    const expression = keywordArgument(args, name) ?? ordered[index];
    if (expression !== undefined) parameters.set(name, { site, expression });
    else if (defaultValue !== undefined) parameters.set(name, { site: target, expression: defaultValue });
  }
  const splat = target.node.parameters.find((parameter) => parameter.form === 'kwargs');
  if (splat === undefined) return { parameters };
  const others = args.filter(({ keyword }) => keyword !== undefined && !plain.some(({ name }) => name === keyword));
  return { parameters, rest: { name: splat.name, site, args: others } };
}

function newTypeArgument(resolver: Resolver, variable: Extract<Resolved, { kind: 'variable' }>): Expression | undefined {
  const { value } = variable;
  if (value?.kind !== 'call') return undefined;
  const maker = resolver.externalName(variable.module, variable.scope, value.func) ?? '';
  return /^typing(_extensions)?\.(NewType|TypeAliasType)$/.test(maker) ? value.args[1]?.value : undefined;
}

/** The positional arguments of a call, starred ones left out. */
export function positional(args: readonly Argument[]): Expression[] {
  return args.filter((argument) => argument.keyword === undefined && argument.value.kind !== 'starred').map((argument) => argument.value);
}

function longest(values: readonly string[]): number {
  return Math.max(...values.map((value) => value.length));
}

/** What statements return where `dialect.name` is the one given; undefined where another condition decides. */
function returnedFor(body: readonly Statement[], dialect: string): Expression | undefined {
  for (const statement of body) {
    if (statement.kind === 'return') return statement.value;
    if (statement.kind === 'expression') continue;
    if (statement.kind !== 'if') return undefined;
    for (const { test, body: branch } of statement.branches) {
      const isName = test.kind === 'binary' && test.operator === '==' && test.left.kind === 'attribute' && test.left.name === 'name';
      if (!isName || test.right.kind !== 'string') return undefined;
      if (test.right.value === dialect) return returnedFor(branch, dialect);
    }
    if (statement.orElse !== undefined) return returnedFor(statement.orElse, dialect);
  }
  return undefined;
}

function callArguments(expression: Expression | undefined): readonly Argument[] {
  return expression?.kind === 'call' ? expression.args : [];
}

function isKeyword(argument: Argument): boolean {
  return argument.keyword !== undefined;
}

function lowered(_: string, name: string): string {
  return `builtins.${name.toLowerCase()}`;
}

function unknown(expression: Expression): Unknown {
  return { unknown: `its type \`${spelled(expression)}\` cannot be read` };
}
