import type { ToolFinding } from '../../toolchain/check.ts';
import { groupBy } from '../../workspace/group-by.ts';
import { plural } from './present.ts';

/** More places or tests of one cause are counted instead of named. */
const MAX_NAMED = 8;
/** A test is found by its name. */
const MAX_TEST_PLACES = 3;

/** What is said of one cause. */
export interface Cause {
  /** `ruff`, `pytest`, or the topic of a rule. */
  readonly tool: string;
  readonly text: string;
}

/** One entry a cause, failing tests first: places in the code that break a rule in the same words, or tests that fail for one reason. */
export function causesOf(findings: readonly ToolFinding[]): Cause[] {
  const groups = groupBy(findings, ({ rule, message, test }) => (test === undefined ? `${rule}\t${message}` : test.cause));
  const causes = [...groups.values()].map((group): Cause => ({ tool: group[0]?.rule.split('/')[0] ?? '', text: entryOf(group) }));
  return [...causes.filter(({ tool }) => tool === 'pytest'), ...causes.filter(({ tool }) => tool !== 'pytest')];
}

/** At most `limit` of the items, in their order: some of every tool, and of each about as many. */
export function sharedOut<T>(items: readonly T[], toolOf: (item: T) => string, limit: number): T[] {
  const byTool = [...groupBy(items, toolOf).values()];
  const shown = new Set<T>();
  for (let index = 0; shown.size < Math.min(limit, items.length); index++)
    for (const group of byTool) {
      const item = group[index];
      if (item !== undefined && shown.size < limit) shown.add(item);
    }
  return items.filter((item) => shown.has(item));
}

function entryOf(group: readonly ToolFinding[]): string {
  const [first] = group;
  if (first === undefined) return '';
  const { rule, severity, message, test } = first;
  const places = [...new Set(group.map(({ path, line, column }) => `${path}:${line}:${column}`))];
  const named = listed(places, test === undefined ? MAX_NAMED : MAX_TEST_PLACES);
  if (group.length === 1) return `${named}: ${severity} ${rule}: ${message}`;
  if (test === undefined) return `${named}: ${severity} ${rule}, ${group.length} times: ${message}`;
  const ids = group.map((each) => each.test?.id ?? '');
  return `${named}: ${severity} ${rule}, ${plural(group.length, 'test')} (${listed(ids, MAX_NAMED)}): ${test.reason}`;
}

function listed(names: readonly string[], most: number): string {
  return `${names.slice(0, most).join(', ')}${names.length > most ? ` and ${names.length - most} more` : ''}`;
}
