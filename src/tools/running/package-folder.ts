import path from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { listFiles } from '../../workspace/listing.ts';
import { Refusal } from '../../workspace/refusal.ts';
import type { Workspace } from '../../workspace/workspace.ts';

/**
 * The package that is meant, workspace-relative: the folder named, the workspace itself, or the only folder with a manifest.
 * @throws Refusal that names the packages there are
 */
export async function packageFolder(workspace: Workspace, wanted: string | undefined): Promise<string> {
  const folders = await packageFolders(workspace);
  if (wanted !== undefined) {
    const { relative } = await workspace.resolve(wanted, 'read');
    if (await workspace.isFolder(wanted)) return relative === '' ? '.' : relative;
    throw new Refusal(
      'not_a_file',
      `"${wanted}" is no folder.`,
      folders.length === 0 ? 'Leave path out.' : `Name one of: ${folders.join(', ')}.`,
    );
  }
  const [only, ...others] = folders;
  if (only === undefined || folders.includes('.')) return '.';
  if (others.length === 0) return only;
  throw new Refusal('invalid_input', `There are several packages: ${folders.join(', ')}.`, 'Name the folder of one with path.');
}

/** The folders with a manifest; a root that only lists the members of a workspace is none. */
async function packageFolders(workspace: Workspace): Promise<string[]> {
  const manifests = await listFiles(workspace, ['**/pyproject.toml', '**/setup.py', '**/setup.cfg']);
  const folders = [...new Set(manifests.map((file) => path.posix.dirname(file)))];
  if (folders.length > 1 && folders.includes('.') && (await isOnlyWorkspace(workspace))) return folders.filter((folder) => folder !== '.');
  return folders;
}

async function isOnlyWorkspace(workspace: Workspace): Promise<boolean> {
  if ((await workspace.isFile('setup.py')) || (await workspace.isFile('setup.cfg'))) return false;
  const manifest = await workspace.readTextIfExists('pyproject.toml').catch(() => undefined);
  try {
    const { project, tool } = parseToml(manifest?.text ?? '');
    return project === undefined && !(typeof tool === 'object' && 'poetry' in tool);
  } catch {
    // The project's own tools report a broken manifest.
    return false;
  }
}

/**
 * Files, folders or node ids as pytest takes them in the package's folder; those given from the workspace's root are understood too.
 * @throws Refusal `not_found`
 */
export async function testsIn(workspace: Workspace, folder: string, tests: readonly string[]): Promise<string[]> {
  return Promise.all(
    tests.map(async (test) => {
      const [file = '', ...node] = test.split('::');
      for (const candidate of [path.posix.join(folder, file), file]) {
        const isBelow = folder === '.' || candidate === folder || candidate.startsWith(`${folder}/`);
        if (!isBelow || !((await workspace.isFile(candidate)) || (await workspace.isFolder(candidate)))) continue;
        const own = path.posix.relative(folder, candidate);
        return [own === '' ? '.' : own, ...node].join('::');
      }
      const where = folder === '.' ? 'the workspace' : `"${folder}"`;
      throw new Refusal('not_found', `There is no "${file}" in ${where}.`, 'Name test files or folders, find_files lists them.');
    }),
  );
}
