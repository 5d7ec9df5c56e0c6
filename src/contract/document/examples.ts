import { type Node, type ParseError, parseTree } from 'jsonc-parser';
import { ANY, type Field, type Shape, UNKNOWN } from '../../api/shape.ts';

import { constraintsInWords, isNullableInWords, requiredInWords, typeInWords, withConstraints } from './words.ts';

/** What a JSON example shows. */
export interface Example {
  readonly shape: Shape;
  /** The example as plain JSON, where it is whole. */
  readonly value: unknown;
  readonly isWhole: boolean;
}

const MAX_CHARACTERS = 200_000;

/**
 * Reads a JSON example as people write it: with comments, trailing commas and `...` for what is left out. `line` is the
 * 1-based line of the document on which it begins. Undefined when it is no JSON object or list at all.
 */
export function readExample(source: string, line: number): Example | undefined {
  if (source.length > MAX_CHARACTERS) return undefined;
  const cleaned = withoutEllipses(source);
  const errors: ParseError[] = [];
  const root = parseTree(cleaned, errors, { allowTrailingComma: true, disallowComments: false, allowEmptyContent: true });
  if (root === undefined || (root.type !== 'object' && root.type !== 'array')) return undefined;
  const reader = new ExampleReader(source, cleaned, line);
  const isWhole = errors.length === 0 && cleaned === source;
  return { shape: reader.shape(root), value: reader.value(root), isWhole };
}

/** Blanks `...` and `…` outside of strings and comments; every offset stays true. */
function withoutEllipses(source: string): string {
  return source.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|\.{3,}|…/g, (part) =>
    /^[.…]/.test(part) ? ' '.repeat(part.length) : part,
  );
}

class ExampleReader {
  private readonly source: string;
  private readonly cleaned: string;
  private readonly line: number;

  constructor(source: string, cleaned: string, line: number) {
    this.source = source;
    this.cleaned = cleaned;
    this.line = line;
  }

  shape(node: Node): Shape {
    switch (node.type) {
      case 'object':
        return { kind: 'object', fields: (node.children ?? []).flatMap((property) => this.field(property)), isOpen: this.isElided(node) };
      case 'array': {
        const [first] = node.children ?? [];
        return { kind: 'array', items: first === undefined ? UNKNOWN : this.shape(first), constraints: {} };
      }
      case 'string':
        return scalarInWords(String(node.value)) ?? { kind: 'string', constraints: {} };
      case 'number':
        return {
          kind: 'number',
          isInteger: Number.isInteger(node.value) && !/[.eE]/.test(this.source.slice(node.offset, node.offset + node.length)),
          constraints: {},
        };
      case 'boolean':
        return { kind: 'boolean' };
      case 'null':
        // One value of null says that null is possible, and nothing about the others.
        return { kind: 'union', options: [UNKNOWN, { kind: 'null' }] };
      default:
        return ANY;
    }
  }

  private field(property: Node): Field[] {
    const [key, value] = property.children ?? [];
    if (key === undefined) return [];
    const comment = this.commentAfter(property);
    const own = value === undefined ? UNKNOWN : this.shape(value);
    const named = comment === '' ? undefined : typeInWords(comment.split(/[,，;；(（]/)[0] ?? '');
    const typed = named !== undefined && (own.kind === 'number' || own.kind === 'string' || own.kind === 'union') ? named : own;
    const nullable: Shape =
      isNullableInWords(comment) && typed.kind !== 'union' ? { kind: 'union', options: [typed, { kind: 'null' }] } : typed;
    const shape = withConstraints(nullable, constraintsInWords(comment, nullable));
    return [
      {
        name: String(key.value),
        shape,
        required: requiredInWords(comment),
        line: this.lineAt(key.offset),
        ...(comment === '' ? {} : { description: comment }),
      },
    ];
  }

  /** The comment behind a field on its line. */
  private commentAfter(property: Node): string {
    const end = property.offset + property.length;
    const lineEnd = this.source.indexOf('\n', end);
    const rest = this.source.slice(end, lineEnd === -1 ? this.source.length : lineEnd);
    // Another field on the same line: the comment is about that one.
    if (/^[\s,]*"/.test(rest)) return '';
    return (
      /\/\/\s{0,20}(.*)$|\/\*\s{0,20}(.*?)\s{0,20}\*\//
        .exec(rest)
        ?.slice(1)
        .find((part) => part !== undefined)
        ?.trim() ?? ''
    );
  }

  /** True where something was left out directly inside an object. */
  private isElided(node: Node): boolean {
    let inside = this.source.slice(node.offset + 1, node.offset + node.length - 1);
    let cleaned = this.cleaned.slice(node.offset + 1, node.offset + node.length - 1);
    for (const property of [...(node.children ?? [])].reverse()) {
      const [from, to] = [property.offset - node.offset - 1, property.offset + property.length - node.offset - 1];
      inside = inside.slice(0, from) + inside.slice(to);
      cleaned = cleaned.slice(0, from) + cleaned.slice(to);
    }
    const comments = /\/\/[^\n]*(?:other|more|其他|其余|省略|同上|same as|etc)|\/\*[^*]*(?:other|more|其他|省略|同上)/i;
    return inside !== cleaned || comments.test(inside);
  }

  value(node: Node): unknown {
    switch (node.type) {
      case 'object':
        return Object.fromEntries((node.children ?? []).flatMap((property) => this.entry(property)));
      case 'array':
        return (node.children ?? []).map((child) => this.value(child));
      default:
        return node.value;
    }
  }

  private entry(property: Node): [string, unknown][] {
    const [key, value] = property.children ?? [];
    return key === undefined || value === undefined ? [] : [[String(key.value), this.value(value)]];
  }

  private lineAt(offset: number): number {
    return this.line + this.source.slice(0, offset).split('\n').length - 1;
  }
}

/** `"id": "integer"`, `"email": "string"`: the example names types instead of values. */
function scalarInWords(value: string): Shape | undefined {
  if (!/^(string|str|integer|int|number|float|boolean|bool|date|datetime|uuid|array|object)(\?|\[\]| \| null)?$/i.test(value))
    return undefined;
  const shape = typeInWords(value.replace(/\?$/, ''));
  return shape !== undefined && value.endsWith('?') ? { kind: 'union', options: [shape, { kind: 'null' }] } : shape;
}
