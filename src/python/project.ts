import { LineIndex } from './lines.ts';
import type { ModuleFacts, Scope } from './module-facts.ts';
import type { Extent } from './parser.ts';
import { ProjectFiles } from './project-files.ts';
import type { FunctionStatement, ImportedName } from './syntax.ts';

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

/** What the findings of a file depend on besides its own text. */
export interface Dependencies {
  /** Modules that were looked into to resolve a name: from which, and which. Names may lead on from there. */
  readonly links: readonly (readonly [from: string, to: string])[];
  /** The file's own imports: dotted module, name if any, leading dots. */
  readonly imports: readonly (readonly [module: string, name: string | null, level: number])[];
  /** Questions about the project that were asked, for {@link ProjectFiles.answer}. */
  readonly questions: readonly string[];
}

/** Turns source text into facts; `enclosing` is the scope around a part of a file. */
type ParseFacts = (text: string, extent: Extent, enclosing?: Scope) => ModuleFacts;

const MAX_CACHED_MODULES = 1500;
const MAX_WHOLE_MODULES = 3;

/**
 * Finds and parses the modules that a file imports, on demand and synchronously: it lives in a worker thread.
 * Parsed modules are kept until their file changes.
 */
export class Project {
  readonly files: ProjectFiles;
  private readonly parse: ParseFacts;
  private readonly wholes = new Map<string, CachedModule>();
  private readonly cache = new Map<string, CachedModule>();
  /** Modules whose file was looked at since the last {@link refresh}. */
  private readonly validated = new Set<string>();
  private readonly links = new Map<string, readonly [from: string, to: string]>();
  private lastLines: { readonly text: string; readonly lines: LineIndex } | undefined;
  private lastText: { readonly path: string; readonly text: string } | undefined;
  private current: Module | undefined;

  /** `root` is absolute; `parse` turns source text into all of its facts, or those that other modules can see. */
  constructor(root: string, parse: ParseFacts) {
    this.files = new ProjectFiles(root);
    this.parse = parse;
  }

  /** Forgets what was seen of the disk. */
  refresh(): void {
    this.validated.clear();
    this.lastText = undefined;
    this.files.refresh();
  }

  /** The module that is being checked: its facts count, whatever is on disk. Its dependencies are noted from now on. */
  use(module: Module): void {
    this.current = module;
    this.files.use(module.path, module.facts.text);
    this.links.clear();
    this.files.takeQuestions();
  }

  /** What the module in use was seen to depend on. */
  dependencies(): Dependencies {
    const imports = this.current?.facts.imports ?? [];
    return {
      links: [...this.links.values()],
      imports: imports.map(({ module, name, level }) => [module, name ?? null, level]),
      questions: this.files.takeQuestions(),
    };
  }

  /** Keeps what others can see of a module that was just read from disk and parsed, so that it need not be parsed again. */
  remember(module: Module): void {
    const stamp = this.files.stamp(module.path);
    if (stamp === undefined || this.validated.has(module.path)) return;
    this.validated.add(module.path);
    this.keep(module.path, { module, stamp });
  }

  /** The module that `from` means by a dotted name after `level` leading dots; noted as a dependency when it exists. */
  locate(from: Module, dotted: string, level: number): string | undefined {
    const file = level === 0 ? this.files.locate(dotted, from.path) : this.files.locateRelative(dotted, level, from.path);
    if (file !== undefined) this.links.set(`${from.path}\t${file}`, [from.path, file]);
    return file;
  }

  /** The module of an import statement's `from` part. */
  importedFile(from: Module, name: ImportedName): string | undefined {
    return this.locate(from, name.module, name.level);
  }

  /** The module at a workspace-relative path, or undefined when it is missing, too large or cannot be parsed. */
  module(file: string): Module | undefined {
    if (file === this.current?.path) return this.current;
    const cached = this.cache.get(file);
    if (cached !== undefined && this.validated.has(file)) return cached.module;
    this.validated.add(file);
    return this.load(file, cached);
  }

  /** A module that a question about the project led to, noted as a dependency of the module in use. */
  found(file: string): Module | undefined {
    this.linkFromCurrent(file);
    return this.module(file);
  }

  /** A module with the bodies of its functions, noted as a dependency; only a few are kept. */
  whole(file: string): Module | undefined {
    if (file === this.current?.path) return this.current;
    this.linkFromCurrent(file);
    const cached = this.wholes.get(file);
    const read = this.files.read(file, cached?.stamp);
    if (read === 'unchanged') return cached?.module;
    if (read === undefined) return undefined;
    let module: Module | undefined;
    try {
      module = { path: file, facts: this.parse(read.text, 'whole') };
    } catch {
      // Not to be parsed: see load().
    }
    this.keepWhole(file, { module, stamp: read.stamp });
    return module;
  }

  /**
   * The facts of one function, with its body, and what to add to its offsets. Only its own text is parsed; `scope` is where
   * the module, as others see it, defines it.
   */
  functionFacts(module: Module, node: FunctionStatement, scope: Scope): { facts: ModuleFacts; offset: number } | undefined {
    if (module.path === this.current?.path) return { facts: this.current.facts, offset: 0 };
    const text = this.textOf(module.path)?.slice(node.start, node.end);
    // The file may have changed since its module was parsed.
    if (text === undefined || !text.includes(`def ${node.name}`)) return undefined;
    try {
      return { facts: this.parse(text, 'whole', scope), offset: node.start };
    } catch {
      // Not to be parsed: see load().
      return undefined;
    }
  }

  /** The 1-based line of an offset in a module. */
  lineOf(file: string, offset: number): number {
    if (file === this.current?.path) return this.current.facts.lines.positionAt(offset).line;
    const text = this.textOf(file) ?? '';
    if (this.lastLines?.text !== text) this.lastLines = { text, lines: new LineIndex(text) };
    return this.lastLines.lines.positionAt(offset).line;
  }

  /** The text of the module that functions were last taken from is kept: they often come together. */
  private textOf(file: string): string | undefined {
    if (this.lastText?.path !== file) {
      const text = this.files.read(file)?.text;
      this.lastText = text === undefined ? undefined : { path: file, text };
    }
    return this.lastText?.text;
  }

  private linkFromCurrent(file: string): void {
    if (this.current !== undefined) this.links.set(`${this.current.path}\t${file}`, [this.current.path, file]);
  }

  private keepWhole(file: string, entry: CachedModule): void {
    this.wholes.delete(file);
    this.wholes.set(file, entry);
    dropOldest(this.wholes, MAX_WHOLE_MODULES);
  }

  private load(file: string, cached: CachedModule | undefined): Module | undefined {
    const read = this.files.read(file, cached?.stamp);
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

  private keep(file: string, entry: CachedModule): void {
    this.cache.delete(file);
    this.cache.set(file, entry);
    dropOldest(this.cache, MAX_CACHED_MODULES);
  }
}

function dropOldest(cache: Map<string, CachedModule>, limit: number): void {
  if (cache.size <= limit) return;
  const oldest = cache.keys().next();
  if (!oldest.done) cache.delete(oldest.value);
}
