import type { Span } from '../../python/syntax.ts';
import { CONFIG_PATH, parseWorkflowConfig } from '../../workspace/config.ts';
import { foreignLanguage } from '../../workspace/foreign-language.ts';
import type { Check, RuleContext } from '../context.ts';

/** What is not prose, or not this project's: tool directives, code, links, names in quotes. */
const NOT_PROSE =
  /^(#!|#\s*(-\*-|type:|noqa|pragma|fmt:|isort:|pylint:|mypy:|ruff:|pyright:|nosec|allow:|region|endregion|SPDX|Copyright|https?:)|#[-=#*~\s]*$)/i;

/** workspace/output-language: comments and docstrings in another language than the project's. */
export const outputLanguage: Check = (context) => {
  const config = parseWorkflowConfig(context.project.files.text(CONFIG_PATH));
  const wanted = config.outputLanguage.value;
  const foreign = [...commentBlocks(context), ...docstrings(context)]
    .map(({ span, text }) => ({ span, language: foreignLanguage(text, wanted) }))
    .filter((each) => each.language !== undefined)
    .sort((a, b) => a.span.start - b.span.start);
  const isDeclared = config.outputLanguage.source.kind === 'file';
  // Where nobody chose a language, one word about it is enough.
  for (const { span, language } of isDeclared ? foreign : foreign.slice(0, 1)) {
    const more = isDeclared || foreign.length === 1 ? '' : ` (and ${foreign.length - 1} more in this file)`;
    context.report({
      span,
      message: `This text is in ${language}${more}; the project's output_language is ${wanted}${isDeclared ? '' : ' (the default)'}.`,
      fix: `Write it in ${wanted}${isDeclared ? '' : `, or set output_language in ${CONFIG_PATH}`}.`,
    });
  }
};

interface Prose {
  readonly span: Span;
  readonly text: string;
}

/** Comments on consecutive lines belong together. */
function commentBlocks(context: RuleContext): Prose[] {
  const blocks: { start: number; end: number; text: string; line: number }[] = [];
  for (const comment of context.facts.syntax.comments) {
    if (NOT_PROSE.test(comment.text)) continue;
    const line = context.lineOf(comment.start);
    const text = comment.text.replace(/^#+:?/, '');
    const last = blocks.at(-1);
    if (last !== undefined && last.line === line - 1) {
      last.end = comment.end;
      last.text += `\n${text}`;
      last.line = line;
    } else blocks.push({ start: comment.start, end: comment.end, text, line });
  }
  return blocks.map(({ start, end, text }) => ({ span: { start, end }, text }));
}

function docstrings(context: RuleContext): Prose[] {
  const bodies = [
    context.facts.syntax,
    ...context.facts.functions.map((owner) => owner.node),
    ...context.facts.classes.map((facts) => facts.node),
  ];
  return bodies.flatMap(({ body }) => {
    const [first] = body;
    if (first?.kind !== 'expression' || first.value.kind !== 'string') return [];
    // The words of the sections are the same in every language.
    const text = first.value.value.replace(/^\s*(Args|Arguments|Returns|Raises|Yields|Attributes|Examples?|Notes?):\s*$/gm, '');
    return [{ span: first.value, text }];
  });
}
