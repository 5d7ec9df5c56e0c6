import { readFile } from 'node:fs/promises';
import fastGlob from 'fast-glob';

const PLACES = ['examples', 'test/fixtures', 'skills'];
/** Of longer files only the beginning is taken: there is little in the rest that the beginning has not. */
const LONGEST = 12_000;

async function textsOf(pattern: string): Promise<string[]> {
  const files = await fastGlob(
    PLACES.map((place) => `${place}/**/${pattern}`),
    { dot: true },
  );
  const texts = await Promise.all(files.toSorted().map((file) => readFile(file, 'utf8')));
  return texts.map((text) => text.slice(0, LONGEST)).filter((text) => text.trim() !== '');
}

/** The code blocks of one language in Markdown texts. */
function blocksOf(texts: readonly string[], language: string): string[] {
  const block = new RegExp(`^(\`\`\`|~~~)${language}\\b[^\\n]*\\n([\\s\\S]*?)^\\1`, 'gm');
  return texts.flatMap((text) => [...text.matchAll(block)].map((match) => match[2] ?? ''));
}

/** Texts that the product reads, by what they are. */
export async function readCorpus() {
  const pages = await textsOf('*.md');
  return {
    python: [...(await textsOf('*.py')), ...blocksOf(pages, 'python')],
    markdown: pages,
    contract: await textsOf('api-contract*.md'),
    design: await textsOf('db-design*.md'),
    sql: await textsOf('*.sql'),
    toml: [...(await textsOf('*.toml')), 'requests>=2\nfastapi[all]==0.115 ; python_version < "3.13"\n-r other.txt\n'],
    workflow: await textsOf('workflow-config.md'),
    settings: [
      '---\nrules:\n  fastapi/response-model: off\n  code/docstring: warning\nexclude: ["legacy/**"]\nroots: [libs/shared/python]\n---\n# Notes\n',
      '---\na: &a ["x", "x"]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\nrules: {async/no-time-sleep: off}\n---\n',
      '---\n__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\nrules: {__proto__: off}\n---\n',
    ],
    replies: blocksOf(pages, 'markdown'),
  };
}
