import { type Field, type Shape, UNKNOWN, unionOf, withoutNull } from '../api/shape.ts';
import type { FunctionFacts, Scope } from '../python/module-facts.ts';
import type { Module } from '../python/project.ts';
import type { Resolver } from '../python/resolver.ts';
import { argumentOf, type CallExpression, type Expression, isConstant, keywordArgument } from '../python/syntax.ts';
import { callee } from './callee.ts';
import type { ProjectClass, ShapeReader, Site } from './shapes.ts';
import type { WholeModules } from './whole-modules.ts';

/** How many of the project's functions are followed one after another. */
const MAX_CALLS = 3;
const MAX_DEPTH = 10;
const ENCODERS = /(^|\.)jsonable_encoder$/;
const DUMPS = new Set(['model_dump', 'dict']);
const RETURNS_MODEL = new Set(['model_validate', 'model_construct', 'from_orm', 'parse_obj', 'model_copy']);
export const JSON_RESPONSES = /^(fastapi|starlette)(\.responses)?\.(JSONResponse|ORJSONResponse|UJSONResponse)$/;

/** Where a value is made: what names mean there, and what the function's parameters were given. */
interface Frame {
  readonly module: Module;
  readonly scope: Scope;
  readonly given: ReadonlyMap<string, Shape>;
  readonly calls: number;
  /** Whether fields go by their aliases, as in JSON, or by their names, as in Python. */
  readonly direction: 'output' | 'python';
}

/** Says what values look like, from the expressions that make them; `unknown` wherever that cannot be told. */
export class ReturnedShapes {
  private readonly modules: WholeModules;
  private readonly resolver: Resolver;
  private readonly shapes: ShapeReader;

  constructor(modules: WholeModules, resolver: Resolver, shapes: ShapeReader) {
    this.modules = modules;
    this.resolver = resolver;
    this.shapes = shapes;
  }

  /** What a function returns: its annotation where that says it, else what its return statements make. */
  ofFunction(
    module: Module,
    owner: FunctionFacts,
    given: ReadonlyMap<string, Shape> = new Map(),
    calls = MAX_CALLS,
    direction: Frame['direction'] = 'output',
  ): Shape {
    if (owner.returns.length === 0) return isAbstract(owner) ? UNKNOWN : { kind: 'null' };
    const frame: Frame = { module, scope: owner.scope, given, calls, direction };
    const made = owner.returns.map((statement) =>
      statement.value === undefined ? ({ kind: 'null' } as const) : this.valueOf(frame, statement.value),
    );
    return merged(made);
  }

  private valueOf(frame: Frame, expression: Expression, depth = MAX_DEPTH): Shape {
    if (depth === 0) return UNKNOWN;
    const inner = (part: Expression): Shape => this.valueOf(frame, part, depth - 1);
    switch (expression.kind) {
      case 'await':
        return inner(expression.value);
      case 'string':
        return expression.isBytes ? { kind: 'binary' } : { kind: 'string', constraints: {} };
      case 'number':
        return { kind: 'number', isInteger: /^-?\d+$/.test(expression.text), constraints: {} };
      case 'constant':
        return expression.value === 'None' ? { kind: 'null' } : expression.value === '...' ? UNKNOWN : { kind: 'boolean' };
      case 'dict':
        return this.dict(frame, expression, depth);
      case 'list':
      case 'tuple':
      case 'set':
        return { kind: 'array', items: expression.items.length === 0 ? UNKNOWN : merged(expression.items.map(inner)), constraints: {} };
      case 'comprehension':
        return this.comprehension(frame, expression, depth);
      case 'conditional':
        return merged([inner(expression.body), inner(expression.orElse)]);
      case 'binary':
        return ['and', 'or'].includes(expression.operator)
          ? UNKNOWN
          : /^(==|!=|<|>|<=|>=|in|not in|is|is not)$/.test(expression.operator)
            ? { kind: 'boolean' }
            : UNKNOWN;
      case 'call':
        return this.called(frame, expression, depth);
      case 'name':
        return this.named(frame, expression, depth);
      case 'attribute':
        return this.attribute(frame, expression, depth);
      default:
        return UNKNOWN;
    }
  }

  private dict(frame: Frame, expression: Extract<Expression, { kind: 'dict' }>, depth: number): Shape {
    const fields: Field[] = [];
    let isOpen = false;
    for (const { key, value } of expression.entries) {
      const spread = key === undefined ? this.valueOf(frame, value.kind === 'starred' ? value.value : value, depth - 1) : undefined;
      if (spread?.kind === 'object') fields.push(...spread.fields);
      if (spread !== undefined) isOpen = isOpen || spread.kind !== 'object' || spread.isOpen;
      if (key === undefined) continue;
      const name = this.shapes.literalValue(frame, key);
      if (typeof name === 'string')
        fields.push({
          name,
          shape: this.valueOf(frame, value, depth - 1),
          required: true,
          line: this.modules.placeOf(frame.module, key.start).line,
        });
      else isOpen = true;
    }
    return { kind: 'object', fields: [...new Map(fields.map((field) => [field.name, field])).values()], isOpen };
  }

  private comprehension(frame: Frame, expression: Extract<Expression, { kind: 'comprehension' }>, depth: number): Shape {
    const [element] = expression.parts;
    if (expression.form === 'dict' || element === undefined) return UNKNOWN;
    const [target] = expression.targets;
    const source = expression.parts.at(-1);
    const given = new Map(frame.given);
    const over = source === undefined ? UNKNOWN : this.valueOf(frame, source, depth - 1);
    if (target?.kind === 'name') given.set(target.id, over.kind === 'array' ? over.items : UNKNOWN);
    return { kind: 'array', items: this.valueOf({ ...frame, given }, element, depth - 1), constraints: {} };
  }

  private named(frame: Frame, expression: Extract<Expression, { kind: 'name' }>, depth: number): Shape {
    const bound = frame.given.get(expression.id);
    if (bound !== undefined) return bound;
    for (let scope: Scope | undefined = frame.scope; scope !== undefined; scope = scope.parent) {
      const bindings = scope.bindings.get(expression.id);
      const [only] = bindings ?? [];
      if (bindings === undefined || only === undefined) continue;
      if (only.kind === 'parameter')
        return only.node.annotation === undefined ? UNKNOWN : this.shapes.shapeOf(frame, only.node.annotation, frame.direction);
      const values = bindings.flatMap((each) => (each.kind === 'value' ? [each] : []));
      const annotated = values.find((each) => each.annotation !== undefined);
      if (annotated?.annotation !== undefined) {
        const shape = this.shapes.shapeOf(frame, annotated.annotation, frame.direction);
        if (!isVague(shape) || annotated.value === undefined) return shape;
        return this.valueOf(frame, annotated.value, depth - 1);
      }
      // A dict that is filled later, or a name that is assigned in several places, is not known whole.
      if (values.length !== bindings.length || values.length !== 1 || values[0]?.value === undefined) return UNKNOWN;
      const shape = this.valueOf(frame, values[0].value, depth - 1);
      return shape.kind === 'object' && values[0].value.kind === 'dict' && this.isChanged(frame, expression.id)
        ? { ...shape, isOpen: true }
        : shape;
    }
    return UNKNOWN;
  }

  /** True when something is stored in a local dict after it was made. */
  private isChanged(frame: Frame, id: string): boolean {
    const { facts } = frame.module;
    return (
      facts.references.some(
        (reference) => reference.use === 'store' && reference.isSubscripted && reference.node.kind === 'name' && reference.node.id === id,
      ) ||
      facts.calls.some(
        ({ node }) =>
          node.func.kind === 'attribute' &&
          node.func.object.kind === 'name' &&
          node.func.object.id === id &&
          /^(update|setdefault|pop)$/.test(node.func.name),
      )
    );
  }

  private attribute(frame: Frame, expression: Extract<Expression, { kind: 'attribute' }>, depth: number): Shape {
    const object = withoutNull(this.valueOf({ ...frame, direction: 'python' }, expression.object, depth - 1)).shape;
    const field = object.kind === 'object' ? object.fields.find((each) => each.name === expression.name) : undefined;
    if (field !== undefined) return field.shape;
    const value = this.shapes.literalValue(frame, expression);
    if (typeof value === 'string') return { kind: 'string', constraints: {} };
    if (typeof value === 'number') return { kind: 'number', isInteger: Number.isInteger(value), constraints: {} };
    return UNKNOWN;
  }

  private called(frame: Frame, call: CallExpression, depth: number): Shape {
    const { func } = call;
    const [first] = call.args;
    if (func.kind === 'attribute') {
      const isDump = DUMPS.has(func.name);
      if (isDump) {
        const isWhole = call.args.every((argument) => argument.keyword === 'mode' || argument.keyword === 'by_alias');
        const byAlias = isConstant(keywordArgument(call.args, 'by_alias'), 'True');
        const shape = this.valueOf({ ...frame, direction: byAlias ? 'output' : 'python' }, func.object, depth - 1);
        return isWhole || shape.kind !== 'object'
          ? shape
          : {
              ...shape,
              isOpen: true,
              fields: call.args.some(
                (argument) => argument.keyword !== undefined && /^exclude(?!_none|_unset|_defaults)|^include/.test(argument.keyword),
              )
                ? []
                : shape.fields,
            };
      }
      if (RETURNS_MODEL.has(func.name)) {
        const model = this.resolver.resolve(frame.module, frame.scope, func.object);
        if (model?.kind === 'class') return this.shapes.classShape(model, frame.direction, new Map());
      }
      if (func.name === 'isoformat' || func.name === 'hex') return { kind: 'string', constraints: {} };
    }
    const target = func.kind === 'subscript' ? undefined : callee(this.resolver, frame.module, frame.scope, func);
    if (target?.kind === 'external') {
      if (ENCODERS.test(target.name) && first !== undefined) return this.valueOf(frame, first.value, depth - 1);
      if (JSON_RESPONSES.test(target.name)) {
        const content = argumentOf(call.args, 'content', 0);
        return content === undefined ? UNKNOWN : this.valueOf(frame, content, depth - 1);
      }
      if (target.name === 'builtins.dict' && call.args.every((argument) => argument.keyword !== undefined)) {
        const fields = call.args.map(
          (argument): Field => ({
            name: argument.keyword ?? '',
            shape: this.valueOf(frame, argument.value, depth - 1),
            required: true,
            line: this.modules.placeOf(frame.module, argument.value.start).line,
          }),
        );
        return { kind: 'object', fields, isOpen: false };
      }
      if (target.name === 'builtins.str') return { kind: 'string', constraints: {} };
      if (target.name === 'builtins.int' || target.name === 'builtins.len') return { kind: 'number', isInteger: true, constraints: {} };
      if (target.name === 'builtins.float') return { kind: 'number', isInteger: false, constraints: {} };
      if (target.name === 'builtins.bool') return { kind: 'boolean' };
      if (target.name === 'builtins.list' && first !== undefined) return this.valueOf(frame, first.value, depth - 1);
      return UNKNOWN;
    }
    if (target?.kind === 'class') return this.constructed(frame, target, call, depth);
    if (target?.kind === 'function') return this.functionCall(frame, target.module.path, target.node.start, call, depth);
    // `ResponseModel[Loan](data=...)`.
    if (func.kind === 'subscript') return this.shapes.shapeOf(frame, func, frame.direction);
    return UNKNOWN;
  }

  /** A model made with keyword arguments: fields that may hold anything hold what they are given. */
  private constructed(frame: Frame, type: ProjectClass, call: CallExpression, depth: number): Shape {
    const shape = this.shapes.classShape(type, frame.direction, new Map());
    if (shape.kind !== 'object') return shape;
    const fields = shape.fields.map((field) => {
      const given = call.args.find((argument) => argument.keyword === field.name)?.value;
      return given === undefined || !isVague(field.shape) ? field : { ...field, shape: this.valueOf(frame, given, depth - 1) };
    });
    return { ...shape, fields };
  }

  private functionCall(frame: Frame, path: string, start: number, call: CallExpression, depth: number): Shape {
    if (frame.calls === 0) return UNKNOWN;
    const found = this.modules.functionOf(path, start);
    if (found === undefined) return UNKNOWN;
    const { owner, module } = found;
    const site: Site = { module, scope: owner.definedIn };
    const declared = owner.node.returns === undefined ? UNKNOWN : this.shapes.shapeOf(site, owner.node.returns, frame.direction);
    if (!isVague(declared)) return declared;
    if (owner.node.decorators.some((decorator) => !/^(staticmethod|classmethod)$/.test(decorator.kind === 'name' ? decorator.id : '')))
      return UNKNOWN;
    const skips =
      owner.parentClass === undefined ||
      owner.node.decorators.some((decorator) => decorator.kind === 'name' && decorator.id === 'staticmethod')
        ? 0
        : 1;
    const names = owner.node.parameters.slice(skips).map((parameter) => parameter.name);
    const given = new Map<string, Shape>();
    let position = 0;
    for (const argument of call.args) {
      const name = argument.keyword ?? names[position++];
      if (name !== undefined) given.set(name, this.valueOf(frame, argument.value, depth - 1));
    }
    return this.ofFunction(module, owner, given, frame.calls - 1, frame.direction);
  }
}

/** A shape that says next to nothing: `Any`, `dict`, `dict[str, Any]`, `list[dict]`. */
function isVague(shape: Shape): boolean {
  const { shape: inner } = withoutNull(shape);
  switch (inner.kind) {
    case 'unknown':
    case 'any':
      return true;
    case 'map':
      return isVague(inner.values);
    case 'array':
      return isVague(inner.items);
    case 'union':
      return inner.options.some(isVague);
    default:
      return false;
  }
}

/** One shape for values made in several places; unknown when one of them is. */
function merged(shapes: readonly Shape[]): Shape {
  if (shapes.some((shape) => shape.kind === 'unknown')) return UNKNOWN;
  const unique = [
    ...new Map(
      shapes.map((shape) => [JSON.stringify(shape, (key, value: unknown) => (key === 'line' ? undefined : value)), shape]),
    ).values(),
  ];
  return unionOf(unique);
}

/** A body that is only a docstring, `...` or `raise NotImplementedError`. */
function isAbstract(owner: FunctionFacts): boolean {
  return owner.node.body.every((statement) => statement.kind === 'pass' || statement.kind === 'raise' || statement.kind === 'expression');
}
