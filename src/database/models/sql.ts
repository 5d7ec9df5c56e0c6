import { type CodeSite, isEnumeration, literalValue } from '../../python/literals.ts';
import type { Resolver } from '../../python/resolver.ts';
import { type CallExpression, type Expression, keywordArgument } from '../../python/syntax.ts';
import type { Expression as SqlExpression } from '../schema.ts';
import type { SqlParser } from '../script/postgresql/parser.ts';
import { libraryName } from './library-names.ts';
import { positional } from './types.ts';

const MAX_DEPTH = 12;
/** Python's operators on columns, and SQL's. */
const OPERATORS: ReadonlyMap<string, string> = new Map([
  ['==', '='],
  ['!=', '<>'],
  ['<', '<'],
  ['>', '>'],
  ['<=', '<='],
  ['>=', '>='],
  ['+', '+'],
  ['-', '-'],
  ['*', '*'],
  ['/', '/'],
  ['%', '%'],
  ['&', 'AND'],
  ['|', 'OR'],
  ['is', 'IS'],
  ['is not', 'IS NOT'],
]);
/** Methods of columns that leave what they are called on as it is, for our purpose. */
const TRANSPARENT_METHODS = new Set(['label', 'asc', 'nulls_first', 'nulls_last', 'nullsfirst', 'nullslast', 'self_group', 'collate']);
const ORDER_SUFFIX = /\s+(asc|desc)?(?:\s{0,20}nulls\s+(?:first|last))?\s{0,20}$/i;

/** What an attribute of a model is called in the database; undefined where no columns can be meant. */
export type ColumnNames = (attribute: string) => string | undefined;

/** Turns what models say in Python about SQL into SQL: defaults, checks, index keys and predicates. */
export class ModelSql {
  private readonly resolver: Resolver;
  private readonly parser: SqlParser;

  constructor(resolver: Resolver, parser: SqlParser) {
    this.resolver = resolver;
    this.parser = parser;
  }

  /** `text("...")`, `func.now()`, comparisons of columns; undefined where it is made when the program runs. */
  expression(site: CodeSite, expression: Expression, columns: ColumnNames): SqlExpression | undefined {
    const sql = this.sql(site, expression, columns, MAX_DEPTH);
    return sql === undefined ? undefined : this.parser.expression(sql);
  }

  /** An expression that may be given as plain SQL: the text of a CheckConstraint or of `text()`. */
  textOrExpression(site: CodeSite, expression: Expression, columns: ColumnNames): SqlExpression | undefined {
    const text = literalValue(this.resolver, site, expression);
    return typeof text === 'string' ? this.parser.expression(unescaped(text)) : this.expression(site, expression, columns);
  }

  /** The value of `server_default=`: plain text there is a literal. */
  serverDefault(site: CodeSite, expression: Expression): SqlExpression | undefined {
    const value = literalValue(this.resolver, site, expression);
    if (typeof value === 'string') return this.parser.expression(quoted(unescaped(value)));
    return this.expression(site, expression, () => undefined);
  }

  /** The canonical key of an index: a column name, or an expression, with `desc` behind it where that is said. */
  indexKey(site: CodeSite, expression: Expression, columns: ColumnNames): string | undefined {
    const name = literalValue(this.resolver, site, expression);
    if (typeof name === 'string') return columns(name);
    const made = expression.kind === 'call' ? expression : undefined;
    const library = made === undefined ? undefined : libraryName(this.resolver, site, made.func);
    const first = made === undefined ? undefined : positional(made.args)[0];
    if (made?.func.kind === 'attribute' && library === undefined && TRANSPARENT_METHODS.has(made.func.name))
      return this.indexKey(site, made.func.object, columns);
    if (made?.func.kind === 'attribute' && made.func.name === 'desc' && library === undefined)
      return withDesc(this.indexKey(site, made.func.object, columns));
    if (library === 'desc' && first !== undefined) return withDesc(this.indexKey(site, first, columns));
    if (library === 'asc' && first !== undefined) return this.indexKey(site, first, columns);
    if ((library === 'text' || library === 'literal_column') && first !== undefined) {
      const text = literalValue(this.resolver, site, first);
      if (typeof text !== 'string') return undefined;
      const order = ORDER_SUFFIX.exec(` ${text}`);
      const key = this.parser.expression(order === null ? text : text.slice(0, order.index - 1 < 0 ? 0 : order.index - 1).trim());
      return order?.[1]?.toLowerCase() === 'desc' ? withDesc(key?.canonical) : key?.canonical;
    }
    return this.expression(site, expression, columns)?.canonical;
  }

  private sql(site: CodeSite, expression: Expression, columns: ColumnNames, depth: number): string | undefined {
    if (depth === 0) return undefined;
    const inner = (each: Expression | undefined): string | undefined =>
      each === undefined ? undefined : this.sql(site, each, columns, depth - 1);
    switch (expression.kind) {
      case 'number':
        return expression.text;
      case 'constant':
        return expression.value === 'None' ? 'NULL' : expression.value === '...' ? undefined : expression.value;
      case 'string':
        return expression.interpolations.length > 0 ? undefined : quoted(unescaped(expression.value));
      case 'binary': {
        const operator = OPERATORS.get(expression.operator);
        const left = inner(expression.left);
        const right = inner(expression.right);
        if (operator === undefined || left === undefined || right === undefined) return undefined;
        if (right === 'NULL') return `(${left} IS ${operator === '<>' || operator === 'IS NOT' ? 'NOT ' : ''}NULL)`;
        return `(${left} ${operator} ${right})`;
      }
      case 'unary': {
        const operand = inner(expression.operand);
        if (operand === undefined) return undefined;
        return expression.operator === '~' || expression.operator === 'not' ? `(NOT ${operand})` : `(${expression.operator}${operand})`;
      }
      case 'call':
        return this.call(site, expression, columns, depth);
      case 'name':
      case 'attribute':
        return this.named(site, expression, columns);
      default:
        return undefined;
    }
  }

  private named(site: CodeSite, expression: Extract<Expression, { kind: 'name' | 'attribute' }>, columns: ColumnNames): string | undefined {
    const value = literalValue(this.resolver, site, expression);
    if (value !== undefined) return typeof value === 'string' ? quoted(value) : String(value);
    const variable = expression.kind === 'name' ? this.resolver.variableValue(site.module, site.scope, expression) : undefined;
    if (variable?.value.kind === 'call' && libraryName(this.resolver, variable, variable.value.func) === 'text')
      return this.call(variable, variable.value, columns, MAX_DEPTH);
    // What a member of an enumeration is in SQL depends on the type of the column.
    if (expression.kind === 'attribute') {
      const owner = this.resolver.resolve(site.module, site.scope, expression.object);
      if (owner?.kind === 'class' && isEnumeration(this.resolver, owner)) return undefined;
    }
    // A constant of the module that could not be read is no column.
    if (variable?.scope.kind === 'module') return undefined;
    const column = columns(expression.kind === 'name' ? expression.id : expression.name);
    return column === undefined ? undefined : identifier(column);
  }

  private call(site: CodeSite, call: CallExpression, columns: ColumnNames, depth: number): string | undefined {
    const args = positional(call.args);
    const [first] = args;
    const inner = (each: Expression | undefined): string | undefined =>
      each === undefined ? undefined : this.sql(site, each, columns, depth - 1);
    const all = (separator: string): string | undefined => {
      const parts = args.map(inner);
      return parts.includes(undefined) ? undefined : parts.join(separator);
    };
    const name = libraryName(this.resolver, site, call.func);
    if (name?.startsWith('func.') === true) {
      const list = all(', ');
      return list === undefined ? undefined : functionCall(name.slice('func.'.length), list);
    }
    switch (name) {
      case 'text':
      case 'literal_column':
      case 'column':
      case 'Column': {
        const text = first === undefined ? undefined : literalValue(this.resolver, site, first);
        if (typeof text !== 'string') return undefined;
        return name === 'column' || name === 'Column' ? identifier(text) : `(${unescaped(text)})`;
      }
      case 'and_':
      case 'or_': {
        const list = all(name === 'and_' ? ' AND ' : ' OR ');
        return list === undefined ? undefined : `(${list})`;
      }
      case 'not_':
        return prefixed('NOT ', inner(first));
      case 'true':
      case 'false':
      case 'null':
        return name;
      case 'literal':
      case 'desc':
      case 'asc':
        return inner(first);
      case undefined:
        return this.method(site, call, columns, depth);
      default:
        return undefined;
    }
  }

  /** `column.is_(None)`, `column.in_([...])` and their kin. */
  private method(site: CodeSite, { func, args }: CallExpression, columns: ColumnNames, depth: number): string | undefined {
    if (func.kind !== 'attribute') return undefined;
    const subject = this.sql(site, func.object, columns, depth - 1);
    const given = positional(args);
    const [first, second] = given.map((each) => this.sql(site, each, columns, depth - 1));
    if (subject === undefined) return undefined;
    if (TRANSPARENT_METHODS.has(func.name)) return subject;
    switch (func.name) {
      case 'is_':
        return first === undefined ? undefined : `(${subject} IS ${first})`;
      case 'is_not':
      case 'isnot':
        return first === undefined ? undefined : `(${subject} IS NOT ${first})`;
      case 'in_':
      case 'not_in':
      case 'notin_': {
        const list = given[0];
        const items =
          list !== undefined && 'items' in list ? list.items.map((item) => this.sql(site, item, columns, depth - 1)) : [undefined];
        if (items.includes(undefined)) return undefined;
        return `(${subject} ${func.name === 'in_' ? 'IN' : 'NOT IN'} (${items.join(', ')}))`;
      }
      case 'between':
        return first === undefined || second === undefined ? undefined : `(${subject} BETWEEN ${first} AND ${second})`;
      case 'like':
        return first === undefined || keywordArgument(args, 'escape') !== undefined ? undefined : `(${subject} LIKE ${first})`;
      default:
        return undefined;
    }
  }
}

/** Functions that SQL writes without brackets. */
function functionCall(name: string, list: string): string {
  return list === '' && /^(current_timestamp|current_date|current_time|localtimestamp|localtime|current_user|session_user)$/i.test(name)
    ? name
    : `${name}(${list})`;
}

function prefixed(prefix: string, sql: string | undefined): string | undefined {
  return sql === undefined ? undefined : `(${prefix}${sql})`;
}

function withDesc(key: string | undefined): string | undefined {
  return key === undefined ? undefined : `${key} desc`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The text of a Python literal that is kept as it is written. */
function unescaped(text: string): string {
  return text
    .replace(/\\(['"\\])/g, '$1')
    .replaceAll('\\n', '\n')
    .replaceAll('\\\n', '');
}
