import { isSkeleton, MAX_SECTION_LINES, TBD } from '../documents/batch.ts';
import { noteBatch, readBatchJournal } from '../documents/batch-journal.ts';
import { type BatchSection, findBatchSections, isPython, readBatchSections } from '../documents/batch-plan.ts';
import { trimmedContent } from '../documents/sections.ts';
import { findTruncation } from '../documents/truncation.ts';
import { Refusal } from '../workspace/refusal.ts';
import { countLines, hashOf, type TextFile } from '../workspace/text.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** Where the journal of batch writes lies: the iteration's folder, workspace-relative. */
export interface BatchPlace {
  readonly workspace: Workspace;
  readonly folder: string;
}

/**
 * The text of a file with one section filled. batch/section, batch/advance and batch/rewrite: sections are filled in their order,
 * and a text that looks cut is not written.
 * @throws Refusal that names the call which is expected next
 */
export async function textWithSection(place: BatchPlace, file: TextFile, wanted: string, content: string): Promise<string> {
  const sections = await readBatchSections(file.path, file.text);
  const section = await onlySection(file, sections, wanted);
  const lines = countLines(trimmedContent(content));
  if (lines > MAX_SECTION_LINES)
    throw new Refusal(
      'gate',
      `"${section.name}" would get ${lines} lines in one write; a section gets at most ${MAX_SECTION_LINES}.`,
      isPython(file.path)
        ? `Write it as several: first replace its ${TBD} line by one # ${TBD} line for each part, with edits.`
        : `Give it sub-headings first: send them, each with ${TBD} below it, as its text, then fill them one by one.`,
    );
  const next = sections.find((each) => each.isOpen);
  if (section.isOpen && next !== undefined && next.name !== section.name)
    throw new Refusal(
      'gate',
      `"${section.name}" is not next: "${next.name}" (line ${next.line}) is still open.`,
      expectedCall(file.path, next.name),
    );
  if (isPython(file.path)) return section.filledWith(content, file.lineEnding);
  const own = withoutOwnHeading(content, section);
  await refuseCutText(place, file, section, own);
  const text = section.filledWith(own, file.lineEnding);
  await refuseOtherStructure(file, sections, section, text);
  return text;
}

/** What a file written in batches needs next, for people; undefined where nothing is open. */
export async function nextInBatch(path: string, text: string): Promise<{ readonly name: string; readonly step: string } | undefined> {
  const open = (await readBatchSections(path, text)).filter((section) => section.isOpen);
  const [next] = open;
  if (next === undefined) return undefined;
  return { name: next.name, step: `${open.length} open. ${expectedCall(path, next.name)}` };
}

/** The call that fills a section. */
export function expectedCall(path: string, section: string): string {
  return `Next: write_file ${JSON.stringify({ path, section, content: '…' })}, at most ${MAX_SECTION_LINES} lines.`;
}

async function onlySection(file: TextFile, sections: readonly BatchSection[], wanted: string): Promise<BatchSection> {
  const [section, ...others] = await findBatchSections(file.path, file.text, wanted);
  if (section !== undefined && others.length === 0) return section;
  const names = (section === undefined ? sections : [section, ...others]).slice(0, 30).map((each) => `"${each.name}"`);
  if (section !== undefined)
    throw new Refusal('no_match', `"${wanted}" stands ${others.length + 1} times in "${file.path}".`, `Name one of: ${names.join(', ')}.`);
  const next = sections.find((each) => each.isOpen);
  throw new Refusal(
    'no_match',
    `"${file.path}" has no ${isPython(file.path) ? 'open ' : ''}section "${wanted}".`,
    next === undefined
      ? `Nothing in it is open; change what is written with edits.${names.length === 0 ? '' : ` Its sections: ${names.join(', ')}.`}`
      : `Its sections: ${names.join(', ')}. ${expectedCall(file.path, next.name)}`,
  );
}

async function refuseCutText({ workspace, folder }: BatchPlace, file: TextFile, section: BatchSection, content: string): Promise<void> {
  const body = trimmedContent(content);
  const { suspected } = (await readBatchJournal(workspace, folder)).get(file.path) ?? {};
  const hash = hashOf(body);
  if (suspected !== undefined && suspected.section !== section.name && (await isStillOpen(file, suspected.section)))
    throw new Refusal(
      'gate',
      `What was sent for "${suspected.section}" looked cut, and was not written: that section comes first.`,
      expectedCall(file.path, suspected.section),
    );
  const isConfirmed = suspected?.section === section.name && suspected.hash === hash;
  const cut = (await isSkeleton(body)) ? undefined : findTruncation(body);
  if (cut === undefined || isConfirmed) return;
  await noteBatch(workspace, folder, file.path, { suspected: { section: section.name, hash } });
  throw new Refusal(
    'gate',
    `The text for "${section.name}" looks cut at its line ${cut.line}: ${cut.reason}. Nothing was written.`,
    `Send the section again, whole. If this is its end, send the same text once more. ${expectedCall(file.path, section.name)}`,
  );
}

/** Many begin with the heading that is there already. */
function withoutOwnHeading(content: string, { title, level }: BatchSection): string {
  const body = trimmedContent(content);
  const [first = ''] = body.split('\n');
  return first.trim() === `${'#'.repeat(level)} ${title}` ? body.slice(first.length) : body;
}

async function isStillOpen(file: TextFile, name: string): Promise<boolean> {
  const found = await findBatchSections(file.path, file.text, name);
  return found.some((section) => section.isOpen);
}

/** A section's text may bring headings of its own below it, where it has none yet, and nothing that changes the others. */
async function refuseOtherStructure(file: TextFile, before: readonly BatchSection[], section: BatchSection, text: string): Promise<void> {
  const index = before.findIndex((each) => each.line === section.line);
  const after = await readBatchSections(file.path, text);
  const brought = after.slice(index + 1, index + 1 + after.length - before.length);
  const others = [...after.slice(0, index), ...after.slice(index + 1 + brought.length)];
  const isSame = shapeOf(others) === shapeOf(before.filter((each) => each !== before[index]));
  if (!isSame || brought.some((each) => each.level <= section.level))
    throw new Refusal(
      'gate',
      `The text for "${section.name}" would change the other sections of "${file.path}".`,
      'Leave out headings of its level or above, close every code fence and comment, and keep a blank line before a line of --- or ===.',
    );
  const child = before[index + 1];
  if (brought.length > 0 && child !== undefined && child.level > section.level)
    throw new Refusal(
      'gate',
      `"${section.name}" has sections of its own already, from "${child.name}" on.`,
      'Send its own text without headings, and fill those sections one by one.',
    );
}

function shapeOf(sections: readonly BatchSection[]): string {
  return JSON.stringify(sections.map(({ level, text }) => [level, text]));
}
