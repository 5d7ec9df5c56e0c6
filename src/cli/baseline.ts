import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Finding } from '../rules/finding.ts';
import { errnoOf, Refusal } from '../workspace/refusal.ts';

/** Findings that were accepted at some time, counted by rule, file and function or class: lines may move. */
const baselineShape = z.strictObject({
  version: z.literal(1),
  findings: z.array(z.strictObject({ rule: z.string(), path: z.string(), symbol: z.string(), count: z.number().int().positive() })),
});
export type Baseline = z.output<typeof baselineShape>;

/**
 * Reads a baseline file; undefined when there is none yet.
 * @throws Refusal when it is not one
 */
export async function readBaseline(file: string): Promise<Baseline | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new Refusal('unreadable', `The baseline "${file}" cannot be read.`, 'Check the path and its permissions.');
  }
  try {
    return baselineShape.parse(JSON.parse(text));
  } catch {
    throw new Refusal('invalid_input', `"${file}" is no baseline.`, 'Delete it and run again to record a new one.');
  }
}

/** Records findings as the new baseline, sorted so that it diffs well. */
export async function writeBaseline(file: string, findings: readonly Finding[]): Promise<void> {
  const entries = [...countByPlace(findings)].map(([key, count]) => {
    const [path = '', rule = '', symbol = ''] = key.split('\n');
    return { rule, path, symbol, count };
  });
  const baseline: Baseline = { version: 1, findings: entries };
  await writeFile(file, `${JSON.stringify(baseline, undefined, 1)}\n`);
}

/** The findings that the baseline does not cover. */
export function beyondBaseline(findings: readonly Finding[], baseline: Baseline): Finding[] {
  const left = new Map(baseline.findings.map((entry) => [`${entry.path}\n${entry.rule}\n${entry.symbol}`, entry.count]));
  return findings.filter((finding) => {
    const known = left.get(placeOf(finding)) ?? 0;
    left.set(placeOf(finding), known - 1);
    return known <= 0;
  });
}

function countByPlace(findings: readonly Finding[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const finding of findings) counts.set(placeOf(finding), (counts.get(placeOf(finding)) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function placeOf(finding: Finding): string {
  return `${finding.path}\n${finding.rule}\n${finding.symbol}`;
}
