import { readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import type { ModuleFacts } from './module-facts.ts';

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

const MAX_CACHED_MODULES = 1500;
const MAX_MODULE_BYTES = 2 * 1024 * 1024;

/**
 * Finds and parses the modules that a file imports, on demand and synchronously: it lives in a worker thread.
 * Parsed modules are kept until their file changes.
 */
export class Project {
  private readonly root: string;
  private readonly parseInterface: (text: string) => ModuleFacts;
  private readonly cache = new Map<string, CachedModule>();
  /** Modules whose file was looked at since the last {@link refresh}. */
  private readonly validated = new Set<string>();
  private readonly folders = new Map<string, ReadonlyMap<string, 'file' | 'folder'>>();
  private readonly tops = new Map<string, readonly string[]>();
  private current: Module | undefined;

  /** `root` is absolute; `parseInterface` turns source text into the facts that other modules can see. */
  constructor(root: string, parseInterface: (text: string) => ModuleFacts) {
    this.root = root;
    this.parseInterface = parseInterface;
  }

  /** Forgets what was seen of the disk. */
  refresh(): void {
    this.validated.clear();
    this.folders.clear();
    this.tops.clear();
  }

  /** The module that is being checked: its facts count, whatever is on disk. */
  use(module: Module): void {
    this.current = module;
  }

  /** Keeps what others can see of a module that was just read from disk and parsed, so that it need not be parsed again. */
  remember(module: Module): void {
    if (this.validated.has(module.path)) return;
    this.validated.add(module.path);
    try {
      this.keep(module.path, { module, stamp: stampOf(statSync(path.join(this.root, module.path))) });
    } catch {
      // Gone again: it will be looked for when somebody imports it.
      this.validated.delete(module.path);
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

  private load(file: string, cached: CachedModule | undefined): Module | undefined {
    const absolute = path.join(this.root, file);
    let stamp = 'unreadable';
    let module: Module | undefined;
    try {
      const stats = statSync(absolute);
      stamp = stampOf(stats);
      if (cached?.stamp === stamp) return cached.module;
      const isInside = realpathSync(absolute).startsWith(this.root + path.sep);
      if (isInside && stats.isFile() && stats.size <= MAX_MODULE_BYTES) {
        const text = readFileSync(absolute, 'utf8')
          .replace(/^\uFEFF/, '')
          .replaceAll('\r\n', '\n');
        module = { path: file, facts: this.parseInterface(text) };
      }
    } catch {
      // Unreadable or not to be parsed: names from it stay unknown, which rules treat as "no evidence".
    }
    this.keep(file, { module, stamp });
    return module;
  }

  private keep(file: string, entry: CachedModule): void {
    this.cache.delete(file);
    this.cache.set(file, entry);
    if (this.cache.size <= MAX_CACHED_MODULES) return;
    const oldest = this.cache.keys().next();
    if (!oldest.done) this.cache.delete(oldest.value);
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
    if (this.entries(parent).get(name) !== 'folder') return undefined;
    return this.locateBelow(inFolder(parent, name), '');
  }

  /** What is in a workspace-relative folder; empty when it is missing. */
  private entries(folder: string): ReadonlyMap<string, 'file' | 'folder'> {
    let names = this.folders.get(folder);
    if (names === undefined) {
      names = readFolder(path.join(this.root, folder));
      this.folders.set(folder, names);
    }
    return names;
  }
}

function stampOf(stats: Stats): string {
  return `${stats.mtimeMs}:${stats.size}:${stats.ino}`;
}

function inFolder(folder: string, name: string): string {
  return folder === '.' ? name : `${folder}/${name}`;
}

function readFolder(absolute: string): ReadonlyMap<string, 'file' | 'folder'> {
  try {
    return new Map(readdirSync(absolute, { withFileTypes: true }).map((entry) => [entry.name, entry.isFile() ? 'file' : 'folder']));
  } catch {
    return new Map();
  }
}
