import { Refusal } from './refusal.ts';
import type { Workspace } from './workspace.ts';

/** Where the long-lived configuration of the workflow lies. */
export const CONFIG_PATH = '.ai/context/workflow-config.md';

/** A value of the configuration and where it was found; `line` is 1-based. */
export interface Setting<T extends string> {
  readonly value: T;
  readonly source: { readonly kind: 'default' } | { readonly kind: 'file'; readonly line: number };
}

export type DbApproach = 'database-first' | 'code-first';
type DeliveryMode = 'standard' | 'scrum';

/** The workflow's configuration as the role sees it. */
export interface WorkflowConfig {
  readonly present: boolean;
  /** A BCP 47 tag. */
  readonly outputLanguage: Setting<string>;
  readonly dbApproach: Setting<DbApproach>;
  readonly deliveryMode: Setting<DeliveryMode>;
  readonly currentVersion: Setting<string> | undefined;
  readonly currentSprint: Setting<string> | undefined;
  /** Roles that the file says are skipped, in its own words. */
  readonly skippedRoles: readonly string[];
  /** Conflicts, unknown values and what else a person should mend, each a sentence. */
  readonly warnings: readonly string[];
}

const KEYS = ['output_language', 'db_approach', 'delivery_mode', 'current_version', 'current_sprint', 'iteration'] as const;
type Key = (typeof KEYS)[number];

interface RawSetting {
  readonly key: Key;
  readonly value: string;
  readonly line: number;
}

/** More of a value than anybody writes, in characters. */
const MAX_VALUE = 500;
const KEY_ALTERNATIVES = KEYS.join('|');
const DECORATION = '[`*_"\']{0,3}';
/** `key: value` with any list mark, decoration and either colon; the value may be empty. */
const ASSIGNMENT = new RegExp(
  `^\\s*(?:[-*+]\\s+(?:\\[[ xX]\\]\\s+)?)?${DECORATION}(${KEY_ALTERNATIVES})${DECORATION}\\s*[:：=]\\s*${DECORATION}\\s*(.*)$`,
  'i',
);
const TABLE_ROW = new RegExp(`^\\s*\\|\\s*${DECORATION}(${KEY_ALTERNATIVES})${DECORATION}\\s*\\|([^|]*)`, 'i');
const KEY_HEADING = new RegExp(`^\\s{0,3}#{1,6}\\s+(?:[\\d.]+\\s+)?${DECORATION}(${KEY_ALTERNATIVES})${DECORATION}\\s*#*\\s*$`, 'i');
const HEADING_ASSIGNMENT = /^\s{0,3}#{2,6}\s+/;
const FENCE = /^\s{0,3}(`{3,}|~{3,})\s*([\w-]*)/;
const CONFIG_FENCES = new Set(['', 'yaml', 'yml', 'toml', 'ini', 'properties', 'conf']);

/**
 * Reads `.ai/context/workflow-config.md` in any of the shapes people write it in: key headings, bare lines, lists,
 * tables, fenced YAML, front matter. Missing or unusable fields get the documented default and say so.
 */
export async function readWorkflowConfig(workspace: Workspace): Promise<WorkflowConfig> {
  try {
    return parseWorkflowConfig((await workspace.readTextIfExists(CONFIG_PATH))?.text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const config = parseWorkflowConfig(undefined);
    return { ...config, warnings: [`The defaults are used: ${error.message} ${error.remedy}`] };
  }
}

/** The configuration in `text`, or all defaults when there is no file. */
export function parseWorkflowConfig(text: string | undefined): WorkflowConfig {
  const lines = stripHtmlComments(text ?? '').split(/\r?\n/);
  const warnings: string[] = [];
  const raw = firstOfEach(rawSettings(lines), warnings);

  const language = raw.get('output_language');
  const version = raw.get('current_version') ?? raw.get('iteration');
  return {
    present: text !== undefined,
    outputLanguage: languageSetting(language, warnings),
    dbApproach: enumSetting(raw.get('db_approach'), ['database-first', 'code-first'], warnings),
    deliveryMode: enumSetting(raw.get('delivery_mode'), ['standard', 'scrum'], warnings),
    currentVersion: folderSetting(version, warnings),
    currentSprint: folderSetting(raw.get('current_sprint'), warnings),
    skippedRoles: skippedRoles(lines),
    warnings,
  };
}

/** Blanks comments but keeps every line where it is. */
function stripHtmlComments(text: string): string {
  return text.replace(/<!--[\s\S]*?(?:-->|$)/g, (comment) => comment.replace(/[^\n]/g, ' '));
}

function rawSettings(lines: readonly string[]): RawSetting[] {
  const found: RawSetting[] = [];
  let fence: string | undefined;
  let isConfigFence = true;
  let heading: { key: Key; line: number } | undefined;

  lines.forEach((line, index) => {
    const mark = FENCE.exec(line);
    if (mark?.[1] !== undefined && (fence === undefined || line.trim().startsWith(fence))) {
      isConfigFence = fence !== undefined || CONFIG_FENCES.has((mark[2] ?? '').toLowerCase());
      fence = fence === undefined ? mark[1] : undefined;
      return;
    }
    if (fence !== undefined && !isConfigFence) return;

    const keyHeading = fence === undefined ? KEY_HEADING.exec(line)?.[1] : undefined;
    if (keyHeading !== undefined) {
      heading = { key: asKey(keyHeading), line: index + 1 };
      return;
    }
    const setting = settingOnLine(line, fence !== undefined);
    if (setting !== undefined) {
      found.push({ ...setting, line: index + 1 });
      heading = undefined;
      return;
    }
    if (heading === undefined || line.trim() === '') return;
    if (!/^\s{0,3}#/.test(line)) found.push({ key: heading.key, value: cleanValue(line.replace(/^\s*[-*+>]\s+/, '')), line: index + 1 });
    heading = undefined;
  });
  return found;
}

function settingOnLine(line: string, inFence: boolean): { key: Key; value: string } | undefined {
  const row = TABLE_ROW.exec(line);
  if (row?.[1] !== undefined) return { key: asKey(row[1]), value: cleanValue(row[2] ?? '') };
  // "# key: value" is a line someone switched off; "## key: value" outside a fence is a heading that sets it.
  const candidate = inFence ? line : line.replace(HEADING_ASSIGNMENT, '');
  const assignment = ASSIGNMENT.exec(candidate);
  return assignment?.[1] === undefined ? undefined : { key: asKey(assignment[1]), value: cleanValue(assignment[2] ?? '') };
}

function asKey(text: string): Key {
  const key = KEYS.find((known) => known === text.toLowerCase());
  if (key === undefined) throw new Error(`not a configuration key: ${text}`);
  return key;
}

/** The value without comment, quotes, backticks, emphasis and trailing comma; empty for a placeholder. */
function cleanValue(text: string): string {
  let value = text.trim().slice(0, MAX_VALUE);
  const quoted = /^(["'`])([^"'`]*)\1/.exec(value);
  if (quoted?.[2] !== undefined) value = quoted[2];
  value = value
    .replace(/\s+(#|\/\/).*$/, '')
    .replace(/^#.*$/, '')
    .replace(/\s*[（(].*$/, '')
    .replace(/[,;，；。]\s*$/, '')
    .replace(/^["'`*_]+|["'`*_]+$/g, '')
    .trim();
  const isPlaceholder = /^(?:[{<[$].*[}>\]]|tbd|todo|n\/a|none|null|-|—|无|待定)$/i.test(value);
  return isPlaceholder ? '' : value;
}

function firstOfEach(settings: readonly RawSetting[], warnings: string[]): Map<Key, RawSetting> {
  const chosen = new Map<Key, RawSetting>();
  for (const setting of settings) {
    if (setting.value === '') continue;
    const first = chosen.get(setting.key);
    if (first === undefined) chosen.set(setting.key, setting);
    else if (first.value.toLowerCase() !== setting.value.toLowerCase()) {
      warnings.push(
        `${setting.key} is "${first.value}" on line ${first.line} and "${setting.value}" on line ${setting.line} of ${CONFIG_PATH}; the first is used.`,
      );
    }
  }
  return chosen;
}

function enumSetting<T extends string>(raw: RawSetting | undefined, values: readonly [T, ...T[]], warnings: string[]): Setting<T> {
  const fallback: Setting<T> = { value: values[0], source: { kind: 'default' } };
  if (raw === undefined) return fallback;
  const value = values.find((known) => known === raw.value.toLowerCase().replaceAll('_', '-'));
  if (value !== undefined) return { value, source: { kind: 'file', line: raw.line } };
  warnings.push(`${raw.key} "${raw.value}" on line ${raw.line} of ${CONFIG_PATH} is none of ${values.join(', ')}; ${values[0]} is used.`);
  return fallback;
}

function languageSetting(raw: RawSetting | undefined, warnings: string[]): Setting<string> {
  const fallback: Setting<string> = { value: 'en-US', source: { kind: 'default' } };
  if (raw === undefined) return fallback;
  try {
    const tag = Intl.getCanonicalLocales(raw.value.replaceAll('_', '-'))[0];
    // "chinese" is well formed as a tag, but no registered language has more than three letters.
    if (tag !== undefined && /^[a-z]{2,3}(-|$)/.test(tag)) return { value: tag, source: { kind: 'file', line: raw.line } };
  } catch {
    // Not a language tag at all: reported below like any other unknown value.
  }
  warnings.push(
    `output_language "${raw.value}" on line ${raw.line} of ${CONFIG_PATH} is no language tag such as en-US or zh-CN; en-US is used.`,
  );
  return fallback;
}

/** A value that becomes a folder name. */
function folderSetting(raw: RawSetting | undefined, warnings: string[]): Setting<string> | undefined {
  if (raw === undefined) return undefined;
  if (/^\w[\w.-]*$/.test(raw.value) && !raw.value.endsWith('.')) return { value: raw.value, source: { kind: 'file', line: raw.line } };
  warnings.push(`${raw.key} "${raw.value}" on line ${raw.line} of ${CONFIG_PATH} cannot be a folder name; it is treated as unset.`);
  return undefined;
}

function skippedRoles(lines: readonly string[]): string[] {
  const roles: string[] = [];
  let inList = false;
  for (const line of lines) {
    const start = /^\s{0,20}(?:[-*+#]+\s+)?[`*"]*(?:skip_roles|role_skip)[`*"]*\s{0,20}[:：]?\s{0,20}(.*)$/i.exec(line);
    if (start !== null) {
      const inline = (start[1] ?? '').replace(/^\[|\](\s*#.*)?$/g, '');
      roles.push(...inline.split(',').map(cleanValue));
      inList = true;
      continue;
    }
    const item = /^\s*[-*+]\s+(.*)$/.exec(line);
    if (inList && item !== null) roles.push(cleanValue(item[1] ?? ''));
    else if (line.trim() !== '') inList = false;
    const row = /^\s*\|\s*`?([\w/-]+)`?\s*\|\s*`?(?:skip(?:ped)?|disabled|跳过|禁用)`?\s*\|/i.exec(line);
    if (row?.[1] !== undefined) roles.push(row[1]);
  }
  return roles.filter((role) => role !== '');
}
