import { z } from 'zod';
import {
  isDocument,
  MAX_CHARACTERS_AT_ONCE,
  MAX_LINES_AT_ONCE,
  MAX_SECTION_LINES,
  measure,
  needsBatches,
  openMarkers,
  TBD,
} from '../documents/batch.ts';
import { readSections } from '../documents/sections.ts';
import { Refusal } from '../workspace/refusal.ts';
import { defineTool, READ_ONLY, type ToolAnswer } from './tool.ts';

const output = z.strictObject({
  path: z.string(),
  batches: z.boolean(),
  next: z.enum(['write_whole', 'write_skeleton', 'fill_section', 'complete']),
  next_section: z.string(),
  open_sections: z.array(z.string()),
});

/** `check_batch_write`: before a write, whether a document needs batches and what comes first or next. */
export const checkBatchWrite = defineTool({
  name: 'check_batch_write',
  title: 'Check a batch write',
  description: `Call before writing a long document: says whether it is written in batches (over ${MAX_LINES_AT_ONCE} lines or ${MAX_CHARACTERS_AT_ONCE} characters) and which step comes next.`,
  hints: READ_ONLY,
  input: z.strictObject({
    path: z.string(),
    expected_lines: z.number().int().min(0).optional().describe('How long it will be, whole'),
    expected_characters: z.number().int().min(0).optional(),
  }),
  output,
  async run(input, { session }): Promise<ToolAnswer<z.output<typeof output>>> {
    const workspace = await session.workspace();
    const { relative } = await workspace.resolve(input.path, 'read');
    if (!isDocument(relative)) {
      throw new Refusal(
        'invalid_input',
        `"${relative}" is no document; batches are for Markdown and other prose.`,
        'Write code with write_file; split a long module into smaller ones.',
      );
    }
    const file = await workspace.readTextIfExists(input.path);
    const text = file?.text ?? '';
    const onDisk = measure(text);
    const expected = {
      lines: Math.max(input.expected_lines ?? 0, onDisk.lines),
      characters: Math.max(input.expected_characters ?? 0, onDisk.characters),
    };
    const open = await openSections(text);
    const [first] = open;
    if (first !== undefined) {
      const step = `Next: fill "${first.title}" (line ${first.line}) with one edit of write_file that replaces its ${TBD}, at most ${MAX_SECTION_LINES} lines; then read the section back.`;
      return {
        text: `${relative} has ${open.length} open sections: ${open.map((section) => section.title).join(', ')}.\n${step}`,
        structured: {
          path: relative,
          batches: true,
          next: 'fill_section',
          next_section: first.title,
          open_sections: open.map((section) => section.title),
        },
      };
    }
    if (file !== undefined && input.expected_lines === undefined && input.expected_characters === undefined) {
      return {
        text: `${relative} has no ${TBD} left.`,
        structured: { path: relative, batches: needsBatches(onDisk), next: 'complete', next_section: '', open_sections: [] },
      };
    }
    if (!needsBatches(expected)) {
      return {
        text: `No batches needed: write ${relative} in one call.`,
        structured: { path: relative, batches: false, next: 'write_whole', next_section: '', open_sections: [] },
      };
    }
    return {
      text: `${relative} is over ${MAX_LINES_AT_ONCE} lines or ${MAX_CHARACTERS_AT_ONCE} characters: write it in batches.\nNext: the skeleton, every heading with ${TBD} alone below it, in one write_file call. Then call check_batch_write again.`,
      structured: { path: relative, batches: true, next: 'write_skeleton', next_section: '', open_sections: [] },
    };
  },
});

/** The innermost headings above the `[TBD]` markers of a document. */
async function openSections(text: string): Promise<{ title: string; line: number }[]> {
  const markers = openMarkers(text);
  if (markers.length === 0) return [];
  const sections = await readSections(text);
  const open = new Map<number, { title: string; line: number }>();
  for (const marker of markers) {
    const section = sections.filter((each) => each.startLine <= marker && marker <= each.endLine).at(-1);
    const line = section?.startLine ?? marker;
    if (!open.has(line)) open.set(line, { title: section?.title ?? `line ${marker}`, line });
  }
  return [...open.values()];
}
