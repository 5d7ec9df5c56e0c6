import { z } from 'zod';
import { isDocument, MAX_CHARACTERS_AT_ONCE, MAX_LINES_AT_ONCE, measure, needsBatches } from '../documents/batch.ts';
import { type BatchEntry, readBatchJournal } from '../documents/batch-journal.ts';
import { type BatchSection, findBatchSections, isPython, readBatchSections } from '../documents/batch-plan.ts';
import { trimmedContent } from '../documents/sections.ts';
import { findTruncation, type Truncation } from '../documents/truncation.ts';
import { iterationFolders } from '../workspace/artefacts.ts';
import { readWorkflowConfig } from '../workspace/config.ts';
import { Refusal } from '../workspace/refusal.ts';
import { hashOf, type TextFile } from '../workspace/text.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Session } from './phase/session.ts';
import { plural } from './reporting/present.ts';
import { defineTool, READ_ONLY, type ToolAnswer } from './tool.ts';
import { expectedCall, holdsLines, suspectedIn, withoutOwnHeading } from './writing/fill-section.ts';
import { foreignFindings } from './writing/foreign-findings.ts';
import { firstStep } from './writing/proposed-text.ts';

const MAX_SHOWN = 10;

const output = z.strictObject({
  path: z.string(),
  batches: z.boolean(),
  next: z.enum(['write_whole', 'write_skeleton', 'fill_section', 'rewrite_section', 'complete']),
  next_section: z.string(),
  open_sections: z.array(z.string()),
  suspected: z.array(z.strictObject({ section: z.string(), line: z.number().int(), reason: z.string() })),
});
type Output = z.output<typeof output>;

interface Suspicion extends Truncation {
  readonly section: BatchSection;
}

/** `check_batch_write`: before a write, whether batches are needed; after one, whether what is on disk is whole; and what comes next. */
export const checkBatchWrite = defineTool({
  name: 'check_batch_write',
  title: 'Check a batch write',
  description: `Before writing a file of over ${MAX_LINES_AT_ONCE} lines or ${MAX_CHARACTERS_AT_ONCE} characters: which section comes next. After: is it whole on disk. Also for what you wrote with your own tools.`,
  hints: READ_ONLY,
  input: z.strictObject({
    path: z.string(),
    section: z.string().optional().describe('Written just now'),
    content: z.string().optional().describe('What was sent for it, to compare'),
    expected_lines: z.number().int().min(0).optional().describe('How long the file will be'),
    expected_characters: z.number().int().min(0).optional(),
  }),
  output,
  async run(input, { session }): Promise<ToolAnswer<Output>> {
    const workspace = await session.workspace();
    const { relative } = await workspace.resolve(input.path, 'read');
    if (!isDocument(relative) && !isPython(relative))
      throw new Refusal(
        'invalid_input',
        `"${relative}" is neither a document nor Python; batches are for those.`,
        'Write it with write_file in one call.',
      );
    const file = await workspace.readTextIfExists(input.path);
    if (input.section !== undefined) {
      if (file === undefined) throw new Refusal('not_found', `"${relative}" does not exist.`, firstStep(relative));
      await compareWithSent(session, file, input.section, input.content);
    }
    return file === undefined || (file.text.trim() === '' && input.section === undefined)
      ? beforeWriting(relative, { lines: input.expected_lines ?? 0, characters: input.expected_characters ?? 0 })
      : stateOf(session, file, input);
  },
});

function beforeWriting(path: string, expected: { lines: number; characters: number }): ToolAnswer<Output> {
  const batches = needsBatches(expected);
  const text = batches
    ? `${path} would be over ${MAX_LINES_AT_ONCE} lines or ${MAX_CHARACTERS_AT_ONCE} characters: write it in sections.\n${firstStep(path)}`
    : `No batches needed: write ${path} in one call.`;
  return { text, structured: answer(path, batches, batches ? 'write_skeleton' : 'write_whole') };
}

/** Where a file that is there stands: what looks cut comes first, then what is open. */
async function stateOf(
  session: Session,
  file: TextFile,
  expected: { readonly expected_lines?: number | undefined; readonly expected_characters?: number | undefined },
): Promise<ToolAnswer<Output>> {
  const { path } = file;
  const workspace = await session.workspace();
  const entry = await journalEntry(workspace, path);
  const confirmed = new Set(entry?.confirmed);
  const sections = await readBatchSections(path, file.text);
  const open = sections.filter((section) => section.isOpen);
  const suspected = isPython(path)
    ? []
    : suspicions(
        sections,
        (section) => confirmed.has(hashOf(trimmedContent(section.text))) || session.confirmed.has(keyOf(path, section.text)),
      );
  for (const { section } of suspected) session.reported.add(keyOf(path, section.text));
  const refused = suspectedIn(entry, sections);
  const [cut] = suspected;
  const [next] = open;
  const size = measure(file.text);
  const batches = open.length > 0 || needsBatches(size);
  const common = {
    open_sections: open.map((section) => section.name),
    suspected: suspected.map(({ section, line, reason }) => ({ section: section.name, line: section.textLine + line - 1, reason })),
  };
  if (cut !== undefined)
    return {
      text: [
        `${path}: ${plural(suspected.length, 'section')} on disk may be cut; ${open.length} open.`,
        ...common.suspected.slice(0, MAX_SHOWN).map((each) => `- "${each.section}" (line ${each.line}): ${each.reason}`),
        `${expectedCall(path, cut.section.name)} Send it again, whole. If this is its end, call check_batch_write with section and, as content, the text that is there.`,
      ].join('\n'),
      structured: { ...answer(path, batches, 'rewrite_section', cut.section.name), ...common },
    };
  if (refused !== undefined)
    return {
      text: `What was sent for "${refused.name}" looked cut, and was not written.\n${expectedCall(path, refused.name)}`,
      structured: { ...answer(path, batches, 'rewrite_section', refused.name), ...common },
    };
  if (next !== undefined)
    return {
      text: `${path} has ${plural(open.length, 'open section')}: ${common.open_sections.slice(0, MAX_SHOWN).join(', ')}${open.length > MAX_SHOWN ? ' …' : ''}.\n${expectedCall(path, next.name)}`,
      structured: { ...answer(path, batches, 'fill_section', next.name), ...common },
    };
  const wanted = { lines: expected.expected_lines ?? 0, characters: expected.expected_characters ?? 0 };
  if (needsBatches(wanted))
    return {
      text: `${path} is there and has nothing open. To write it anew: ${firstStep(path)}`,
      structured: answer(path, true, 'write_skeleton'),
    };
  const rest = isPython(path)
    ? [' check_code says whether it holds the rules.']
    : (await foreignFindings(workspace, path, '', file.text)).map(({ rule, message }) => `\nwarning ${rule}: ${message}`);
  return {
    text: `${path} is complete: nothing is open, and nothing looks cut.${rest.join('')}`,
    structured: answer(path, batches, 'complete'),
  };
}

/** batch/verify: refuses what differs from what was sent; what is the same is taken for whole from now on. */
async function compareWithSent(session: Session, file: TextFile, wanted: string, content: string | undefined): Promise<void> {
  const sent = content === undefined ? undefined : trimmedContent(content);
  // A module is formatted when its last part is in; whether it is whole is for the parser to say.
  if (isPython(file.path)) return;
  const found = await findBatchSections(file.path, file.text, wanted);
  const [section] = found;
  if (section === undefined)
    throw new Refusal('no_match', `"${file.path}" has no section "${wanted}".`, 'Call check_batch_write without section for what it has.');
  if (sent === undefined) return;
  const own = await Promise.all(found.map((each) => withoutOwnHeading(sent, each)));
  const same = found.find((each, index) => holdsLines(each.tree, own[index] ?? sent));
  if (same !== undefined) {
    // Only what was reported before can be said to be whole all the same.
    if (session.reported.has(keyOf(file.path, same.text))) session.confirmed.add(keyOf(file.path, same.text));
    return;
  }
  const [there, given] = [trimmedContent(section.tree).split('\n'), sent.split('\n')];
  const at = there.findIndex((line, index) => line !== given[index]);
  throw new Refusal(
    'gate',
    `"${section.name}" on disk is not what was sent: ${plural(there.length, 'line')} there, ${given.length} sent, different from line ${(at === -1 ? there.length : at) + 1} on.`,
    expectedCall(file.path, section.name),
  );
}

/** What the journal of the iteration holds of a file. */
async function journalEntry(workspace: Workspace, path: string): Promise<BatchEntry | undefined> {
  const folders = iterationFolders(await readWorkflowConfig(workspace));
  return folders === undefined ? undefined : (await readBatchJournal(workspace, folders.temp)).get(path);
}

function suspicions(sections: readonly BatchSection[], isConfirmed: (section: BatchSection) => boolean): Suspicion[] {
  return sections.flatMap((section, index) => {
    if (section.isOpen || section.text === '' || isConfirmed(section)) return [];
    const below = sections[index + 1];
    const cut = findTruncation(section.text, below !== undefined && below.level > section.level);
    return cut === undefined ? [] : [{ section, ...cut }];
  });
}

function keyOf(path: string, text: string): string {
  return `${path} ${hashOf(trimmedContent(text))}`;
}

function answer(path: string, batches: boolean, next: Output['next'], section = ''): Output {
  return { path, batches, next, next_section: section, open_sections: [], suspected: [] };
}
