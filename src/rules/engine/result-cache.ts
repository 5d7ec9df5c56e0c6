import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { MARKERS, type Marker } from '../../python/markers.ts';
import { ProjectFiles } from '../../python/project-files.ts';
import { packageFile } from '../../workspace/package-root.ts';
import type { Judgement } from '../finding.ts';
import type { FileResult } from './analyse.ts';
import { closureHashes } from './dependency-graph.ts';

const finding = z.object({
  rule: z.string(),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  path: z.string(),
  line: z.number(),
  column: z.number(),
  endLine: z.number(),
  endColumn: z.number(),
  fix: z.string(),
  edits: z.array(z.object({ line: z.number(), column: z.number(), endLine: z.number(), endColumn: z.number(), text: z.string() })),
  symbol: z.string(),
});
const marker = z.string().refine((name): name is Marker => name in MARKERS);
const entrySchema = z.object({
  stamp: z.string(),
  hash: z.string(),
  markers: z.array(marker),
  imports: z.array(z.tuple([z.string(), z.string().nullable(), z.number()])),
  /** Modules that names led to from this one, beyond what its imports say. */
  links: z.array(z.string()),
  questions: z.array(z.string()),
  /** Over everything the result depends on. */
  key: z.string(),
  findings: z.array(finding),
  allowed: z.array(finding.extend({ reason: z.string() })),
});
type Entry = z.output<typeof entrySchema>;
const storeSchema = z.object({ version: z.string(), entries: z.record(z.string(), entrySchema) });

/** Results by path; what `check` gave, or what the cache holds. */
export type Results = ReadonlyMap<string, Pick<FileResult, 'findings' | 'allowed'>>;

/**
 * Results of whole-tree checks, kept in the user's cache folder. A result holds as long as its file, every module that
 * can be reached from it, the settings, and the answers to the questions its rules asked about the project are the same.
 * Processes may share it: each reads a whole store and replaces it at once; what cannot be read or written is done without.
 */
export class ResultCache {
  private readonly file: string | undefined;
  private readonly version: string;
  private readonly files: ProjectFiles;
  private readonly entries: Map<string, Entry>;
  private readonly settings: ReadonlyMap<string, string>;
  /** Null where a name means no module of the project. */
  private readonly located = new Map<string, string | null>();

  private constructor(
    file: string | undefined,
    version: string,
    files: ProjectFiles,
    entries: Map<string, Entry>,
    settings: ReadonlyMap<string, string>,
  ) {
    this.file = file;
    this.version = version;
    this.files = files;
    this.entries = entries;
    this.settings = settings;
  }

  /**
   * The cache of a workspace (absolute root, links resolved) for a judgement. `settings` is what else a file's result
   * depends on, by path; files without one are never looked up.
   */
  static async open(root: string, judgement: Judgement, settings: ReadonlyMap<string, string>): Promise<ResultCache> {
    const version = await versionOf(judgement);
    const file = await storeFile(root);
    const files = new ProjectFiles(root);
    files.useRoots(judgement.roots);
    const entries = file === undefined ? new Map<string, Entry>() : await readStore(file, version);
    for (const [name, { stamp, hash, markers }] of entries) files.seed(name, { stamp, hash, markers });
    return new ResultCache(file, version, files, entries, settings);
  }

  /** The results that still hold. */
  current(): Results {
    const keys = this.keys();
    const held = new Map<string, Pick<FileResult, 'findings' | 'allowed'>>();
    for (const [name, entry] of this.entries) if (keys.get(name) === entry.key) held.set(name, entry);
    return held;
  }

  /** Takes over new results and writes the store. */
  async update(results: ReadonlyMap<string, FileResult>): Promise<void> {
    if (results.size === 0) return;
    const links = new Map<string, Set<string>>();
    for (const { dependencies } of results.values()) {
      for (const [from, to] of dependencies.links) links.set(from, (links.get(from) ?? new Set()).add(to));
    }
    for (const [name, { findings, allowed, dependencies }] of results) {
      const record = this.files.record(name);
      if (record === undefined) continue;
      const known = this.entries.get(name);
      this.entries.set(name, {
        ...record,
        markers: [...record.markers],
        imports: dependencies.imports.map(([module, from, level]) => [module, from, level]),
        links: known?.hash === record.hash ? known.links : [],
        questions: [...dependencies.questions],
        key: '',
        findings: findings.map((each) => ({ ...each, edits: [...each.edits] })),
        allowed: allowed.map((each) => ({ ...each, edits: [...each.edits] })),
      });
    }
    for (const [name, entry] of this.entries) {
      const added = links.get(name);
      if (added !== undefined) this.entries.set(name, { ...entry, links: [...new Set([...entry.links, ...added])] });
    }
    const keys = this.keys();
    const entries: Record<string, Entry> = {};
    for (const [name, entry] of this.entries) {
      const key = keys.get(name);
      // Files that are gone are forgotten.
      if (key !== undefined) entries[name] = { ...entry, key };
    }
    if (this.file !== undefined) await writeStore(this.file, JSON.stringify({ version: this.version, entries }));
  }

  /** What each known file's result depends on, as it is now. */
  private keys(): ReadonlyMap<string, string> {
    const targets = new Map<string, readonly string[]>();
    const next = (name: string): readonly string[] => {
      let found = targets.get(name);
      if (found === undefined) {
        found = this.targetsOf(name);
        targets.set(name, found);
      }
      return found;
    };
    const closures = closureHashes(this.entries.keys(), (name) => this.files.record(name)?.hash ?? 'missing', next);
    const answers = new Map<string, string>();
    const answer = (question: string): string => {
      let known = answers.get(question);
      if (known === undefined) {
        known = this.files.answer(question);
        answers.set(question, known);
      }
      return known;
    };
    const keys = new Map<string, string>();
    for (const [name, entry] of this.entries) {
      const settings = this.settings.get(name);
      if (settings === undefined || this.files.record(name) === undefined) continue;
      keys.set(name, sha1([closures.get(name), settings, ...entry.questions.map(answer)].join('\n')));
    }
    return keys;
  }

  /** The modules a known file leads to: what its imports mean now, and what names in it led to. */
  private targetsOf(name: string): readonly string[] {
    const entry = this.entries.get(name);
    // A changed file's result is made anew, and so is what depends on it: where it leads need not be known.
    if (entry === undefined || this.files.record(name)?.hash !== entry.hash) return [];
    const targets = new Set(entry.links);
    for (const [module, imported, level] of entry.imports) {
      const found = this.locate(module, level, name);
      if (found !== undefined) targets.add(found);
      // Only a package can have the imported name as a module of its own.
      const isPackage = found === undefined || found.endsWith('/__init__.py');
      if (!isPackage || imported === null || imported === '*') continue;
      const submodule = this.locate(module === '' ? imported : `${module}.${imported}`, level, name);
      if (submodule !== undefined) targets.add(submodule);
    }
    return [...targets];
  }

  /** Neighbours import the same modules: what a name means is looked up once a folder. */
  private locate(dotted: string, level: number, from: string): string | undefined {
    const key = `${path.posix.dirname(from)}\t${level}\t${dotted}`;
    const known = this.located.get(key);
    if (known !== undefined) return known ?? undefined;
    const found = level === 0 ? this.files.locate(dotted, from) : this.files.locateRelative(dotted, level, from);
    this.located.set(key, found ?? null);
    return found;
  }
}

/** Changes with the product's own code and with the rules as the project wants them. */
async function versionOf(judgement: Judgement): Promise<string> {
  const files = (await readdir(packageFile('dist'))).filter((file) => file.endsWith('.js')).sort();
  const code = await Promise.all(files.map(async (file) => sha1(await readFile(packageFile(`dist/${file}`), 'utf8'))));
  return sha1(JSON.stringify([code, judgement]));
}

/** Where the results of a workspace are kept; undefined for a user without a home: then nothing is kept. */
async function storeFile(root: string): Promise<string | undefined> {
  try {
    // It asks for the home folder while it is loaded.
    const { default: envPaths } = await import('env-paths');
    return path.join(envPaths('python-engineer-mcp', { suffix: '' }).cache, `${sha1(root)}.json`);
  } catch {
    return undefined;
  }
}

async function readStore(file: string, version: string): Promise<Map<string, Entry>> {
  try {
    const parsed = storeSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return parsed.success && parsed.data.version === version ? new Map(Object.entries(parsed.data.entries)) : new Map();
  } catch {
    // Missing, cut off or not ours: everything is checked anew.
    return new Map();
  }
}

async function writeStore(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, file);
  } catch {
    // A full disk or a read-only home: the next check takes as long as this one did.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
