import data from '../../data/library-methods.json';
import type { ErrorResponse, Place } from '../api/endpoint.ts';
import { callsIn, type FunctionFacts, isInside } from '../python/module-facts.ts';
import { spelled } from '../python/names.ts';
import type { Module, Project } from '../python/project.ts';
import type { Resolved, Resolver } from '../python/resolver.ts';
import { STANDARD_LIBRARY } from '../python/standard-library.ts';
import { type Argument, argumentOf, type CallExpression, type Expression } from '../python/syntax.ts';
import type { ApplicationReader } from './application.ts';
import { callee } from './callee.ts';
import { ExceptionHandlers, VALIDATION_ERROR } from './exception-handlers.ts';
import type { ProjectClass, ShapeReader, Site } from './shapes.ts';
import { statusNamed, statusOf } from './status.ts';
import type { WholeModules } from './whole-modules.ts';

/** The errors that a function's way through the project's code can end in. */
export interface RaisedErrors {
  readonly errors: readonly ErrorResponse[];
  /** The first place at which the way cannot be followed, so that there may be more; undefined when all of it was. */
  readonly gap: string | undefined;
}

/** Where an exception is made, and what the parameters of the function around it were given. */
interface Frame extends Site {
  readonly given?: ReadonlyMap<string, { readonly site: Frame; readonly value: Expression }>;
}

const MAX_CALLS = 4;
const HTTP_EXCEPTION = /^(fastapi|starlette)(\.exceptions)?\.HTTPException$/;
const STATUS_NAMES = ['status_code', 'http_status', 'http_status_code', 'status'];
const CODE_NAMES = ['code', 'error_code', 'err_code', 'error'];
/** Methods of sessions, clients, loggers and values: where the object is not known, these are not the project's. */
const LIBRARY_METHODS = new Set(data.entries.methods);

/** Follows a request through the project's functions and notes what they raise. */
export class RaisedReader {
  private readonly modules: WholeModules;
  private readonly resolver: Resolver;
  private readonly shapes: ShapeReader;
  private readonly known = new Map<string, RaisedErrors>();
  private readonly handlers: ExceptionHandlers;

  constructor(application: ApplicationReader, resolver: Resolver, shapes: ShapeReader, project: Project) {
    this.modules = application.modules;
    this.resolver = resolver;
    this.shapes = shapes;
    this.handlers = new ExceptionHandlers(application, resolver, shapes, project);
  }

  /** What a function and everything it calls in the project raise. */
  ofFunction(module: Module, owner: FunctionFacts, calls = MAX_CALLS): RaisedErrors {
    const key = `${module.path}:${owner.node.start}:${calls}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    // Marked before the search: functions may call each other in circles.
    this.known.set(key, { errors: [], gap: undefined });
    const answer = this.search(module, owner, calls);
    this.known.set(key, answer);
    return answer;
  }

  /** What a request that fails validation is answered with: FastAPI's 422, unless a handler says otherwise. */
  validationStatus(): number | undefined {
    return this.handlers.mayHandle(VALIDATION_ERROR) ? this.handlers.statusFor(VALIDATION_ERROR) : 422;
  }

  private search(module: Module, owner: FunctionFacts, calls: number): RaisedErrors {
    const errors: ErrorResponse[] = [];
    let gap: string | undefined;
    const at = (expression: Expression): string => {
      const place = this.modules.placeOf(module, expression.start);
      return `\`${spelled(expression)}\` (${place.path}:${place.line})`;
    };
    for (const { statement, scope } of module.facts.statements) {
      if (statement.kind !== 'raise' || !isInside(owner, statement)) continue;
      const [raised] = statement.values;
      // A bare `raise` passes on what was caught.
      if (raised === undefined) continue;
      const error = this.error({ module, scope }, raised);
      if (error === undefined) gap ??= at(raised);
      else if (error !== 'no answer') errors.push(...error);
    }
    for (const { node, scope } of callsIn(module.facts, owner)) {
      const target = callee(this.resolver, module, scope, node.func);
      if (target?.kind === 'function') {
        const found = calls === 0 ? undefined : this.modules.functionOf(target.module.path, target.node.start);
        if (found === undefined) {
          gap ??= at(node.func);
          continue;
        }
        if (found.owner === owner) continue;
        const below = this.ofFunction(found.module, found.owner, calls - 1);
        errors.push(...below.errors);
        gap ??= isAbstractMethod(found.owner) ? at(node.func) : below.gap;
        continue;
      }
      if (target === undefined && !this.isLibraryCall(module, scope, node)) gap ??= at(node.func);
    }
    return { errors: unique(errors), gap };
  }

  private isLibraryCall(module: Module, scope: Parameters<Resolver['typeOf']>[1], call: CallExpression): boolean {
    if (call.func.kind !== 'attribute')
      return call.func.kind === 'name' && !module.facts.scope.bindings.has(call.func.id) && scope.bindings.get(call.func.id) === undefined;
    if (LIBRARY_METHODS.has(call.func.name) || call.func.object.kind === 'string') return true;
    if (isConstantTable(this.resolver.resolve(module, scope, call.func.object))) return true;
    // `select(Loan).where(...)`, `Path(name).parent.mkdir()`: what begins with a library goes on with it.
    let root: Expression = call.func.object;
    while (root.kind === 'attribute' || root.kind === 'call' || root.kind === 'subscript' || root.kind === 'await')
      root = root.kind === 'attribute' ? root.object : root.kind === 'call' ? root.func : root.value;
    const type =
      root.kind === 'name' ? (this.resolver.typeOf(module, scope, root) ?? this.resolver.resolve(module, scope, root)) : undefined;
    return type?.kind === 'external';
  }

  /** The answer that a raised exception leads to; undefined where that cannot be told. */
  private error(site: Frame, raised: Expression): ErrorResponse[] | 'no answer' | undefined {
    const call = raised.kind === 'call' ? raised : undefined;
    const target = this.resolver.resolve(site.module, site.scope, call?.func ?? raised);
    const place = this.modules.placeOf(site.module, raised.start);
    if (target?.kind === 'external') {
      if (HTTP_EXCEPTION.test(target.name)) return this.httpException(site, call?.args ?? [], place);
      if (/RequestValidationError$/.test(target.name)) return [{ status: 422, code: '', when: '', place }];
      const status = this.handlers.statusFor([target.name]);
      if (status !== undefined) return [{ status, code: '', when: '', place }];
      // Python's own exceptions have an answer only where a handler gives one; a library may bring its handlers with it.
      return STANDARD_LIBRARY.has(target.name.split('.')[0] ?? '') && !this.handlers.mayHandle([target.name]) ? 'no answer' : undefined;
    }
    if (target?.kind === 'class') return this.projectException(site, target, call, place);
    if (target?.kind === 'function') {
      // `raise not_found("loan")`: a function that makes the exception.
      const found = this.modules.functionOf(target.module.path, target.node.start);
      const made = found?.owner.returns.at(-1)?.value;
      if (found === undefined || made === undefined) return undefined;
      const errors = this.error(
        { module: found.module, scope: found.owner.scope, given: givenTo(found.owner, call?.args ?? [], site) },
        made,
      );
      // It is answered where it is raised.
      return Array.isArray(errors) ? errors.map((error) => ({ ...error, place })) : errors;
    }
    if (target?.kind === 'variable' && target.value?.kind === 'call')
      return this.error({ module: target.module, scope: target.scope }, target.value);
    return undefined;
  }

  private httpException(site: Frame, args: readonly Argument[], place: Place): ErrorResponse[] | undefined {
    const given = argumentOf(args, 'status_code', 0);
    const detail = argumentOf(args, 'detail', 1);
    const status = given === undefined ? undefined : this.statusOf(site, given);
    if (status === undefined) return undefined;
    return [{ status, code: detail === undefined ? '' : this.codeIn(site, detail), when: '', place }];
  }

  private statusOf(site: Frame, expression: Expression): number | undefined {
    const given = expression.kind === 'name' ? site.given?.get(expression.id) : undefined;
    return given === undefined ? statusOf(this.shapes, site, expression) : this.statusOf(given.site, given.value);
  }

  private projectException(
    site: Frame,
    type: ProjectClass,
    call: CallExpression | undefined,
    place: Place,
  ): ErrorResponse[] | 'no answer' | undefined {
    const args = call?.args ?? [];
    const isHttp = [...this.resolver.ancestry(type)].some((name) => HTTP_EXCEPTION.test(name));
    const initial = this.resolver.member(type, '__init__');
    const names =
      initial?.kind === 'function'
        ? initial.node.parameters.slice(1).map((parameter) => parameter.name)
        : isHttp
          ? ['status_code', 'detail']
          : [];
    const argument = (wanted: readonly string[]): Expression | undefined => {
      const keyword = args.find((each) => each.keyword !== undefined && wanted.includes(each.keyword));
      if (keyword !== undefined) return keyword.value;
      const positional = args.filter((each) => each.keyword === undefined);
      return names.flatMap((name, index) => (wanted.includes(name) ? [positional[index]?.value] : [])).find((value) => value !== undefined);
    };
    const kinds = this.handlers.kindsOf(type);
    const givenStatus = argument(STATUS_NAMES);
    const status =
      (givenStatus === undefined ? undefined : this.statusOf(site, givenStatus)) ??
      this.attribute(type, STATUS_NAMES, (at, value) => statusOf(this.shapes, at, value), statusNamed) ??
      this.handlers.statusFor(kinds) ??
      // `code = 404`, which a handler puts into the answer.
      (this.handlers.mayHandle(kinds) ? this.numericCode(type, site, argument(['code'])) : undefined);
    const givenCode = argument(CODE_NAMES);
    const text = (at: Site, value: Expression): string | undefined => this.codeIn(at, value) || undefined;
    const code =
      (givenCode === undefined ? undefined : text(site, givenCode)) ??
      this.attribute(type, CODE_NAMES, text, () => undefined) ??
      args.map((each) => (each.value.kind === 'string' ? this.codeIn(site, each.value) : '')).find((each) => each !== '') ??
      '';
    if (status === undefined) return isHttp || this.handlers.mayHandle(kinds) ? undefined : 'no answer';
    return [{ status, code: code === String(status) ? '' : code, when: '', place }];
  }

  private numericCode(type: ProjectClass, site: Frame, given: Expression | undefined): number | undefined {
    const own = given === undefined ? undefined : this.statusOf(site, given);
    const status = own ?? this.attribute(type, ['code'], (at, value) => statusOf(this.shapes, at, value), statusNamed);
    return status !== undefined && status >= 400 ? status : undefined;
  }

  /** An attribute of an exception's class, or what its constructor hands on to the one above. */
  private attribute<T>(
    type: ProjectClass,
    names: readonly string[],
    read: (site: Site, value: Expression) => T | undefined,
    named: (name: string) => T | undefined,
  ): T | undefined {
    for (const name of names) {
      const member = this.resolver.member(type, name);
      if (member?.kind === 'external') {
        // `status_code = HTTPStatus.NOT_FOUND` leads out of the project.
        const found = named(member.name);
        if (found !== undefined) return found;
      }
      if (member?.kind === 'variable' && member.value !== undefined) {
        const found = read({ module: member.module, scope: member.scope }, member.value) ?? this.defaultOf(type, member.value, read);
        if (found !== undefined) return found;
      }
    }
    const initial = this.resolver.member(type, '__init__');
    const found = initial?.kind === 'function' ? this.modules.functionOf(initial.module.path, initial.node.start) : undefined;
    if (found === undefined) return undefined;
    for (const { node, scope } of callsIn(found.module.facts, found.owner)) {
      if (node.func.kind !== 'attribute' || node.func.name !== '__init__') continue;
      const given = node.args.find((argument) => argument.keyword !== undefined && names.includes(argument.keyword));
      const value =
        given === undefined ? undefined : (read({ module: found.module, scope }, given.value) ?? this.defaultOf(type, given.value, read));
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** `self.status_code = status_code`: the default of the constructor's parameter. */
  private defaultOf<T>(type: ProjectClass, value: Expression, read: (site: Site, value: Expression) => T | undefined): T | undefined {
    if (value.kind !== 'name') return undefined;
    const initial = this.resolver.member(type, '__init__');
    if (initial?.kind !== 'function') return undefined;
    const parameter = initial.node.parameters.find((each) => each.name === value.id);
    return parameter?.defaultValue === undefined
      ? undefined
      : read({ module: initial.module, scope: initial.scope }, parameter.defaultValue);
  }

  /** The machine-readable code in an argument: a word in capitals, a number, or the `code` of a dict. */
  private codeIn(site: Frame, value: Expression): string {
    const given = value.kind === 'name' ? site.given?.get(value.id) : undefined;
    if (given !== undefined) return this.codeIn(given.site, given.value);
    if (value.kind === 'dict') {
      const entry = value.entries.find((each) => each.key?.kind === 'string' && CODE_NAMES.includes(each.key.value));
      return entry === undefined ? '' : this.codeIn(site, entry.value);
    }
    const literal = this.shapes.literalValue(site, value);
    if (typeof literal === 'number') return String(literal);
    if (typeof literal === 'string')
      return /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(literal) || /^[a-z]+([_.][a-z0-9]+)+$/.test(literal) ? literal : '';
    // A member of an enumeration of codes that is not a constant here.
    return value.kind === 'attribute' && /^[A-Z][A-Z0-9_]+$/.test(value.name) ? value.name : '';
  }
}

/** What a call gives to each parameter of a function. */
function givenTo(owner: FunctionFacts, args: readonly Argument[], site: Frame): NonNullable<Frame['given']> {
  const given = new Map<string, { site: Frame; value: Expression }>();
  let position = 0;
  for (const argument of args) {
    const name = argument.keyword ?? owner.node.parameters[position++]?.name;
    if (name !== undefined) given.set(name, { site, value: argument.value });
  }
  return given;
}

/** `IMAGE_TYPES.get(...)` of a table of constants. */
function isConstantTable(resolved: Resolved | undefined): boolean {
  return resolved?.kind === 'variable' && /^(dict|list|tuple|set|string)$/.test(resolved.value?.kind ?? '');
}

function unique(errors: readonly ErrorResponse[]): ErrorResponse[] {
  return [...new Map(errors.map((error) => [`${error.status} ${error.code} ${error.place.path}:${error.place.line}`, error])).values()];
}

function isAbstractMethod(owner: FunctionFacts): boolean {
  return owner.node.decorators.some((decorator) => /abstractmethod/.test(spelled(decorator)));
}
