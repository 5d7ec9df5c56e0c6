/** One statement of a script, and where its text begins. */
export interface SqlStatement {
  readonly text: string;
  /** 1-based line of its first character. */
  readonly line: number;
  /** Something in it is left for psql or a person to fill in; a name stands there now. */
  readonly hasPlaceholder: boolean;
}

/** A script cut into statements; psql's own commands and the data of COPY are left out and counted. */
export interface SqlScript {
  readonly statements: readonly SqlStatement[];
  readonly metaCommands: number;
  readonly copiedRows: number;
}

const QUOTE_OR_MARK = /'|"|\$(?:[A-Za-z_]\w*)?\$|--|\/\*|;|\\|[<{$:]/g;
/** What people leave for later, or for psql to fill in: `<name>`, `{{name}}`, `${name}`, `:name`, `:'name'`, `:"name"`. */
const PLACEHOLDER = /<([A-Za-z][\w-]*)>|\{\{\s*(\w+)\s*\}\}|\$\{(\w+)\}|:([A-Za-z_]\w*)\b|:'(\w+)'|:"(\w+)"/y;

/**
 * Cuts a script at its semicolons: not those in quotes, comments and function bodies. Every line stays where it is.
 * `text` has LF line endings and no byte order mark.
 */
export function splitStatements(text: string): SqlScript {
  return new Splitter(text).split();
}

class Splitter {
  private readonly source: string;
  private readonly statements: SqlStatement[] = [];
  private metaCommands = 0;
  private copiedRows = 0;
  /** The current statement: what was taken of it, and where it begins in the source. */
  private taken = '';
  private from = 0;
  private hasPlaceholder = false;
  private at = 0;
  private lineFrom = { offset: 0, line: 1 };

  constructor(text: string) {
    this.source = text;
  }

  split(): SqlScript {
    while (this.at < this.source.length) {
      QUOTE_OR_MARK.lastIndex = this.at;
      const found = QUOTE_OR_MARK.exec(this.source);
      if (found === null) break;
      this.take(found.index);
      if (!this.mark(found[0])) {
        this.take(this.source.length);
        this.finish();
      }
    }
    this.take(this.source.length);
    this.finish();
    return { statements: this.statements, metaCommands: this.metaCommands, copiedRows: this.copiedRows };
  }

  /** Goes past what a mark opens; false when the script ends before it does. */
  private mark(mark: string): boolean {
    switch (mark) {
      case ';':
        this.finish();
        this.at += 1;
        this.from = this.at;
        return true;
      case "'":
        return this.takeQuoted("'", this.isEscapeString());
      case '"':
        return this.takeQuoted('"', false);
      case '--':
        this.take(this.endOfLine());
        return true;
      case '/*':
        return this.takeComment();
      case '\\':
        this.metaCommand();
        return true;
      case '<':
      case '{':
      case '$':
      case ':':
        this.placeholder();
        return true;
      default:
        return this.takeTo(this.source.indexOf(mark, this.at + mark.length), mark.length);
    }
  }

  private isEscapeString(): boolean {
    return /(^|\W)[eE]$/.test(this.source.slice(Math.max(0, this.at - 2), this.at));
  }

  private take(end: number): void {
    this.taken += this.source.slice(this.at, end);
    this.at = end;
  }

  /** Takes a string or name up to its closing quote; a doubled quote is one of its characters. */
  private takeQuoted(quote: string, hasEscapes: boolean): boolean {
    let at = this.at + 1;
    for (;;) {
      const end = this.source.indexOf(quote, at);
      if (end === -1) return false;
      const isEscaped = hasEscapes && backslashesBefore(this.source, end) % 2 === 1;
      if (isEscaped) at = end + 1;
      else if (this.source[end + 1] === quote) at = end + 2;
      else {
        this.take(end + 1);
        return true;
      }
    }
  }

  private endOfLine(): number {
    const end = this.source.indexOf('\n', this.at);
    return end === -1 ? this.source.length : end;
  }

  private takeTo(end: number, length: number): boolean {
    if (end === -1) return false;
    this.take(end + length);
    return true;
  }

  /** Comments of PostgreSQL nest. */
  private takeComment(): boolean {
    const pattern = /\/\*|\*\//g;
    pattern.lastIndex = this.at;
    let depth = 0;
    for (let found = pattern.exec(this.source); found !== null; found = pattern.exec(this.source)) {
      depth += found[0] === '/*' ? 1 : -1;
      if (depth === 0) return this.takeTo(found.index, 2);
    }
    return false;
  }

  /** A backslash outside of quotes is psql's own; behind a statement (`\gset`) it ends that too. */
  private metaCommand(): void {
    const end = this.endOfLine();
    this.metaCommands += 1;
    this.finish();
    this.at = end;
    this.from = this.at;
  }

  private placeholder(): void {
    PLACEHOLDER.lastIndex = this.at;
    // `::` is a cast, and `[1:n]` a slice.
    const isNone = /[:\w\])]/.test(this.source[this.at - 1] ?? '') || this.source[this.at + 1] === ':';
    const found = isNone ? null : PLACEHOLDER.exec(this.source);
    if (found === null) {
      this.take(this.at + (this.source.startsWith('::', this.at) ? 2 : 1));
      return;
    }
    this.hasPlaceholder = true;
    const name = found.slice(1).find((each) => each !== undefined) ?? '';
    this.taken += found[5] === undefined ? name.replaceAll('-', '_') : `'${name}'`;
    this.at += found[0].length;
  }

  private finish(): void {
    const lead = /^\s*/.exec(this.taken)?.[0].length ?? 0;
    const text = this.taken.trim();
    const line = this.lineAt(this.from) + newlines(this.taken.slice(0, lead));
    if (text !== '') this.statements.push({ text, line, hasPlaceholder: this.hasPlaceholder });
    this.taken = '';
    this.hasPlaceholder = false;
    if (isCopyFromInput(text)) this.skipCopiedRows();
  }

  private skipCopiedRows(): void {
    const end = /\n\\\.[ \t]*(?=\n|$)/g;
    end.lastIndex = this.at;
    const found = end.exec(this.source);
    const stop = found === null ? this.source.length : found.index + found[0].length;
    this.copiedRows += Math.max(0, newlines(this.source.slice(this.at, stop)) - 1);
    // The semicolon itself is gone past by the caller.
    this.at = stop - 1;
  }

  private lineAt(offset: number): number {
    this.lineFrom = { offset, line: this.lineFrom.line + newlines(this.source.slice(this.lineFrom.offset, offset)) };
    return this.lineFrom.line;
  }
}

/** True for a COPY whose rows follow in the script. */
function isCopyFromInput(text: string): boolean {
  const statement = text.slice(endOfLeadingComments(text));
  return /^copy\b/i.test(statement) && /\bfrom\s+stdin\b/i.test(statement);
}

function endOfLeadingComments(text: string): number {
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at += 1;
    const mark = text.slice(at, at + 2);
    const end = mark === '--' ? text.indexOf('\n', at) : mark === '/*' ? text.indexOf('*/', at) : -1;
    if (end === -1) return at;
    at = mark === '--' ? end + 1 : end + 2;
  }
}

function backslashesBefore(text: string, end: number): number {
  let count = 0;
  while (text[end - 1 - count] === '\\') count += 1;
  return count;
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
