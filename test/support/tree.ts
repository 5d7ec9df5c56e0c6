import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The text of every file below a folder, by its path there, in the order of the paths. */
export async function textsBelow(folder: string, isWanted: (file: string) => boolean = () => true): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  const texts = files
    .filter(isWanted)
    .toSorted()
    .map(async (file): Promise<[string, string]> => [file, await readFile(path.join(folder, file), 'utf8')]);
  return new Map(await Promise.all(texts));
}
