import type { Expression } from './syntax.ts';

const TOKEN = /\s*(?:([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(\.\.\.|[[\]|,])|(-?\d+)|("[^"]*"|'[^']*'))/y;

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * What an annotation in quotes says: names, subscripts, unions and literals. `offset` is where its text begins in the file.
 * Undefined for anything else, which then stays a string.
 */
export function parseQuotedAnnotation(text: string, offset: number): Expression | undefined {
  const tokens = tokensOf(text, offset);
  if (tokens === undefined) return undefined;
  const reader = new Reader(tokens);
  const expression = reader.union();
  return reader.isAtEnd ? expression : undefined;
}

function tokensOf(text: string, offset: number): Token[] | undefined {
  const tokens: Token[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed);
    if (match === null) return undefined;
    const token = match[1] ?? match[2] ?? match[3] ?? match[4] ?? '';
    tokens.push({ text: token, start: offset + TOKEN.lastIndex - token.length, end: offset + TOKEN.lastIndex });
  }
  return tokens;
}

class Reader {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.at === this.tokens.length;
  }

  union(): Expression | undefined {
    let left = this.subscripted();
    while (left !== undefined && this.skip('|') !== undefined) {
      const right = this.subscripted();
      if (right === undefined) return undefined;
      left = { kind: 'binary', operator: '|', start: left.start, end: right.end, left, right };
    }
    return left;
  }

  private subscripted(): Expression | undefined {
    const value = this.primary();
    if (value === undefined || this.skip('[') === undefined) return value;
    const index = this.list();
    const close = this.skip(']');
    if (index === undefined || close === undefined) return undefined;
    return { kind: 'subscript', start: value.start, end: close.end, value, index };
  }

  private list(): Expression[] | undefined {
    const items: Expression[] = [];
    do {
      const item = this.union();
      if (item === undefined) return undefined;
      items.push(item);
    } while (this.skip(',') !== undefined);
    return items;
  }

  private primary(): Expression | undefined {
    const open = this.skip('[');
    if (open !== undefined) {
      const items = this.list();
      const close = this.skip(']');
      return items === undefined || close === undefined ? undefined : { kind: 'list', start: open.start, end: close.end, items };
    }
    const token = this.tokens[this.at];
    if (token === undefined || /^[\]|,]$/.test(token.text)) return undefined;
    this.at += 1;
    const { text, start, end } = token;
    if (text === 'None' || text === '...' || text === 'True' || text === 'False') return { kind: 'constant', start, end, value: text };
    if (/^["']/.test(text)) return { kind: 'string', start, end, value: text.slice(1, -1), interpolations: [], gaps: [], isBytes: false };
    return /^[-\d]/.test(text) ? { kind: 'number', start, end, text } : chain(text, start);
  }

  private skip(text: string): Token | undefined {
    const token = this.tokens[this.at];
    if (token?.text !== text) return undefined;
    this.at += 1;
    return token;
  }
}

function chain(dotted: string, start: number): Expression {
  const [first = '', ...rest] = dotted.split('.');
  let end = start + first.length;
  let expression: Expression = { kind: 'name', start, end, id: first };
  for (const name of rest) {
    end += name.length + 1;
    expression = { kind: 'attribute', start, end, object: expression, name };
  }
  return expression;
}
