import type { AnnotationFacts, FunctionFacts, Scope } from '../../python/module-facts.ts';
import { type Expression, walkExpression } from '../../python/syntax.ts';
import type { Check, RuleContext } from '../context.ts';
import { isEndpoint } from '../knowledge/endpoints.ts';

const ANY = new Set(['typing.Any', 'typing_extensions.Any']);
const DICTS = new Set(['builtins.dict', 'typing.Dict']);
const MAPPINGS = new Set([
  ...DICTS,
  'typing.Mapping',
  'typing.MutableMapping',
  'collections.abc.Mapping',
  'collections.abc.MutableMapping',
]);
const CALLABLES = new Set(['typing.Callable', 'collections.abc.Callable']);
const MAPPED = new Set(['sqlalchemy.orm.Mapped', 'sqlalchemy.orm.WriteOnlyMapped', 'sqlalchemy.orm.DynamicMapped']);
/** Signatures that a protocol of Python or Pydantic dictates: the author cannot narrow them. */
const VALIDATORS = new Set([
  'pydantic.field_validator',
  'pydantic.model_validator',
  'pydantic.field_serializer',
  'pydantic.model_serializer',
  'pydantic.validator',
  'pydantic.root_validator',
  'sqlalchemy.orm.validates',
  'typing.overload',
  'typing.override',
  'typing_extensions.override',
]);

/** typing/no-bare-dict: `dict` without types, or with `Any` values, in annotations of business logic. */
export const noBareDict: Check = (context) => {
  for (const annotation of context.facts.annotations) {
    if (isDictatedSignature(context, annotation)) continue;
    for (const found of bareDicts(context, annotation.scope, annotation.node)) {
      const written = context.source(found.node);
      context.report({
        span: found.node,
        message: `${describe(annotation)} is \`${written}\`: ${found.reason}.`,
        fix: 'Name the shape: a Pydantic model at the edges, a TypedDict or dataclass inside.',
      });
    }
  }
};

/** typing/no-any: `Any` in annotations of business logic. `dict[str, Any]` is reported by typing/no-bare-dict alone. */
export const noAny: Check = (context) => {
  for (const annotation of context.facts.annotations) {
    if (isDictatedSignature(context, annotation) || annotation.parameter?.form === 'args') continue;
    // FastAPI's own idiom: with response_model= the return annotation is not what is sent.
    if (annotation.role === 'return' && annotation.function !== undefined && isEndpoint(context, annotation.function)) continue;
    for (const found of anyOutsideDicts(context, annotation.scope, annotation.node)) {
      context.report({
        span: found,
        message: `${describe(annotation)} is typed \`${context.source(annotation.node)}\`, which switches type checking off.`,
        fix: 'Use the concrete type, a Protocol, a TypeVar, or `object` for a value that is only passed on.',
      });
    }
  }
};

function describe(annotation: AnnotationFacts): string {
  switch (annotation.role) {
    case 'parameter':
      return `Parameter \`${annotation.parameter?.name}\` of \`${annotation.function?.node.name}\``;
    case 'return':
      return `The return type of \`${annotation.function?.node.name}\``;
    default: {
      const target = annotation.statement.kind === 'assign' ? annotation.statement.targets[0] : undefined;
      const name = target?.kind === 'name' ? target.id : target?.kind === 'attribute' ? target.name : 'value';
      return annotation.role === 'field' ? `Field \`${annotation.class?.node.name}.${name}\`` : `\`${name}\``;
    }
  }
}

function isDictatedSignature(context: RuleContext, annotation: AnnotationFacts): boolean {
  if (annotation.parameter?.form === 'kwargs') return true;
  const owner = annotation.function;
  if (owner === undefined || (annotation.role !== 'parameter' && annotation.role !== 'return')) return false;
  const { name } = owner.node;
  const isDunder = name.startsWith('__') && name.endsWith('__') && name !== '__init__' && name !== '__call__';
  return isDunder || context.hasDecorator(owner, VALIDATORS) || isGivenToValidator(context, owner);
}

/** `Annotated[str, BeforeValidator(strip)]`: Pydantic dictates the signature of `strip`. */
function isGivenToValidator(context: RuleContext, owner: FunctionFacts): boolean {
  return context.facts.calls.some(
    ({ node }) =>
      /(^|\.)(Before|After|Wrap|Plain)(Validator|Serializer)$/.test(context.source(node.func)) &&
      node.args.some((argument) => argument.value.kind === 'name' && argument.value.id === owner.node.name),
  );
}

interface BareDict {
  readonly node: Expression;
  readonly reason: string;
}

function bareDicts(context: RuleContext, scope: Scope, annotation: Expression): BareDict[] {
  if (annotation.kind === 'name' || annotation.kind === 'attribute') {
    const name = context.external(scope, annotation);
    return name !== undefined && DICTS.has(name) ? [{ node: annotation, reason: 'its keys and values have no types' }] : [];
  }
  if (annotation.kind === 'subscript') {
    const name = context.external(scope, annotation.value);
    if (name !== undefined && MAPPED.has(name)) return [];
    const values = annotation.index.at(-1);
    if (name !== undefined && MAPPINGS.has(name) && values !== undefined && isAny(context, scope, values)) {
      return [{ node: annotation, reason: 'its values have no type' }];
    }
    const inner = name?.endsWith('.Annotated') === true ? annotation.index.slice(0, 1) : annotation.index;
    return inner.flatMap((part) => bareDicts(context, scope, part));
  }
  if (annotation.kind === 'binary') return [annotation.left, annotation.right].flatMap((side) => bareDicts(context, scope, side));
  if (annotation.kind === 'list') return annotation.items.flatMap((item) => bareDicts(context, scope, item));
  return [];
}

function anyOutsideDicts(context: RuleContext, scope: Scope, annotation: Expression): Expression[] {
  if (isAny(context, scope, annotation)) return [annotation];
  if (annotation.kind === 'subscript') {
    const name = context.external(scope, annotation.value);
    if (name !== undefined && (CALLABLES.has(name) || MAPPED.has(name))) return [];
    if (name !== undefined && MAPPINGS.has(name)) return [];
    // Coroutine[Any, Any, T] and Generator[Y, Any, R]: what is sent in is nobody's business.
    if (name !== undefined && /\.(Async)?(Generator|Coroutine)$/.test(name)) {
      const judged = name.endsWith('Coroutine')
        ? annotation.index.slice(2)
        : [...annotation.index.slice(0, 1), ...annotation.index.slice(2)];
      return judged.flatMap((part) => anyOutsideDicts(context, scope, part));
    }
    // In a generic of the project or a library (`Select[Any]`, `Task[Any]`) the parameter often cannot be said better.
    const isContainer =
      name !== undefined &&
      /^builtins\.(?!type$)|^typing\.(List|Set|Tuple|Sequence|Iterable|Optional|Union|FrozenSet|Collection)$|^collections\.abc\./.test(
        name,
      );
    if (!isContainer) return [];
    return annotation.index.flatMap((part) => anyOutsideDicts(context, scope, part));
  }
  if (annotation.kind === 'binary') return [annotation.left, annotation.right].flatMap((side) => anyOutsideDicts(context, scope, side));
  return [];
}

function isAny(context: RuleContext, scope: Scope, node: Expression): boolean {
  const mentionsName = [...walkExpression(node)].length <= 2 && (node.kind === 'name' || node.kind === 'attribute');
  const name = mentionsName ? context.external(scope, node) : undefined;
  return name !== undefined && ANY.has(name);
}
