import data from '../../../data/reply-phrases.json';
import { plainMarks } from './prose.ts';

type PhraseKind = keyof typeof data.entries;

/** Phrases of one kind in every language, compiled when the first reply asks for them: they would be half the time of a start. */
export class Phrases {
  private readonly kind: PhraseKind;
  private readonly around: (alternatives: string) => string;
  private compiled: RegExp | undefined;

  private constructor(kind: PhraseKind, around: (alternatives: string) => string) {
    this.kind = kind;
    this.around = around;
  }

  /** Phrases at the start of a text; `then` is a regular expression for what must follow. */
  static atStart(kind: PhraseKind, then = ''): Phrases {
    return new Phrases(kind, (alternatives) => `^(?:${alternatives})${then}`);
  }

  /** Phrases wherever they stand. */
  static anywhere(kind: PhraseKind): Phrases {
    return new Phrases(kind, (alternatives) => alternatives);
  }

  get pattern(): RegExp {
    this.compiled ??= new RegExp(this.around(alternatives(Object.values(data.entries[this.kind]).flat())), 'iu');
    return this.compiled;
  }
}

/** The longest first; letters of alphabets end at a border, those of Chinese and Japanese do not. */
function alternatives(phrases: readonly string[]): string {
  const plain = phrases.map((phrase) => plainMarks(phrase.toLowerCase()));
  return plain
    .sort((one, other) => other.length - one.length)
    .map((phrase) => {
      // Emphasis may begin or end within a phrase.
      const escaped = phrase.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`).replaceAll(' ', String.raw`[\s*_]+`);
      const before = /^\p{Script=Latin}/u.test(phrase) ? String.raw`(?<![\p{L}\p{N}-])` : '';
      const after = /\p{Script=Latin}$/u.test(phrase) ? String.raw`(?![\p{L}\p{N}])` : '';
      return before + escaped + after;
    })
    .join('|');
}
