import { foreignLanguage } from '../workspace/foreign-language.ts';
import { readBatchSections } from './batch-plan.ts';

/** A section in another language than the project's. */
export interface ForeignSection {
  readonly name: string;
  /** 1-based line on which its text begins. */
  readonly line: number;
  readonly text: string;
  /** In English words. */
  readonly language: string;
}

const CODE = /^[ \t>]*(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^[ \t>]*\1|(?![\s\S]))/gm;
/** What is linked has a name of its own. */
const LINK = /!?\[[^\]\n]{0,300}\]\([^()\n]{0,500}\)/g;
/** Comments, tags, quotations and link definitions. */
const NO_PROSE =
  /<!--[\s\S]*?(?:-->|(?![\s\S]))|<[^<>\n]{1,300}>|“[^”\n]{1,300}”|「[^」\n]{1,300}」|『[^』\n]{1,300}』|«[^»\n]{1,300}»|《[^》\n]{1,300}》|^[ \t]*\[[^\]\n]+\]:[^\n]*$/gm;
/** Marks that would be taken for letters between words. */
const MARKS = /[|*_#>]/g;

/** workspace/output-language: the sections of a document that are certainly not in `wanted` (a BCP 47 tag). */
export async function foreignSections(path: string, text: string, wanted: string): Promise<ForeignSection[]> {
  return (await readBatchSections(path, text)).flatMap((section) => {
    const language = section.isOpen ? undefined : foreignLanguage(proseOf(section.text), wanted);
    return language === undefined ? [] : [{ name: section.name, line: section.textLine, text: section.text, language }];
  });
}

function proseOf(text: string): string {
  return text.replace(CODE, ' ').replace(LINK, ' ').replace(NO_PROSE, ' ').replace(MARKS, ' ');
}
