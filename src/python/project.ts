import { readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { SKIPPED_FOLDERS } from '../workspace/listing.ts';
import type { ModuleFacts } from './module-facts.ts';
import type { Extent } from './parser.ts';

/** A module of the project. */
export interface Module {
  /** Workspace-relative, `/` separated. */
  readonly path: string;
  readonly facts: ModuleFacts;
}

interface CachedModule {
  readonly module: Module | undefined;
  readonly stamp: string;
}

/** A link counts as what it may lead to when a name is looked up, but is not followed in a search. */
type EntryKind = 'file' | 'folder' | 'link';

const MAX_CACHED_MODULES = 1500;
const MAX_WHOLE_MODULES = 40;
const MAX_MODULE_BYTES = 2 * 1024 * 1024;
/** More folders than this are not looked into for questions about the whole project. */
const MAX_FOLDERS = 20_000;
const SKIPPED = new Set(SKIPPED_FOLDERS);

/**
 * Finds and parses the modules that a file imports, on demand and synchronously: it lives in a worker thread.
 * Parsed modules are kept until their file changes.
 */
export class Project {
  private readonly root: string;
  private readonly parse: (text: string, extent: Extent) => ModuleFacts;
  private readonly wholes = new Map<string, CachedModule>();
  private readonly cache = new Map<string, CachedModule>();
  /** Documents and manifests that were read since the last {@link refresh}. */
  private readonly texts = new Map<string, string | undefined>();
  /** Modules whose file was looked at since the last {@link refresh}. */
  private readonly validated = new Set<string>();
  private readonly folders = new Map<string, ReadonlyMap<string, EntryKind>>();
  private pythonPaths: readonly string[] | undefined;
  private names: ReadonlySet<string> | undefined;
  private readonly manifests = new Map<string, ReadonlySet<string> | undefined>();
  private readonly searches = new Map<RegExp, readonly string[]>();
  /** Which files matched an expression, by file, as long as they have the stamp: kept over a {@link refresh}. */
  private readonly matches = new Map<RegExp, Map<string, { readonly stamp: string; readonly isMatch: boolean }>>();
  private readonly words = new Map<string, { readonly stamp: string; readonly words: ReadonlySet<string> }>();
  private readonly tops = new Map<string, readonly string[]>();
  private current: Module | undefined;

  /** `root` is absolute; `parse` turns source text into all of its facts, or those that other modules can see. */
  constructor(root: string, parse: (text: string, extent: Extent) => ModuleFacts) {
    this.root = root;
    this.parse = parse;
  }

  /** Forgets what was seen of the disk. */
  refresh(): void {
    this.validated.clear();
    this.texts.clear();
    this.pythonPaths = undefined;
    this.names = undefined;
    this.manifests.clear();
    this.searches.clear();
    this.folders.clear();
    this.tops.clear();
  }

  /** A document or manifest as text, or undefined when it is missing, too large or no file of the workspace. */
  text(file: string): string | undefined {
    if (!this.texts.has(file)) this.texts.set(file, this.read(file)?.text);
    return this.texts.get(file);
  }

  /** What the manifests of a folder declare, read once. */
  manifest(
    folder: string,
    read: (folder: string, files: readonly string[], text: (path: string) => string | undefined) => ReadonlySet<string> | undefined,
  ): ReadonlySet<string> | undefined {
    if (!this.manifests.has(folder))
      this.manifests.set(
        folder,
        read(folder, this.filesIn(folder), (file) => this.text(file)),
      );
    return this.manifests.get(folder);
  }

  /** True when a top-level name is a module, package or folder that a file of the project can import. */
  isImportable(top: string, from: string): boolean {
    return this.basesOf(top, path.posix.dirname(from)).length > 0;
  }

  /** True when any Python module, package or folder of the project has this name, wherever it lies. */
  hasName(name: string): boolean {
    this.names ??= new Set(this.pythonFiles().flatMap((file) => file.replace(/\.py$/, '').split('/')));
    return this.names.has(name);
  }

  /** Every Python file of the workspace but those of dependencies and hidden folders, sorted. */
  pythonFiles(): readonly string[] {
    this.pythonPaths ??= [...this.walk('.')].sort();
    return this.pythonPaths;
  }

  /** The Python files whose text matches; remembered, so give the same expression object each time. */
  filesMatching(pattern: RegExp): readonly string[] {
    let files = this.searches.get(pattern);
    if (files === undefined) {
      const known = this.matches.get(pattern) ?? new Map<string, { stamp: string; isMatch: boolean }>();
      this.matches.set(pattern, known);
      files = this.pythonFiles().filter((file) => {
        const read = this.read(file, known.get(file)?.stamp);
        if (read !== 'unchanged')
          known.set(file, { stamp: read?.stamp ?? 'unreadable', isMatch: read !== undefined && pattern.test(read.text) });
        return known.get(file)?.isMatch === true;
      });
      this.searches.set(pattern, files);
    }
    const { current } = this;
    if (current === undefined) return files;
    // What is being checked counts as it is given, whatever is on disk.
    const others = files.filter((file) => file !== current.path);
    return pattern.test(current.facts.text) ? [...others, current.path].sort() : others;
  }

  /** The identifiers in a Python file. */
  wordsOf(file: string): ReadonlySet<string> {
    const known = this.words.get(file);
    const read = this.read(file, known?.stamp);
    if (read === 'unchanged' && known !== undefined) return known.words;
    const words = new Set(read === 'unchanged' ? [] : (read?.text.match(/[A-Za-z_]\w*/g) ?? []));
    this.words.set(file, { stamp: read === undefined || read === 'unchanged' ? 'unreadable' : read.stamp, words });
    return words;
  }

  private *walk(top: string): Generator<string> {
    const pending = [top];
    for (let seen = 0; seen < MAX_FOLDERS; seen++) {
      const folder = pending.pop();
      if (folder === undefined) return;
      for (const [name, kind] of this.entries(folder)) {
        if (kind === 'file' && name.endsWith('.py')) yield inFolder(folder, name);
        if (kind === 'folder' && !name.startsWith('.') && !SKIPPED.has(name)) pending.push(inFolder(folder, name));
      }
    }
  }

  /** The names of the files directly in a workspace-relative folder, sorted. */
  filesIn(folder: string): string[] {
    return [...this.entries(folder)].flatMap(([name, kind]) => (kind === 'file' ? [name] : [])).sort();
  }

  /** The module that is being checked: its facts count, whatever is on disk. */
  use(module: Module): void {
    this.current = module;
  }

  /** Keeps a module that was just read from disk and parsed, as a whole and as others see it, so that it need not be parsed again. */
  remember(whole: Module, visible: Module): void {
    try {
      const stamp = stampOf(statSync(path.join(this.root, whole.path)));
      this.keepWhole(whole.path, { module: whole, stamp });
      if (this.validated.has(whole.path)) return;
      this.validated.add(whole.path);
      this.keep(whole.path, { module: visible, stamp });
    } catch {
      // Gone again: it will be looked for when somebody imports it.
    }
  }

  /** The module at a workspace-relative path, or undefined when it is missing, too large or cannot be parsed. */
  module(file: string): Module | undefined {
    if (file === this.current?.path) return this.current;
    const cached = this.cache.get(file);
    if (cached !== undefined && this.validated.has(file)) return cached.module;
    this.validated.add(file);
    return this.load(file, cached);
  }

  /**
   * A module with the bodies of its functions; only a few are kept. With `words`, undefined for a module whose text has
   * none of them, which is then not parsed.
   */
  whole(file: string, words?: RegExp): Module | undefined {
    if (file === this.current?.path) return this.current;
    const cached = this.wholes.get(file);
    const read = this.read(file, cached?.stamp);
    if (read === 'unchanged') return cached?.module;
    if (read === undefined || words?.test(read.text) === false) return undefined;
    let module: Module | undefined;
    try {
      module = { path: file, facts: this.parse(read.text, 'whole') };
    } catch {
      // Not to be parsed: see load().
    }
    this.keepWhole(file, { module, stamp: read.stamp });
    return module;
  }

  private keepWhole(file: string, entry: CachedModule): void {
    this.wholes.delete(file);
    this.wholes.set(file, entry);
    dropOldest(this.wholes, MAX_WHOLE_MODULES);
  }

  private load(file: string, cached: CachedModule | undefined): Module | undefined {
    const read = this.read(file, cached?.stamp);
    if (read === 'unchanged') return cached?.module;
    let module: Module | undefined;
    try {
      if (read !== undefined) module = { path: file, facts: this.parse(read.text, 'interface') };
    } catch {
      // Not to be parsed: names from it stay unknown, which rules treat as "no evidence".
    }
    this.keep(file, { module, stamp: read?.stamp ?? 'unreadable' });
    return module;
  }

  /** A file's text with LF line endings and no byte order mark; `unchanged` when it still has the stamp. */
  private read(file: string): { text: string; stamp: string } | undefined;
  private read(file: string, stamp: string | undefined): { text: string; stamp: string } | 'unchanged' | undefined;
  private read(file: string, knownStamp?: string): { text: string; stamp: string } | 'unchanged' | undefined {
    const absolute = path.join(this.root, file);
    try {
      const stats = statSync(absolute);
      const stamp = stampOf(stats);
      if (stamp === knownStamp) return 'unchanged';
      const isInside = realpathSync(absolute).startsWith(this.root + path.sep);
      if (!isInside || !stats.isFile() || stats.size > MAX_MODULE_BYTES) return undefined;
      const text = readFileSync(absolute, 'utf8')
        .replace(/^\uFEFF/, '')
        .replaceAll('\r\n', '\n');
      return { text, stamp };
    } catch {
      // Missing or unreadable.
      return undefined;
    }
  }

  private keep(file: string, entry: CachedModule): void {
    this.cache.delete(file);
    this.cache.set(file, entry);
    dropOldest(this.cache, MAX_CACHED_MODULES);
  }

  /**
   * The file of an absolute module name as seen from `from`. Every folder above `from` is tried, and its `src`, nearest
   * first: that covers src, flat, namespace and monorepo layouts alike.
   */
  locate(dotted: string, from: string): string | undefined {
    const top = dotted.split('.', 1)[0] ?? '';
    for (const base of this.basesOf(top, path.posix.dirname(from))) {
      const found = this.locateBelow(base, dotted);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The folders from which a top-level name can be imported, as seen from a file in `folder`; none for a library. */
  private basesOf(top: string, folder: string): readonly string[] {
    const key = `${folder}:${top}`;
    let bases = this.tops.get(key);
    if (bases === undefined) {
      const own = [folder, folder === '.' ? 'src' : `${folder}/src`].filter(
        (base) => this.entries(base).has(top) || this.entries(base).has(`${top}.py`),
      );
      bases = folder === '.' ? own : [...own, ...this.basesOf(top, path.posix.dirname(folder))];
      this.tops.set(key, bases);
    }
    return bases;
  }

  /** The file of a module name below a workspace-relative folder; an empty name is the folder's own package. */
  locateBelow(folder: string, dotted: string): string | undefined {
    const parts = dotted === '' ? [] : dotted.split('.');
    const name = parts.pop();
    const parent = [folder, ...parts].join('/').replace(/^\.\//, '');
    if (name === undefined) return this.entries(folder).has('__init__.py') ? inFolder(folder, '__init__.py') : undefined;
    const module = inFolder(parent, `${name}.py`);
    if (this.entries(parent).has(`${name}.py`) || this.current?.path === module) return module;
    const kind = this.entries(parent).get(name);
    if (kind !== 'folder' && kind !== 'link') return undefined;
    return this.locateBelow(inFolder(parent, name), '');
  }

  /** What is in a workspace-relative folder; empty when it is missing. */
  private entries(folder: string): ReadonlyMap<string, EntryKind> {
    let names = this.folders.get(folder);
    if (names === undefined) {
      names = readFolder(path.join(this.root, folder));
      this.folders.set(folder, names);
    }
    return names;
  }
}

function dropOldest(cache: Map<string, CachedModule>, limit: number): void {
  if (cache.size <= limit) return;
  const oldest = cache.keys().next();
  if (!oldest.done) cache.delete(oldest.value);
}

function stampOf(stats: Stats): string {
  return `${stats.mtimeMs}:${stats.size}:${stats.ino}`;
}

function inFolder(folder: string, name: string): string {
  return folder === '.' ? name : `${folder}/${name}`;
}

function readFolder(absolute: string): ReadonlyMap<string, EntryKind> {
  try {
    const entries = readdirSync(absolute, { withFileTypes: true });
    return new Map(entries.map((entry) => [entry.name, entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'link']));
  } catch {
    return new Map();
  }
}
