import fc from 'fast-check';

// Texts as they come half-written, broken or hostile: each is made from a text of the corpus by a few changes.

/** The most characters of a changed text. */
export const MAX_CHARACTERS = 60_000;
const MAX_TIMES = 3_000;

/** What parsers trip over, in any of the languages. */
const TOKENS = [
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '<',
  '>',
  '"',
  "'",
  '"""',
  "'''",
  '`',
  '```',
  '~~~',
  '$$',
  '$a$',
  '--',
  '/*',
  '*/',
  '#',
  '# ',
  '## ',
  '- ',
  '1. ',
  '> ',
  '|',
  '| - | - |\n',
  '\\',
  '\\\n',
  '\t',
  '\r',
  '\r\n',
  '\n',
  '\u0000',
  '\ufeff',
  '\u200b',
  '\u202e',
  '\ud800',
  '😀',
  '需求',
  '---\n',
  '---',
  '...',
  '&a',
  '*a',
  '*',
  '**',
  '_',
  '!!js/function',
  '<<: ',
  '? ',
  ': ',
  '[TBD]',
  '[TBD]\n',
  '__proto__',
  'constructor',
  'prototype',
  'def f():\n',
  'class A(A):\n',
  'async ',
  'await ',
  'lambda: ',
  'if x:\n',
  '    ',
  'f"{',
  '}',
  ':=',
  '->',
  '@',
  'import a\n',
  'from . import *\n',
  '0x',
  '1e999',
  'CREATE TABLE a (',
  'REFERENCES a',
  'PRIMARY KEY',
  "E'\\",
  ';',
  'NULL',
  'GET /a',
  '{a}',
  'x = ',
  'x = x\n',
  ' = "',
  '[a.b]\n',
  '[[a]]\n',
  'true',
  '1979-05-27',
  '<br>',
  '<!--',
  '-->',
  '](',
  '![',
  '[a]: b\n',
  '&amp;',
  '{"a":',
  '{"jsonrpc":"2.0",',
  '"id":1,',
  '"method":',
  'null',
  '\\u0000',
  '\\ud800',
] as const;

type Change = (text: string) => string;

const place = fc.double({ min: 0, max: 1, noNaN: true });
const token = fc.constantFrom(...TOKENS);
/** Mostly few, sometimes very many. */
const times = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }) },
  { weight: 1, arbitrary: fc.integer({ min: 6, max: MAX_TIMES }) },
);

function at(text: string, where: number): number {
  return Math.floor(where * text.length);
}

function insert(text: string, where: number, added: string): string {
  const offset = at(text, where);
  return text.slice(0, offset) + added + text.slice(offset);
}

const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, place).map(
    ([from, to]): Change =>
      (text) =>
        text.slice(0, at(text, Math.min(from, to))) + text.slice(at(text, Math.max(from, to))),
  ),
  fc.tuple(place, place).map(
    ([from, length]): Change =>
      (text) =>
        text.slice(0, at(text, from)) + text.slice(at(text, from) + Math.floor(length * 40)),
  ),
  fc.tuple(place, token, times).map(
    ([where, what, count]): Change =>
      (text) =>
        insert(text, where, what.repeat(count)),
  ),
  fc.tuple(place, token, token, times).map(
    ([where, open, close, count]): Change =>
      (text) =>
        insert(text, where, open.repeat(count) + close.repeat(count)),
  ),
  fc.tuple(place, token, token, times).map(
    ([where, one, other, count]): Change =>
      (text) =>
        insert(text, where, (one + other).repeat(count)),
  ),
  fc.tuple(place, place, times).map(
    ([from, length, count]): Change =>
      (text) => {
        const part = text.slice(at(text, from), at(text, from) + 1 + Math.floor(length * 200));
        return insert(text, from, part.repeat(count));
      },
  ),
  fc.tuple(place, place).map(
    ([one, other]): Change =>
      (text) => {
        const lines = text.split('\n');
        const [first, second] = [one, other].map((each) => Math.min(lines.length - 1, Math.floor(each * lines.length)));
        return lines.with(first ?? 0, lines[second ?? 0] ?? '').join('\n');
      },
  ),
  fc.tuple(place, fc.string({ unit: 'binary', maxLength: 12 })).map(
    ([where, added]): Change =>
      (text) =>
        insert(text, where, added),
  ),
  place.map(
    (where): Change =>
      (text) =>
        text.slice(0, at(text, where)),
  ),
  fc.constant<Change>((text) => text.replaceAll('\n', '')),
  fc.constant<Change>((text) => text.replaceAll('\n', '\r\n')),
  fc.constant<Change>((text) => text.replace(/^[ \t]+/gm, '')),
);

/** A text of the corpus with one to five changes. */
export function mutated(corpus: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...corpus), fc.array(changes, { minLength: 1, maxLength: 5 }))
    .map(([text, made]) => made.reduce((current, change) => change(current).slice(0, MAX_CHARACTERS), text));
}
