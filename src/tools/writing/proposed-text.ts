import {
  isDocument,
  isSkeleton,
  MAX_CHARACTERS_AT_ONCE,
  MAX_LINES_AT_ONCE,
  MAX_SECTION_LINES,
  measure,
  needsBatches,
  TBD,
} from '../../documents/batch.ts';
import { isPython, outlineLines, readBatchSections } from '../../documents/batch-plan.ts';
import { Refusal } from '../../workspace/refusal.ts';
import { countLines, type TextFile, toLf, withLineEnding } from '../../workspace/text.ts';
import { plural } from '../reporting/present.ts';
import { applyEdits, type Edit } from './edit-text.ts';
import { type BatchPlace, expectedCall, type FilledText, refuseEditsOutOfTurn, textWithSection } from './fill-section.ts';

/** A module that gets longer in one write is asked to be split, or written in parts. */
const MAX_MODULE_LINES_AT_ONCE = 400;

/** What a caller wants changed: exactly one of the whole text, edits, and a section with its text. */
export interface WantedChange {
  readonly content?: string | undefined;
  readonly section?: string | undefined;
  readonly edits?: readonly Edit[] | undefined;
}

/**
 * The text that a file would get. `path` is workspace-relative.
 * @throws Refusal for what cannot be applied, and for what is too long for one write
 */
export async function proposedText(
  place: BatchPlace,
  path: string,
  existing: TextFile | undefined,
  { content, section, edits }: WantedChange,
): Promise<FilledText> {
  if (edits !== undefined && (content !== undefined || section !== undefined))
    throw new Refusal('invalid_input', 'edits are given beside content or section.', 'Give edits alone.');
  for (const piece of content === undefined ? (edits ?? []).map((edit) => edit.new) : [content]) refuseUnwritable(piece);
  if (section !== undefined) return withSection(place, path, existing, section, content);
  if (content !== undefined) {
    await refuseLongContent(path, existing, content);
    if (existing !== undefined) await refuseLostSection(existing, content);
    const text = content.replace(/^\uFEFF/, '');
    const kept = existing === undefined || existing.lineEnding === 'mixed' ? text : withLineEnding(toLf(text), existing.lineEnding);
    return { text: kept, confirmed: [], filled: undefined };
  }
  if (edits === undefined)
    throw new Refusal(
      'invalid_input',
      'Neither content nor edits is given; the call may have been cut off.',
      'Send it again; if the text is long, write it in sections: check_batch_write says how.',
    );
  if (existing === undefined)
    throw new Refusal('not_found', `"${path}" does not exist: there is nothing to edit.`, 'Create it with content.');
  const text = applyEdits(existing.text, edits, existing.lineEnding, path);
  refuseLongEdits(path, text, edits);
  return { text, confirmed: isDocument(path) ? await refuseEditsOutOfTurn(place, existing, text) : [], filled: undefined };
}

function withSection(
  place: BatchPlace,
  path: string,
  existing: TextFile | undefined,
  section: string,
  content: string | undefined,
): Promise<FilledText> {
  if (content === undefined || content.trim() === '')
    throw new Refusal(
      'invalid_input',
      `No text is given for "${section}"; the call may have been cut off.`,
      `Send it again. ${expectedCall(path, section)}`,
    );
  if (!isDocument(path) && !isPython(path))
    throw new Refusal('invalid_input', `"${path}" has no sections.`, 'Give content or edits without section.');
  if (existing === undefined)
    throw new Refusal('gate', `"${path}" does not exist: its ${isPython(path) ? 'outline' : 'skeleton'} comes first.`, firstStep(path));
  return textWithSection(place, existing, section, content);
}

/** The call that begins a file which is written in sections. */
export function firstStep(path: string): string {
  return isPython(path)
    ? `Next: write_file ${JSON.stringify({ path, content: '…' })} with the docstring, the imports and one line # ${TBD} <name> for each part. A module this long usually wants to be split first.`
    : `Next: write_file ${JSON.stringify({ path, content: '…' })} with the skeleton: every heading, and ${TBD} alone below each.`;
}

function refuseUnwritable(text: string): void {
  if (text.includes('\0')) throw new Refusal('binary', 'The text contains a NUL character.', 'Leave it out: only text is written.');
  // Half of a surrogate pair would silently become another character.
  if (!text.isWellFormed()) throw new Refusal('encoding', 'The text contains half of a surrogate pair.', 'Send the text as valid Unicode.');
}

/** batch/limit and batch/skeleton-first. */
async function refuseLongContent(path: string, existing: TextFile | undefined, content: string): Promise<void> {
  const size = measure(content);
  if (isDocument(path) && needsBatches(size) && !(await isSkeleton(content)))
    throw new Refusal(
      'gate',
      `"${path}" would get ${size.lines} lines and ${size.characters} characters in one write; over ${MAX_LINES_AT_ONCE} lines or ${MAX_CHARACTERS_AT_ONCE} characters a document is written in batches, so that nothing is cut off.`,
      `${existing === undefined ? '' : 'To change it, use section or edits. To write it anew: '}${firstStep(path)}`,
    );
  const growth = size.lines - countLines(existing?.text ?? '');
  if (isPython(path) && growth > MAX_MODULE_LINES_AT_ONCE && outlineLines(content).size === 0)
    throw new Refusal(
      'gate',
      `"${path}" would get ${size.lines} lines in one write; over ${MAX_MODULE_LINES_AT_ONCE} a module is split, or written in parts, so that nothing is cut off.`,
      `Split it by what its parts are for. If it must stay one: ${firstStep(path)}`,
    );
}

/** A text without the open headings of the skeleton it would replace is one section's, whose name was lost on the way. */
async function refuseLostSection(existing: TextFile, content: string): Promise<void> {
  if (!isDocument(existing.path) || (await isSkeleton(content))) return;
  const before = await readBatchSections(existing.path, existing.text);
  const open = before.filter((section) => section.isOpen);
  const titles = new Set((await readBatchSections(existing.path, content)).map(({ level, title }) => `${level} ${title}`));
  const [lost] = open.filter(({ level, title }) => level > 0 && !titles.has(`${level} ${title}`));
  if (lost === undefined || before.length < 2) return;
  throw new Refusal(
    'gate',
    `"${existing.path}" is written in sections, and this text lacks "${lost.name}", which is still open: replacing the whole would lose it.`,
    `Name the section. ${expectedCall(existing.path, open[0]?.name ?? lost.name)} To begin anew, send another skeleton.`,
  );
}

/** batch/section for a document that is over the limit. */
function refuseLongEdits(path: string, proposed: string, edits: readonly Edit[]): void {
  if (!isDocument(path) || !needsBatches(measure(proposed))) return;
  const longest = Math.max(0, ...edits.map((edit) => measure(edit.new).lines));
  if (longest > MAX_SECTION_LINES || edits.length > 1)
    throw new Refusal(
      'gate',
      `"${path}" is written in batches: one section a call, at most ${MAX_SECTION_LINES} lines (this call: ${plural(edits.length, 'edit')}, the longest ${longest} lines).`,
      `Use section, or one edit of at most ${MAX_SECTION_LINES} lines.`,
    );
}
