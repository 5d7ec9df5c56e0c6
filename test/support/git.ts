import { execFileSync } from 'node:child_process';

/** Runs git in a folder, under a name of its own. */
export function git(folder: string, ...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: folder, stdio: 'pipe' });
}

/** Makes a folder a repository whose branch `main` holds what `paths` name. */
export function makeRepository(folder: string, ...paths: string[]): void {
  git(folder, 'init', '--initial-branch=main');
  git(folder, 'add', ...paths);
  git(folder, 'commit', '-m', 'first');
}
