import path from 'node:path';
import { parse as parseToml, type TomlTable } from 'smol-toml';
import { Refusal } from '../workspace/refusal.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { DEFAULT_RUFF_SETTINGS, type RuffSettings } from './ruff.ts';

/** The manifest files that may hold Ruff's settings, in the order Ruff prefers them. */
const FILES = ['.ruff.toml', 'ruff.toml', 'pyproject.toml'] as const;
const OLDEST_MINOR = 7;
const NEWEST_MINOR = 14;

/** Finds the nearest Python configuration of files, and remembers it by folder. */
export class PythonSettings {
  private readonly workspace: Workspace;
  private readonly byFolder = new Map<string, Promise<RuffSettings>>();

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  /** Settings for a workspace-relative file: of the nearest folder above it that has any, else the defaults. */
  forFile(file: string): Promise<RuffSettings> {
    return this.forFolder(path.posix.dirname(file));
  }

  private forFolder(folder: string): Promise<RuffSettings> {
    let settings = this.byFolder.get(folder);
    if (settings === undefined) {
      settings = this.read(folder);
      this.byFolder.set(folder, settings);
    }
    return settings;
  }

  private async read(folder: string): Promise<RuffSettings> {
    const inherited = folder === '.' ? DEFAULT_RUFF_SETTINGS : await this.forFolder(path.posix.dirname(folder));
    const manifest = await this.table(path.posix.join(folder, 'pyproject.toml'));
    for (const name of FILES) {
      const table = name === 'pyproject.toml' ? manifest : await this.table(path.posix.join(folder, name));
      const ruff = name === 'pyproject.toml' ? child(child(table, 'tool'), 'ruff') : table;
      if (ruff !== undefined) return settingsFrom(ruff, manifest, inherited);
    }
    return manifest === undefined ? inherited : settingsFrom(undefined, manifest, inherited);
  }

  private async table(file: string): Promise<TomlTable | undefined> {
    try {
      const found = await this.workspace.readTextIfExists(file);
      return found === undefined ? undefined : parseToml(found.text);
    } catch (error) {
      // A broken manifest must not stop a check of the code; the project's own tools report it.
      if (error instanceof Refusal || error instanceof Error) return undefined;
      throw error;
    }
  }
}

function settingsFrom(ruff: TomlTable | undefined, manifest: TomlTable | undefined, inherited: RuffSettings): RuffSettings {
  const format = child(ruff, 'format');
  const black = child(child(manifest, 'tool'), 'black');
  const lineLength = ruff?.['line-length'] ?? black?.['line-length'];
  const quotes = format?.['quote-style'];
  const indent = format?.['indent-style'];
  return {
    targetVersion: targetVersion(ruff?.['target-version'], child(manifest, 'project')?.['requires-python']) ?? inherited.targetVersion,
    lineLength: typeof lineLength === 'number' && lineLength > 0 && lineLength <= 320 ? lineLength : inherited.lineLength,
    quoteStyle: quotes === 'single' || quotes === 'preserve' || quotes === 'double' ? quotes : inherited.quoteStyle,
    indentStyle: indent === 'tab' || indent === 'space' ? indent : inherited.indentStyle,
  };
}

/** Ruff's `target-version`, else the oldest version that `requires-python` allows. */
function targetVersion(declared: unknown, requires: unknown): string | undefined {
  if (typeof declared === 'string' && /^py3\d{1,2}$/.test(declared)) return declared;
  if (typeof requires !== 'string') return undefined;
  const minors = [...requires.matchAll(/(?:>=|~=|==|\^)\s*3\.(\d{1,2})/g)].map((match) => Number(match[1]));
  if (minors.length === 0) return undefined;
  return `py3${Math.min(Math.max(Math.max(...minors), OLDEST_MINOR), NEWEST_MINOR)}`;
}

function child(table: TomlTable | undefined, key: string): TomlTable | undefined {
  const value = table?.[key];
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date) ? value : undefined;
}
