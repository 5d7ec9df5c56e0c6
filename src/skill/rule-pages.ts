import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FILE_ROLES, RULE_SCOPES, type RuleDefinition } from '../rules/finding.ts';
import { parseFrontMatter } from '../workspace/front-matter.ts';
import { packageFile } from '../workspace/package-root.ts';

/** How the server holds the agent to a rule. */
const HOW = ['code', 'project', 'tool', 'gate', 'reply', 'guide'] as const;

const frontMatter = z.strictObject({
  id: z.string().regex(/^[a-z]+\/[a-z0-9-]+$/),
  title: z.string(),
  severity: z.enum(['error', 'warning']),
  how: z.enum(HOW),
  ruff: z.array(z.string()).default([]),
  // A rule about replies applies to no file.
  applies: z.array(z.enum(FILE_ROLES)),
  scope: z.enum(RULE_SCOPES).default('file'),
  fix: z.string(),
});

/** A file that an example needs beside it. */
export interface ExampleFile {
  readonly path: string;
  readonly text: string;
}

/** An example of a rule page: code or a reply, and the 1-based lines on which the rule must find something. */
export interface RuleExample {
  readonly code: string;
  readonly findingLines: readonly number[];
  /** The path the example pretends to have; decides the file's role. */
  readonly path: string;
  /** The blocks marked `context` before it: the rest of the project. */
  readonly context: readonly ExampleFile[];
}

export interface RulePage extends RuleDefinition {
  readonly how: (typeof HOW)[number];
  /** Why the rule exists, as Markdown. */
  readonly why: string;
  readonly bad: readonly RuleExample[];
  readonly good: readonly RuleExample[];
}

const FINDING_MARK = /[ \t]*(?:# <- finding|<!-- finding -->)[ \t]*$/;
/** Fenced blocks; those with tildes may hold others. */
const BLOCK = /^(```|~~~)(\w+)(?: path=(\S+))?( context)?\n([\s\S]*?)^\1$/gm;

let pages: Promise<ReadonlyMap<string, RulePage>> | undefined;

/** Every rule page of the skill by rule id, in the order of the ids. Read once. */
export function loadRulePages(): Promise<ReadonlyMap<string, RulePage>> {
  pages ??= readRulePages();
  return pages;
}

/** What the engine needs of every page, without the prose: it is copied to the worker threads with each file. */
export async function loadRuleDefinitions(): Promise<readonly RuleDefinition[]> {
  // Rules about replies judge no code.
  const all = [...(await loadRulePages()).values()].filter((page) => page.how !== 'reply');
  return all.map(({ id, title, severity, ruff, applies, scope, fix }) => ({ id, title, severity, ruff, applies, scope, fix }));
}

async function readRulePages(): Promise<ReadonlyMap<string, RulePage>> {
  const { default: fastGlob } = await import('fast-glob');
  const files = await fastGlob('*/*.md', { cwd: packageFile('skills/python-engineer/rules'), absolute: true });
  const loaded = await Promise.all(files.map(async (file) => parseRulePage(await readFile(file, 'utf8'), file)));
  return new Map(loaded.sort((a, b) => (a.id < b.id ? -1 : 1)).map((page) => [page.id, page]));
}

/** Reads one page; `name` is for messages. */
async function parseRulePage(text: string, name: string): Promise<RulePage> {
  const { data, content } = await parseFrontMatter(text, name);
  const definition = frontMatter.parse(data);
  const [why = '', ...sections] = content.split(/^## (?=Bad$|Good$)/m);
  return { ...definition, why: why.trim(), bad: examples(sections, 'Bad'), good: examples(sections, 'Good') };
}

function examples(sections: readonly string[], heading: string): RuleExample[] {
  const section = sections.find((each) => each.startsWith(heading)) ?? '';
  const found: RuleExample[] = [];
  let context: ExampleFile[] = [];
  for (const match of section.matchAll(BLOCK)) {
    const [, fence, language, path = 'src/services/example.py', isContext, text = ''] = match;
    if (isContext !== undefined) context.push({ path, text });
    else if (language === 'python' || fence === '~~~') {
      found.push({ ...marked(text), path, context });
      context = [];
    }
  }
  return found;
}

function marked(text: string): { code: string; findingLines: number[] } {
  const lines = text.split('\n');
  return {
    findingLines: lines.flatMap((line, index) => (FINDING_MARK.test(line) ? [index + 1] : [])),
    code: lines.map((line) => line.replace(FINDING_MARK, '')).join('\n'),
  };
}
