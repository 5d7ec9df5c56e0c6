import type { ColumnType } from '../schema.ts';

const NAMES: ReadonlyMap<string, string> = new Map([
  ['smallint', 'SmallInteger'],
  ['integer', 'Integer'],
  ['bigint', 'BigInteger'],
  ['real', 'REAL'],
  ['double precision', 'Double'],
  ['numeric', 'Numeric'],
  ['character varying', 'String'],
  ['character', 'CHAR'],
  ['text', 'Text'],
  ['boolean', 'Boolean'],
  ['date', 'Date'],
  ['interval', 'Interval'],
  ['bytea', 'LargeBinary'],
  ['uuid', 'Uuid'],
  ['json', 'JSON'],
]);
const WITH_ZONE: ReadonlyMap<string, string> = new Map([
  ['timestamp with time zone', 'DateTime(timezone=True)'],
  ['timestamp without time zone', 'DateTime()'],
  ['time with time zone', 'Time(timezone=True)'],
  ['time without time zone', 'Time()'],
]);

/** How SQLAlchemy spells a column type of PostgreSQL. */
export function sqlAlchemyType(type: ColumnType): string {
  const item = itemType(type);
  return type.isArray ? `ARRAY(${item})` : item;
}

function itemType({ name, parameters, values }: ColumnType): string {
  if (values !== undefined) return `Enum(${values.map((value) => JSON.stringify(value)).join(', ')}, name=${JSON.stringify(name)})`;
  const zoned = WITH_ZONE.get(name);
  if (zoned !== undefined)
    return parameters.length === 0
      ? zoned
      : `TIMESTAMP(timezone=${/ with /.test(name) ? 'True' : 'False'}, precision=${parameters.join()})`;
  const spelled = NAMES.get(name) ?? name.toUpperCase();
  return parameters.length === 0 ? spelled : `${spelled}(${parameters.join(', ')})`;
}
