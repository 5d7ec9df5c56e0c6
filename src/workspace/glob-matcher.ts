import { RE2JS } from 're2js';

/** A glob taken apart: the folder that all its paths lie below, and a test that takes linear time whatever it is given. */
export interface GlobMatcher {
  /** Without a final slash; empty for the root. */
  readonly base: string;
  matches(path: string): boolean;
}

const SPECIAL = /[*?[\]{}()!+@\\]/;

/**
 * Compiles a glob over workspace-relative paths: `*`, `**`, `?`, `[...]`, `{a,b}`, `@(a|b)`, `?(...)`, `*(...)` and `+(...)`. Names that
 * begin with a dot are matched like any other.
 * @throws Error for a glob that cannot be read
 */
export function globMatcher(glob: string): GlobMatcher {
  const plain = glob.replace(/^(?:\.\/)+/, '');
  const fixed = plain.split('/').slice(0, -1);
  const firstSpecial = fixed.findIndex((segment) => SPECIAL.test(segment));
  const base = (firstSpecial === -1 ? fixed : fixed.slice(0, firstSpecial)).join('/');
  const pattern = RE2JS.compile(`^(?:${new GlobReader(plain).read()})$`, RE2JS.DOTALL);
  return { base, matches: (path) => pattern.matcher(path).find() };
}

/** Translates a glob into a regular expression of RE2. */
class GlobReader {
  private readonly glob: string;
  private at = 0;

  constructor(glob: string) {
    this.glob = glob;
  }

  read(): string {
    const text = this.sequence('');
    if (this.at < this.glob.length) throw new Error(`"${this.glob.charAt(this.at)}" closes nothing`);
    return text;
  }

  /** Everything up to one of the characters that end it. */
  private sequence(ends: string): string {
    let text = '';
    while (this.at < this.glob.length && !ends.includes(this.glob.charAt(this.at))) text += this.next();
    return text;
  }

  private next(): string {
    const character = this.glob.charAt(this.at);
    const isGroup = this.glob.charAt(this.at + 1) === '(';
    if ('?*+@'.includes(character) && isGroup) return this.group(character);
    if (character === '!' && isGroup) throw new Error('"!(...)" is not read');
    this.at += 1;
    switch (character) {
      case '*':
        return this.stars();
      case '?':
        return '[^/]';
      case '[':
        return this.set();
      case '{':
        return this.alternatives(',', '}');
      case '\\': {
        const escaped = this.glob.charAt(this.at);
        this.at += 1;
        return quoted(escaped);
      }
      default:
        return quoted(character);
    }
  }

  private group(kind: string): string {
    this.at += 2;
    return `${this.alternatives('|', ')')}${kind === '@' ? '' : kind}`;
  }

  private alternatives(separator: string, end: string): string {
    const parts = [this.sequence(separator + end)];
    while (this.glob.charAt(this.at) === separator) {
      this.at += 1;
      parts.push(this.sequence(separator + end));
    }
    if (this.glob.charAt(this.at) !== end) throw new Error(`"${end}" is missing`);
    this.at += 1;
    return `(?:${parts.join('|')})`;
  }

  /** One star stays within a name; two that fill a segment stand for any number of folders. */
  private stars(): string {
    const start = this.at - 1;
    while (this.glob.charAt(this.at) === '*') this.at += 1;
    const fillsSegment = '/{,(|'.includes(this.glob.charAt(start - 1)) && this.at - start >= 2;
    if (!fillsSegment) return '[^/]*';
    if (this.glob.charAt(this.at) !== '/') return '.*';
    this.at += 1;
    return '(?:.*/)?';
  }

  private set(): string {
    const end = this.glob.indexOf(']', this.at + 1);
    if (end === -1) throw new Error('"]" is missing');
    const inside = this.glob.slice(this.at, end);
    this.at = end + 1;
    const isNegated = inside.startsWith('!') || inside.startsWith('^');
    const members = (isNegated ? inside.slice(1) : inside).replace(/[\\[\]^&~]/g, String.raw`\$&`);
    return `[${isNegated ? '^/' : ''}${members}]`;
  }
}

function quoted(character: string): string {
  return /[\w/ -]/.test(character) || character > '\u007f' ? character : `\\${character}`;
}
