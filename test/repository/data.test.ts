import { expect, it } from 'vitest';
import { type DataValue, dataFiles } from '../support/data-files.ts';
import { sourceNodes } from '../support/source-nodes.ts';

const files = await dataFiles();

it('says nothing twice in one list', () => {
  const repeated = files.flatMap(({ file, entries }) => listsIn(entries).flatMap((list) => twice(list).map((word) => `${file}: ${word}`)));
  expect(repeated).toEqual([]);
});

it('is read by the sources, every file and every entry', async () => {
  const nodes = await sourceNodes();
  const imported = new Set(nodes.flatMap(({ type, fields, textOf }) => (type === 'ImportDeclaration' ? [textOf(fields.source)] : [])));
  const unread = files.filter(({ file }) => ![...imported].some((source) => source.endsWith(`${file}'`)));
  expect(unread.map(({ file }) => file)).toEqual([]);
  const words = new Set(nodes.flatMap(({ type, fields, textOf }) => (type === 'Identifier' || type === 'Literal' ? [textOf(fields)] : [])));
  const unused = files.flatMap(({ file, entries }) =>
    Object.keys(entries).flatMap((name) => (words.has(name) || words.has(`'${name}'`) ? [] : [`${file}: ${name}`])),
  );
  expect(unused).toEqual([]);
});

function listsIn(value: DataValue): string[][] {
  if (typeof value === 'string') return [];
  const inside = Object.values(value).flatMap(listsIn);
  const words = Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  return words.length > 0 ? [words, ...inside] : inside;
}

function twice(words: readonly string[]): string[] {
  return words.filter((word, index) => words.indexOf(word) !== index);
}
