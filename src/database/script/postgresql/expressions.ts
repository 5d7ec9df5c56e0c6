import type { A_Const, A_Expr, ColumnRef, FuncCall, Node, SQLValueFunction, TypeCast, TypeName } from 'libpg-query';
import { columnType } from './types.ts';

/** Operators and what they are when both sides change places. */
const MIRRORED: ReadonlyMap<string, string> = new Map([
  ['<', '>'],
  ['>', '<'],
  ['<=', '>='],
  ['>=', '<='],
  ['=', '='],
  ['<>', '<>'],
]);
const VALUE_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['SVFOP_CURRENT_TIMESTAMP', 'now()'],
  ['SVFOP_CURRENT_DATE', 'current_date'],
  ['SVFOP_CURRENT_TIME', 'current_time'],
  ['SVFOP_LOCALTIMESTAMP', 'localtimestamp'],
  ['SVFOP_LOCALTIME', 'localtime'],
  ['SVFOP_CURRENT_USER', 'current_user'],
  ['SVFOP_SESSION_USER', 'session_user'],
]);
const SAME_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['transaction_timestamp', 'now'],
  ['current_timestamp', 'now'],
]);

/**
 * One text for all ways to write the same expression: `CURRENT_TIMESTAMP` and `now()`, `x IN (...)` and `x = ANY (ARRAY[...])`,
 * BETWEEN, double negation, and the casts that pg_dump adds to constants and columns.
 */
export function canonicalExpression(node: Node): string {
  if ('A_Const' in node) return constant(node.A_Const);
  if ('ColumnRef' in node) return columnName(node.ColumnRef);
  if ('TypeCast' in node) return cast(node.TypeCast);
  if ('SQLValueFunction' in node) return valueFunction(node.SQLValueFunction);
  if ('FuncCall' in node) return functionCall(node.FuncCall);
  if ('A_Expr' in node) return operation(node.A_Expr);
  if ('BoolExpr' in node) {
    const { boolop, args = [] } = node.BoolExpr;
    if (boolop === 'NOT_EXPR') return negated(args[0]);
    const word = boolop === 'AND_EXPR' ? 'and' : 'or';
    return group(word, args);
  }
  if ('NullTest' in node) {
    const { arg, nulltesttype } = node.NullTest;
    return `${part(arg)} is ${nulltesttype === 'IS_NOT_NULL' ? 'not ' : ''}null`;
  }
  if ('BooleanTest' in node) {
    const { arg, booltesttype } = node.BooleanTest;
    if (booltesttype === 'IS_TRUE') return part(arg);
    if (booltesttype === 'IS_FALSE') return `not ${part(arg)}`;
    return `${part(arg)} ${booltesttype ?? ''}`;
  }
  if ('A_ArrayExpr' in node) {
    const items = (node.A_ArrayExpr.elements ?? []).map(canonicalExpression);
    return items.length === 0 ? "'{}'" : `array[${items.join(', ')}]`;
  }
  if ('CoalesceExpr' in node) return `coalesce(${(node.CoalesceExpr.args ?? []).map(canonicalExpression).join(', ')})`;
  if ('CollateClause' in node) return part(node.CollateClause.arg);
  if ('List' in node) return `(${(node.List.items ?? []).map(canonicalExpression).join(', ')})`;
  return structure(node);
}

/** For everything that has but one spelling: the tree itself, without the places. */
function structure(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(structure).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).filter(([key]) => key !== 'location' && !key.startsWith('rexpr_list'));
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && isExpressionTag(only[0])) {
    const node = asNode(value);
    if (node !== undefined) return canonicalExpression(node);
  }
  return `{${entries.map(([key, each]) => `${key}: ${structure(each)}`).join(', ')}}`;
}

const EXPRESSION_TAGS = [
  'A_Const',
  'ColumnRef',
  'TypeCast',
  'SQLValueFunction',
  'FuncCall',
  'A_Expr',
  'BoolExpr',
  'NullTest',
  'BooleanTest',
  'A_ArrayExpr',
  'CoalesceExpr',
] as const;

function isExpressionTag(tag: string): boolean {
  return EXPRESSION_TAGS.some((known) => known === tag);
}

/** The value as a node of the grammar: an object with one key that names its kind. */
function asNode(value: object): Node | undefined {
  return isNode(value) ? value : undefined;
}

function isNode(value: object): value is Node {
  const [tag, ...others] = Object.keys(value);
  return tag !== undefined && others.length === 0 && isExpressionTag(tag);
}

function constant(value: A_Const): string {
  if (value.isnull === true) return 'null';
  if (value.ival !== undefined) return quoted(String(value.ival.ival ?? 0));
  if (value.fval !== undefined) return quoted(value.fval.fval ?? '0');
  if (value.boolval !== undefined) return quoted(String(value.boolval.boolval === true));
  if (value.sval !== undefined) return quoted(value.sval.sval ?? '');
  return quoted(value.bsval?.bsval ?? '');
}

/** Numbers and booleans look like text: `DEFAULT '0'` means 0 where the column is a number. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function columnName({ fields = [] }: ColumnRef): string {
  const last = fields.at(-1);
  return last !== undefined && 'String' in last ? (last.String.sval ?? '') : '*';
}

function cast({ arg, typeName }: TypeCast): string {
  const inner = part(arg);
  const isPlain = arg !== undefined && ('A_Const' in arg || 'TypeCast' in arg || 'A_ArrayExpr' in arg);
  if (isPlain) return arg !== undefined && 'A_Const' in arg ? castConstant(inner, typeName) : inner;
  const type = typeName === undefined ? '' : columnType(typeName).name;
  // pg_dump casts columns to text before it compares them.
  const isColumn = arg !== undefined && ('ColumnRef' in arg || 'FuncCall' in arg || 'SQLValueFunction' in arg);
  if (isColumn && /^(text|character varying|character|numeric|double precision|regclass|bpchar)$/.test(type)) return inner;
  return `cast(${inner} as ${type})`;
}

function castConstant(text: string, typeName: TypeName | undefined): string {
  const type = typeName === undefined ? '' : columnType(typeName).name;
  if (type !== 'boolean') return text;
  return /^'(t|true|1|on|yes)'$/i.test(text) ? "'true'" : "'false'";
}

function valueFunction({ op }: SQLValueFunction): string {
  return (
    VALUE_FUNCTIONS.get(op ?? '') ??
    String(op)
      .replace(/^SVFOP_/, '')
      .replace(/_N$/, '')
      .toLowerCase()
  );
}

function functionCall(call: FuncCall): string {
  const names = (call.funcname ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []));
  const last = names.at(-1) ?? '';
  const qualified = names.length > 1 && names[0] !== 'pg_catalog' && names[0] !== 'public' ? names.join('.') : last;
  const name = SAME_FUNCTIONS.get(qualified) ?? qualified;
  return `${name}(${(call.args ?? []).map(canonicalExpression).join(', ')})`;
}

function operation({ kind, name = [], lexpr, rexpr }: A_Expr): string {
  const first = name[0];
  const operator = first !== undefined && 'String' in first ? (first.String.sval ?? '') : '';
  switch (kind) {
    case 'AEXPR_IN':
      return membership(part(lexpr), operator === '<>', itemsOf(rexpr));
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL': {
      const items = itemsOf(rexpr);
      if (items.length > 0 && (operator === '=' || operator === '<>')) return membership(part(lexpr), operator === '<>', items);
      return `${part(lexpr)} ${operator} ${kind === 'AEXPR_OP_ANY' ? 'any' : 'all'} ${part(rexpr)}`;
    }
    case 'AEXPR_BETWEEN':
      return joined('and', bounds({ lexpr, rexpr }));
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_OP':
      return binary(operator, lexpr, rexpr);
    default:
      return `${part(lexpr)} ${kind ?? ''} ${operator} ${part(rexpr)}`;
  }
}

function binary(operator: string, left: Node | undefined, right: Node | undefined): string {
  if (left === undefined) return signed(operator, right);
  const mirrored = MIRRORED.get(operator);
  const isTurned = mirrored !== undefined && right !== undefined && isFixed(left) && !isFixed(right);
  const [first, second] = isTurned ? [right, left] : [left, right];
  const word = isTurned ? mirrored : operator;
  const a = part(first);
  const b = part(second);
  // A boolean column compared with a constant is the column itself, or its negation.
  if (word === '=' && b === "'true'") return a;
  if ((word === '=' && b === "'false'") || (word === '<>' && b === "'true'")) return `not ${a}`;
  if (word === '=' && a > b && !isFixed(second)) return `${b} = ${a}`;
  return `${a} ${word} ${b}`;
}

/** `-1`. */
function signed(operator: string, operand: Node | undefined): string {
  const text = part(operand);
  return operator === '-' && text.startsWith("'") ? `'-${text.slice(1)}` : `${operator} ${text}`;
}

function isFixed(node: Node | undefined): boolean {
  if (node === undefined) return false;
  return 'A_Const' in node || ('TypeCast' in node && isFixed(node.TypeCast.arg));
}

function itemsOf(node: Node | undefined, order: 'ordered' | 'any' = 'any'): string[] {
  if (node === undefined) return [];
  if ('TypeCast' in node) return itemsOf(node.TypeCast.arg, order);
  const nodes = 'List' in node ? node.List.items : 'A_ArrayExpr' in node ? node.A_ArrayExpr.elements : undefined;
  const items = (nodes ?? []).map(canonicalExpression);
  return order === 'ordered' ? items : items.sort();
}

function membership(subject: string, isNegated: boolean, items: readonly string[]): string {
  const [only] = items;
  if (items.length === 1 && only !== undefined) return `${subject} ${isNegated ? '<>' : '='} ${only}`;
  return `${subject} ${isNegated ? 'not ' : ''}in (${items.join(', ')})`;
}

function negated(node: Node | undefined): string {
  if (node === undefined) return 'not';
  if ('NullTest' in node) {
    const isNotNull = node.NullTest.nulltesttype === 'IS_NOT_NULL';
    return `${part(node.NullTest.arg)} is ${isNotNull ? '' : 'not '}null`;
  }
  if ('A_Expr' in node && node.A_Expr.kind === 'AEXPR_IN') return membership(part(node.A_Expr.lexpr), true, itemsOf(node.A_Expr.rexpr));
  if ('BoolExpr' in node && node.BoolExpr.boolop === 'NOT_EXPR') return part(node.BoolExpr.args?.[0]);
  return `not ${part(node)}`;
}

/** AND and OR in any order and nesting. */
function group(word: 'and' | 'or', args: readonly Node[]): string {
  return joined(
    word,
    args.flatMap((arg) => operands(word, arg)),
  );
}

function operands(word: 'and' | 'or', node: Node): string[] {
  const tag = word === 'and' ? 'AND_EXPR' : 'OR_EXPR';
  if ('BoolExpr' in node && node.BoolExpr.boolop === tag) return (node.BoolExpr.args ?? []).flatMap((arg) => operands(word, arg));
  if (word === 'and' && 'A_Expr' in node && node.A_Expr.kind === 'AEXPR_BETWEEN') return bounds(node.A_Expr);
  return [canonicalExpression(node)];
}

/** BETWEEN is two comparisons. */
function bounds({ lexpr, rexpr }: A_Expr): string[] {
  const [low = '', high = ''] = itemsOf(rexpr, 'ordered');
  return [`${part(lexpr)} >= ${low}`, `${part(lexpr)} <= ${high}`];
}

function joined(word: 'and' | 'or', parts: readonly string[]): string {
  return `(${[...new Set(parts)].sort().join(` ${word} `)})`;
}

function part(node: Node | undefined): string {
  return node === undefined ? '' : canonicalExpression(node);
}
