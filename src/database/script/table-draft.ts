import type { Check, Column, ForeignKey, Index, Place, PrimaryKey, Table } from '../schema.ts';

/** A table while it is being put together, statement by statement or attribute by attribute. */
export interface TableDraft {
  key: string;
  readonly place: Place;
  columns: Column[];
  primaryKey: PrimaryKey | undefined;
  foreignKeys: ForeignKey[];
  checks: Check[];
  indexes: Index[];
  isOpen: boolean;
  silentOn: Set<'columns' | 'primary_key' | 'foreign_key' | 'unique' | 'check' | 'index'>;
}

export function newTable(key: string, place: Place): TableDraft {
  return {
    key,
    place,
    columns: [],
    primaryKey: undefined,
    foreignKeys: [],
    checks: [],
    indexes: [],
    isOpen: false,
    silentOn: new Set(),
  };
}

/** Primary keys are NOT NULL, and foreign keys that name no columns point to the primary key of their table. */
export function finishTables(drafts: readonly TableDraft[]): Map<string, Table> {
  const tables = new Map(drafts.map((draft) => [draft.key, draft]));
  const finished = drafts.map((draft): [string, Table] => {
    const inKey = new Set(draft.primaryKey?.columns);
    return [
      draft.key,
      {
        ...draft,
        columns: draft.columns.map((column) => (inKey.has(column.name) ? { ...column, isNullable: false } : column)),
        foreignKeys: draft.foreignKeys.map((key) =>
          key.targets.length > 0 ? key : { ...key, targets: tables.get(key.table)?.primaryKey?.columns ?? [] },
        ),
      },
    ];
  });
  return new Map(finished);
}
