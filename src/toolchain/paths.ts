import { access } from 'node:fs/promises';
import path from 'node:path';

/** True where there is something at an absolute path. */
export function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** An absolute path as the workspace below `root` (absolute) names it. */
export function workspacePath(root: string, absolute: string): string {
  return path.relative(root, absolute).replaceAll(path.sep, '/');
}
