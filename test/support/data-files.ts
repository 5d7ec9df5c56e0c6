import { readFile } from 'node:fs/promises';
import fastGlob from 'fast-glob';
import { z } from 'zod';

/** What stands in an entry of a data file: words, and lists and tables of them. */
export type DataValue = string | readonly DataValue[] | { readonly [key: string]: DataValue };

const valueShape: z.ZodType<DataValue> = z.lazy(() => z.union([z.string(), z.array(valueShape), z.record(z.string(), valueShape)]));
/** The one format of all data files. */
const fileShape = z.strictObject({
  about: z.string().min(40),
  sources: z.array(z.string().min(10)).min(1),
  entries: z.record(z.string().regex(/^[a-z][A-Za-z]*$/), valueShape),
});

export interface DataFile {
  readonly file: string;
  readonly entries: Readonly<Record<string, DataValue>>;
  /** Every string in the entries. */
  readonly strings: readonly string[];
}

/** Every file below `data/`, held against the format. */
export async function dataFiles(): Promise<DataFile[]> {
  const files = (await fastGlob('data/**/*')).toSorted();
  return Promise.all(
    files.map(async (file) => {
      const { entries } = fileShape.parse(JSON.parse(await readFile(file, 'utf8')));
      return { file, entries, strings: stringsIn(entries) };
    }),
  );
}

function stringsIn(value: DataValue): string[] {
  if (typeof value === 'string') return [value];
  return Object.values(value).flatMap(stringsIn);
}
