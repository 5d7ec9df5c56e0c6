import { z } from 'zod';
import { isDocument } from '../documents/batch.ts';
import { isPython, readBatchSections } from '../documents/batch-plan.ts';
import type { Finding } from '../rules/finding.ts';
import { Refusal } from '../workspace/refusal.ts';
import { refuseForRole } from '../workspace/role-gate.ts';
import { countLines, encodeText, hashOf, type TextFile } from '../workspace/text.ts';
import { MAX_FILE_BYTES, type Workspace } from '../workspace/workspace.ts';
import { type Expectation, writeAtomically } from '../workspace/write.ts';
import { requireReadyToWrite } from './phase/gates.ts';
import { countWords, findingLines, plural } from './reporting/present.ts';
import { defineTool } from './tool.ts';
import { nextInBatch, noteWritten } from './writing/fill-section.ts';
import { foreignFindings } from './writing/foreign-findings.ts';
import { judgePython } from './writing/judge-python.ts';
import { proposedText } from './writing/proposed-text.ts';

/** `write_file`: creates, replaces or edits a file, under every gate. */
export const writeFile = defineTool({
  name: 'write_file',
  title: 'Write a file',
  description:
    'Creates or replaces a file (content), changes parts (edits), or fills one section of a long one (section, content). Python that adds rule violations is refused with the list. Before replacing a file, read it.',
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({
    path: z.string().describe('Relative to the workspace root'),
    // Before the text: a call that is cut within it still says what it is a part of.
    section: z.string().optional().describe('Heading or # [TBD] name'),
    content: z.string().optional().describe('The whole text, or that of the section'),
    edits: z
      .array(z.strictObject({ old: z.string(), new: z.string(), all: z.boolean().optional().describe('Replace every occurrence') }))
      .min(1)
      .optional()
      .describe('In order; old must be unique'),
    expected_hash: z.string().optional().describe('Refuse if the file has another hash'),
    fix: z.boolean().default(false).describe('Apply safe fixes to Python first'),
    format: z.boolean().optional().describe('Format Python; default: new and formatted files'),
  }),
  output: z.strictObject({
    path: z.string(),
    action: z.enum(['created', 'replaced', 'edited', 'unchanged']),
    hash: z.string(),
    lines: z.number().int(),
    formatted: z.boolean(),
    next_section: z.string(),
    /** Findings that were there before or are only warnings; check_code has their details. */
    findings: z.array(z.strictObject({ rule: z.string(), severity: z.string(), line: z.number().int() })),
  }),
  async run(input, { session }) {
    return session.turns.take(input.path, async () => {
      const workspace = await session.workspace();
      const target = await workspace.resolve(input.path, 'write');
      const { mode, folders } = await requireReadyToWrite(session, workspace);
      // A link must not make another file of it: roles, kinds of files and rules go by where it leads, too.
      const canonical = await workspace.canonical(target);
      for (const name of [target.relative, canonical]) refuseForRole(name, mode, folders);
      const existing = await workspace.readTextIfExists(input.path);
      const isReplacement = input.content !== undefined && input.section === undefined;
      // A section is found anew in whatever the file holds now.
      const known = input.section === undefined ? session.seen.get(target.relative) : undefined;
      refuseStale(existing, input.expected_hash, known, isReplacement);

      const place = { workspace, folder: folders.temp, session };
      const change = await proposedText(place, target.relative, existing, input);
      const proposed = change.text;
      const pythonPath = [canonical, target.relative].find(isPython);
      const python = pythonPath === undefined ? undefined : await judgePython(session, workspace, pythonPath, existing, proposed, input);
      const bytes = encodeText(python?.text ?? proposed, existing?.bom ?? false);
      if (bytes.length > MAX_FILE_BYTES)
        throw new Refusal(
          'too_large',
          `The text has ${(bytes.length / 1024 / 1024).toFixed(1)} MB; at most ${MAX_FILE_BYTES / 1024 / 1024} MB are written.`,
          'Split the file.',
        );

      const hash = hashOf(bytes);
      const action = actionOf(existing, hash, isReplacement);
      const text = python?.text ?? proposed;
      const isBatch = isDocument(target.relative) || isPython(target.relative);
      const sections = isBatch ? await readBatchSections(target.relative, text) : [];
      const next = nextInBatch(target.relative, sections);
      // Before the file: what it names is looked up on disk, so that an entry too many does no harm.
      if (next !== undefined) await noteWritten(place, target.relative, sections, { confirmed: [], filled: undefined });
      if (action !== 'unchanged') {
        const expected: Expectation = existing === undefined ? { kind: 'absent' } : { kind: 'hash', hash: existing.hash };
        await writeAtomically(target, bytes, expected, existing?.mode);
      }
      session.seen.set(target.relative, hash);
      if (isBatch) await noteWritten(place, target.relative, sections, change);
      const lines = countLines(text);
      const remaining = python?.remaining ?? [];
      const foreign = isDocument(target.relative) ? await foreignFindings(workspace, target.relative, existing?.text ?? '', text) : [];
      return {
        text: [
          verdict(action, target.relative, lines, hash, python?.formatted ?? false),
          ...(input.section === undefined ? [] : [await readBack(workspace, input.path, hash, input.section)]),
          ...(next === undefined ? [] : [next.step]),
          ...foreign.map(({ rule, message }) => `warning ${rule}: ${message}`),
          ...remainingText(remaining),
        ].join('\n'),
        structured: {
          path: target.relative,
          action,
          hash,
          lines,
          formatted: python?.formatted ?? false,
          next_section: next?.name ?? '',
          findings: [...remaining, ...foreign].map(({ rule, severity, line }) => ({ rule, severity, line })),
        },
      };
    });
  },
});

function actionOf(existing: TextFile | undefined, hash: string, isReplacement: boolean): 'created' | 'replaced' | 'edited' | 'unchanged' {
  if (existing === undefined) return 'created';
  if (existing.hash === hash) return 'unchanged';
  return isReplacement ? 'replaced' : 'edited';
}

/** batch/verify: what is on disk is what was sent. */
async function readBack(workspace: Workspace, path: string, hash: string, section: string): Promise<string> {
  const onDisk = await workspace.readTextIfExists(path);
  return onDisk?.hash === hash
    ? `Read back from disk: "${section}" is whole.`
    : `Something else changed the file right after the write: read it again before going on.`;
}

/** `seen` is the hash under which the agent last saw the file. */
function refuseStale(existing: TextFile | undefined, expected: string | undefined, seen: string | undefined, isReplacement: boolean): void {
  if (existing === undefined) {
    if (expected !== undefined)
      throw new Refusal(
        'stale',
        'The file does not exist, but expected_hash was given.',
        'Check with find_files; leave expected_hash out to create it.',
      );
    return;
  }
  const known = expected ?? seen;
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
