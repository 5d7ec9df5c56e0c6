import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseFrontMatter } from '../workspace/front-matter.ts';
import { packageFile } from '../workspace/package-root.ts';

/** The folder name of the skill, which equals its `name`. */
const SKILL_NAME = 'python-engineer';
const SKILL_ROOT = `skill://${SKILL_NAME}`;

/** A file of the skill as it is served. */
export interface SkillFile {
  readonly uri: string;
  /** Relative to the skill's folder. */
  readonly path: string;
  readonly text: string;
  /** `sha256:` and 64 hexadecimal digits over the raw bytes. */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
}

/** The skill as the Skills extension describes it. */
export interface Skill {
  readonly uri: string;
  readonly frontmatter: Record<string, unknown>;
  readonly files: ReadonlyMap<string, SkillFile>;
}

let skill: Promise<Skill> | undefined;

/** The skill's files by URI, SKILL.md first. Read once: what is served is what the digests were made of. */
export function loadSkill(): Promise<Skill> {
  skill ??= readSkill();
  return skill;
}

async function readSkill(): Promise<Skill> {
  const { default: fastGlob } = await import('fast-glob');
  const root = packageFile(`skills/${SKILL_NAME}`);
  const paths = await fastGlob('**/*.md', { cwd: root });
  paths.sort((a, b) => (a === 'SKILL.md' ? -1 : b === 'SKILL.md' ? 1 : a < b ? -1 : 1));
  const files = await Promise.all(paths.map((path) => readSkillFile(root, path)));
  const main = files.find((file) => file.path === 'SKILL.md');
  if (main === undefined) throw new Error('skills/python-engineer/SKILL.md is missing');
  const { data } = await parseFrontMatter(main.text, 'SKILL.md');
  return {
    uri: main.uri,
    frontmatter: z.record(z.string(), z.unknown()).parse(data),
    files: new Map(files.map((file) => [file.uri, file])),
  };
}

async function readSkillFile(root: string, path: string): Promise<SkillFile> {
  const bytes = await readFile(`${root}/${path}`);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { uri: `${SKILL_ROOT}/${path}`, path, text: bytes.toString('utf8'), digest, size: bytes.length };
}
