import type { Basis } from './endpoint.ts';
import { type Constraints, type ObjectShape, type Shape, toCamel, withoutNull } from './shape.ts';

/** One way in which what the code does differs from what the contract says about a body or parameter. */
export interface ShapeDifference {
  /** The field, such as `items[].id`; empty for the whole. */
  readonly field: string;
  readonly detail: string;
  /** 1-based lines of the field on both sides; 0 where there is none. */
  readonly contractLine: number;
  readonly codeLine: number;
}

/** What a comparison is about: how sure the contract is, and which way the data goes. */
export interface ShapeQuestion {
  readonly basis: Basis;
  readonly direction: 'input' | 'output';
}

interface Lines {
  readonly contractLine: number;
  readonly codeLine: number;
}

const NAMES: Readonly<Record<string, string>> = {
  ge: 'lower limit',
  gt: 'lower limit (not reached)',
  le: 'upper limit',
  lt: 'upper limit (not reached)',
  min_length: 'minimum length',
  max_length: 'maximum length',
  multiple_of: 'step',
  pattern: 'pattern',
};

/** The certain differences between two shapes; whatever one side does not know is none. */
export function compareShapes(
  contract: Shape,
  code: Shape,
  question: ShapeQuestion,
  field = '',
  lines: Lines = { contractLine: 0, codeLine: 0 },
): ShapeDifference[] {
  const [wanted, found] = [withoutNull(contract), withoutNull(code)];
  const at = { field, ...lines };
  if (isUncertain(wanted.shape) || isUncertain(found.shape)) return [];
  const nullability = wanted.isNullable === found.isNullable ? [] : nullDifference(wanted.isNullable, question, at);
  return [...nullability, ...compareValues(wanted.shape, found.shape, question, field, lines)];
}

function isUncertain(shape: Shape): boolean {
  return shape.kind === 'unknown' || shape.kind === 'any' || shape.kind === 'reference' || shape.kind === 'null';
}

function nullDifference(
  isWanted: boolean,
  { basis, direction }: ShapeQuestion,
  at: ShapeDifference | Omit<ShapeDifference, 'detail'>,
): ShapeDifference[] {
  if (basis === 'example') return [];
  // Tables rarely say that something may be null; only when they do is it certain.
  if (basis === 'words' && !isWanted) return [];
  const detail =
    direction === 'output'
      ? isWanted
        ? 'may be null in the contract, never in the code'
        : 'may be null in the code, never in the contract'
      : isWanted
        ? 'accepts null in the contract, not in the code'
        : 'accepts null in the code, not in the contract';
  return [{ ...at, detail }];
}

function compareValues(contract: Shape, code: Shape, question: ShapeQuestion, field: string, lines: Lines): ShapeDifference[] {
  const at = { field, ...lines };
  if (contract.kind === 'object' && code.kind === 'object') return compareFields(contract, code, question, field);
  if (contract.kind === 'array' && code.kind === 'array')
    return [
      ...compareShapes(contract.items, code.items, question, `${field}[]`, lines),
      ...compareConstraints(contract.constraints, code.constraints, question, at),
    ];
  if (contract.kind === 'map' && code.kind === 'map') return compareShapes(contract.values, code.values, question, `${field}{}`, lines);
  // A declared mapping says nothing of the keys it will have; unions are compared only where they are the same kind of thing.
  if (contract.kind === 'map' || code.kind === 'map' || contract.kind === 'union' || code.kind === 'union')
    return compareUnions(contract, code, question, at);
  if (contract.kind === 'enum' || code.kind === 'enum') return compareEnums(contract, code, question, at);
  if (contract.kind === 'number' && code.kind === 'number') {
    const isWider = contract.isInteger && !code.isInteger && question.basis !== 'example';
    const isNarrower = !contract.isInteger && code.isInteger && (question.basis !== 'words' || question.direction === 'input');
    const type =
      isWider || isNarrower ? [{ ...at, detail: `is ${typeName(contract)} in the contract, ${typeName(code)} in the code` }] : [];
    return [...type, ...compareConstraints(integral(contract), integral(code), question, at)];
  }
  if (contract.kind === 'string' && code.kind === 'string')
    return [...compareFormats(contract, code, question, at), ...compareConstraints(contract.constraints, code.constraints, question, at)];
  if (contract.kind === code.kind || isSameOnTheWire(contract, code, question)) return [];
  return [{ ...at, detail: `is ${typeName(contract)} in the contract, ${typeName(code)} in the code` }];
}

/** Decimals are written as numbers or text; files and bytes as text. */
function isSameOnTheWire(contract: Shape, code: Shape, { basis }: ShapeQuestion): boolean {
  const isDecimal = (shape: Shape): boolean => shape.kind === 'string' && shape.format === 'decimal';
  const isNumber = (shape: Shape): boolean => shape.kind === 'number' && !shape.isInteger;
  if (basis !== 'schema' && ((isDecimal(contract) && isNumber(code)) || (isDecimal(code) && contract.kind === 'number'))) return true;
  return [contract.kind, code.kind].every((kind) => kind === 'binary' || kind === 'string');
}

function compareUnions(contract: Shape, code: Shape, question: ShapeQuestion, at: Omit<ShapeDifference, 'detail'>): ShapeDifference[] {
  const other = contract.kind === 'map' ? code : contract;
  if ((contract.kind === 'map' || code.kind === 'map') && other.kind === 'array')
    return [{ ...at, detail: `is ${typeName(contract)} in the contract, ${typeName(code)} in the code` }];
  const scalar = (shape: Shape): boolean => shape.kind === 'string' || shape.kind === 'number' || shape.kind === 'boolean';
  // An object or list cannot be where one plain value is promised, and the reverse.
  if (contract.kind === 'map' && scalar(code)) return [{ ...at, detail: `is an object in the contract, ${typeName(code)} in the code` }];
  if (code.kind === 'map' && scalar(contract) && question.basis !== 'example')
    return [{ ...at, detail: `is ${typeName(contract)} in the contract, an object in the code` }];
  return [];
}

function compareEnums(contract: Shape, code: Shape, question: ShapeQuestion, at: Omit<ShapeDifference, 'detail'>): ShapeDifference[] {
  if (contract.kind === 'enum' && code.kind === 'enum') {
    const [wanted, found] = [contract.values.map(String), code.values.map(String)];
    const lacking = wanted.filter((value) => !found.includes(value));
    const added = found.filter((value) => !wanted.includes(value));
    if (lacking.length === 0 && added.length === 0) return [];
    const parts = [
      lacking.length > 0 ? `lacks ${quoted(lacking)} in the code` : '',
      added.length > 0 ? `also has ${quoted(added)} in the code` : '',
    ];
    return [{ ...at, detail: parts.filter((part) => part !== '').join(' and ') }];
  }
  const other = contract.kind === 'enum' ? code : contract;
  const values = contract.kind === 'enum' ? contract.values : code.kind === 'enum' ? code.values : [];
  const isText = other.kind === 'string';
  const isNumber = other.kind === 'number';
  const fits = values.every((value) =>
    typeof value === 'string' ? isText : typeof value === 'number' ? isNumber : other.kind === 'boolean',
  );
  if (!fits) return [{ ...at, detail: `is ${typeName(contract)} in the contract, ${typeName(code)} in the code` }];
  if (question.basis === 'example') return [];
  if (contract.kind === 'enum')
    return [
      {
        ...at,
        detail: `is one of ${quoted(contract.values.map(String))} in the contract, any ${typeName(code).replace(/^an? /, '')} in the code`,
      },
    ];
  return question.basis === 'schema'
    ? [
        {
          ...at,
          detail: `is any ${typeName(contract).replace(/^an? /, '')} in the contract, one of ${quoted(values.map(String))} in the code`,
        },
      ]
    : [];
}

function compareFormats(
  contract: Extract<Shape, { kind: 'string' }>,
  code: Extract<Shape, { kind: 'string' }>,
  { basis }: ShapeQuestion,
  at: Omit<ShapeDifference, 'detail'>,
): ShapeDifference[] {
  if (contract.format === code.format) return [];
  const areBothSaid = contract.format !== undefined && code.format !== undefined;
  if (basis === 'example' || (basis === 'words' && !areBothSaid)) return [];
  return [{ ...at, detail: `is ${typeName(contract)} in the contract, ${typeName(code)} in the code` }];
}

function compareFields(contract: ObjectShape, code: ObjectShape, question: ShapeQuestion, prefix: string): ShapeDifference[] {
  const found: ShapeDifference[] = [];
  const named = (name: string): string => (prefix === '' ? name : `${prefix}.${name}`);
  const extras = code.fields.filter((field) => !contract.fields.some((other) => other.name === field.name));
  for (const wanted of contract.fields) {
    const same = code.fields.find((field) => field.name === wanted.name);
    const match =
      same ??
      extras.find((field) => isSpelling(field.name, wanted.name)) ??
      extras.find((field) => isAlike(field.name, wanted.name) && field.shape.kind === wanted.shape.kind);
    const at = { field: named(wanted.name), contractLine: wanted.line, codeLine: match?.line ?? 0 };
    if (match === undefined) {
      if (!code.isOpen)
        found.push({ ...at, detail: question.direction === 'output' ? 'is missing in what the code returns' : 'is not taken by the code' });
      continue;
    }
    if (same === undefined) {
      extras.splice(extras.indexOf(match), 1);
      found.push({ ...at, detail: `is called \`${match.name}\` in the code` });
    }
    if (
      question.direction === 'input' &&
      wanted.required !== undefined &&
      match.required !== undefined &&
      wanted.required !== match.required
    )
      found.push({
        ...at,
        detail: wanted.required ? 'is required in the contract, optional in the code' : 'is optional in the contract, required in the code',
      });
    const areDefaultsKnown = wanted.defaultValue !== undefined && match.defaultValue !== undefined;
    if (question.direction === 'input' && areDefaultsKnown && wanted.defaultValue !== match.defaultValue)
      found.push({ ...at, detail: `defaults to ${wanted.defaultValue} in the contract, ${match.defaultValue} in the code` });
    found.push(
      ...compareShapes(wanted.shape, match.shape, question, named(wanted.name), { contractLine: wanted.line, codeLine: match.line }),
    );
  }
  for (const extra of extras) {
    if (contract.isOpen) break;
    // An example may leave out what may be left out.
    if (question.basis === 'example' && question.direction === 'input' && extra.required !== true) continue;
    const what =
      question.direction === 'output'
        ? 'is returned by the code'
        : extra.required === true
          ? 'is demanded by the code'
          : 'is taken by the code';
    found.push({ field: named(extra.name), detail: `${what}, but is not in the contract`, contractLine: 0, codeLine: extra.line });
  }
  return found;
}

/** The same name in another convention: `due_on` and `dueOn`. */
export function isSpelling(a: string, b: string): boolean {
  return a !== b && toCamel(a) === toCamel(b);
}

/** Names that differ by a slip: `cancelledAt` and `canceledAt`. */
function isAlike(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 5 && distance(a.toLowerCase(), b.toLowerCase()) <= 2;
}

/** How many letters must be put in, taken out or changed to get from one word to the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}

function compareConstraints(
  contract: Constraints,
  code: Constraints,
  question: ShapeQuestion,
  at: Omit<ShapeDifference, 'detail'>,
): ShapeDifference[] {
  const found: ShapeDifference[] = [];
  for (const key of new Set([...Object.keys(contract), ...Object.keys(code)])) {
    const [wanted, given] = [contract[key], code[key]];
    if (wanted === given) continue;
    // Words and examples need not repeat every limit; a schema does.
    if (wanted === undefined && question.basis !== 'schema') continue;
    // What is sent back keeps the limits it came with: only a schema promises them again.
    if (question.direction === 'output' && question.basis !== 'schema') continue;
    const name = NAMES[key] ?? key;
    const said = (value: string | number | undefined): string => (value === undefined ? 'not set' : String(value));
    const detail = `has another ${name}: ${said(wanted)} in the contract, ${said(given)} in the code`;
    found.push({ ...at, detail });
  }
  return found;
}

/** For integers `gt=0` and `ge=1` are the same. */
function integral(shape: Extract<Shape, { kind: 'number' }>): Constraints {
  if (!shape.isInteger) return shape.constraints;
  const { gt, lt, ...rest } = shape.constraints;
  return { ...rest, ...(typeof gt === 'number' ? { ge: gt + 1 } : {}), ...(typeof lt === 'number' ? { le: lt - 1 } : {}) };
}

function quoted(values: readonly string[]): string {
  return values.map((value) => `"${value}"`).join(', ');
}

/** A type in words: "an integer", "a list", "text (uuid)". */
export function typeName(shape: Shape): string {
  switch (shape.kind) {
    case 'number':
      return shape.isInteger ? 'an integer' : 'a number';
    case 'string':
      return shape.format === undefined ? 'a string' : `a string (${shape.format})`;
    case 'array':
      return 'a list';
    case 'object':
    case 'map':
      return 'an object';
    case 'boolean':
      return 'a boolean';
    case 'enum':
      return `one of ${quoted(shape.values.map(String))}`;
    case 'binary':
      return 'a file';
    case 'union':
      return shape.options.map(typeName).join(' or ');
    case 'null':
      return 'null';
    default:
      return 'unknown';
  }
}
