import { isMarker, MAX_CHARACTERS_AT_ONCE, MAX_SECTION_LINES, measure, TBD } from '../../documents/batch.ts';
import { type BatchEntry, NEW_ENTRY, noteBatch, readBatchJournal } from '../../documents/batch-journal.ts';
import { type BatchSection, findBatchSections, isPython, readBatchSections } from '../../documents/batch-plan.ts';
import { plainTitle, readSections, trimmedContent } from '../../documents/sections.ts';
import { findTruncation, type Truncation } from '../../documents/truncation.ts';
import { Refusal } from '../../workspace/refusal.ts';
import { hashOf, type TextFile, toLf } from '../../workspace/text.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { Session } from '../phase/session.ts';

/** Where the journal of batch writes lies (the iteration's folder, workspace-relative), and who writes. */
export interface BatchPlace {
  readonly workspace: Workspace;
  readonly folder: string;
  readonly session: Session;
}

/** What a write of a section gives. */
export interface FilledText {
  readonly text: string;
  /** The hashes of texts that look cut and were said to be whole. */
  readonly confirmed: readonly string[];
  /** The section that was filled, and the hash of its text; undefined for any other write. */
  readonly filled: { readonly section: string; readonly hash: string } | undefined;
}

/**
 * The text of a file with one section filled. batch/section, batch/advance and batch/rewrite: sections are filled in their order,
 * and a text that looks cut is not written.
 * @throws Refusal that names the call which is expected next
 */
export async function textWithSection(place: BatchPlace, file: TextFile, wanted: string, content: string): Promise<FilledText> {
  if (/\r(?!\n)/.test(file.text))
    throw new Refusal(
      'unsupported',
      `"${file.path}" ends lines with lone carriage returns.`,
      'Ask the user to convert it to LF or CRLF; edits can change it until then.',
    );
  refuseLong(file, wanted, content);
  const entry = await entryOf(place, file.path);
  if (isRepeated(entry, file, wanted, content)) return { text: file.text, confirmed: [], filled: undefined };
  const sections = await readBatchSections(file.path, file.text);
  const section = await onlySection(file, sections, wanted);
  const own = isPython(file.path) ? content : await withoutOwnHeading(content, section);
  if (own.trim() === '' || isMarker(own.trim()))
    throw new Refusal('invalid_input', `No text is given for "${shown(section.name)}".`, expectedCall(file.path, section.name));
  const text = section.filledWith(own, file.lineEnding);
  const problem = isPython(file.path) ? undefined : await structureProblem(file, sections, section, text);
  // What is left open is first of all cut.
  if (problem !== undefined && findTruncation(own)?.isOpen !== true) throw problem;
  const confirmed = await refuseOutOfTurn(place, entry, file, sections, section, own);
  if (problem !== undefined) throw problem;
  return { text, confirmed, filled: { section: section.name, hash: hashOf(trimmedContent(content)) } };
}

async function entryOf({ workspace, folder }: BatchPlace, path: string): Promise<BatchEntry | undefined> {
  return (await readBatchJournal(workspace, folder)).get(path);
}

/** True for the call that has filled the last section, while its text still stands in the file. */
function isRepeated(entry: BatchEntry | undefined, file: TextFile, wanted: string, content: string): boolean {
  const last = entry?.last;
  if (last === undefined || last.hash !== hashOf(trimmedContent(content))) return false;
  // Once it is filled, a section of that name may be another one.
  const isSame = plainTitle(wanted.replace(/^#{1,6}\s+/, '')) === plainTitle(last.section);
  return isSame && holdsLines(file.text, trimmedContent(content).replace(/^#{1,6}[ \t][^\n]*\n\s*/, ''));
}

/** True where the lines of a text stand in another as they are; blank lines around them do not count. */
export function holdsLines(text: string, lines: string): boolean {
  return `\n${toLf(text)}\n`.includes(`\n${trimmedContent(lines)}\n`);
}

/**
 * Holds edits of a document to the same: what they fill is filled in its order and whole, and while a section looks cut nothing else is
 * changed. `text` is the document as the edits leave it.
 * @throws Refusal that names the call which is expected next
 */
export async function refuseEditsOutOfTurn(place: BatchPlace, file: TextFile, text: string): Promise<readonly string[]> {
  const before = await readBatchSections(file.path, file.text);
  const after = await readBatchSections(file.path, text);
  // A heading may have been changed with its text.
  const isSameCount = after.length === before.length;
  const now = (section: BatchSection): BatchSection | undefined =>
    isSameCount ? after[before.indexOf(section)] : after.find((each) => each.name === section.name);
  const entry = await entryOf(place, file.path);
  const suspected = suspectedIn(entry, before);
  if (suspected !== undefined && now(suspected)?.text === suspected.text) throw comesFirst(file.path, suspected);
  const confirmed: string[] = [];
  for (const section of before.filter((each) => each.isOpen)) {
    const filled = now(section);
    if (filled !== undefined && !filled.isOpen)
      confirmed.push(...(await refuseOutOfTurn(place, entry, file, before, section, filled.text)));
  }
  return confirmed;
}

/** What a file written in batches needs next, for people; undefined where nothing is open. */
export function nextInBatch(path: string, sections: readonly BatchSection[]): { readonly name: string; readonly step: string } | undefined {
  const open = sections.filter((section) => section.isOpen);
  const [next] = open;
  if (next === undefined) return undefined;
  return { name: next.name, step: `${open.length} open. ${expectedCall(path, next.name)}` };
}

/** Notes what a write has left of a batch: `sections` are those of the text that is written. */
export async function noteWritten(
  { workspace, folder }: BatchPlace,
  path: string,
  sections: readonly BatchSection[],
  { confirmed, filled }: Pick<FilledText, 'confirmed' | 'filled'>,
): Promise<void> {
  const isOpen = sections.some((each) => each.isOpen);
  await noteBatch(workspace, folder, path, (entry) => {
    const known = [...(entry?.confirmed ?? []), ...confirmed];
    const before = entry?.suspected;
    // What was written, or stands there no more as it did, is not suspected any longer.
    const isOver = before?.section === filled?.section || suspectedIn(entry, sections) === undefined;
    const suspected = isOver ? undefined : before;
    const last = filled ?? entry?.last;
    if (!isOpen && known.length === 0 && last === undefined) return undefined;
    return { ...(suspected === undefined ? {} : { suspected }), confirmed: [...new Set(known)], ...(last === undefined ? {} : { last }) };
  });
}

/** The section whose text looked cut and was not written, while the file still holds what it held then. */
export function suspectedIn(entry: BatchEntry | undefined, sections: readonly BatchSection[]): BatchSection | undefined {
  const suspected = entry?.suspected;
  return sections.find((each) => each.name === suspected?.section && hashOf(each.text) === suspected.was);
}

/** The call that fills a section. */
export function expectedCall(path: string, section: string): string {
  return `Next: write_file ${JSON.stringify({ path, section, content: '…' })}, at most ${MAX_SECTION_LINES} lines.`;
}

async function onlySection(file: TextFile, sections: readonly BatchSection[], wanted: string): Promise<BatchSection> {
  const [section, ...others] = await findBatchSections(file.path, file.text, wanted);
  if (section !== undefined && others.length === 0) return section;
  const names = (section === undefined ? sections : [section, ...others]).slice(0, 30).map((each) => `"${shown(each.name)}"`);
  if (section !== undefined)
    throw new Refusal(
      'no_match',
      `"${shown(wanted)}" stands ${others.length + 1} times in "${file.path}".`,
      `Name one of: ${names.join(', ')}.`,
    );
  const next = sections.find((each) => each.isOpen);
  throw new Refusal(
    'no_match',
    `"${file.path}" has no ${isPython(file.path) ? 'open ' : ''}section "${shown(wanted)}".`,
    next === undefined
      ? `Nothing in it is open; change what is written with edits.${names.length === 0 ? '' : ` Its sections: ${names.join(', ')}.`}`
      : `Its sections: ${names.join(', ')}. ${expectedCall(file.path, next.name)}`,
  );
}

function refuseLong(file: TextFile, section: string, own: string): void {
  const { lines, characters } = measure(trimmedContent(own));
  if (lines <= MAX_SECTION_LINES && characters <= MAX_CHARACTERS_AT_ONCE) return;
  throw new Refusal(
    'gate',
    `"${shown(section)}" would get ${lines} lines and ${characters} characters in one write; a section gets at most ${MAX_SECTION_LINES} lines and ${MAX_CHARACTERS_AT_ONCE} characters.`,
    isPython(file.path)
      ? `Write it as several: first replace its ${TBD} line by one # ${TBD} <name> line for each part, with edits.`
      : `Give it sub-headings first: send them, each with ${TBD} below it, as its text, then fill them one by one.`,
  );
}

/** The hashes of what looks cut in a text that is sent again; none for one that looks whole. */
async function refuseOutOfTurn(
  place: BatchPlace,
  entry: BatchEntry | undefined,
  file: TextFile,
  sections: readonly BatchSection[],
  section: BatchSection,
  own: string,
): Promise<readonly string[]> {
  const suspected = suspectedIn(entry, sections);
  if (suspected !== undefined && suspected.name !== section.name) throw comesFirst(file.path, suspected);
  const next = sections.find((each) => each.isOpen);
  if (suspected === undefined && section.isOpen && next !== undefined && next.name !== section.name)
    throw new Refusal(
      'gate',
      `"${shown(section.name)}" is not next: "${next.name}" (line ${next.line}) is still open.`,
      expectedCall(file.path, next.name),
    );
  // A number may have moved to another section since the caller read it.
  const twins = sections.filter((each) => each.title === section.title);
  if (!section.isOpen && section.name !== section.title && twins.some((each) => each.isOpen))
    throw new Refusal(
      'gate',
      `"${shown(section.name)}" is filled already, while another "${shown(section.title)}" is open.`,
      next === undefined ? 'Change it with edits.' : `${expectedCall(file.path, next.name)} Change what is written with edits.`,
    );
  return isPython(file.path) ? [] : refuseCutText(place, file, sections, section, own);
}

function comesFirst(path: string, suspected: BatchSection): Refusal {
  return new Refusal(
    'gate',
    `What was sent for "${suspected.name}" looked cut, and was not written: that section comes first.`,
    expectedCall(path, suspected.name),
  );
}

async function refuseCutText(
  { workspace, folder, session }: BatchPlace,
  file: TextFile,
  sections: readonly BatchSection[],
  section: BatchSection,
  own: string,
): Promise<readonly string[]> {
  const body = trimmedContent(own);
  const below = sections[sections.findIndex((each) => each.line === section.line) + 1];
  const cuts = await cutsIn(body, below !== undefined && below.level > section.level);
  const [cut] = cuts;
  if (cut === undefined) return [];
  const key = JSON.stringify([file.path, section.name, hashOf(body)]);
  // Who sends it again has read that it looks cut: a program that only repeats calls has not, after a new start.
  if (session.refusedTexts.has(key)) return cuts.map(({ hash }) => hash);
  session.refusedTexts.add(key);
  await noteBatch(workspace, folder, file.path, (entry) => ({
    ...(entry ?? NEW_ENTRY),
    suspected: { section: section.name, was: hashOf(section.text) },
  }));
  throw new Refusal(
    'gate',
    `The text for "${shown(section.name)}" looks cut at its line ${cut.line}: ${cut.reason}. Nothing was written.`,
    `Send the section again, whole. If this is its end, send the same text once more. ${expectedCall(file.path, section.name)}`,
  );
}

/** What looks cut in a text and in the sections it brings; what they leave open is no cut. `leadsOn`: sections follow below it. */
async function cutsIn(body: string, leadsOn: boolean): Promise<(Truncation & { readonly hash: string })[]> {
  const parts = await readBatchSections('', body);
  return parts.flatMap((part, index) => {
    const below = parts[index + 1];
    const isLast = below === undefined;
    if (part.isOpen || (part.text === '' && !isLast)) return [];
    const cut = part.text === '' ? undefined : findTruncation(part.text, isLast ? leadsOn : below.level > part.level);
    if (cut !== undefined) return [{ ...cut, line: part.textLine + cut.line - 1, hash: hashOf(trimmedContent(part.text)) }];
    return part.text === '' && part.level > 0
      ? [{ reason: 'nothing stands below the last heading', line: part.line, hash: hashOf('') }]
      : [];
  });
}

/** A text without the heading that is there already, with which many begin. */
export async function withoutOwnHeading(content: string, { title, level }: BatchSection): Promise<string> {
  const body = trimmedContent(content);
  const [first] = await readSections(body);
  const isOwn = first?.headingStart === 0 && first.level === level && plainTitle(first.title) === plainTitle(title);
  return isOwn ? body.slice(first.headingEnd) : body;
}

/** A section's text may bring headings of its own below it, where it has none yet, and nothing that changes the others. */
async function structureProblem(
  file: TextFile,
  before: readonly BatchSection[],
  section: BatchSection,
  text: string,
): Promise<Refusal | undefined> {
  const index = before.findIndex((each) => each.line === section.line);
  const after = await readBatchSections(file.path, text);
  const brought = after.slice(index + 1, index + 1 + after.length - before.length);
  const others = [...after.slice(0, index), ...after.slice(index + 1 + brought.length)];
  const isSame = shapeOf(others) === shapeOf(before.filter((each) => each !== before[index]));
  if (!isSame || after[index]?.title !== section.title || brought.some((each) => each.level <= section.level))
    return new Refusal(
      'gate',
      `The text for "${shown(section.name)}" would change the other sections of "${file.path}".`,
      'Leave out headings of its level or above, close every code fence and comment, and keep a blank line before a line of --- or ===.',
    );
  const child = before[index + 1];
  if (brought.length > 0 && child !== undefined && child.level > section.level && section.level > 0)
    return new Refusal(
      'gate',
      `"${shown(section.name)}" has sections of its own already, from "${child.name}" on.`,
      'Send its own text without headings, and fill those sections one by one.',
    );
  return undefined;
}

function shapeOf(sections: readonly BatchSection[]): string {
  return JSON.stringify(sections.map(({ level, title, text }) => [level, title, text]));
}

/** A name that a caller gave may be of any length. */
function shown(name: string): string {
  return name.length > 120 ? `${name.slice(0, 120)}…` : name;
}
