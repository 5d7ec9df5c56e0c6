import { quoted, type ReplyFinding } from './finding.ts';
import { Phrases } from './phrases.ts';
import { readSentences, type Sentence, startOfWords } from './prose.ts';

const INTERJECTION = Phrases.atStart('interjections', String.raw`(?=[\s*_]*(?:[,.!。、–—]|$))`);
const ANNOUNCEMENT = Phrases.atStart('announcements');
/** What looks like one of the two and is substance. */
const SUBSTANCE = Phrases.atStart('substance');
const LEAD_IN = Phrases.atStart('leadIns');
const FILLER = Phrases.anywhere('fillers');
const JUDGEMENT = Phrases.anywhere('judgements');
const TERM = Phrases.anywhere('terms');
/** Files, addresses, rules and numbered documents. */
const SOURCE =
  /`[^`\n]*(?:\/|\.(?:py|md|sql|toml|ini|cfg|ya?ml|json|txt)\b)[^`\n]*`|\bhttps?:\/\/|(?<![\w/])[\w.-]{1,60}\/[\w.-]{1,60}(?:\/|-|\.\w{1,5}\b)|\b[\w-]{1,60}\.(?:py|md|sql|toml|ini|cfg|ya?ml|json|txt)\b|\b(?:PEP|RFC|ISO|AC|ADR|US|T|CWE|CVE)[ -]?\d|\b[A-Z]{1,6}\d{2,4}\b|\bOWASP\b|§|\b[A-Z]\w+ (?:docs|documentation|manual|guide)\b|style guide|Conventional Commits|Twelve-Factor|12-factor/i;
const MEASURE =
  /\d(?:[.,]\d+)?[\s-]?(?:%|ms|s|x|×|倍|行|秒|毫秒|ミリ秒|[kMG]i?B|req|(?:milli)?seconds?|minutes?|times|rows?|Zeilen|mal|Sekunden|lignes|fois|secondes|filas|veces|segundos)(?![\p{L}])|\bO\(/u;

const SEE = /^[\s*_(-]*(?:source|see|cf|来源|來源|参见|出典|参照|fuente|véase|quelle|siehe|voir)(?![\p{L}])/iu;
const GERMAN = /\b(?:der|die|das|ist|und|nicht|wird|werden)\b/i;

/** reply/no-opener, reply/no-filler and reply/cite-source. `starts` are the 1-based lines at which the substance should begin. */
export function wordingFindings(reply: string, starts: readonly number[]): ReplyFinding[] {
  const sentences = readSentences(reply);
  return [
    ...starts.flatMap((line) => openerFinding(sentences, line)),
    ...sentences.flatMap(fillerFinding),
    ...sentences.flatMap((sentence, index) => judgementFinding(sentence, [sentences[index - 1], sentences[index + 1]])),
  ];
}

/** Several in a row are one finding. */
function openerFinding(sentences: readonly Sentence[], from: number): ReplyFinding[] {
  const following = sentences.slice(sentences.findIndex((each) => each.line >= from));
  const [first] = following;
  if (first === undefined || first.line < from) return [];
  const words: string[] = [];
  let rest = '';
  for (const sentence of following) {
    const length = openerLength(sentence.prose);
    if (length === 0) {
      if (words.length > 0) rest = sentence.text;
      break;
    }
    words.push(sentence.text.slice(0, length));
    // What an announcement announces is no sentence without it.
    const isWhole = ANNOUNCEMENT.pattern.test(sentence.prose.slice(startOfWords(sentence.prose)));
    rest = isWhole ? '' : sentence.text.slice(length).replace(/^[\s,.!:;。、，！：–—*_-]+/, '');
    if (isWhole || rest !== '') break;
  }
  if (words.length === 0) return [];
  return [
    {
      rule: 'reply/no-opener',
      severity: 'error',
      message: `The reply begins with ${quoted(words.join(' '))} instead of its substance.`,
      fix: rest === '' ? 'Leave it out, and begin with the substance.' : `Begin with what follows: ${quoted(raised(rest))}`,
      line: first.line,
    },
  ];
}

/** How many characters of a sentence open it without saying anything; 0 where its substance comes at once. */
function openerLength(prose: string): number {
  let at = startOfWords(prose);
  const start = at;
  for (;;) {
    const rest = prose.slice(at);
    if (SUBSTANCE.pattern.test(rest)) break;
    const found = (ANNOUNCEMENT.pattern.exec(rest) ?? INTERJECTION.pattern.exec(rest))?.[0];
    if (found === undefined) break;
    at += found.length;
    const mark = /^\s*[,.!:;。、–—-]+\s*/.exec(prose.slice(at))?.[0];
    if (mark === undefined) break;
    at += mark.length;
  }
  return at === start ? 0 : at;
}

function fillerFinding(sentence: Sentence): ReplyFinding[] {
  const start = startOfWords(sentence.prose);
  const leadIn = LEAD_IN.pattern.exec(sentence.prose.slice(start));
  const found = leadIn === null ? FILLER.pattern.exec(sentence.prose) : undefined;
  const words = leadIn?.[0] ?? found?.[0];
  if (words === undefined) return [];
  const at = leadIn === null ? (found?.index ?? 0) : start;
  const rest = sentence.text.slice(at + words.length).replace(/^[\s,:，：、]+/, '');
  // Where the verb would move, or too little is left, the words alone are named.
  const isLeadIn =
    at <= start &&
    rest.length > 12 &&
    !/\b(?:dass|sagen|if|wenn|si|whether|or|oder|und)\b/i.test(`${words} ${rest.slice(0, 8)}`) &&
    /^[\p{L}`"]/u.test(rest) &&
    !GERMAN.test(sentence.prose);
  return [
    {
      rule: 'reply/no-filler',
      severity: 'error',
      message: `${quoted(sentence.text.slice(at, at + words.length))} says nothing.`,
      fix: isLeadIn ? `Say it directly: ${quoted(raised(rest))}` : 'Leave these words out, and the sentence if nothing else is in it.',
      line: sentence.line,
    },
  ];
}

/** The source may stand in a sentence beside it, or in one that begins with "See". */
function judgementFinding(sentence: Sentence, neighbours: readonly (Sentence | undefined)[]): ReplyFinding[] {
  // A question claims nothing, and a heading names.
  if (/\?\s*$/.test(sentence.prose) || /^[ \t]*#/.test(sentence.text)) return [];
  const words = sentence.prose.replace(TERM.pattern, (term) => '\uFFFC'.repeat(term.length));
  const found = JUDGEMENT.pattern.exec(words);
  const near = neighbours.filter((each) => each !== undefined && (each.unit === sentence.unit || SEE.test(each.prose)));
  if (found === null || [sentence, ...near].some((each) => each !== undefined && SOURCE.test(each.text))) return [];
  if (MEASURE.test(sentence.text)) return [];
  return [
    {
      rule: 'reply/cite-source',
      severity: 'warning',
      message: `${quoted(sentence.text.slice(found.index, found.index + found[0].length))} judges without a source.`,
      fix: 'Name the file, the rule or the measurement behind it, or leave the word out.',
      line: sentence.line,
    },
  ];
}

function raised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
