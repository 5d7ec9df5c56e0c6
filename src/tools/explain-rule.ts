import { z } from 'zod';
import { loadRulePages, type RuleExample, type RulePage } from '../skill/rule-pages.ts';
import { Refusal } from '../workspace/refusal.ts';
import { defineTool, READ_ONLY } from './tool.ts';

/** `explain_rule`: one rule's page. */
export const explainRule = defineTool({
  name: 'explain_rule',
  title: 'Explain a rule',
  description: 'Why a rule exists, bad and good code, the fix. Without rule: all rules.',
  hints: READ_ONLY,
  input: z.strictObject({ rule: z.string().optional().describe('Such as async/no-time-sleep') }),
  output: z.strictObject({ rules: z.array(z.strictObject({ id: z.string(), title: z.string(), severity: z.enum(['error', 'warning']) })) }),
  async run(input) {
    const pages = await loadRulePages();
    if (input.rule === undefined) {
      const all = [...pages.values()];
      return {
        text: all.map((page) => `${page.id} (${page.severity}): ${page.title}`).join('\n'),
        structured: { rules: all.map(({ id, title, severity }) => ({ id, title, severity })) },
      };
    }
    const page = pages.get(input.rule.trim());
    if (page === undefined) throw new Refusal('not_found', `There is no rule "${input.rule}".`, suggestion(input.rule, [...pages.keys()]));
    const text = [
      `${page.id} (${page.severity}): ${page.title}`,
      page.why,
      `Fix: ${page.fix}`,
      ...(page.applies.length === 0 ? [] : [`Applies to: ${page.applies.join(', ')}.`]),
      ...page.bad.map((example) => `Bad:\n${shown(page, example, marked(page, example))}`),
      ...page.good.map((example) => `Good:\n${shown(page, example, example.code)}`),
      ...(page.how === 'tool' || page.how === 'reply' ? [] : [`To keep one occurrence on purpose: # allow: ${page.id} - <reason>`]),
    ].join('\n\n');
    return { text, structured: { rules: [{ id: page.id, title: page.title, severity: page.severity }] } };
  },
});

function marked(page: RulePage, example: RuleExample): string {
  const mark = page.how === 'reply' ? '  <!-- finding -->' : '  # <- finding';
  return example.code
    .split('\n')
    .map((line, index) => (example.findingLines.includes(index + 1) ? `${line}${mark}` : line))
    .join('\n');
}

function shown(page: RulePage, example: RuleExample, code: string): string {
  const context = example.context.map((file) => `With ${file.path}:\n${fenced(file.text, '')}`);
  return [...context, fenced(code, page.how === 'reply' ? 'markdown' : 'python')].join('\n');
}

function fenced(text: string, language: string): string {
  // A reply holds fences of its own.
  const fence = text.includes('```') ? '~~~' : '```';
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

function suggestion(wanted: string, known: readonly string[]): string {
  const word = wanted.toLowerCase().split('/').at(-1) ?? '';
  const topic = wanted.toLowerCase().split('/')[0] ?? '';
  const near = known.filter((id) => id.includes(word) || id.startsWith(`${topic}/`)).slice(0, 8);
  return near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'Call explain_rule without arguments for the list.';
}
