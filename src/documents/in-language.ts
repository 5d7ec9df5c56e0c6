/** What is written in every language that documents are written in. */
interface InLanguages<T> {
  readonly english: T;
  readonly chinese: T;
  readonly japanese: T;
}

/** The one of several for a BCP 47 tag; English for any language without its own. */
export function inLanguage<T>(language: string, { english, chinese, japanese }: InLanguages<T>): T {
  if (/^zh\b/i.test(language)) return chinese;
  return /^ja\b/i.test(language) ? japanese : english;
}
