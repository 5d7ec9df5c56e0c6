const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+/gu;
const UNITS = /(`+)[^`\n]+?\1|\bhttps?:\/\/\S+|(?<![\w.\\/-])(?:[\w.-]{1,100}[\\/]){1,20}[\w.-]{1,100}(?::\d+)?/g;

/** In characters. */
const LONGEST_RUN = 400;

/** How many words a text has: code, paths and addresses count as one each, Chinese and Japanese by their dictionary words. */
export function countWords(text: string): number {
  const flat = text.replace(UNITS, ' x ').replace(/\*\*|__/g, '');
  const segments = [...flat.matchAll(CJK)].reduce((sum, match) => sum + segmentsIn(match[0]), 0);
  const spaced = flat
    .replace(CJK, ' ')
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
  return segments + spaced;
}

function segmentsIn(run: string): number {
  // Nobody writes so long without a mark: what it says is not worth the search for its words.
  if (run.length > LONGEST_RUN) return Math.ceil(run.length / 2);
  const language = /[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(run) ? 'ja' : 'zh';
  return [...new Intl.Segmenter(language, { granularity: 'word' }).segment(run)].filter((segment) => segment.isWordLike).length;
}
