import type { ClassFacts, FunctionFacts, Scope } from '../../../python/module-facts.ts';
import type { Comment } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';
import { isDocstring, isHole } from '../../knowledge/empty-statements.ts';

/** Comments that stand for code that was left out. */
const LEFT_OUT: readonly RegExp[] = [
  /^#\s*(\.{3}|…+)\s*$/,
  /^#\s*\(?(unchanged|omitted for brevity|same as above|other methods unchanged|-+ ?snip ?-+|implement here)\)?\s*$/i,
  /^#\s*(\.{3}|…+)?\s*(restlicher Code|Rest (wie gehabt|bleibt|unverändert)|(el )?resto del código|le reste du code|ここに.{0,12}(書く|実装)|这里添加|在此处?添加|……?其余代码)/i,
  /^#\s*(\.{3}|…)?\s*\(?(the\s+)?(rest|remainder) of (the |your |this |existing )*(code|file|function|method|class|implementation|logic|module|endpoints?|imports?)\b/i,
  /^#\s*(\.{3}|…)\s*\(?(the\s+)?(existing|previous|other|remaining|same|rest|more)\b/i,
  /^#\s*\(?(existing|previous|remaining|unchanged) (code|implementation|methods?|functions?|imports?|endpoints?|logic)( (here|unchanged|remains?|stays?|continues|as before|above|below|goes here).*)?\)?\s*(\.{3}|…)?\s*$/i,
  /^#\s*(your|actual|real|insert|put|add) (code|implementation|logic)( goes)? here\b/i,
  /^#\s*(implementation|code|logic) (goes )?here\b/i,
  /^#\s*\[TBD\]/i,
  /^#\s*(\.{3}|…)?\s*(现有代码|其余代码|剩余代码|省略|此处省略|既存のコード|残りのコード|以下省略)/,
];
const PROMISE = /\b(TODO|FIXME|TBD|implement|not implemented|placeholder|stub|fill in)\b|待实现|未実装/i;
const INTENDED_NOTHING = /noop|no_op|nothing|dummy|null|stub|placeholder|fake|mock|hook|callback|on_/i;
const ABSTRACT_DECORATORS = new Set([
  'abc.abstractmethod',
  'abc.abstractproperty',
  'abc.abstractclassmethod',
  'typing.overload',
  'typing_extensions.overload',
]);

/** code/no-placeholder: a comment or an empty body where code should be. */
export const noPlaceholder: Check = (context) => {
  for (const comment of context.facts.syntax.comments) {
    if (!LEFT_OUT.some((pattern) => pattern.test(comment.text)) || isEllipsisInProse(context, comment)) continue;
    context.report({
      span: comment,
      message: `\`${comment.text.slice(0, 60)}\` stands for code that is not there.`,
      fix: 'Write the code itself; to change part of a file, edit that part and leave the rest alone.',
    });
  }
  for (const owner of context.facts.functions) {
    const body = owner.node.body.filter((statement) => !isDocstring(statement));
    const hole = body.length === 1 ? body[0] : undefined;
    if (hole === undefined || !isHole(hole) || isDeliberatelyEmpty(context, owner)) continue;
    context.report({
      span: hole,
      message: `\`${owner.node.name}\` has no body: \`${context.source(hole)}\` stands for missing code.`,
      fix: 'Implement the function, or make it an abstract member if subclasses must.',
    });
  }
};

/** A lone `# ...` among other comment lines is part of what they say. */
function isEllipsisInProse(context: RuleContext, comment: Comment): boolean {
  if (!/^#\s*(\.{3}|…)\s*$/.test(comment.text)) return false;
  const line = context.lineOf(comment.start);
  return [line - 1, line + 1].some((near) => context.facts.lines.lineText(near).trim().startsWith('#'));
}

function isDeliberatelyEmpty(context: RuleContext, owner: FunctionFacts): boolean {
  const { node } = owner;
  const inside = context.facts.syntax.comments.filter(
    (comment) => node.start <= comment.start && comment.start <= lineEnd(context, node.end),
  );
  if (inside.some((comment) => PROMISE.test(comment.text))) return false;
  if (context.role === 'tests' || context.hasDecorator(owner, ABSTRACT_DECORATORS) || isImportFallback(context, owner)) return true;
  if (owner.parentClass !== undefined && isOpenClass(owner.parentClass)) return true;
  const hasDocstring = node.body.some(isDocstring);
  const promisesValue = node.returns !== undefined && !(node.returns.kind === 'constant' && node.returns.value === 'None');
  // Click groups, dependencies that only declare parameters, property setters: the decorator or docstring is the point.
  if (node.decorators.length > 0 || hasDocstring || inside.length > 0) return true;
  if (node.name.startsWith('__') || INTENDED_NOTHING.test(node.name)) return true;
  return owner.parentClass !== undefined ? !promisesValue : isTypingOnly(context, owner.definedIn);
}

/** Below `except ImportError:` an empty function replaces what could not be imported. */
function isImportFallback(context: RuleContext, owner: FunctionFacts): boolean {
  return context.facts.handlers.some(
    ({ node }) =>
      node.start <= owner.node.start &&
      owner.node.end <= node.end &&
      /ImportError|ModuleNotFoundError/.test(node.type === undefined ? '' : context.source(node.type)),
  );
}

/** Classes whose members may be empty: abstract ones, protocols, and any with a base that may define the hook. */
function isOpenClass({ node }: ClassFacts): boolean {
  if (node.bases.length > 0 || node.keywords.some((each) => each.keyword === 'metaclass')) return true;
  return (
    node.keywords.length === 0 && /^(Base|Abstract|Null|Noop|NoOp|Dummy|Fake|Mock|Stub)|(Base|Protocol|Interface|Mixin)$/.test(node.name)
  );
}

/** Below `if TYPE_CHECKING:` or inside a function, empty functions are declarations or callbacks. */
function isTypingOnly(context: RuleContext, scope: Scope): boolean {
  return scope.kind !== 'module' || context.role === 'stubs';
}

function lineEnd(context: RuleContext, offset: number): number {
  const at = context.facts.text.indexOf('\n', offset);
  return at === -1 ? context.facts.text.length : at;
}
