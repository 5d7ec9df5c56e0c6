import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A file that ships with the product, by its path in the package ("skills", "dist/ruff-worker.js"), as an absolute path.
 * Bundling changes how deep a module lies, so the package is recognised by its skill folder.
 */
export function packageFile(relative: string): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'skills', 'python-engineer', 'SKILL.md'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('the package is incomplete: skills/python-engineer/SKILL.md is missing');
    folder = parent;
  }
  return path.join(folder, relative);
}
