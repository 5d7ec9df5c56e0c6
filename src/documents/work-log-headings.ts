import data from '../../data/document-words.json';
import { inLanguage } from './in-language.ts';

/** The fixed words of a work log in one language. */
export type LogHeadings = (typeof data.entries.workLog)['en'];

/** The words for a BCP 47 tag; English for any language without its own. */
export function logHeadings(language: string): LogHeadings {
  return inLanguage(language, data.entries.workLog);
}
