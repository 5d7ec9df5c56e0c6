import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { loadRulePages } from '../src/skill/rule-pages.ts';
import { offeredTools } from '../src/tools/all-tools.ts';
import type { AnyTool } from '../src/tools/tool.ts';

// Writes the parts of the documentation that follow from the product: the table of tools in the README, docs/tools.md, docs/rules.md, and
// docs/journey.md with what the demo prints. With `--check` nothing is written; it fails where one of them would change.

const NOTE = '<!-- Made by `npm run docs`: change what it is made from. -->';
/** What the README shows of the demo. */
const REFUSED_STEP = 'Its first draft breaks the rules, and is refused';

const tools = offeredTools(false);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/\s+/g, ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The text with what lies between two marks replaced. */
function filled(text: string, mark: string, content: string): string {
  const [before, rest = ''] = text.split(`<!-- ${mark} -->`);
  const after = rest.split(`<!-- /${mark} -->`)[1];
  if (after === undefined) throw new Error(`README.md has no marks for ${mark}`);
  return `${before}<!-- ${mark} -->\n${content}\n<!-- /${mark} -->${after}`;
}

async function readme(): Promise<string> {
  const rows = tools.map(({ name, description }) => [`\`${name}\``, description]);
  const refusal = steps.find(({ title }) => title === REFUSED_STEP);
  if (refusal === undefined) throw new Error(`the demo has no step "${REFUSED_STEP}"`);
  const text = filled(await readFile('README.md', 'utf8'), 'tools', table(['tool', 'what it does'], rows));
  return filled(text, 'refusal', `~~~text\n${refusal.text}\n~~~`);
}

const schemaShape = z.object({
  properties: z.record(z.string(), z.looseObject({ type: z.string().optional(), description: z.string().optional() })).default({}),
  required: z.array(z.string()).default([]),
});

function toolSection(tool: AnyTool): string {
  const { properties, required } = schemaShape.parse(z.toJSONSchema(tool.input, { io: 'input' }));
  const rows = Object.entries(properties).map(([name, { type, description }]) => [
    `\`${name}\`${required.includes(name) ? ' (required)' : ''}`,
    type ?? '',
    description ?? '',
  ]);
  const hints = [
    tool.hints.readOnlyHint ? 'changes nothing' : 'writes',
    ...(tool.hints.openWorldHint ? ['runs programs of the project'] : []),
  ];
  return `## ${tool.name}\n\n${tool.description}\n\n*${tool.title}: ${hints.join(', ')}.*\n\n${rows.length === 0 ? 'No arguments.' : table(['argument', 'type', 'meaning'], rows)}`;
}

function toolsPage(): string {
  return `${NOTE}\n\n# Tools\n\n${tools.map(toolSection).join('\n\n')}\n`;
}

async function rulesPage(): Promise<string> {
  const pages = [...(await loadRulePages()).values()];
  const topics = [...new Set(pages.map(({ id }) => id.split('/')[0] ?? ''))];
  const sections = topics.map((topic) => {
    const rows = pages
      .filter(({ id }) => id.startsWith(`${topic}/`))
      .map(({ id, title, severity, fix }) => [`[\`${id}\`](../skills/python-engineer/rules/${id}.md)`, severity, title, fix]);
    return `## ${topic}\n\n${table(['rule', 'severity', 'what it asks', 'fix'], rows)}`;
  });
  return `${NOTE}\n\n# Rules\n\n${pages.length} rules. Each page says why, with examples that the tests run; \`explain_rule\` shows it.\n\n${sections.join('\n\n')}\n`;
}

interface Step {
  readonly title: string;
  readonly text: string;
}

/** The demo's dialogue; what differs from day to day is made the same. */
function demoSteps(): Step[] {
  const output = execFileSync(process.execPath, ['build/demo.js'], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
  const dialogue = output.replace(/\b20\d\d-\d\d-\d\d\b/g, '2026-01-31').replace(/[ \t]+$/gm, '');
  return dialogue
    .split(/^# /m)
    .slice(1)
    .map((step) => {
      const [title = '', ...lines] = step.trimEnd().split('\n');
      return { title, text: lines.join('\n') };
    });
}

function journeyPage(): string {
  const sections = steps.map(({ title, text }) => `## ${title}\n\n~~~text\n${text}\n~~~`);
  return `${NOTE}\n\n# A first piece of work\n\nWhat \`npm run demo\` prints: an agent's dialogue with the server on a copy of \`examples/library-service\`.\n\n${sections.join('\n\n')}\n`;
}

const steps = demoSteps();
const files: readonly (readonly [string, string])[] = [
  ['README.md', await readme()],
  ['docs/tools.md', toolsPage()],
  ['docs/rules.md', await rulesPage()],
  ['docs/journey.md', journeyPage()],
];
const isCheck = process.argv.includes('--check');
for (const [file, text] of files) {
  if ((await readFile(file, 'utf8').catch(() => '')) === text) continue;
  process.stdout.write(`${file} ${isCheck ? 'is not up to date: run npm run docs' : 'written'}\n`);
  if (isCheck) process.exitCode = 1;
  else await writeFile(file, text);
}
