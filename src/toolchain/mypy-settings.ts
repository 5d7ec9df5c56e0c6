import path from 'node:path';
import { parse as parseToml } from 'smol-toml';
import type { Workspace } from '../workspace/workspace.ts';

/** What a project's configuration of mypy means for a strict run. */
export interface MypySettings {
  /** The configuration names the files itself. */
  readonly hasTargets: boolean;
  /** Settings that take back a part of `--strict`, as they are written, each with its file. */
  readonly weakenings: readonly string[];
}

/** What `--strict` turns on. */
const STRICT = new Set(
  'disallow_any_generics disallow_subclassing_any disallow_untyped_calls disallow_untyped_defs disallow_incomplete_defs check_untyped_defs disallow_untyped_decorators warn_redundant_casts warn_unused_ignores warn_return_any no_implicit_reexport strict_equality extra_checks strict'.split(
    ' ',
  ),
);
const LOOSE = new Set(['ignore_errors', 'implicit_reexport', 'implicit_optional', 'allow_untyped_globals']);
const TARGETS = new Set(['files', 'packages', 'modules']);

/** Reads the first configuration that mypy would take in a package's folder (workspace-relative). */
export async function readMypySettings(workspace: Workspace, folder: string): Promise<MypySettings> {
  for (const name of ['mypy.ini', '.mypy.ini', 'pyproject.toml', 'setup.cfg']) {
    const file = path.posix.join(folder, name);
    const text = (await workspace.readTextIfExists(file).catch(() => undefined))?.text;
    if (text === undefined) continue;
    const settings = name === 'pyproject.toml' ? fromToml(text) : fromIni(text);
    if (settings === undefined) continue;
    return {
      hasTargets: settings.some(({ key, section }) => section === '' && TARGETS.has(key)),
      weakenings: settings
        .filter(weakens)
        .map(({ section, key, value }) => `${key} = ${value}${section === '' ? '' : ` for ${section}`} (${file})`),
    };
  }
  return { hasTargets: false, weakenings: [] };
}

interface Setting {
  /** The modules it is for; empty for all. */
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

function weakens({ key, value }: Setting): boolean {
  if (STRICT.has(key)) return /^false|^0|^no/i.test(value);
  if (LOOSE.has(key)) return /^true|^1|^yes/i.test(value);
  return key === 'disable_error_code' && value !== '';
}

/** The settings below `[mypy]` and `[mypy-module.*]`; undefined where there is no such section. */
function fromIni(text: string): Setting[] | undefined {
  const found: Setting[] = [];
  let section: string | undefined;
  let hasSection = false;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\[([^\]]+)\]/.exec(line)?.[1];
    if (heading !== undefined) {
      section = /^mypy(?:-(.+))?$/.exec(heading)?.[0] === undefined ? undefined : heading.replace(/^mypy-?/, '');
      hasSection ||= section !== undefined;
      continue;
    }
    const [, key, value = ''] = /^([a-z_]+)\s{0,20}[=:]\s{0,20}(.*?)\s{0,20}$/i.exec(line) ?? [];
    if (section !== undefined && key !== undefined) found.push({ section, key: key.toLowerCase(), value });
  }
  return hasSection ? found : undefined;
}

function fromToml(text: string): Setting[] | undefined {
  let mypy: unknown;
  try {
    const { tool } = parseToml(text);
    mypy = typeof tool === 'object' && 'mypy' in tool ? tool.mypy : undefined;
  } catch {
    // A broken manifest is reported by the tools themselves.
    return undefined;
  }
  if (!isTable(mypy)) return undefined;
  const { overrides, ...own } = mypy;
  const others = Array.isArray(overrides) ? overrides.filter(isTable) : [];
  return [
    ...settingsOf(own, ''),
    ...others.flatMap(({ module, ...rest }) => settingsOf(rest, Array.isArray(module) ? module.join(', ') : String(module))),
  ];
}

function settingsOf(table: Readonly<Record<string, unknown>>, section: string): Setting[] {
  return Object.entries(table).map(([key, value]) => ({ section, key, value: Array.isArray(value) ? value.join(', ') : String(value) }));
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
