import { analyse } from 'scslre';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { dataFiles } from '../support/data-files.ts';
import { sourceNodes } from '../support/source-nodes.ts';

const literalShape = z.object({ regex: z.object({ pattern: z.string(), flags: z.string() }) });

it('has no regular expression that backtracks exponentially, or quadratically on its own', async () => {
  const literals = (await sourceNodes()).flatMap(({ file, type, fields }) => {
    const literal = type === 'Literal' ? literalShape.safeParse(fields).data : undefined;
    return literal === undefined ? [] : [{ file, ...literal.regex }];
  });
  expect(literals.length).toBeGreaterThan(900);
  // Two neighbours that may take the same characters are quadratic at worst (`Trade`): what they are given is bounded.
  const inData = (await dataFiles()).flatMap(({ file, strings }) => strings.map((pattern) => ({ file, pattern, flags: 'i' })));
  const patterns = inData.filter(({ pattern }) => /[\\^$*+?()[\]|]/.test(pattern) && isExpression(pattern));
  expect(patterns.length).toBeGreaterThan(100);
  const dangerous = [...literals, ...patterns].filter(({ pattern, flags }) =>
    analyse({ source: pattern, flags }, { reportTypes: { Move: false } }).reports.some(
      (report) => report.exponential || report.type === 'Self',
    ),
  );
  expect(dangerous).toEqual([]);
});

function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

it('would find one', () => {
  const exponential = analyse({ source: '^(?:a+)+$', flags: '' }).reports;
  expect(exponential.some((report) => report.exponential)).toBe(true);
});
