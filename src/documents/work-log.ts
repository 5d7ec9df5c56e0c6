import { parse as parseToml } from 'smol-toml';
import { iterationFolders, RECORDS_FOLDER } from '../workspace/artefacts.ts';
import type { WorkflowConfig } from '../workspace/config.ts';
import { listFiles } from '../workspace/listing.ts';
import { hashOf } from '../workspace/text.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { type LoggedContract, loggedContractLines } from './logged-contract.ts';
import { logHeadings } from './work-log-headings.ts';
import { workMark } from './work-state.ts';

/** `vX.X.X.XXXX` */
export const VERSION_FORMAT = /^v\d+\.\d+\.\d+\.\d{4}$/;

/** Where the next log goes. */
export interface NextWorkLog {
  readonly version: string;
  /** Number within the version, from 1. */
  readonly sequence: number;
  /** Workspace-relative. */
  readonly path: string;
  /** Why this version: shown to people. */
  readonly reason: string;
  /** Identifies the iteration; written into the log so that the next one knows whether it is still the same. */
  readonly iteration: string;
}

/** What the author of a log says; everything else is known to the server. */
export interface WorkLogContent {
  readonly phase: string;
  readonly summary: string;
  readonly changes: readonly { readonly task: string; readonly description: string; readonly files: readonly string[] }[];
  readonly decisions: readonly string[];
  readonly openPoints: readonly string[];
  /** What the phase decided of the contract; undefined where it decided nothing. */
  readonly contract: LoggedContract | undefined;
}

interface ExistingLog {
  readonly version: string;
  readonly sequence: number;
  readonly path: string;
}

/** All logs of the role, oldest version first; folders in any of the shapes teams use. */
export async function listWorkLogs(workspace: Workspace): Promise<ExistingLog[]> {
  const files = await listFiles(workspace, [`${RECORDS_FOLDER}/*/task-notes-phase*.md`]);
  return files
    .map((path) => {
      const [name = '', version = ''] = path.split('/').reverse();
      return { path, version, sequence: Number(/phase(\d+)/.exec(name)?.[1] ?? 0) };
    })
    .sort((a, b) => compareVersions(a.version, b.version) || a.sequence - b.sequence);
}

/** Version and number of the next log. With `wanted` that version is used; it must have the form of {@link VERSION_FORMAT}. */
export async function nextWorkLog(workspace: Workspace, config: WorkflowConfig, wanted?: string): Promise<NextWorkLog> {
  const logs = await listWorkLogs(workspace);
  const iteration = await iterationOf(workspace, config);
  const { version, reason } =
    wanted === undefined ? await chooseVersion(workspace, config, logs, iteration) : { version: wanted, reason: 'as asked for' };
  const sequence = Math.max(0, ...logs.filter((log) => log.version === version).map((log) => log.sequence)) + 1;
  return { version, sequence, path: `${RECORDS_FOLDER}/${version}/task-notes-phase${sequence}.md`, reason, iteration };
}

async function chooseVersion(
  workspace: Workspace,
  config: WorkflowConfig,
  logs: readonly ExistingLog[],
  iteration: string,
): Promise<{ version: string; reason: string }> {
  const latest = logs.filter((log) => VERSION_FORMAT.test(log.version)).at(-1);
  const major = await projectVersion(workspace, config, logs);
  if (latest === undefined) return { version: `${major.version}.0001`, reason: `the first log in this form; ${major.reason}` };
  const text = (await workspace.readTextIfExists(latest.path))?.text ?? '';
  if (text.includes(iterationMark(iteration))) return { version: latest.version, reason: 'the same iteration as the last log' };
  const [, group = '0000'] = /\.(\d{4})$/.exec(latest.version) ?? [];
  const base = compareVersions(major.version, latest.version) > 0 ? major.version : latest.version.replace(/\.\d{4}$/, '');
  return { version: `${base}.${String(Number(group) + 1).padStart(4, '0')}`, reason: 'a new iteration since the last log' };
}

/** The project's own version as three numbers: from the sprint configuration, earlier log folders, or pyproject.toml. */
async function projectVersion(
  workspace: Workspace,
  config: WorkflowConfig,
  logs: readonly ExistingLog[],
): Promise<{ version: string; reason: string }> {
  const configured = threeNumbers(config.currentVersion?.value);
  if (configured !== undefined) return { version: configured, reason: 'the version of workflow-config.md' };
  const earlier = logs
    .map((log) => threeNumbers(log.version))
    .filter((version) => version !== undefined)
    .at(-1);
  if (earlier !== undefined) return { version: earlier, reason: 'the version of earlier logs' };
  const manifest = await workspace.readTextIfExists('pyproject.toml').catch(() => undefined);
  const declared = threeNumbers(declaredVersion(manifest?.text));
  return declared === undefined
    ? { version: 'v1.0.0', reason: 'no version is declared anywhere' }
    : { version: declared, reason: 'the version of pyproject.toml' };
}

function declaredVersion(manifest: string | undefined): string | undefined {
  if (manifest === undefined) return undefined;
  try {
    const { project } = parseToml(manifest);
    const version = typeof project === 'object' && 'version' in project ? project.version : undefined;
    return typeof version === 'string' ? version : undefined;
  } catch {
    // A broken manifest is the project's own problem; the log only loses a hint.
    return undefined;
  }
}

/** `1.2` and `v1.2.3-rc1` are v1.2.0 and v1.2.3; dates and words are undefined. */
function threeNumbers(text: string | undefined): string | undefined {
  const match = /^v?(\d{1,3})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?(?![\d])/.exec(text ?? '');
  if (match === null || /^\d{4}-?\d{2}-?\d{2}/.test(text ?? '')) return undefined;
  return `v${match[1]}.${match[2] ?? 0}.${match[3] ?? 0}`;
}

function compareVersions(a: string, b: string): number {
  const numbers = (version: string): number[] => [...version.matchAll(/\d+/g)].map((match) => Number(match[0]));
  // Date folders sort before version folders: they are the older convention.
  const isDate = (version: string): number => (/^\d{4}-?\d{2}-?\d{2}$/.test(version) ? 0 : 1);
  if (isDate(a) !== isDate(b)) return isDate(a) - isDate(b);
  const [left, right] = [numbers(a), numbers(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What tells one iteration from the next: the sprint, else the requirement, else the architecture. */
async function iterationOf(workspace: Workspace, config: WorkflowConfig): Promise<string> {
  const folders = iterationFolders(config);
  if (config.deliveryMode.value === 'scrum' && config.currentSprint !== undefined) {
    return `${config.currentVersion?.value ?? ''}/${config.currentSprint.value}`;
  }
  for (const name of ['requirement.md', 'architect.md']) {
    const file = folders === undefined ? undefined : await workspace.readTextIfExists(`${folders.temp}/${name}`).catch(() => undefined);
    if (file !== undefined) return `${name} ${hashOf(file.text)}`;
  }
  return 'undocumented';
}

function iterationMark(iteration: string): string {
  return `<!-- iteration: ${iteration} -->`;
}

/** The log as Markdown, headings in `language` (BCP 47; English unless Chinese or Japanese). `date` is YYYY-MM-DD, `work` a work state. */
export function renderWorkLog(next: NextWorkLog, content: WorkLogContent, language: string, date: string, work: string): string {
  const words = logHeadings(language);
  const lines = [
    `# ${words.title} · ${next.version} · ${words.phase} ${content.phase}`,
    '',
    iterationMark(next.iteration),
    workMark(work),
    '',
    `- ${words.version}: ${next.version}`,
    `- ${words.date}: ${date}`,
    `- ${words.phase}: ${content.phase}`,
    '',
    `## ${words.summary}`,
    '',
    content.summary.trim(),
    '',
    `## ${words.changes}`,
    '',
  ];
  for (const change of content.changes) {
    lines.push(`### ${change.task}`, '', change.description.trim(), '');
    for (const file of change.files) lines.push(`- \`${file}\``);
    if (change.files.length > 0) lines.push('');
  }
  if (content.contract !== undefined && content.contract.size > 0)
    lines.push(`## ${words.contract}`, '', ...loggedContractLines(content.contract), '');
  for (const [heading, items] of [
    [words.decisions, content.decisions],
    [words.openPoints, content.openPoints],
  ] as const) {
    lines.push(`## ${heading}`, '', ...(items.length === 0 ? [words.none] : items.map((item) => `- ${item.trim()}`)), '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
