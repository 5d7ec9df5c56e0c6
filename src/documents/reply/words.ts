const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+/gu;
const UNITS = /(`+)[^`\n]+?\1|\bhttps?:\/\/\S+|(?:[\w.-]+[\\/])+[\w.-]+(?::\d+)?/g;

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
  const language = /[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(run) ? 'ja' : 'zh';
  return [...new Intl.Segmenter(language, { granularity: 'word' }).segment(run)].filter((segment) => segment.isWordLike).length;
}
