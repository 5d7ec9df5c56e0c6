import { readFile } from 'node:fs/promises';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { hasControlCharacter } from './paths.ts';
import type { Workspace } from './workspace.ts';

/** Folders that never hold the project's own files. */
export const SKIPPED_FOLDERS: readonly string[] = [
  '.git',
  '.hg',
  '.svn',
  '.venv',
  'venv',
  '.tox',
  '.nox',
  'site-packages',
  'node_modules',
  '__pycache__',
  '.mypy_cache',
  '.ruff_cache',
  '.pytest_cache',
];

/**
 * Workspace-relative files that match `patterns` (globs), sorted by code unit. Leaves out what `.gitignore` files name
 * (but never `.ai/`, which many teams ignore), virtual environments, caches, dependencies, and names that no path may have. Links are
 * not followed.
 */
export async function listFiles(workspace: Workspace, patterns: readonly string[], exclude: readonly string[] = []): Promise<string[]> {
  const { default: fastGlob } = await import('fast-glob');
  const root = workspace.realRoot;
  const skipped = SKIPPED_FOLDERS.map((folder) => `**/${folder}/**`);
  const options = { cwd: root, dot: true, followSymbolicLinks: false, suppressErrors: true, onlyFiles: true };
  const ignoreFiles = await fastGlob('**/.gitignore', { ...options, ignore: skipped });
  const matchers = await Promise.all(ignoreFiles.map((file) => readIgnoreFile(root, file)));
  const rootFolders = matchers.filter((matcher) => matcher.folder === '').flatMap((matcher) => plainFolders(matcher.lines));
  const found = await fastGlob([...patterns], {
    ...options,
    // Walking into a large ignored folder only to drop every file of it would cost seconds.
    ignore: [...skipped, ...exclude, ...rootFolders.map((folder) => `**/${folder}/**`)],
  });
  return (
    found
      // Braces can hide that a pattern climbs: `{.,..}/*`.
      .filter((file) => !file.split('/').includes('..') && !hasControlCharacter(file))
      .filter((file) => isContextFile(file) || !matchers.some((matcher) => matcher.ignores(file)))
      .sort((a, b) => (a < b ? -1 : 1))
  );
}

function isContextFile(file: string): boolean {
  return file.startsWith('.ai/');
}

interface IgnoreFile {
  readonly folder: string;
  readonly lines: readonly string[];
  ignores(file: string): boolean;
}

async function readIgnoreFile(root: string, file: string): Promise<IgnoreFile> {
  const text = await readFile(path.join(root, file), 'utf8').catch(() => '');
  const matcher: Ignore = ignore().add(text);
  const folder = path.posix.dirname(file) === '.' ? '' : `${path.posix.dirname(file)}/`;
  return {
    folder,
    lines: text.split('\n').map((line) => line.trim()),
    ignores: (candidate) => candidate.startsWith(folder) && matcher.ignores(candidate.slice(folder.length)),
  };
}

/** Folder names that an ignore file drops without condition; none when it also re-includes something. */
function plainFolders(lines: readonly string[]): string[] {
  if (lines.some((line) => line.startsWith('!'))) return [];
  return lines.filter((line) => /^[\w.-]+\/$/.test(line) && line !== '.ai/').map((line) => line.slice(0, -1));
}
