import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import {
  type CheckResult,
  type CheckRun,
  crashedResult,
  decidedResult,
  inWorkspace,
  logOf,
  readJson,
  startTool,
  type ToolFinding,
  unusableResult,
} from './check.ts';

const shape = z.array(
  z.object({
    code: z.string().nullable(),
    message: z.string(),
    filename: z.string(),
    location: z.object({ row: z.number(), column: z.number() }).nullable(),
    // Of a notebook.
    cell: z.number().nullish(),
    fix: z.unknown(),
  }),
);

/** Runs `ruff check` with the project's own configuration. */
export async function runRuff(run: CheckRun): Promise<CheckResult> {
  const target = path.join(run.temporary, 'ruff.json');
  const args = ['-m', 'ruff', 'check', '--output-format', 'json', '--output-file', target, '--no-fix', '.'];
  const result = await startTool(run, 'ruff', args, { variables: { NO_COLOR: '1' } });
  const unusable = unusableResult('ruff', result, run);
  if (unusable !== undefined) return unusable;
  const parsed = shape.safeParse(await readJson(target));
  if (!parsed.success) return crashedResult('ruff', result);
  const findings = parsed.data.map(
    ({ code, message, filename, location, cell }): ToolFinding => ({
      rule: `ruff/${code ?? 'invalid-syntax'}`,
      severity: 'error',
      message: cell === undefined || cell === null ? message : `cell ${cell}: ${message}`,
      path: inWorkspace(run, filename),
      line: location?.row ?? 1,
      column: location?.column ?? 1,
    }),
  );
  await appendFile(logOf(run, 'ruff'), findings.map((each) => `${each.path}:${each.line}: ${each.rule} ${each.message}\n`).join(''));
  const fixable = parsed.data.filter(({ fix }) => fix !== null && fix !== undefined).length;
  return decidedResult('ruff', findings, result, fixable === 0 ? '' : `, ${fixable} of them ruff check --fix can correct`);
}
