import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { findTruncation } from '../../src/documents/truncation.ts';

const examples = z
  .array(z.object({ text: z.string(), cut: z.boolean(), why: z.string() }))
  .parse(JSON.parse(readFileSync('test/fixtures/truncation-examples.json', 'utf8')));

describe('texts that are whole', () => {
  it.each(examples.filter(({ cut }) => !cut))('$why', ({ text }) => {
    expect(findTruncation(text)).toBeUndefined();
    expect(findTruncation(`${text.replaceAll('\n', '\r\n')}\r\n\r\n`)).toBeUndefined();
  });

  it('a table whose rows are all left open', () => {
    expect(findTruncation('| A | B |\n|---|---|\n| 1 | 2\n| 3 | 4')).toBeUndefined();
  });
});

describe('texts that are cut', () => {
  it.each(examples.filter(({ cut }) => cut))('$why', ({ text }) => {
    expect(findTruncation(text)).toBeDefined();
  });

  it('says what looks cut, and where', () => {
    expect(findTruncation('Run it:\n\n```sh\nmake')).toEqual({
      reason: 'the code fence opened on line 3 is not closed',
      line: 3,
      isOpen: true,
    });
    expect(findTruncation('- One thing.\n- Another thing.\n- The third')).toEqual({
      reason: 'the last item has no stop, unlike those before it',
      line: 3,
    });
  });
});
