import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import fastGlob from 'fast-glob';
import ignore, { type Ignore } from 'ignore';
import { type GlobMatcher, globMatcher } from './glob-matcher.ts';
import { hasControlCharacter } from './paths.ts';
import { SKIPPED_FOLDERS } from './skipped-folders.ts';

/** What the listing thread is asked; `root` is absolute, with links resolved. */
export interface ListingTask {
  readonly root: string;
  readonly patterns: readonly string[];
  readonly exclude: readonly string[];
}

/** Sorted by code unit; or the glob or the ignore file that cannot be read. */
export type ListingAnswer =
  | { readonly kind: 'files'; readonly files: readonly string[] }
  | { readonly kind: 'glob'; readonly glob: string; readonly reason: string }
  | { readonly kind: 'ignore_file'; readonly path: string; readonly megabytes: number };

const SKIPPED = SKIPPED_FOLDERS.map((folder) => `**/${folder}/**`);
/** Nobody writes more: the patterns of a larger file would take minutes. */
const MAX_IGNORE_BYTES = 1024 * 1024;

/** Runs in the listing thread. */
export default async function run({ root, patterns, exclude }: ListingTask): Promise<ListingAnswer> {
  const options = { cwd: root, dot: true, followSymbolicLinks: false, suppressErrors: true, onlyFiles: true };
  const wanted: GlobMatcher[] = [];
  const unwanted: GlobMatcher[] = [];
  for (const [list, globs] of [
    [wanted, patterns],
    [unwanted, exclude],
  ] as const) {
    for (const glob of globs) {
      try {
        list.push(globMatcher(glob));
      } catch (error) {
        return { kind: 'glob', glob, reason: error instanceof Error ? error.message : String(error) };
      }
    }
  }
  const ignoreFiles: IgnoreFile[] = [];
  for (const file of await fastGlob('**/.gitignore', { ...options, ignore: SKIPPED })) {
    const { size } = await stat(path.join(root, file)).catch(() => ({ size: 0 }));
    if (size > MAX_IGNORE_BYTES) return { kind: 'ignore_file', path: file, megabytes: Math.ceil(size / 1024 / 1024) };
    ignoreFiles.push(await readIgnoreFile(root, file));
  }
  const rootFolders = ignoreFiles.filter((each) => each.folder === '').flatMap((each) => plainFolders(each.lines));
  const found = new Set<string>();
  for (const base of new Set(wanted.map((each) => each.base))) {
    // Only folders and fixed patterns reach this matcher, whose own patterns can take exponential time.
    const below = base === '' ? '**/*' : `${fastGlob.escapePath(base)}/**/*`;
    const ignored = [...SKIPPED, ...exclude.filter(isPlain), ...rootFolders.map((folder) => `**/${folder}/**`)];
    for (const file of await fastGlob(below, { ...options, ignore: ignored })) found.add(file);
  }
  const files = [...found]
    .filter((file) => !hasControlCharacter(file))
    .filter((file) => wanted.some((each) => each.matches(file)) && !unwanted.some((each) => each.matches(file)))
    .filter((file) => isContextFile(file) || !ignoreFiles.some((each) => each.ignores(file)))
    .sort((a, b) => (a < b ? -1 : 1));
  return { kind: 'files', files };
}

/** A folder that is excluded as a whole need not be walked. */
function isPlain(glob: string): boolean {
  return /^(?:\*\*\/)?[\w.-]+(?:\/[\w.-]+)*\/\*\*(?:\/\*)?$/.test(glob);
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
