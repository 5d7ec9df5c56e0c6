import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fastGlob from 'fast-glob';
import { readBatchSections } from '../src/documents/batch-plan.ts';
import { findTruncation } from '../src/documents/truncation.ts';

/**
 * Measures the judgement of cut texts on real documents: `npm run bench:truncation -- <folder>`. Every section of the Markdown below the folder is
 * judged whole, and cut at two places that a fixed seed chooses.
 */
const MIN_LENGTH = 200;
const CUTS = 2;
const STOPPED = /[.。!?！？][*_~"'”’»)）」』】\]\s]*$/;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name a folder with Markdown documents.');

const random = randomFrom(1);
const counts = { sections: 0, alarms: 0, cuts: 0, found: 0, atStops: 0 };
for (const file of (await fastGlob('**/*.md', { cwd: folder, absolute: true })).sort()) {
  const sections = await readBatchSections(path.basename(file), await readFile(file, 'utf8'));
  for (const { text, isOpen } of sections) {
    if (isOpen || text.length < MIN_LENGTH) continue;
    counts.sections += 1;
    if (findTruncation(text) !== undefined) counts.alarms += 1;
    for (let cut = 0; cut < CUTS; cut++) {
      const rest = text.slice(0, Math.floor(text.length * (0.15 + 0.84 * random()))).trimEnd();
      const isFound = findTruncation(rest) !== undefined;
      // Behind the end of a sentence nobody can tell.
      if (!isFound && STOPPED.test(rest)) counts.atStops += 1;
      else {
        counts.cuts += 1;
        if (isFound) counts.found += 1;
      }
    }
  }
}
process.stdout.write(
  [
    `${counts.sections} sections, ${counts.alarms} of them called cut (${percent(counts.alarms, counts.sections)})`,
    `${counts.cuts} cuts, ${counts.found} found (${percent(counts.found, counts.cuts)}); ${counts.atStops} more behind the end of a sentence`,
    '',
  ].join('\n'),
);

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}

/** Numbers from 0 to 1, the same for a seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
