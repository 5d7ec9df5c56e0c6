import { RE2JS } from 're2js';
import { Refusal } from './refusal.ts';
import { Workspace } from './workspace.ts';

/** What the search thread is asked: the lines of files that hold a text, or match a pattern of RE2. `root` is absolute. */
export interface SearchTask {
  readonly root: string;
  readonly files: readonly string[];
  readonly wanted: { readonly kind: 'text' | 'pattern'; readonly value: string };
  /** How many lines are given back. */
  readonly limit: number;
}

export interface FoundLine {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

/** How many lines there are and the first of them, or why the pattern is none. */
export type SearchAnswer =
  | { readonly kind: 'lines'; readonly total: number; readonly lines: readonly FoundLine[] }
  | { readonly kind: 'invalid'; readonly reason: string };

/** The most that is shown of a line, in characters. */
const MAX_LINE = 200;

/** Runs in the search thread. RE2 takes linear time for the text; what a pattern itself costs, the limits of the thread bound. */
export default async function run({ root, files, wanted, limit }: SearchTask): Promise<SearchAnswer> {
  let test: (line: string) => boolean;
  try {
    test = lineTest(wanted);
  } catch (error) {
    return { kind: 'invalid', reason: error instanceof Error ? error.message : String(error) };
  }
  const workspace = await Workspace.open(root);
  const lines: FoundLine[] = [];
  let total = 0;
  for (const path of files) {
    const text = await textOf(workspace, path);
    for (const [index, line] of (text?.split(/\r?\n/) ?? []).entries()) {
      if (!test(line)) continue;
      total += 1;
      if (lines.length < limit) lines.push({ path, line: index + 1, text: line.trim().slice(0, MAX_LINE) });
    }
  }
  return { kind: 'lines', total, lines };
}

function lineTest({ kind, value }: SearchTask['wanted']): (line: string) => boolean {
  if (kind === 'text') return (line) => line.includes(value);
  const compiled = RE2JS.compile(value);
  return (line) => compiled.matcher(line).find();
}

/** Binary, huge or vanished files simply hold no matching line. */
async function textOf(workspace: Workspace, path: string): Promise<string | undefined> {
  try {
    return (await workspace.readText(path)).text;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
