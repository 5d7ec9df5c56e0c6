import { expect, it } from 'vitest';
import { z } from 'zod';
import { sourceNodes } from '../support/source-nodes.ts';

const refusalShape = z.object({ callee: z.object({ name: z.literal('Refusal') }), arguments: z.array(z.unknown()).length(3) });

it('says in every refusal what is wrong and what to do, reviewed in one table', async () => {
  const nodes = await sourceNodes();
  const refusals = nodes.flatMap(({ file, type, fields, textOf }) => {
    const call = type === 'NewExpression' ? refusalShape.safeParse(fields).data : undefined;
    return call === undefined ? [] : [{ file, parts: call.arguments.map((part) => textOf(part).replace(/\s+/g, ' ')) }];
  });
  expect(refusals.length).toBeGreaterThan(150);
  // What is wrong is a sentence or a question, or ends with what a program said; what to do is one too.
  for (const { file, parts } of refusals) {
    const [, message = '', remedy = ''] = parts;
    for (const text of [message, remedy]) if (/^['`]/.test(text)) expect(text, file).toMatch(/[.?})][`']$|\$\{[^}]*\}[`']$/);
  }
  const rows = refusals.map(({ file, parts }) => [file.replace(/^src\//, ''), ...parts]);
  const table = rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  const head = ['| where | code | what is wrong | what to do |', '| --- | --- | --- | --- |'];
  await expect(`${[...head, ...table].join('\n')}\n`).toMatchFileSnapshot('__snapshots__/refusals.md');
});
