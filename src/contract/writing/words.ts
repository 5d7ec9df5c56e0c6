import data from '../../../data/document-words.json';
import { inLanguage } from '../../documents/in-language.ts';

/** The fixed words of a contract in one language. `colon` goes with the space that follows it. */
export type ContractWords = (typeof data.entries.contract)['en'];

/** The words for a BCP 47 tag; English for any language without its own. */
export function contractWords(language: string): ContractWords {
  return inLanguage(language, data.entries.contract);
}
