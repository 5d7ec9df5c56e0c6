/** What is written in every language that documents are written in. */
interface InLanguages<T> {
  readonly en: T;
  readonly zh: T;
  readonly ja: T;
}

/** The one of several for a BCP 47 tag; English for any language without its own. */
export function inLanguage<T>(language: string, { en, zh, ja }: InLanguages<T>): T {
  if (/^zh\b/i.test(language)) return zh;
  return /^ja\b/i.test(language) ? ja : en;
}
