import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { wordingFindings } from '../../src/documents/reply/wording.ts';
import { countWords } from '../../src/documents/reply/words.ts';
import { startClient, workspaceWith } from '../support/client.ts';
import type { TestClient } from '../support/connect.ts';

const examples = z
  .array(
    z.object({
      id: z.string(),
      kind: z.enum(['code', 'deliverable', 'other']),
      language: z.string(),
      text: z.string(),
      expected: z.array(z.object({ rule: z.string(), words: z.string() })),
    }),
  )
  .parse(JSON.parse(readFileSync('test/fixtures/reply-examples.json', 'utf8')));
const files = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync('test/fixtures/reply-files.json', 'utf8')));
const found = z.array(z.object({ rule: z.string(), severity: z.string(), message: z.string(), fix: z.string(), line: z.number() }));

const PREFIX = '[Python Engineer perspective]';

async function client(): Promise<TestClient> {
  return startClient({ args: ['--root', await workspaceWith(files)] });
}

it('finds what replies in six languages break, and nothing else', async () => {
  const { call } = await client();
  for (const { id, kind, text, expected } of examples) {
    const result = await call('check_reply', { reply: text, kind });
    const rules = [...new Set(found.parse(result.structured.findings).map(({ rule }) => rule))].sort();
    expect({ id, rules }).toEqual({ id, rules: [...new Set(expected.map(({ rule }) => rule))].sort() });
    if (id.startsWith('good')) expect((await call('check_reply', { reply: text })).structured.kind).toBe(kind);
  }
});

describe('what it says', () => {
  it('quotes the words, offers the shorter form, and names the line', async () => {
    const { call } = await client();
    const reply = `${PREFIX}\n\nSure! Here is what happens: the lock is taken first.\n\nIt is worth noting that the lock is released.\n`;
    const result = await call('check_reply', { reply, kind: 'other' });
    expect(result.text).toMatch(/^Change it before you send it: 2 errors, 0 warnings/);
    expect(found.parse(result.structured.findings)).toEqual([
      expect.objectContaining({ rule: 'reply/no-opener', line: 3, message: expect.stringContaining('"Sure!"') }),
      expect.objectContaining({ rule: 'reply/no-filler', line: 5, fix: 'Say it directly: "The lock is released."' }),
    ]);
  });

  it('lets a reply with warnings go', async () => {
    const { call } = await client();
    const result = await call('check_reply', { reply: `${PREFIX} This is a robust solution.`, kind: 'other' });
    expect(result.structured).toMatchObject({ passed: true, findings: [{ rule: 'reply/cite-source', severity: 'warning' }] });
  });

  it('takes the code of an answer for what it is', async () => {
    const { call } = await client();
    const good = examples.find(({ id }) => id === 'good-01')?.text ?? '';
    const broken = good.replace('    loan = await', '    loan = = await');
    expect(found.parse((await call('check_reply', { reply: broken })).structured.findings)).toEqual([
      expect.objectContaining({ rule: 'code/complete' }),
    ]);
  });

  it('knows a document that was changed a little, and one that is not finished', async () => {
    const { call } = await client();
    const contract = files['.ai/temp/api-contract.md'] ?? '';
    const echo = `${PREFIX}\n\nThe contract is complete.\n\n\`.ai/temp/api-contract.md\`\n\n${contract.replaceAll('the', 'a').replace('loan', 'book')}`;
    const rules = found.parse((await call('check_reply', { reply: echo, kind: 'other' })).structured.findings).map(({ rule }) => rule);
    expect(rules).toContain('reply/no-echo');
    const open = await startClient({ args: ['--root', await workspaceWith({ 'docs/a.md': '# A\n\n## B\n\n[TBD]\n' })] });
    const result = await open.call('check_reply', { reply: `${PREFIX}\n\n\`docs/a.md\` is complete.` });
    expect(result.text).toContain('"docs/a.md" has 1 open section, the first "B".');
  });

  it('says what is wrong with a call', async () => {
    const { call } = await client();
    expect((await call('check_reply', { reply: '' })).isError).toBe(true);
    expect((await call('check_reply', { reply: 'x'.repeat(300_000) })).text).toContain('Write what is long into a file');
    expect((await call('check_reply', { reply: `${PREFIX}\n\n\`../../etc/passwd.md\` is complete.` })).text).toContain('does not exist');
  });
});

it.each([
  ['Uses `limit` and `offset` for pagination.', 6],
  ['Renewal returns 409, see src/services/loan.py:12.', 5],
  ['分页使用 limit 和 offset', 6],
  ['', 0],
])('counts the words of %j', (text, words) => {
  expect(countWords(text)).toBe(words);
});

it('never takes a substance for an opener because of what follows', () => {
  for (const text of [
    "Let's Encrypt issues the certificate.",
    'Sure enough, the lock is held.',
    'OK (200) is returned.',
    'Perfect hashing is used.',
    '可以为空。',
  ])
    expect(wordingFindings(text, [1])).toEqual([]);
});

it('judges any text without failing', () => {
  const piece = fc.constantFrom(
    'Sure',
    '!',
    ' ',
    '\n',
    '`',
    '```',
    '|',
    '- ',
    '# ',
    '。',
    '希望',
    '"',
    '「',
    'robust',
    '[',
    ']',
    '(',
    'In summary,',
    '\u0000',
    '\ud83d',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      for (const finding of wordingFindings(pieces.join(''), [1])) expect(finding.line).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});
