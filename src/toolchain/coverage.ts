import path from 'node:path';
import { z } from 'zod';
import { type CheckRun, type FileCoverage, inWorkspace, readJson, startTool } from './check.ts';
import { exists } from './paths.ts';

const shape = z.object({
  files: z.record(
    z.string(),
    z.object({
      summary: z.object({ covered_lines: z.number(), num_statements: z.number() }),
      missing_lines: z.array(z.number()),
      // Since coverage 7.5.
      functions: z.record(z.string(), z.object({ summary: z.object({ covered_lines: z.number() }) })).default({}),
    }),
  ),
});

/** What coverage is told to measure: folders, and modules by their names. */
export function measuredSources({ sources }: CheckRun): string {
  return sources.map((source) => source.replace(/\.py$/, '')).join(',');
}

/** What was measured, by workspace-relative path; undefined where nothing was. `data` is coverage's own file, absolute. */
export async function readCoverage(run: CheckRun, data: string): Promise<ReadonlyMap<string, FileCoverage> | undefined> {
  const target = path.join(run.temporary, 'coverage.json');
  // With `parallel` in the project's configuration there is a file a process.
  if (!(await exists(data)))
    await startTool(run, 'coverage', ['-m', 'coverage', 'combine', `--data-file=${data}`, '--quiet', run.temporary]);
  await startTool(run, 'coverage', ['-m', 'coverage', 'json', `--data-file=${data}`, '-o', target, '--quiet', '--ignore-errors']);
  const parsed = shape.safeParse(await readJson(target));
  if (!parsed.success) return undefined;
  return new Map(
    Object.entries(parsed.data.files).map(([file, { summary, missing_lines: missing, functions }]) => [
      inWorkspace(run, file),
      {
        covered: summary.covered_lines,
        statements: summary.num_statements,
        missing,
        functions: new Map(Object.entries(functions).map(([name, each]) => [name, each.summary.covered_lines])),
      },
    ]),
  );
}
