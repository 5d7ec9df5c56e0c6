import { hasSqlDetails, loadModule, type Node, parseSync } from 'libpg-query';
import type { Expression } from '../../schema.ts';
import { canonicalExpression } from './expressions.ts';

/** What PostgreSQL's grammar says of a text. */
export type Parsed =
  | { readonly kind: 'parsed'; readonly statements: readonly Node[] }
  /** `offset` is 0-based, in UTF-16 units of the text. */
  | { readonly kind: 'error'; readonly message: string; readonly offset: number };

const MAX_REMEMBERED = 5000;

/** PostgreSQL's own grammar, in WebAssembly; made by {@link loadSqlParser}. */
export class SqlParser {
  private readonly expressions = new Map<string, Expression | undefined>();

  /** The statements in a text. */
  parse(text: string): Parsed {
    try {
      const { stmts = [] } = parseSync(text);
      return { kind: 'parsed', statements: stmts.flatMap(({ stmt }) => (stmt === undefined ? [] : [stmt])) };
    } catch (error) {
      // Nested too deeply for the call stack, of the grammar or of JSON.
      if (error instanceof RangeError || (error instanceof Error && error.name === 'RuntimeError'))
        return { kind: 'error', message: 'it is nested too deeply', offset: 0 };
      if (!hasSqlDetails(error)) throw error;
      const offset = Math.max(0, (error.sqlDetails?.cursorPosition ?? 1) - 1);
      return { kind: 'error', message: error.message, offset: characterOffset(text, offset) };
    }
  }

  /** An expression written as SQL; undefined when it is none. */
  expression(text: string): Expression | undefined {
    const known = this.expressions.get(text);
    if (known !== undefined || this.expressions.has(text)) return known;
    if (this.expressions.size > MAX_REMEMBERED) this.expressions.clear();
    const read = this.safeExpression(text);
    this.expressions.set(text, read);
    return read;
  }

  private safeExpression(text: string): Expression | undefined {
    try {
      return this.readExpression(text);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  private readExpression(text: string): Expression | undefined {
    if (text.trim() === '' || text.includes('\0')) return undefined;
    const parsed = this.parse(`SELECT (${text}\n)`);
    const [statement] = parsed.kind === 'parsed' ? parsed.statements : [];
    if (statement === undefined || !('SelectStmt' in statement)) return undefined;
    const [target] = statement.SelectStmt.targetList ?? [];
    const value = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined;
    return value === undefined ? undefined : { canonical: canonicalExpression(value), text };
  }
}

let loading: Promise<SqlParser> | undefined;

/** The SQL parser of this thread; the grammar loads on the first call. */
export function loadSqlParser(): Promise<SqlParser> {
  loading ??= loadModule().then(() => new SqlParser());
  return loading;
}

/** The grammar counts bytes. */
function characterOffset(text: string, bytes: number): number {
  return isAscii(text) ? bytes : Buffer.from(text).subarray(0, bytes).toString().length;
}

/** True when bytes and characters are the same. */
export function isAscii(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text);
}
