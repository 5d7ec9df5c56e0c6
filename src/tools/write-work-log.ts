import { z } from 'zod';
import { measure, needsBatches } from '../documents/batch.ts';
import { nextWorkLog, renderWorkLog, VERSION_FORMAT } from '../documents/work-log.ts';
import { readWorkflowConfig } from '../workspace/config.ts';
import { Refusal } from '../workspace/refusal.ts';
import { encodeText, hashOf } from '../workspace/text.ts';
import { writeAtomically } from '../workspace/write.ts';
import { requireReadyToWrite } from './gates.ts';
import { plural } from './present.ts';
import { defineTool } from './tool.ts';

/** How often a number that another client took first is tried again. */
const ATTEMPTS = 20;
const short = z.string().trim().min(1);

/** `write_work_log`: the next log of the role, never over an existing one. */
export const writeWorkLog = defineTool({
  name: 'write_work_log',
  title: 'Write the work log',
  description: 'Writes the next work log of the role in the right place, with version, number and date. Existing logs are never touched.',
  hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  input: z.strictObject({
    summary: short.describe("The phase's changes in a few sentences, in the output language"),
    changes: z
      .array(z.strictObject({ task: short.describe('WBS id and name'), description: short, files: z.array(z.string()).default([]) }))
      .min(1),
    decisions: z.array(short).default([]),
    open_points: z.array(short).default([]),
    version: z.string().optional().describe('vX.X.X.XXXX; only when the user asks for one'),
  }),
  output: z.strictObject({
    path: z.string(),
    version: z.string(),
    sequence: z.number().int(),
    date: z.string(),
    hash: z.string(),
    missing_files: z.array(z.string()),
  }),
  async run(input, { session }) {
    const workspace = await session.workspace();
    const { mode } = await requireReadyToWrite(session, workspace);
    if (input.version !== undefined && !VERSION_FORMAT.test(input.version)) {
      throw new Refusal(
        'invalid_input',
        `"${input.version}" is no version of the form vX.X.X.XXXX.`,
        'Write it like v1.0.0.0003, or leave it out.',
      );
    }
    const config = await readWorkflowConfig(workspace);
    const date = localDate(session.services.now());
    const content = {
      phase: mode === 'contract' ? '5a' : '6b',
      summary: input.summary,
      changes: input.changes,
      decisions: input.decisions,
      openPoints: input.open_points,
    };
    for (let attempt = 1; ; attempt++) {
      const next = await nextWorkLog(workspace, config, input.version);
      const text = renderWorkLog(next, content, config.outputLanguage.value, date);
      if (needsBatches(measure(text))) {
        throw new Refusal(
          'gate',
          'The log would be over 150 lines or 6,000 characters.',
          'Keep it to what a reader needs: shorten the descriptions, or write one log for each task group.',
        );
      }
      const bytes = encodeText(text, false);
      try {
        await writeAtomically(await workspace.resolve(next.path, 'write'), bytes, { kind: 'absent' });
      } catch (error) {
        // Another client took this number between the look and the write: take the next one.
        if (error instanceof Refusal && error.code === 'already_exists' && attempt < ATTEMPTS) continue;
        throw error;
      }
      const missing = await missingFiles(
        input.changes.flatMap((change) => change.files),
        (file) => workspace.isFile(file),
      );
      const warning = missing.length === 0 ? '' : ` ${plural(missing.length, 'file')} named in it do not exist: ${missing.join(', ')}.`;
      return {
        text: `Wrote ${next.path} (version ${next.version}: ${next.reason}; ${date}).${warning}`,
        structured: { path: next.path, version: next.version, sequence: next.sequence, date, hash: hashOf(bytes), missing_files: missing },
      };
    }
  },
});

async function missingFiles(files: readonly string[], exists: (file: string) => Promise<boolean>): Promise<string[]> {
  const checked = await Promise.all([...new Set(files)].map(async (file) => ({ file, exists: await exists(file) })));
  return checked.filter((each) => !each.exists).map((each) => each.file);
}

/** YYYY-MM-DD in the local time zone. */
function localDate(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}
