import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type CheckOptions, type CheckResult, checkChanges, checkPaths } from '../rules/engine/check-files.ts';
import { selectRules } from '../rules/engine/select-rules.ts';
import type { Finding } from '../rules/finding.ts';
import { toRelativePath } from '../workspace/paths.ts';
import { Refusal } from '../workspace/refusal.ts';
import { countWords, findingLines, findingSchema, plural, publicFinding } from './reporting/present.ts';
import { defineTool, READ_ONLY } from './tool.ts';

/** `check_code`: findings for files, folders, changes since a revision, or a snippet. */
export const checkCode = defineTool({
  name: 'check_code',
  title: 'Check Python code',
  description: 'Rule findings for files or folders (default: all), for what changed since a git revision, or for a snippet.',
  hints: READ_ONLY,
  input: z.strictObject({
    paths: z.array(z.string()).min(1).optional().describe('Files or folders'),
    changed_since: z.string().optional().describe('Git revision: only what is new since'),
    code: z.string().optional().describe('A snippet instead'),
    as_path: z.string().optional().describe('Where it would stand'),
    rules: z.array(z.string()).optional().describe('Only these rule ids or topics (async)'),
    all: z.boolean().default(false).describe('Judge old code by the rules for new code too'),
    severity: z.enum(['error', 'warning']).default('warning').describe('error: no warnings'),
    limit: z.number().int().min(1).max(500).default(50),
    offset: z.number().int().min(0).default(0),
  }),
  output: z.strictObject({
    clean: z.boolean(),
    counts: z.strictObject({
      files: z.number().int(),
      errors: z.number().int(),
      warnings: z.number().int(),
      allowed: z.number().int(),
      older: z.number().int(),
    }),
    by_rule: z.record(z.string(), z.number().int()),
    findings: z.array(findingSchema),
    allowed: z.array(z.strictObject({ rule: z.string(), path: z.string(), line: z.number().int(), reason: z.string() })),
    skipped: z.array(z.strictObject({ path: z.string(), reason: z.string() })),
    truncated: z.boolean(),
  }),
  async run(input, { session, signal }) {
    const given = [input.paths, input.changed_since, input.code].filter((each) => each !== undefined);
    if (given.length > 1)
      throw new Refusal('invalid_input', 'More than one of paths, changed_since and code is given.', 'Give one of them.');
    const workspace = await session.workspace();
    const project = await session.projectRules(workspace);
    const rules = selectRules(
      project.rules,
      input.rules?.map((wanted) => wanted.replace(/\/$/, '')),
    );
    if (rules.length === 0)
      throw new Refusal(
        'not_found',
        `No rule matches ${(input.rules ?? []).join(', ')}.`,
        'Call explain_rule without arguments for the list.',
      );
    const options: CheckOptions = {
      engine: session.services.engine,
      workspace,
      settings: session.pythonSettings(workspace),
      rules,
      project,
      all: input.all,
      signal,
      generation: randomUUID(),
    };

    const result =
      input.code !== undefined
        ? await checkSnippet(
            input.code,
            toRelativePath(input.as_path ?? 'src/services/snippet.py', [workspace.root, workspace.realRoot]),
            options,
          )
        : input.changed_since !== undefined
          ? await checkChanges(input.changed_since, options)
          : await checkPaths(input.paths ?? ['.'], options);
    const findings = input.severity === 'error' ? result.findings.filter((finding) => finding.severity === 'error') : result.findings;
    const shown = findings.slice(input.offset, input.offset + input.limit);
    const rest = findings.length - input.offset - shown.length;
    return {
      text: [
        verdict(findings, result),
        ...statistics(findings),
        ...shown.map(findingLines),
        ...footer(rest, input.offset + shown.length, result, project.warnings),
      ].join('\n'),
      structured: {
        clean: findings.length === 0,
        counts: {
          files: result.files,
          errors: findings.filter((finding) => finding.severity === 'error').length,
          warnings: findings.filter((finding) => finding.severity === 'warning').length,
          allowed: result.allowed.length,
          older: result.older,
        },
        by_rule: byRule(findings),
        findings: shown.map(publicFinding),
        allowed: result.allowed.slice(0, input.limit).map(({ rule, path, line, reason }) => ({ rule, path, line, reason })),
        skipped: result.skipped.slice(0, input.limit),
        truncated: rest > 0,
      },
    };
  },
});

async function checkSnippet(code: string, path: string, options: CheckOptions): Promise<CheckResult> {
  // No generation: a snippet is not what the file of that path holds, and must not be remembered as such.
  const rules = options.rules.filter((rule) => rule.scope !== 'project');
  const result = await options.engine.check(options.workspace, path, code, { rules, roots: options.project.roots }, options.settings);
  return { files: 1, findings: result.findings, allowed: result.allowed, older: 0, skipped: [] };
}

function verdict(findings: readonly Finding[], result: CheckResult): string {
  const older = result.older > 0 ? ` ${plural(result.older, 'older finding')} in these files not shown.` : '';
  const allowed = result.allowed.length > 0 ? ` ${result.allowed.length} allowed by comment.` : '';
  if (result.files === 0) return `No Python file to check.${older}`;
  if (findings.length === 0) return `Clean: ${plural(result.files, 'file')} checked, nothing found.${allowed}${older}`;
  return `${countWords(findings)} in ${plural(new Set(findings.map((finding) => finding.path)).size, 'file')} (${result.files} checked).${allowed}${older}`;
}

function byRule(findings: readonly Finding[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { rule } of findings) counts[rule] = (counts[rule] ?? 0) + 1;
  return counts;
}

function statistics(findings: readonly Finding[]): string[] {
  const counts = Object.entries(byRule(findings)).sort((a, b) => b[1] - a[1]);
  return counts.length < 2 ? [] : [`By rule: ${counts.map(([rule, count]) => `${rule} ${count}`).join(', ')}.`];
}

function footer(rest: number, nextOffset: number, result: CheckResult, warnings: readonly string[]): string[] {
  const lines = [...warnings];
  if (rest > 0) lines.push(`… ${rest} more: call again with offset ${nextOffset}, or narrow with paths, rules or severity.`);
  for (const { path, reason } of result.skipped.slice(0, 10)) lines.push(`Skipped ${path}: ${reason}`);
  if (result.skipped.length > 10) lines.push(`… ${result.skipped.length - 10} more files skipped.`);
  return lines;
}
