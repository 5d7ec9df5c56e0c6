import { analyse } from 'scslre';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { sourceNodes } from './support/source-nodes.ts';

const literalShape = z.object({ regex: z.object({ pattern: z.string(), flags: z.string() }) });

it('has no regular expression that backtracks exponentially, or quadratically on its own', async () => {
  const literals = (await sourceNodes()).flatMap(({ file, type, fields }) => {
    const literal = type === 'Literal' ? literalShape.safeParse(fields).data : undefined;
    return literal === undefined ? [] : [{ file, ...literal.regex }];
  });
  expect(literals.length).toBeGreaterThan(1000);
  // Two neighbours that may take the same characters are quadratic at worst (`Trade`): what they are given is bounded.
  const dangerous = literals.filter(({ pattern, flags }) =>
    analyse({ source: pattern, flags }, { reportTypes: { Move: false } }).reports.some(
      (report) => report.exponential || report.type === 'Self',
    ),
  );
  expect(dangerous).toEqual([]);
});

it('would find one', () => {
  const exponential = analyse({ source: '^(?:a+)+$', flags: '' }).reports;
  expect(exponential.some((report) => report.exponential)).toBe(true);
});
