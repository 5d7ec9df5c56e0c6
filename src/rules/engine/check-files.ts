import type { PythonSettings } from '../../python/python-settings.ts';
import { type ChangedFile, changedFiles, textAtRevision } from '../../workspace/git.ts';
import { listFiles } from '../../workspace/listing.ts';
import { Refusal } from '../../workspace/refusal.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { type AllowedFinding, addedFindings, compareFindings, type Finding, type Judgement, type RuleDefinition } from '../finding.ts';
import type { FileResult } from './analyse.ts';
import { type CheckEngine, LANES, type Lane } from './engine.ts';
import type { ProjectRules } from './project-rules.ts';
import { ResultCache } from './result-cache.ts';

/** How many files are on their way to each analysis thread: enough to keep it busy, few enough to keep memory flat. */
const CONCURRENCY = 3;
/** For fewer files a look at the cache takes longer than the check. */
const MIN_CACHED_FILES = 25;
const PYTHON = /\.pyi?$/i;

/** What to check with. */
export interface CheckOptions {
  readonly engine: CheckEngine;
  readonly workspace: Workspace;
  readonly settings: PythonSettings;
  readonly rules: readonly RuleDefinition[];
  /** What the project wants: every rule, `rules` among them, and what is left out. */
  readonly project: ProjectRules;
  /** Judge every file by the rules that are for new code only, too. */
  readonly all: boolean;
  readonly signal: AbortSignal;
  /** See {@link CheckEngine.check}. */
  readonly generation: string;
  /** Called after each file. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The result of checking many files. */
export interface CheckResult {
  readonly files: number;
  /** Sorted. */
  readonly findings: readonly Finding[];
  readonly allowed: readonly AllowedFinding[];
  /** Findings in changed files that were there before. */
  readonly older: number;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/** Checks files and folders (workspace-relative). A file that cannot be read is skipped and said. */
export async function checkPaths(paths: readonly string[], options: CheckOptions): Promise<CheckResult> {
  const files = new Set<string>();
  for (const path of paths) for (const file of await pythonFilesBelow(path, options)) files.add(file);
  const sorted = [...files].sort();
  const result = sorted.length < MIN_CACHED_FILES ? await checkNow(sorted, options) : await checkCached(sorted, options);
  if (options.all) return result;
  const findings = await withoutOldCode(result.findings, options);
  return { ...result, findings, older: result.findings.length - findings.length };
}

function checkNow(files: readonly string[], options: CheckOptions): Promise<CheckResult> {
  return checkEach(files, options, (file, lane) => checkFile(file, lane, options));
}

/** Checks only the files whose results from an earlier check no longer hold. All rules are judged, so that one store serves every selection. */
async function checkCached(files: readonly string[], options: CheckOptions): Promise<CheckResult> {
  const all: CheckOptions = { ...options, rules: options.project.rules };
  const settings = new Map(
    await Promise.all(files.map(async (file) => [file, JSON.stringify(await options.settings.forFile(file))] as const)),
  );
  const cache = await ResultCache.open(options.workspace.realRoot, judgementOf(all), settings);
  const held = cache.current();
  const fresh = new Map<string, FileResult>();
  const checked = await checkEach(
    files.filter((file) => !held.has(file)),
    all,
    async (file, lane) => {
      const result = await checkFile(file, lane, all);
      fresh.set(file, result);
      return result;
    },
  );
  await cache.update(fresh);
  const earlier = files.flatMap((file) => held.get(file) ?? []);
  const wanted = new Set(options.rules.map((rule) => rule.id));
  const only = <T extends Finding>(findings: readonly T[]): T[] => findings.filter((each) => wanted.has(each.rule)).sort(compareFindings);
  return {
    ...checked,
    files: checked.files + earlier.length,
    findings: only([...checked.findings, ...earlier.flatMap((result) => result.findings)]),
    allowed: only([...checked.allowed, ...earlier.flatMap((result) => result.allowed)]),
  };
}

/** Drops the findings of rules that judge only new code where the code is in the last commit, or nothing is known of its age. */
async function withoutOldCode(findings: readonly Finding[], options: CheckOptions): Promise<readonly Finding[]> {
  const rules = options.rules.filter((rule) => rule.scope === 'change');
  const ids = new Set(rules.map((rule) => rule.id));
  const judged = findings.filter((finding) => ids.has(finding.rule));
  if (judged.length === 0) return findings;
  const changes = new Map((await changesSinceCommit(options)).map((change) => [change.path, change]));
  const kept = new Set<Finding>();
  for (const path of new Set(judged.map((finding) => finding.path))) {
    const change = changes.get(path);
    if (change === undefined) continue;
    const own = judged.filter((finding) => finding.path === path);
    const before = await findingsInLastCommit(change, rules, options);
    if (before === undefined) continue;
    for (const finding of addedFindings(before, own)) kept.add(finding);
  }
  return findings.filter((finding) => !ids.has(finding.rule) || kept.has(finding));
}

/** What rules found in a file as the last commit has it; undefined where a partial clone lacks its text: then its age cannot be known. */
async function findingsInLastCommit(
  { path, previousPath }: ChangedFile,
  rules: readonly RuleDefinition[],
  options: CheckOptions,
): Promise<readonly Finding[] | undefined> {
  if (previousPath === undefined) return [];
  try {
    const text = await textAtRevision(options.workspace, 'HEAD', previousPath);
    const judgement = { rules, roots: options.project.roots };
    return text === undefined ? [] : await findingsBefore(options.engine, options.workspace, path, text, judgement, options.settings);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

async function changesSinceCommit(options: CheckOptions): Promise<readonly ChangedFile[]> {
  try {
    return await changedFiles(options.workspace, 'HEAD');
  } catch (error) {
    // No repository, or no commit yet: how old the code is cannot be known.
    if (error instanceof Refusal) return [];
    throw error;
  }
}

/** Checks what changed since a git revision: only findings that the revision did not have. */
export async function checkChanges(revision: string, options: CheckOptions): Promise<CheckResult> {
  const candidates = (await changedFiles(options.workspace, revision)).filter((change) => PYTHON.test(change.path));
  // The listing knows what is ignored or excluded; git also reports files of other tools.
  const listed = new Set(await listFiles(options.workspace, ['**/*.{py,pyi}'], options.project.exclude));
  const changes = new Map(candidates.filter((change) => listed.has(change.path)).map((change) => [change.path, change]));
  return checkEach([...changes.keys()].sort(), options, async (file, lane) => {
    const now = await checkFile(file, lane, options);
    const previousPath = changes.get(file)?.previousPath;
    const previousText = previousPath === undefined ? undefined : await textAtRevision(options.workspace, revision, previousPath);
    if (previousText === undefined) return { ...now, older: 0 };
    const before = await findingsBefore(options.engine, options.workspace, file, previousText, judgementOf(options), options.settings);
    const added = addedFindings(before, now.findings);
    return { findings: added, allowed: now.allowed, older: now.findings.length - added.length };
  });
}

async function checkFile(file: string, lane: Lane, options: CheckOptions): Promise<FileResult> {
  const { text } = await options.workspace.readText(file);
  return options.engine.check(options.workspace, file, text, judgementOf(options), options.settings, {
    generation: options.generation,
    lane,
  });
}

/** The findings of an earlier text of a file; none where it could not be checked: then everything counts as new. */
export async function findingsBefore(
  engine: CheckEngine,
  workspace: Workspace,
  path: string,
  text: string,
  judgement: Judgement,
  settings: PythonSettings,
): Promise<readonly Finding[]> {
  try {
    return (await engine.check(workspace, path, text, judgement, settings)).findings;
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}

function judgementOf({ rules, project }: CheckOptions): Judgement {
  return { rules, roots: project.roots };
}

async function pythonFilesBelow(path: string, options: CheckOptions): Promise<string[]> {
  const { relative } = await options.workspace.resolve(path, 'read');
  if (await options.workspace.isFile(path)) {
    if (!PYTHON.test(relative)) throw new Refusal('invalid_input', `"${relative}" is no Python file.`, 'Name .py files or folders.');
    return [relative];
  }
  // Throws what is wrong with it: missing, a pipe, a link to nothing.
  if (!(await options.workspace.isFolder(path))) await options.workspace.readText(path);
  const prefix = relative === '.' ? '' : `${escapeGlob(relative)}/`;
  return listFiles(options.workspace, [`${prefix}**/*.{py,pyi}`], options.project.exclude);
}

function escapeGlob(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@|]/g, '\\$&');
}

async function checkEach(
  files: readonly string[],
  options: CheckOptions,
  check: (file: string, lane: Lane) => Promise<Pick<FileResult, 'findings' | 'allowed'> & { older?: number }>,
): Promise<CheckResult> {
  const findings: Finding[] = [];
  const allowed: AllowedFinding[] = [];
  const skipped: { path: string; reason: string }[] = [];
  let older = 0;
  const pending = [...files];
  const work = async (lane: Lane): Promise<void> => {
    // One thread goes through the sorted files from the front, the other from the back: neighbours import each other.
    const next = (): string | undefined => (lane === 0 ? pending.shift() : pending.pop());
    for (let file = next(); file !== undefined; file = next()) {
      options.signal.throwIfAborted();
      try {
        const result = await check(file, lane);
        findings.push(...result.findings);
        allowed.push(...result.allowed);
        older += result.older ?? 0;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        skipped.push({ path: file, reason: error.message });
      }
      options.onProgress?.(files.length - pending.length, files.length);
    }
  };
  await Promise.all(LANES.flatMap((lane) => Array.from({ length: CONCURRENCY }, () => work(lane))));
  skipped.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    files: files.length - skipped.length,
    findings: findings.sort(compareFindings),
    allowed: allowed.sort(compareFindings),
    older,
    skipped,
  };
}
