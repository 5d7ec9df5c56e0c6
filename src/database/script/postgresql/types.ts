import type { TypeName } from 'libpg-query';
import { type ColumnType, tableKey } from '../../schema.ts';

/** What the grammar calls a type, and what PostgreSQL's documentation does. */
const FULL_NAMES: ReadonlyMap<string, string> = new Map([
  ['int2', 'smallint'],
  ['int4', 'integer'],
  ['int', 'integer'],
  ['int8', 'bigint'],
  ['smallserial', 'smallint'],
  ['serial2', 'smallint'],
  ['serial', 'integer'],
  ['serial4', 'integer'],
  ['bigserial', 'bigint'],
  ['serial8', 'bigint'],
  ['float4', 'real'],
  ['float8', 'double precision'],
  ['bool', 'boolean'],
  ['varchar', 'character varying'],
  ['bpchar', 'character'],
  ['char', 'character'],
  ['decimal', 'numeric'],
  ['timestamp', 'timestamp without time zone'],
  ['timestamptz', 'timestamp with time zone'],
  ['time', 'time without time zone'],
  ['timetz', 'time with time zone'],
  ['varbit', 'bit varying'],
]);
const SERIAL = /^(small|big)?serial[248]?$/;

/** True for `serial` and its kin: an integer that the database counts up. */
export function isSerial(type: TypeName): boolean {
  return SERIAL.test(nameParts(type).at(-1) ?? '');
}

/** The canonical form of a type as the grammar gives it. */
export function columnType(type: TypeName): ColumnType {
  const parts = nameParts(type);
  const last = parts.at(-1) ?? '';
  const isBuiltIn = parts.length === 1 || parts[0] === 'pg_catalog';
  const full = isBuiltIn ? (FULL_NAMES.get(last) ?? last) : tableKey(parts[0], last);
  const numbers = (type.typmods ?? []).flatMap((node) =>
    'A_Const' in node && node.A_Const.ival !== undefined ? [node.A_Const.ival.ival ?? 0] : [],
  );
  return { name: full, parameters: usualParameters(full, numbers), isArray: (type.arrayBounds ?? []).length > 0 || type.setof === true };
}

/** Parameters without those that say the default: `numeric(18, 0)`, `char(1)`. */
function usualParameters(name: string, parameters: readonly number[]): readonly number[] {
  if (name === 'interval') return [];
  if (name === 'numeric' && parameters.length === 2 && parameters[1] === 0) return parameters.slice(0, 1);
  if (name === 'character' && parameters.length === 0) return [1];
  return parameters;
}

function nameParts(type: TypeName): string[] {
  return (type.names ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []));
}

/** The canonical form of a type by a name that PostgreSQL understands. */
export function namedType(name: string, parameters: readonly number[] = []): ColumnType {
  const full = FULL_NAMES.get(name) ?? name;
  return { name: full, parameters: usualParameters(full, parameters), isArray: false };
}
