import { z } from 'zod';
import { parseFrontMatter } from '../../workspace/front-matter.ts';
import { checkGlob } from '../../workspace/globs.ts';
import { Refusal } from '../../workspace/refusal.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { Judgement, RuleDefinition } from '../finding.ts';

/** Where people (never the agent) adjust the rules for their project. */
const PROJECT_SETTINGS_PATH = '.ai/context/python-engineer.md';

/** More of them than anybody writes. */
const MAX_EXCLUDED = 500;

const settingsSchema = z.strictObject({
  rules: z.record(z.string(), z.union([z.enum(['off', 'warning', 'error']), z.literal(false)])).default({}),
  exclude: z.array(z.string()).max(MAX_EXCLUDED).default([]),
  roots: z.array(z.string()).default([]),
});

/** The rules as the project wants them. */
export interface ProjectRules extends Judgement {
  /** Globs of files that are not checked. */
  readonly exclude: readonly string[];
  /** What is wrong with the settings file, each a sentence; the rest of it applies all the same. */
  readonly warnings: readonly string[];
}

/** Reads the project's settings file, if any, and applies it to the skill's rules. */
export async function readProjectRules(workspace: Workspace, all: readonly RuleDefinition[]): Promise<ProjectRules> {
  const decided = all.filter((rule) => rule.applies.length > 0);
  try {
    const file = await workspace.readTextIfExists(PROJECT_SETTINGS_PATH);
    if (file === undefined) return { rules: decided, roots: [], exclude: [], warnings: [] };
    const parsed = settingsSchema.safeParse((await parseFrontMatter(file.text, PROJECT_SETTINGS_PATH)).data);
    if (!parsed.success) {
      const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'front matter'}: ${issue.message}`);
      return { rules: decided, roots: [], exclude: [], warnings: [`${PROJECT_SETTINGS_PATH} is not applied: ${problems.join('; ')}.`] };
    }
    return apply(parsed.data, decided);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { rules: decided, roots: [], exclude: [], warnings: [`${PROJECT_SETTINGS_PATH} is not applied: ${error.message}`] };
  }
}

function apply(settings: z.output<typeof settingsSchema>, all: readonly RuleDefinition[]): ProjectRules {
  for (const glob of settings.exclude) checkGlob(glob);
  const unknown = Object.keys(settings.rules).filter((id) => !all.some((rule) => rule.id === id));
  const rules = all.flatMap((rule) => {
    const wanted = settings.rules[rule.id];
    // YAML 1.1 reads a bare `off` as false.
    if (wanted === 'off' || wanted === false) return [];
    return wanted === undefined ? [rule] : [{ ...rule, severity: wanted }];
  });
  const roots = settings.roots.map((root) => root.replace(/^\.\/|\/+$/g, ''));
  return {
    rules,
    roots,
    exclude: settings.exclude,
    warnings: unknown.map((id) => `${PROJECT_SETTINGS_PATH} names the unknown rule "${id}".`),
  };
}
