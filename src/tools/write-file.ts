import { z } from 'zod';
import {
  isDocument,
  isSkeleton,
  MAX_CHARACTERS_AT_ONCE,
  MAX_LINES_AT_ONCE,
  MAX_SECTION_LINES,
  measure,
  needsBatches,
} from '../documents/batch.ts';
import { LineIndex } from '../python/lines.ts';
import { addedFindings, type Finding } from '../rules/finding.ts';
import { Refusal } from '../workspace/refusal.ts';
import { refuseForRole } from '../workspace/role-gate.ts';
import { encodeText, hashOf, type TextFile, toLf, withLineEnding } from '../workspace/text.ts';
import { MAX_FILE_BYTES, type Workspace } from '../workspace/workspace.ts';
import { type Expectation, writeAtomically } from '../workspace/write.ts';
import { applyEdits, type Edit } from './edit-text.ts';
import { requireReadyToWrite } from './gates.ts';
import { countWords, findingLines, plural } from './present.ts';
import type { Session } from './session.ts';
import { defineTool } from './tool.ts';

const MAX_FINDINGS_SHOWN = 20;

/** `write_file`: creates, replaces or edits a file, under every gate. */
export const writeFile = defineTool({
  name: 'write_file',
  title: 'Write a file',
  description:
    'Creates or replaces a file (content) or changes parts of it (edits). Python that adds rule violations is refused with the list; Python is formatted. Replacing an existing file needs it to have been read.',
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({
    path: z.string().describe('Relative to the workspace root'),
    content: z.string().optional().describe('The whole new text'),
    edits: z
      .array(z.strictObject({ old: z.string(), new: z.string(), all: z.boolean().optional().describe('Replace every occurrence') }))
      .min(1)
      .optional()
      .describe('Applied in order; old must be unique'),
    expected_hash: z.string().optional().describe('Refuse if the file has another hash'),
    fix: z.boolean().default(false).describe('Apply safe fixes to Python first'),
    format: z.boolean().optional().describe('Format Python with Ruff; default: new files and files already formatted'),
  }),
  output: z.strictObject({
    path: z.string(),
    action: z.enum(['created', 'replaced', 'edited', 'unchanged']),
    hash: z.string(),
    lines: z.number().int(),
    formatted: z.boolean(),
    /** Findings that were there before or are only warnings; check_code has their details. */
    findings: z.array(z.strictObject({ rule: z.string(), severity: z.string(), line: z.number().int() })),
  }),
  async run(input, { session }) {
    const workspace = await session.workspace();
    const target = await workspace.resolve(input.path, 'write');
    const { mode, folders } = await requireReadyToWrite(session, workspace);
    refuseForRole(target.relative, mode, folders);
    const existing = await workspace.readTextIfExists(input.path);
    refuseStale(session, existing, input.expected_hash, input.content !== undefined);

    const proposed = proposedText(existing, input.content, input.edits, target.relative);
    if (isDocument(target.relative)) refuseOverBatchLimit(target.relative, proposed, input.content, input.edits);
    const python = /\.pyi?$/i.test(target.relative)
      ? await judgePython(session, workspace, target.relative, existing, proposed, input)
      : undefined;
    const bytes = encodeText(python?.text ?? proposed, existing?.bom ?? false);
    if (bytes.length > MAX_FILE_BYTES)
      throw new Refusal('too_large', `The text has ${bytes.length} bytes; at most ${MAX_FILE_BYTES} are written.`, 'Split the file.');

    const hash = hashOf(bytes);
    const action = actionOf(existing, hash, input.content !== undefined);
    if (action !== 'unchanged') {
      const expected: Expectation = existing === undefined ? { kind: 'absent' } : { kind: 'hash', hash: existing.hash };
      await writeAtomically(target, bytes, expected, existing?.mode);
    }
    session.seen.set(target.relative, hash);
    const { lines } = measure(python?.text ?? proposed);
    const remaining = python?.remaining ?? [];
    return {
      text: [verdict(action, target.relative, lines, hash, python?.formatted ?? false), ...remainingText(remaining)].join('\n'),
      structured: {
        path: target.relative,
        action,
        hash,
        lines,
        formatted: python?.formatted ?? false,
        findings: remaining.map(({ rule, severity, line }) => ({ rule, severity, line })),
      },
    };
  },
});

function actionOf(existing: TextFile | undefined, hash: string, isReplacement: boolean): 'created' | 'replaced' | 'edited' | 'unchanged' {
  if (existing === undefined) return 'created';
  if (existing.hash === hash) return 'unchanged';
  return isReplacement ? 'replaced' : 'edited';
}

function refuseStale(session: Session, existing: TextFile | undefined, expected: string | undefined, isReplacement: boolean): void {
  if (existing === undefined) {
    if (expected !== undefined)
      throw new Refusal(
        'stale',
        'The file does not exist, but expected_hash was given.',
        'Check with find_files; leave expected_hash out to create it.',
      );
    return;
  }
  const known = expected ?? session.seen.get(existing.path);
  if (known === undefined && isReplacement) {
    throw new Refusal(
      'stale',
      `"${existing.path}" exists and was not read in this session: replacing it could lose work.`,
      'Call read_file first, or change parts of it with edits.',
    );
  }
  if (known !== undefined && known !== existing.hash) {
    throw new Refusal(
      'stale',
      `"${existing.path}" changed since you read it (it was ${known}, it is ${existing.hash}).`,
      'Call read_file again and repeat the change on the new text.',
    );
  }
}

function proposedText(
  existing: TextFile | undefined,
  content: string | undefined,
  edits: readonly Edit[] | undefined,
  path: string,
): string {
  if (content !== undefined && edits !== undefined)
    throw new Refusal('invalid_input', 'Both content and edits are given.', 'Give one of them.');
  for (const piece of content === undefined ? (edits ?? []).map((edit) => edit.new) : [content]) refuseUnwritable(piece);
  if (content !== undefined) {
    const text = content.replace(/^\uFEFF/, '');
    return existing === undefined || existing.lineEnding === 'mixed' ? text : withLineEnding(toLf(text), existing.lineEnding);
  }
  if (edits === undefined) {
    throw new Refusal(
      'invalid_input',
      'Neither content nor edits is given; the call may have been cut off.',
      'Send it again; if the text is long, create the file with its first part and add the rest with edits.',
    );
  }
  if (existing === undefined)
    throw new Refusal('not_found', `"${path}" does not exist: there is nothing to edit.`, 'Create it with content.');
  return applyEdits(existing.text, edits, existing.lineEnding, path);
}

function refuseUnwritable(text: string): void {
  if (text.includes('\0')) throw new Refusal('binary', 'The text contains a NUL character.', 'Only text files can be written.');
  // Half of a surrogate pair would silently become another character.
  if (!text.isWellFormed()) throw new Refusal('encoding', 'The text contains half of a surrogate pair.', 'Send the text as valid Unicode.');
}

/** batch/limit and batch/section for documents. */
function refuseOverBatchLimit(path: string, proposed: string, content: string | undefined, edits: readonly Edit[] | undefined): void {
  const size = measure(proposed);
  if (!needsBatches(size)) return;
  if (content !== undefined && !isSkeleton(content)) {
    throw new Refusal(
      'gate',
      `"${path}" would get ${size.lines} lines and ${size.characters} characters in one write; over ${MAX_LINES_AT_ONCE} lines or ${MAX_CHARACTERS_AT_ONCE} characters a document is written in batches, so that nothing is cut off.`,
      'First write the skeleton: every heading with [TBD] below it. Then fill one section a call with edits, at most 100 lines each. check_batch_write says what comes next.',
    );
  }
  const longest = Math.max(0, ...(edits ?? []).map((edit) => measure(edit.new).lines));
  if (longest > MAX_SECTION_LINES || (edits ?? []).length > 1) {
    throw new Refusal(
      'gate',
      `"${path}" is written in batches: one section a call, at most ${MAX_SECTION_LINES} lines (this call: ${plural((edits ?? []).length, 'edit')}, the longest ${longest} lines).`,
      'Replace one [TBD] in this call, in parts of at most 100 lines.',
    );
  }
}

interface PythonVerdict {
  readonly text: string;
  readonly formatted: boolean;
  readonly remaining: readonly Finding[];
}

/** Formats the text and refuses it when it has error findings that the file on disk did not have. */
async function judgePython(
  session: Session,
  workspace: Workspace,
  path: string,
  existing: TextFile | undefined,
  given: string,
  wish: { readonly fix: boolean; readonly format?: boolean | undefined },
): Promise<PythonVerdict> {
  const { engine } = session.services;
  const settings = session.pythonSettings(workspace);
  const ruff = await settings.forFile(path);
  const wasFormatted = existing === undefined || (await engine.format(existing.text, ruff)) === toLf(existing.text);
  // What concerns the whole project cannot be put right by one write.
  const project = await session.projectRules(workspace);
  const judgement = { rules: project.rules.filter((rule) => rule.scope !== 'project'), roots: project.roots };
  const proposed = wish.fix ? fixed(given, (await engine.check(workspace, path, given, judgement, settings)).findings) : given;
  const formattedText = (wish.format ?? wasFormatted) ? await engine.format(proposed, ruff) : undefined;
  const text =
    formattedText === undefined || formattedText === toLf(proposed)
      ? proposed
      : withLineEnding(formattedText, existing?.lineEnding ?? 'lf');

  const [after, before] = await Promise.all([
    engine.check(workspace, path, text, judgement, settings),
    existing === undefined ? { findings: [] } : engine.check(workspace, path, existing.text, judgement, settings),
  ]);
  const added = addedFindings(before.findings, after.findings).filter((finding) => finding.severity === 'error');
  if (added.length > 0) {
    const shown = added.slice(0, MAX_FINDINGS_SHOWN).map(findingLines);
    const more = added.length > shown.length ? `\n… ${added.length - shown.length} more.` : '';
    throw new Refusal(
      'rule',
      `"${path}" was not written: it adds ${countWords(added)}.\n${shown.join('\n')}${more}`,
      'Fix these and send the write again. Lines are those of the text you sent, formatted.',
    );
  }
  const forNewCode = new Set(judgement.rules.filter((rule) => rule.scope === 'change').map((rule) => rule.id));
  return { text, formatted: text !== given, remaining: after.findings.filter((finding) => !forNewCode.has(finding.rule)) };
}

/** The text with the safe fixes of its findings applied; line endings stay as they are. */
function fixed(text: string, findings: readonly Finding[]): string {
  // A finding's lines are counted without carriage returns, which belong to the line break and move no column.
  const lines = new LineIndex(text);
  const edits = findings
    .flatMap((finding) => finding.edits)
    .map((edit) => ({ ...edit, start: lines.offsetAt(edit), end: lines.offsetAt({ line: edit.endLine, column: edit.endColumn }) }))
    .sort((a, b) => b.start - a.start);
  let result = text;
  for (const { start, end, text: replacement } of edits) result = result.slice(0, start) + replacement + result.slice(end);
  return result;
}

function verdict(action: string, path: string, lines: number, hash: string, formatted: boolean): string {
  const what =
    action === 'unchanged'
      ? `${path} already has this text: nothing was written.`
      : `${action === 'created' ? 'Created' : action === 'edited' ? 'Edited' : 'Replaced'} ${path} (${plural(lines, 'line')}, hash ${hash}).`;
  return formatted ? `${what} Formatted or fixed by Ruff: read it again before editing by text.` : what;
}

function remainingText(remaining: readonly Finding[]): string[] {
  if (remaining.length === 0) return [];
  const shown = remaining.slice(0, 5).map(findingLines);
  const more = remaining.length > shown.length ? [`… ${remaining.length - shown.length} more: call check_code on the file.`] : [];
  return [`Still in the file, not from this change or only warnings: ${countWords(remaining)}.`, ...shown, ...more];
}
