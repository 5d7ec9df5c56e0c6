import { z } from 'zod';
import { VERSION_FORMAT } from '../documents/work-log.ts';
import { Refusal } from '../workspace/refusal.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { contractNow } from './phase/contract-history.ts';
import { requireReadyToWrite } from './phase/gates.ts';
import { localDate, writeNewWorkLog } from './phase/new-work-log.ts';
import { plural } from './reporting/present.ts';
import { defineTool } from './tool.ts';

const short = z.string().trim().min(1);

/** `write_work_log`: the next log of the role, never over an existing one. */
export const writeWorkLog = defineTool({
  name: 'write_work_log',
  title: 'Write the work log',
  description: 'Writes the next work log in the right place, with version, number and date. Existing ones are never touched.',
  hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  input: z.strictObject({
    summary: short.describe('In the output language'),
    changes: z
      .array(z.strictObject({ task: short.describe('WBS id and name'), description: short, files: z.array(z.string()).default([]) }))
      .min(1),
    decisions: z.array(short).default([]),
    open_points: z.array(short).default([]),
    version: z.string().optional().describe('vX.X.X.XXXX, if the user asks for one'),
  }),
  output: z.strictObject({
    path: z.string(),
    version: z.string(),
    sequence: z.number().int(),
    date: z.string(),
    hash: z.string(),
    missing_files: z.array(z.string()),
    unknown_tasks: z.array(z.string()),
  }),
  async run(input, { session, signal }) {
    const workspace = await session.workspace();
    const { mode, folders } = await requireReadyToWrite(session, workspace);
    if (input.version !== undefined && !VERSION_FORMAT.test(input.version)) {
      throw new Refusal(
        'invalid_input',
        `"${input.version}" is no version of the form vX.X.X.XXXX.`,
        'Write it like v1.0.0.0003, or leave it out.',
      );
    }
    const date = localDate(session.services.now());
    const content = {
      phase: mode === 'contract' ? '5a' : '6b',
      summary: input.summary,
      changes: input.changes,
      decisions: input.decisions,
      openPoints: input.open_points,
      contract: mode === 'contract' ? await contractNow(session, workspace, signal) : undefined,
    };
    const { path, version, sequence, reason, hash } = await writeNewWorkLog(workspace, content, date, input.version);
    const missing = await missingFiles(
      input.changes.flatMap((change) => change.files),
      (file) => workspace.isFile(file),
    );
    const unknown = await unknownTasks(
      workspace,
      `${folders.temp}/wbs.md`,
      input.changes.map((change) => change.task),
    );
    const warnings = [
      ...(missing.length === 0 ? [] : [`${plural(missing.length, 'file')} named in it do not exist: ${missing.join(', ')}.`]),
      ...(unknown.length === 0
        ? []
        : [`The WBS does not know ${unknown.join(', ')}; an open point of the next log can say what was meant.`]),
    ];
    return {
      text: [`Wrote ${path} (version ${version}: ${reason}; ${date}).`, ...warnings].join(' '),
      structured: { path, version, sequence, date, hash, missing_files: missing, unknown_tasks: unknown },
    };
  },
});

/** The tasks of which the work breakdown has neither the id nor the name; none where there is no work breakdown. */
async function unknownTasks(workspace: Workspace, wbs: string, tasks: readonly string[]): Promise<string[]> {
  const text = (await workspace.readTextIfExists(wbs).catch(() => undefined))?.text;
  if (text === undefined) return [];
  const words = new Set(text.split(/[\s|*`,;:()[\]，；：（）、]+/));
  return [...new Set(tasks)].filter((task) => {
    const [first = ''] = task.trim().split(/[\s:：,，]+/);
    // What has digits is an id, which may be the beginning of another.
    return /\d/.test(first) ? !words.has(first) : !text.includes(task.trim());
  });
}

async function missingFiles(files: readonly string[], exists: (file: string) => Promise<boolean>): Promise<string[]> {
  const checked = await Promise.all([...new Set(files)].map(async (file) => ({ file, exists: await exists(file) })));
  return checked.filter((each) => !each.exists).map((each) => each.file);
}
