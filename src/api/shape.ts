/** Limits on a value, by Pydantic's names: `ge`, `gt`, `le`, `lt`, `multiple_of`, `min_length`, `max_length`, `pattern`. */
export type Constraints = Readonly<Record<string, string | number>>;

/** What a JSON value looks like. Plain data: shapes travel between threads. */
export type Shape =
  /** What static reading cannot tell. */
  | { readonly kind: 'unknown' }
  /** Deliberately anything. */
  | { readonly kind: 'any' }
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'number'; readonly isInteger: boolean; readonly constraints: Constraints }
  /** `format` as in JSON Schema: `date-time`, `uuid`, `email` … */
  | { readonly kind: 'string'; readonly format?: string; readonly constraints: Constraints }
  | { readonly kind: 'binary' }
  | { readonly kind: 'enum'; readonly values: readonly (string | number | boolean)[]; readonly name?: string }
  | { readonly kind: 'array'; readonly items: Shape; readonly constraints: Constraints }
  | { readonly kind: 'map'; readonly values: Shape }
  /** `isOpen`: there may be more fields than are known. */
  | { readonly kind: 'object'; readonly name?: string; readonly fields: readonly Field[]; readonly isOpen: boolean }
  | { readonly kind: 'union'; readonly options: readonly Shape[] }
  /** A model inside itself. */
  | { readonly kind: 'reference'; readonly name: string };

export type ObjectShape = Extract<Shape, { kind: 'object' }>;

export interface Field {
  readonly name: string;
  readonly shape: Shape;
  /** Whether the client must send it; undefined when nothing says so. */
  readonly required: boolean | undefined;
  readonly line: number;
  readonly description?: string;
  readonly defaultValue?: string | number | boolean;
}

export const UNKNOWN: Shape = { kind: 'unknown' };
export const ANY: Shape = { kind: 'any' };

/** Applies a function to a shape and everything below it, innermost first. */
export function mapShape(shape: Shape, change: (shape: Shape) => Shape): Shape {
  const inner = (each: Shape): Shape => mapShape(each, change);
  switch (shape.kind) {
    case 'array':
      return change({ ...shape, items: inner(shape.items) });
    case 'map':
      return change({ ...shape, values: inner(shape.values) });
    case 'union':
      return change({ ...shape, options: shape.options.map(inner) });
    case 'object':
      return change({ ...shape, fields: shape.fields.map((field) => ({ ...field, shape: inner(field.shape) })) });
    default:
      return change(shape);
  }
}

/** `X | None` without the None, and whether there was one. */
export function withoutNull(shape: Shape): { shape: Shape; isNullable: boolean } {
  if (shape.kind !== 'union') return { shape, isNullable: shape.kind === 'null' };
  const options = shape.options.filter((option) => option.kind !== 'null');
  const [only] = options;
  const isNullable = options.length < shape.options.length;
  return { shape: options.length === 1 && only !== undefined ? only : { kind: 'union', options }, isNullable };
}

/** One shape for several alternatives; nested unions are opened up. */
export function unionOf(shapes: readonly Shape[]): Shape {
  const options = shapes.flatMap((shape) => (shape.kind === 'union' ? shape.options : [shape]));
  const [only] = options;
  if (only !== undefined && options.length === 1) return only;
  return { kind: 'union', options };
}

/** `snake_case` as `camelCase`. */
export function toCamel(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** True when a part of a shape is unknown. */
export function hasUnknown(shape: Shape): boolean {
  let found = false;
  mapShape(shape, (each) => {
    if (each.kind === 'unknown') found = true;
    return each;
  });
  return found;
}
