import { existsSync } from 'node:fs';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

// `npm run new-rule topic/name`: writes the page of a rule and the stub of its check, and says what to do next.

const [id = ''] = process.argv.slice(2);
const [, topic, name] = /^([a-z]+)\/([a-z][a-z0-9-]*)$/.exec(id) ?? [];
if (topic === undefined || name === undefined) fail('usage: npm run new-rule topic/name, such as celery/no-async-task');

const page = `skills/python-engineer/rules/${topic}/${name}.md`;
if (existsSync(page)) fail(`${page} exists already`);

const pageText = `---
id: ${id}
title: What to do, as an order
severity: error
how: code
applies: [source]
fix: What to write instead, in one line.
---

Why, in two or three sentences of more than 80 characters: what goes wrong otherwise, and when.

## Bad

\`\`\`python
"""A believable module that breaks the rule."""  # <- finding
\`\`\`

\`\`\`python
"""Another one."""  # <- finding
\`\`\`

## Good

\`\`\`python
"""What to write instead."""
\`\`\`

\`\`\`python
"""The most tempting false alarm."""
\`\`\`
`;

const exported = name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const check = `
/** ${id}: what is reported, in one line. */
export const ${exported}: Check = (context) => {
  for (const call of context.facts.calls) {
    context.report({ span: call.node, message: 'What is wrong here, with the name of the thing.' });
  }
};
`;

await mkdir(path.dirname(page), { recursive: true });
await writeFile(page, pageText);
const file = `src/rules/checks/${topic}.ts`;
const folder = `src/rules/checks/${topic}`;
if (existsSync(file)) await appendFile(file, check);
else if (existsSync(folder)) await writeFile(`${folder}/${name}.ts`, `import type { Check } from '../../context.ts';\n${check}`);
else await writeFile(file, `import type { Check } from '../context.ts';\n${check}`);
const stub = existsSync(file) ? file : `${folder}/${name}.ts`;
console.log(`Written: ${page}, and \`${exported}\` in ${stub}.
If Ruff decides the rule, name its codes in the page (ruff: [ASYNC251]) and delete the stub.
Then: npm run build && npx vitest run test/rules/rule-pages.test.ts -t ${id}`);

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
