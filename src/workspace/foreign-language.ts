import { francAll } from 'franc-min';

/** What is no prose: code, links, names in quotes. */
const MARKUP = /https?:\/\/\S+|`[^`]*`|"[^"\n]*"|'[^'\n]*'|\b\w+\([^)]*\)|[\w./-]*[_/.\d][\w./-]*|^\s*(>>>|\.\.\.).*$/gm;
const SCRIPTS: readonly { readonly languages: RegExp; readonly letters: RegExp }[] = [
  { languages: /^ja/, letters: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/gu },
  { languages: /^(zh|yue)/, letters: /\p{Script=Han}/gu },
  { languages: /^ko/, letters: /\p{Script=Hangul}/gu },
  { languages: /^(ru|uk|bg|sr|be|mk|kk|mn)/, letters: /\p{Script=Cyrillic}/gu },
  { languages: /^(ar|fa|ur)/, letters: /\p{Script=Arabic}/gu },
  { languages: /^he/, letters: /\p{Script=Hebrew}/gu },
  { languages: /^el/, letters: /\p{Script=Greek}/gu },
  { languages: /^(hi|mr|ne)/, letters: /\p{Script=Devanagari}/gu },
  { languages: /^th/, letters: /\p{Script=Thai}/gu },
];
const ENGLISH_WORDS =
  /\b(the|is|are|was|of|and|to|this|that|with|for|from|if|when|not|be|by|an?|it|in|on|we|should|must|will|has|have|which|because)\b/gi;
/** ISO 639-1 to 639-3, of the languages in Latin script that are told apart. */
const LATIN = new Map([
  ...Object.entries({ en: 'eng', de: 'deu', fr: 'fra', es: 'spa', pt: 'por', it: 'ita', nl: 'nld', pl: 'pol', sv: 'swe', tr: 'tur' }),
]);
const NAMES = new Map([...LATIN].map(([short, long]) => [long, short]));
const MIN_SCRIPT_LETTERS = 4;
/** Fewer letters than this say too little about a language in Latin script. */
const MIN_LATIN_LETTERS = 60;
const MIN_ENGLISH_WORDS = 6;
/** Words that no text of a language does without: letters alone mistake technical English for French. */
const COMMON_WORDS: ReadonlyMap<string, RegExp> = new Map([
  [
    'deu',
    /\b(der|die|das|und|ist|nicht|ein|eine|einen|mit|für|auf|den|dem|des|wird|werden|wenn|weil|oder|sich|bei|aller?|alle[sn]|ihn|ihr|muss|sonst|kann|zum|zur|im|von|am|als|an|einer|diese[rsmn]?)\b/gi,
  ],
  ['fra', /\b(le|la|les|des|est|et|une|pour|dans|que|qui|pas|sur|avec|aux?|du|cette?|ou|si)\b/gi],
  ['spa', /\b(el|los|las|que|una?|del|para|por|con|es|se|si|como|este|esta|pero)\b/gi],
  ['por', /\b(os|as|que|uma?|do|da|dos|das|para|por|com|não|se|é|como|este|esta)\b/gi],
  ['ita', /\b(il|gli|che|una?|del|della|per|con|non|è|si|se|come|questo|questa|nel)\b/gi],
  ['nld', /\b(de|het|een|en|van|voor|met|niet|is|op|dat|die|als|wordt|bij|te)\b/gi],
  ['pol', /\b(jest|nie|się|na|dla|do|że|jak|lub|oraz|przez|po|od|jeśli|to)\b/gi],
  ['swe', /\b(och|är|en|ett|som|för|med|att|inte|av|på|den|det|om|till|eller)\b/gi],
  ['tur', /\b(ve|bir|bu|için|ile|olarak|değil|olan|veya|gibi|eğer|daha|ise)\b/gi],
]);
const MIN_COMMON_WORDS = 3;
/** So many common words of one language, against so few of the other, need no statistics. */
const MIN_CLEAR_WORDS = 10;
const CLEAR_FACTOR = 5;
const MIN_HAN_WITHOUT_KANA = 60;
/** How far the best guess must lead before it is believed. */
const MIN_LEAD = 0.15;

/**
 * The language of a text, in English words, when it is certainly not `wanted` (a BCP 47 tag); undefined when it is, or cannot be told.
 * Code, addresses, quotations and names with digits or marks in them are left out of account.
 */
export function foreignLanguage(text: string, wanted: string): string | undefined {
  // Most comments of most projects: nothing but ASCII, and too short to be told apart from English.
  if (text.length < MIN_LATIN_LETTERS && LATIN.has(languageOf(wanted)) && !/[^\0-\x7F]/.test(text)) return undefined;
  const prose = text.replace(MARKUP, ' ');
  const letters = prose.match(/\p{L}/gu)?.length ?? 0;
  if (letters < 2) return undefined;
  const own = SCRIPTS.find((script) => script.languages.test(wanted.toLowerCase()));
  for (const script of SCRIPTS) {
    const count = prose.match(script.letters)?.length ?? 0;
    // Single letters of another script are symbols, names or drawings.
    if (count < MIN_SCRIPT_LETTERS || count / prose.replace(/\s/g, '').length < 0.3) continue;
    // Chinese letters are Japanese ones too.
    if (own === script && isChineseAmongJapanese(prose, wanted)) return 'Chinese';
    if (own === script || (own !== undefined && (prose.match(own.letters)?.length ?? 0) / letters >= 0.3)) return undefined;
    return scriptLanguage(prose);
  }
  if (own === undefined) return foreignLatin(prose, wanted, letters);
  if (isEnglish(prose)) return 'English';
  const clear = clearLanguage(prose, '');
  return clear === undefined ? undefined : nameOf(clear);
}

/** No Japanese text of some length is without kana. */
function isChineseAmongJapanese(prose: string, wanted: string): boolean {
  if (languageOf(wanted) !== 'ja' || /[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(prose)) return false;
  return (prose.match(/\p{Script=Han}/gu)?.length ?? 0) >= MIN_HAN_WITHOUT_KANA;
}

/** `en` of `en-US`. */
function languageOf(tag: string): string {
  return tag.toLowerCase().split('-')[0] ?? '';
}

function scriptLanguage(prose: string): string {
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(prose)) return 'Japanese';
  if (/\p{Script=Han}/u.test(prose)) return 'Chinese';
  if (/\p{Script=Hangul}/u.test(prose)) return 'Korean';
  if (/\p{Script=Cyrillic}/u.test(prose)) return 'a Cyrillic language';
  return 'another script';
}

function isEnglish(prose: string): boolean {
  const words = prose.match(/[A-Za-z]+/g)?.length ?? 0;
  const telling = prose.match(ENGLISH_WORDS)?.length ?? 0;
  return words >= MIN_ENGLISH_WORDS && telling >= 2 && telling / words > 0.12;
}

function foreignLatin(prose: string, wanted: string, letters: number): string | undefined {
  const own = LATIN.get(languageOf(wanted));
  if (own === undefined || letters < MIN_LATIN_LETTERS) return undefined;
  const clear = clearLanguage(prose, own);
  if (clear !== undefined) return nameOf(clear);
  // English technical prose is the likeliest thing to be mistaken, one way or the other.
  if (own === 'eng' && isEnglish(prose)) return undefined;
  const guesses = francAll(prose, { only: [...LATIN.values()] });
  const [best] = guesses;
  const ownScore = guesses.find(([language]) => language === own)?.[1] ?? 0;
  if (best === undefined || best[0] === own || best[1] - ownScore < MIN_LEAD) return undefined;
  if (best[0] === 'eng' && !isEnglish(prose)) return undefined;
  if (best[0] !== 'eng' && (prose.match(COMMON_WORDS.get(best[0]) ?? /(?!)/g)?.length ?? 0) < MIN_COMMON_WORDS) return undefined;
  return nameOf(best[0]);
}

/** The language whose commonest words fill a longer text, where those of `own` are next to absent. */
function clearLanguage(prose: string, own: string): string | undefined {
  const counts = [...COMMON_WORDS, ['eng', ENGLISH_WORDS] as const].map(([language, words]) => ({
    language,
    count: prose.match(words)?.length ?? 0,
  }));
  const known = counts.find(({ language }) => language === own)?.count ?? 0;
  const most = counts.reduce((best, other) => (other.count > best.count ? other : best));
  return most.language !== own && most.count >= MIN_CLEAR_WORDS && most.count >= known * CLEAR_FACTOR ? most.language : undefined;
}

function nameOf(language: string): string | undefined {
  return new Intl.DisplayNames(['en'], { type: 'language' }).of(NAMES.get(language) ?? language);
}
