import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ModuleFacts } from './module-facts.ts';

/** A module of the project. */
export interface Module {
  /** Workspace-relative, `/` separated. */
  readonly path: string;
  readonly facts: ModuleFacts;
}

interface CachedModule {
  readonly module: Module;
  readonly stamp: string;
}

const MAX_CACHED_MODULES = 400;
const MAX_MODULE_BYTES = 2 * 1024 * 1024;

/**
 * Finds and parses the modules that a file imports, on demand and synchronously: it lives in a worker thread.
 * Parsed modules are kept until their file changes.
 */
export class Project {
  private readonly root: string;
  private readonly parse: (text: string) => ModuleFacts;
  private readonly cache = new Map<string, CachedModule>();
  /** Modules looked at since the last {@link refresh}: their files are not examined again. */
  private readonly fresh = new Map<string, Module | undefined>();
  private readonly located = new Map<string, string | undefined>();

  /** `root` is absolute; `parse` turns source text into facts. */
  constructor(root: string, parse: (text: string) => ModuleFacts) {
    this.root = root;
    this.parse = parse;
  }

  /** Forgets what was seen of the disk; call at the start of every request. */
  refresh(): void {
    this.fresh.clear();
    this.located.clear();
  }

  /** Uses `facts` for `path` until the next refresh, whatever is on disk. */
  use(module: Module): void {
    this.fresh.set(module.path, module);
  }

  /** The module at a workspace-relative path, or undefined when it is missing, too large or cannot be parsed. */
  module(file: string): Module | undefined {
    if (this.fresh.has(file)) return this.fresh.get(file);
    const module = this.load(file);
    this.fresh.set(file, module);
    return module;
  }

  private load(file: string): Module | undefined {
    const absolute = path.join(this.root, file);
    try {
      const stats = statSync(absolute);
      const stamp = `${stats.mtimeMs}:${stats.size}:${stats.ino}`;
      const cached = this.cache.get(file);
      if (cached?.stamp === stamp) return cached.module;
      const isInside = realpathSync(absolute).startsWith(this.root + path.sep);
      if (!isInside || !stats.isFile() || stats.size > MAX_MODULE_BYTES) return undefined;
      const text = readFileSync(absolute, 'utf8')
        .replace(/^\uFEFF/, '')
        .replaceAll('\r\n', '\n');
      const module = { path: file, facts: this.parse(text) };
      this.keep(file, { module, stamp });
      return module;
    } catch {
      // Unreadable or not to be parsed: names from it stay unknown, which rules treat as "no evidence".
      return undefined;
    }
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
    let folder = path.posix.dirname(from);
    for (;;) {
      for (const base of [folder, path.posix.join(folder, 'src')]) {
        const found = this.locateBelow(base, dotted);
        if (found !== undefined) return found;
      }
      if (folder === '.') return undefined;
      folder = path.posix.dirname(folder);
    }
  }

  /** The file of a module name below a workspace-relative folder; an empty name is the folder's own package. */
  locateBelow(folder: string, dotted: string): string | undefined {
    const base = dotted === '' ? folder : path.posix.join(folder, ...dotted.split('.'));
    if (this.located.has(base)) return this.located.get(base);
    const candidates = [`${base}.py`, `${base}/__init__.py`];
    const found = candidates.find((candidate) => this.fresh.get(candidate) !== undefined || existsSync(path.join(this.root, candidate)));
    this.located.set(base, found);
    return found;
  }
}
