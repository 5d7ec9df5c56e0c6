import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { SKIPPED_FOLDERS } from '../workspace/skipped-folders.ts';
import { isWellKnown } from './distributions.ts';
import { declaredIn } from './manifests.ts';
import { isTestFile, type Marker, markersIn } from './markers.ts';
import { WordIndex } from './word-index.ts';

/** A link counts as what it may lead to when a name is looked up, but is not followed in a search. */
type EntryKind = 'file' | 'folder' | 'link';

/** What is known of a Python file without parsing it, as long as the file has the stamp. */
export interface FileRecord {
  /** Changes whenever the file does. */
  readonly stamp: string;
  readonly hash: string;
  readonly markers: readonly Marker[];
}

/** A file's text with LF line endings and no byte order mark. */
export interface ReadFile {
  readonly text: string;
  readonly stamp: string;
}

const MAX_MODULE_BYTES = 2 * 1024 * 1024;
/** More folders than this are not looked into for questions about the whole project. */
const MAX_FOLDERS = 20_000;
const SKIPPED = new Set(SKIPPED_FOLDERS);

/**
 * The files of a project as Python sees them: what a module name means, what manifests declare, which modules mention
 * what. Synchronous, so that rules can ask while they run. Every question about more than one module is noted, so that an
 * answer can be kept as long as {@link answer} to it stays the same.
 */
export class ProjectFiles {
  private readonly root: string;
  /** Kept over a {@link refresh}: records and words hold as long as the file's stamp. */
  private readonly records = new Map<string, FileRecord>();
  private readonly words = new Map<string, { readonly stamp: string; readonly words: WordIndex }>();
  /** What was seen of the disk since the last {@link refresh}. */
  private readonly folders = new Map<string, ReadonlyMap<string, EntryKind>>();
  private readonly texts = new Map<string, string | undefined>();
  private readonly manifests = new Map<string, ReadonlySet<string> | undefined>();
  private readonly marked = new Map<Marker, readonly string[]>();
  private readonly current = new Set<string>();
  private roots: readonly string[] = [];
  private readonly tops = new Map<string, readonly string[]>();
  private pythonPaths: readonly string[] | undefined;
  private names: ReadonlySet<string> | undefined;
  private questions = new Set<string>();
  /** The module that is being checked: it counts as given, whatever is on disk. */
  private given: { readonly path: string; readonly text: string } | undefined;

  /** `root` is absolute, with links resolved. */
  constructor(root: string) {
    this.root = root;
  }

  /** Forgets what was seen of the disk. */
  refresh(): void {
    for (const seen of [this.folders, this.texts, this.manifests, this.marked, this.current, this.tops]) seen.clear();
    this.pythonPaths = undefined;
    this.names = undefined;
  }

  /** Folders that modules are imported from besides those above each file. */
  useRoots(roots: readonly string[]): void {
    this.roots = roots;
    this.tops.clear();
  }

  /** Takes the text of a module as given, whatever is on disk. */
  use(file: string, text: string): void {
    this.given = { path: file, text };
  }

  /** The questions that were asked since the last call. */
  takeQuestions(): string[] {
    const asked = [...this.questions];
    this.questions = new Set();
    return asked;
  }

  /** The answer to a noted question, in short: equal as long as the real answer is. */
  answer(question: string): string {
    const [kind = '', subject = '', folder = ''] = question.split('\t');
    switch (kind) {
      case 'text':
        return digest(this.text(subject) ?? 'missing');
      case 'manifest':
        return digest([...(this.manifest(subject) ?? ['missing'])].sort().join());
      case 'folder':
        return digest(this.filesIn(subject).join());
      case 'importable':
        return String(this.basesOf(subject, folder).length > 0);
      case 'names':
        return digest(this.pythonFiles().join());
      case 'tests':
        return this.contents(this.testFiles());
      case 'marked':
        return this.contents(this.pythonFiles().filter((file) => this.record(file)?.markers.some((marker) => marker === subject)));
      default:
        return 'unknown question';
    }
  }

  private contents(files: readonly string[]): string {
    return digest(files.map((file) => `${file} ${this.record(file)?.hash ?? ''}`).join('\n'));
  }

  private note(kind: string, subject = '', folder = ''): void {
    this.questions.add(`${kind}\t${subject}\t${folder}`);
  }

  /** A document or manifest as text, or undefined when it is missing, too large or no file of the workspace. */
  text(file: string): string | undefined {
    this.note('text', file);
    if (!this.texts.has(file)) this.texts.set(file, this.read(file)?.text);
    return this.texts.get(file);
  }

  /** What the manifests and lock files of a folder declare, normalised; undefined when it has none. */
  manifest(folder: string): ReadonlySet<string> | undefined {
    this.note('manifest', folder);
    if (!this.manifests.has(folder)) {
      const names = [...this.entries(folder)].flatMap(([name, kind]) => (kind === 'file' ? [name] : []));
      this.manifests.set(
        folder,
        declaredIn(folder, names, (file) => this.read(file)?.text),
      );
    }
    return this.manifests.get(folder);
  }

  /** The names of the files directly in a workspace-relative folder, sorted. */
  filesIn(folder: string): string[] {
    this.note('folder', folder);
    return [...this.entries(folder)].flatMap(([name, kind]) => (kind === 'file' ? [name] : [])).sort();
  }

  /** True when a top-level name is a module, package or folder that a file of the project can import. */
  isImportable(top: string, from: string): boolean {
    const folder = path.posix.dirname(from);
    this.note('importable', top, folder);
    return this.basesOf(top, folder).length > 0;
  }

  /** True when any Python module, package or folder of the project has this name, wherever it lies. */
  hasName(name: string): boolean {
    this.note('names');
    this.names ??= new Set(this.pythonFiles().flatMap((file) => file.replace(/\.py$/, '').split('/')));
    return this.names.has(name);
  }

  /** The tests and what they are made of, sorted. */
  testFiles(): readonly string[] {
    this.note('tests');
    return this.pythonFiles().filter(isTestFile);
  }

  /** The identifiers in a Python file. */
  wordsOf(file: string): WordIndex {
    const known = this.words.get(file);
    const read = this.read(file, known?.stamp);
    if (read === 'unchanged' && known !== undefined) return known.words;
    const { text, stamp } = read === undefined || read === 'unchanged' ? { text: '', stamp: 'unreadable' } : read;
    const words = new WordIndex(text);
    this.words.set(file, { stamp, words });
    return words;
  }

  /** The Python files with a marker, sorted. */
  filesWith(marker: Marker): readonly string[] {
    this.note('marked', marker);
    let files = this.marked.get(marker);
    if (files === undefined) {
      files = this.pythonFiles().filter((file) => this.record(file)?.markers.includes(marker));
      this.marked.set(marker, files);
    }
    const { given } = this;
    if (given === undefined) return files;
    const others = files.filter((file) => file !== given.path);
    return markersIn(given.text).includes(marker) ? [...others, given.path].sort() : others;
  }

  /** Every Python file of the workspace but those of dependencies and hidden folders, sorted. */
  pythonFiles(): readonly string[] {
    this.pythonPaths ??= [...this.walk()].sort();
    return this.pythonPaths;
  }

  private *walk(): Generator<string> {
    const pending = ['.'];
    for (let seen = 0; seen < MAX_FOLDERS; seen++) {
      const folder = pending.pop();
      if (folder === undefined) return;
      for (const [name, kind] of this.entries(folder)) {
        if (kind === 'file' && name.endsWith('.py')) yield inFolder(folder, name);
        if (kind === 'folder' && !name.startsWith('.') && !SKIPPED.has(name)) pending.push(inFolder(folder, name));
      }
    }
  }

  /** What is known of a file, looked at once between two {@link refresh}; undefined when it cannot be read. */
  record(file: string): FileRecord | undefined {
    const known = this.records.get(file);
    if (known !== undefined && this.current.has(file)) return known;
    const read = this.read(file, known?.stamp);
    if (read === undefined) {
      this.records.delete(file);
      return undefined;
    }
    this.current.add(file);
    if (read === 'unchanged') return known;
    const record = { stamp: read.stamp, hash: digest(read.text), markers: markersIn(read.text) };
    this.records.set(file, record);
    return record;
  }

  /** Takes over what is known from an earlier run; it counts only while the file has the same stamp. */
  seed(file: string, record: FileRecord): void {
    this.records.set(file, record);
  }

  /** A file's text; `unchanged` when it still has the stamp; undefined when it cannot be read or is too large. */
  read(file: string): ReadFile | undefined;
  read(file: string, stamp: string | undefined): ReadFile | 'unchanged' | undefined;
  read(file: string, knownStamp?: string): ReadFile | 'unchanged' | undefined {
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

  /** The stamp of a file as it is now; undefined when it is missing. */
  stamp(file: string): string | undefined {
    try {
      return stampOf(statSync(path.join(this.root, file)));
    } catch {
      return undefined;
    }
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

  /** The file of a module name after `level` leading dots, as seen from `from`. */
  locateRelative(dotted: string, level: number, from: string): string | undefined {
    let folder = path.posix.dirname(from);
    for (let up = 1; up < level; up++) folder = path.posix.dirname(folder);
    return this.locateBelow(folder, dotted);
  }

  /** The folders from which a top-level name can be imported, as seen from a file in `folder`; none for a library. */
  private basesOf(top: string, folder: string): readonly string[] {
    const key = `${folder}:${top}`;
    let bases = this.tops.get(key);
    if (bases === undefined) {
      const own = [folder, inFolder(folder, 'src'), ...(folder === '.' ? this.roots : [])].filter(
        (base) => (this.entries(base).has(top) || this.entries(base).has(`${top}.py`)) && (!isWellKnown(top) || this.isRoot(base)),
      );
      bases = folder === '.' ? own : [...own, ...this.basesOf(top, path.posix.dirname(folder))];
      this.tops.set(key, bases);
    }
    return bases;
  }

  /** A folder that is certainly imported from: only there can a module of the project hide a library of its name. */
  private isRoot(folder: string): boolean {
    return (
      folder === '.' || this.roots.includes(folder) || this.entries(folder).has('pyproject.toml') || this.entries(folder).has('setup.py')
    );
  }

  /** The file of a module name below a workspace-relative folder; an empty name is the folder's own package. */
  private locateBelow(folder: string, dotted: string): string | undefined {
    const parts = dotted === '' ? [] : dotted.split('.');
    const name = parts.pop();
    const parent = [folder, ...parts].join('/').replace(/^\.\//, '');
    if (name === undefined) return this.entries(folder).has('__init__.py') ? inFolder(folder, '__init__.py') : undefined;
    const module = inFolder(parent, `${name}.py`);
    if (this.entries(parent).has(`${name}.py`) || this.given?.path === module) return module;
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

function digest(text: string): string {
  return createHash('sha1').update(text).digest('base64');
}

function stampOf(stats: Stats): string {
  // The time of the last change of the entry too: some tools set a file's own time back.
  return `${stats.mtimeMs}:${stats.ctimeMs}:${stats.size}:${stats.ino}`;
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
