import path from 'node:path';
import { listFiles } from '../workspace/listing.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** What is no part of the program: tests, documents, migrations, and what makes the package. */
const NOT_SOURCES = /^(?:tests?|testing|docs?|examples?|scripts?|tools?|benchmarks?|migrations|alembic|build|dist|node_modules|\..*)$/i;
const NOT_MODULES = /^(?:setup|conftest|noxfile|tasks|fabfile|test_.*|.*_test)\.py$/i;

/**
 * Where the sources of a package lie, relative to its folder (workspace-relative): its packages, `src` and `app` whatever they hold,
 * and its own modules. The folder itself where there is nothing of it.
 */
export async function sourcesOf(workspace: Workspace, folder: string): Promise<string[]> {
  const files = (await listFiles(workspace, [path.posix.join(folder, '**/*.py')])).map((file) =>
    folder === '.' ? file : file.slice(folder.length + 1),
  );
  const tops = new Map<string, string[]>();
  for (const file of files) {
    const [top = '', ...rest] = file.split('/');
    tops.set(top, [...(tops.get(top) ?? []), rest.join('/')]);
  }
  const sources = [...tops]
    .filter(([top, below]) =>
      below.includes('')
        ? !NOT_MODULES.test(top)
        : !NOT_SOURCES.test(top) && (['src', 'app'].includes(top) || below.includes('__init__.py')),
    )
    .map(([top]) => top);
  return sources.length === 0 ? ['.'] : sources.sort();
}
