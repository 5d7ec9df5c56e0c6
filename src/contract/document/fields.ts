import type { Parameter, ParameterPlace } from '../../api/endpoint.ts';
import { type Field, hasUnknown, type Shape, UNKNOWN } from '../../api/shape.ts';
import type { Block, ListItem, Row, Table } from '../../documents/markdown.ts';
import type { ShapeReader } from '../../fastapi/shapes.ts';
import { type ColumnName, columnsOf } from './columns.ts';
import { isOpenText, plainText } from './endpoint-text.ts';
import { isNothing, roleOf, splitLabel } from './labels.ts';
import { type ContractModels, modelSite } from './models.ts';
import type { Slot } from './slots.ts';
import { typeExpressions } from './type-text.ts';
import {
  choicesInWords,
  constraintsInWords,
  defaultInWords,
  defaultOf,
  isNullableInWords,
  LIST_OF,
  requiredInWords,
  typeInWords,
  withConstraints,
  withoutOrNull,
} from './words.ts';

/** A field, and where it is sent when it is a parameter. */
type PlacedField = Field & { readonly in: ParameterPlace | undefined };

/** A name in backticks with its words after it, or in a list of names. */
const FIELD_START = /`[A-Za-z_][\w.-]*`\s*(?:[:：（(—–,，、;；-]|<br|$)/;
const FIELD_GAP = new RegExp(`(?:[;；,，、]|<br\\s*/?>)\\s*(?=${FIELD_START.source})`);

/** Reads fields and parameters in all the ways people list them: tables, bullets, and one after the other in a line. */
export class FieldReader {
  private readonly models: ContractModels;
  private readonly shapes: ShapeReader;
  /** The names of the contract's models. */
  readonly names: ReadonlySet<string>;

  constructor(models: ContractModels, shapes: ShapeReader) {
    this.models = models;
    this.shapes = shapes;
    this.names = new Set([...models.classes.map((model) => model.node.name), ...models.described.keys()]);
  }

  /** The shape of a Python type expression in terms of the contract's models; undefined when it is none. */
  shapeOf(text: string, direction: 'input' | 'output'): Shape | undefined {
    const annotation = this.models.parseType(text);
    if (annotation === undefined) return undefined;
    const shape = this.shapes.shapeOf(modelSite(this.models), annotation, direction);
    return shape.kind === 'unknown' ? undefined : shape;
  }

  /** The fields a table describes; none when it has no column of names. */
  tableFields(table: Table, direction: 'input' | 'output'): PlacedField[] {
    const columns = columnsOf(table.header);
    const nameAt = columns.indexOf('name');
    if (nameAt === -1 || columns.includes('status')) return [];
    return table.rows.flatMap((row) => this.rowField(row, columns, nameAt, table, direction));
  }

  private rowField(row: Row, columns: readonly ColumnName[], nameAt: number, table: Table, direction: 'input' | 'output'): PlacedField[] {
    const cell = (name: ColumnName): string =>
      columns
        .flatMap((column, index) => (column === name ? [row.cells[index]?.text ?? ''] : []))
        .join(' ')
        .trim();
    const name = fieldName(row.cells[nameAt]?.text ?? '');
    if (name === undefined) return [];
    const words = [cell('type'), cell('text')].join(' ');
    const isOptionalColumn = table.header.some((header) => /^(optional|可选)/i.test(plainText(header.text)));
    const stated = requiredInWords(cell('required'));
    const required = isOptionalColumn && stated !== undefined ? !stated : (stated ?? requiredInWords(words));
    const hasDefault = columns.includes('default') && cell('default') !== '' && !isNothing(cell('default'));
    const shape = this.fieldShape(cell('type'), words, direction);
    const defaultText = columns.includes('default') ? cell('default') : (defaultInWords(words) ?? '');
    const defaultValue = defaultOf(defaultText, shape);
    return [
      {
        name,
        shape,
        required: required ?? (hasDefault ? false : undefined),
        line: row.line,
        in: parameterPlace(cell('in')),
        ...described(cell('text')),
        ...(defaultValue === undefined ? {} : { defaultValue }),
      },
    ];
  }

  /** Bullets such as `- `days`: int, required, 1-30`. */
  bulletFields(content: readonly Block[], direction: 'input' | 'output'): PlacedField[] {
    return content.flatMap((block) => {
      if (block.kind !== 'item') return [];
      const field = this.bulletField(block, direction);
      return field === undefined ? [] : [field];
    });
  }

  private bulletField(item: ListItem, direction: 'input' | 'output'): PlacedField | undefined {
    return this.fieldIn(item.text, item.line, item.blocks, direction);
  }

  /** A field in a line of text: `` `days`: int, required, 1-30 ``; blocks below it are its own fields. */
  private fieldIn(text: string, line: number, below: readonly Block[], direction: 'input' | 'output'): PlacedField | undefined {
    const coded = /^`([^`]+)`\s{0,20}(?:[（(]([^）)]*)[）)])?\s{0,20}[:：—–-]?\s{0,20}(.*)$/.exec(text);
    const label = coded === null ? splitLabel(text) : null;
    const name = fieldName(coded?.[1] ?? label?.title ?? '');
    if (name === undefined) return undefined;
    // `POST` and `LoanCreate` in backticks are no fields.
    if (coded === null && (label === null || label === undefined || roleOf(label.title) !== undefined)) return undefined;
    if (/^[A-Z]/.test(name) && !name.includes('-')) return undefined;
    const words =
      coded === null ? (label?.value ?? '') : [coded[2], coded[3]].filter((part) => part !== undefined && part !== '').join(', ');
    const children = this.bulletFields(below, direction);
    const typed = [...words.matchAll(/`([^`]+)`/g)]
      .map((match) => match[1] ?? '')
      .find((each) => this.fieldType(each, direction) !== undefined);
    const pieces = words
      .replace(/`[^`]*`/g, (code) => (code === `\`${typed}\`` ? '' : code))
      .split(/[,，;；]|\s[—–]\s/)
      .map((piece) => piece.trim());
    const noted = coded?.[2] !== undefined && this.fieldType(coded[2], direction) !== undefined ? coded[2] : undefined;
    const typeText = typed ?? noted ?? pieces.find((piece) => this.fieldType(piece, direction) !== undefined) ?? '';
    const own = this.fieldShape(typeText, words, direction);
    const shape = children.length === 0 ? own : own.kind === 'array' ? { ...own, items: nested(children) } : nested(children);
    const place = pieces.map(parameterPlace).find((each) => each !== undefined);
    const rest = pieces.filter(
      (piece) => piece !== typeText && parameterPlace(piece) === undefined && requiredInWords(piece) === undefined,
    );
    const description = /\s[—–]\s(.+)$/.exec(words)?.[1] ?? rest.filter((piece) => piece !== '').join(', ');
    const defaultValue = defaultOf(defaultInWords(words) ?? '', shape);
    return {
      name,
      shape,
      required: requiredOf(pieces, words),
      line,
      in: place,
      ...described(description),
      ...(defaultValue === undefined ? {} : { defaultValue }),
    };
  }

  private fieldType(text: string, direction: 'input' | 'output'): Shape | undefined {
    const { plain, isNullable } = withoutOrNull(plainText(text).replace(/\?$/, ''));
    if (plain === '') return undefined;
    if (isNullable) {
      const inner = this.fieldType(plain, direction);
      return inner === undefined ? undefined : { kind: 'union', options: [inner, { kind: 'null' }] };
    }
    const item = LIST_OF.exec(plain)?.[1];
    const items = item === undefined ? undefined : this.fieldType(item, direction);
    if (items !== undefined) return { kind: 'array', items, constraints: {} };
    const [expression] = typeExpressions(text).filter((each) =>
      [...each.matchAll(/[A-Za-z_]\w*/g)].some((match) => this.names.has(match[0])),
    );
    const modelled = expression === undefined ? undefined : this.shapeOf(expression, direction);
    return (
      modelled ??
      (/^(list|dict|set|tuple|Literal|Annotated|Optional|Union|List|Dict)\[|\|/.test(plain) ? this.shapeOf(plain, direction) : undefined) ??
      typeInWords(plain)
    );
  }

  private fieldShape(type: string, words: string, direction: 'input' | 'output'): Shape {
    const typed = this.fieldType(type, direction) ?? UNKNOWN;
    const choices = choicesInWords(words);
    const isText = typed.kind === 'string' && typed.format === undefined;
    const shape: Shape = choices !== undefined && isText ? { kind: 'enum', values: choices } : typed;
    const isNullable = isNullableInWords(words) && shape.kind !== 'union' && shape.kind !== 'unknown';
    const whole: Shape = isNullable ? { kind: 'union', options: [shape, { kind: 'null' }] } : shape;
    return withConstraints(whole, constraintsInWords(words, whole));
  }

  /** The parameters that a slot lists; `where` is what the slot's label says, if it does. */
  parameters(slot: Slot, where: ParameterPlace | undefined, pathNames: readonly string[]): Parameter[] {
    const blocks = slot.content;
    const fields = [
      ...blocks.filter((block) => block.kind === 'table').flatMap((table) => this.tableFields(table, 'input')),
      ...this.bulletFields(blocks, 'input'),
      ...this.inlineFields(slot),
    ];
    return fields.map(({ in: stated, ...field }) => {
      const place = stated ?? where ?? (pathNames.includes(field.name) ? 'path' : 'query');
      return { ...field, in: place, required: place === 'path' ? true : field.required };
    });
  }

  /** ``page`: query, `int`, optional``: what looks like a second name may be the type of the first. */
  private joinedTypes(pieces: readonly string[]): string[] {
    const joined: string[] = [];
    for (const piece of pieces) {
      const name = /^`([^`]+)`/.exec(piece.trim())?.[1] ?? '';
      const before = joined.at(-1);
      if (before !== undefined && /[:：（(]/.test(before) && this.fieldType(name, 'input') !== undefined)
        joined[joined.length - 1] = `${before}, ${piece}`;
      else joined.push(piece);
    }
    return joined;
  }

  /** `Query: `page`, `size``, or fields with their words, one after the other: `` `page`: int, optional; `size`: int ``. */
  inlineFields(slot: Slot): PlacedField[] {
    const start = slot.value.search(FIELD_START);
    if (start === -1 || isOpenText(slot.value)) return [];
    // Commas inside brackets and backticks separate nothing.
    const pieces = this.joinedTypes(slot.value.slice(start).split(FIELD_GAP));
    return pieces.flatMap((piece) => {
      const field = this.fieldIn(piece.trim(), slot.line, [], 'input');
      return field === undefined || this.names.has(field.name) ? [] : [field];
    });
  }
}

function parameterPlace(text: string): ParameterPlace | undefined {
  const plain = plainText(text).toLowerCase();
  if (/^(path|路径|パス)/.test(plain)) return 'path';
  if (/^(query|查询|クエリ)/.test(plain)) return 'query';
  if (/^(header|请求头|头|ヘッダ)/.test(plain)) return 'header';
  return /^cookie/.test(plain) ? 'cookie' : undefined;
}

/** The name of a field, without marks of nesting; undefined for text that is no name. */
function fieldName(text: string): string | undefined {
  const plain = plainText(text)
    .replace(/^[└├│─>\s·-]+/, '')
    .replace(/[*?]$/, '');
  return /^[A-Za-z_][\w-]*(?:\[\])?(?:\.[A-Za-z_][\w-]*(?:\[\])?)*$/.test(plain) ? plain : undefined;
}

function requiredOf(pieces: readonly string[], words: string): boolean | undefined {
  for (const piece of pieces) {
    const stated = requiredInWords(piece);
    if (stated !== undefined) return stated;
  }
  return /\bdefaults?( to)?\b|默认|デフォルト/i.test(words) ? false : undefined;
}

function described(text: string): { description?: string } {
  const plain = plainText(text);
  return plain === '' ? {} : { description: plain };
}

/** Fields with dotted names as objects inside objects: `items[].id`. */
export function nested(fields: readonly Field[]): Shape {
  const own = new Map<string, { field: Field; below: Field[] }>();
  for (const field of fields) {
    const [first = '', ...rest] = field.name.split('.');
    const name = first.replace(/\[\]$/, '');
    const entry = own.get(name) ?? {
      field: { ...field, name, shape: rest.length > 0 ? UNKNOWN : field.shape, required: rest.length > 0 ? undefined : field.required },
      below: [],
    };
    if (rest.length > 0) entry.below.push({ ...field, name: rest.join('.') });
    if (first.endsWith('[]') && entry.field.shape.kind !== 'array')
      entry.field = { ...entry.field, shape: { kind: 'array', items: UNKNOWN, constraints: {} } };
    own.set(name, entry);
  }
  const result = [...own.values()].map(({ field, below }): Field => {
    if (below.length === 0) return field;
    const inner = nested(below);
    return { ...field, shape: field.shape.kind === 'array' ? { ...field.shape, items: inner } : inner };
  });
  return { kind: 'object', fields: result, isOpen: false };
}

/** A shape whose fields of the same name get the types, limits and obligations that words give them. */
export function refineFields(shape: Shape, fields: readonly Field[]): Shape {
  if (shape.kind !== 'object' || fields.length === 0) return shape;
  const byName = new Map(fields.map((field) => [field.name, field]));
  return {
    ...shape,
    fields: shape.fields.map((field) => {
      const said = byName.get(field.name);
      if (said === undefined) return field;
      const typed = said.shape.kind === 'unknown' || hasUnknown(said.shape) ? field.shape : said.shape;
      return {
        ...field,
        shape: withConstraints(typed, constraintsInWords(said.description ?? '', typed)),
        required: said.required ?? field.required,
      };
    }),
  };
}
