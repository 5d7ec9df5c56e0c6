import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { LineIndex } from '../python/lines.ts';
import { PythonSettings } from '../python/python-settings.ts';
import { type CheckOptions, type CheckResult, checkChanges, checkPaths } from '../rules/engine/check-files.ts';
import { CheckEngine } from '../rules/engine/engine.ts';
import { readProjectRules } from '../rules/engine/project-rules.ts';
import { selectRules } from '../rules/engine/select-rules.ts';
import type { Finding } from '../rules/finding.ts';
import { loadRuleDefinitions, loadRulePages } from '../skill/rule-pages.ts';
import { groupBy } from '../workspace/group-by.ts';
import { Refusal } from '../workspace/refusal.ts';
import { Workspace } from '../workspace/workspace.ts';
import { beyondBaseline, readBaseline, writeBaseline } from './baseline.ts';
import type { Format } from './formats/format.ts';
import { github } from './formats/github.ts';
import { hook } from './formats/hook.ts';
import { json } from './formats/json.ts';
import { junit } from './formats/junit.ts';
import { sarif } from './formats/sarif.ts';
import { text } from './formats/text.ts';

/** 0: nothing to report; 1: findings; 2: the check could not run. */
export type ExitCode = 0 | 1 | 2;

const FORMATS: Record<string, Format> = { text, json, sarif, github, junit, hook };

const CHECK_USAGE = `Usage: python-engineer-mcp check [paths] [options]

  paths                   files or folders (default: the whole workspace)
  --root <folder>         the workspace (default: the working folder)
  --changed[=REV]         only findings that are new since a git revision (default HEAD)
  --format <name>         text (default), json, sarif, github, junit, or hook (for Claude Code)
  --rule <id>             only this rule or topic; may be given several times
  --all                   judge old code by the rules for new code, too (testing/name)
  --severity <level>      error leaves warnings out (default: warning)
  --statistics            counts by rule instead of findings
  --baseline <file>       report only what the file does not cover; the first run records it
  --update-baseline       record today's findings in the baseline file

Exit code: 0 nothing to report, 1 findings, 2 the check could not run. With --format hook: 0, or 1 when it could not run.
`;

/** Runs \`check\` with its arguments and writes the report to standard output. */
export async function runCheck(args: readonly string[], version: string): Promise<ExitCode> {
  try {
    return await check(args, version);
  } catch (error) {
    const known = error instanceof Refusal;
    process.stderr.write(
      known ? `${error.message}\n→ ${error.remedy}\n` : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    // A hook that ends with 2 has its message taken for what the agent did wrong.
    return isHook(args) ? 1 : 2;
  }
}

function isHook(args: readonly string[]): boolean {
  return args.some((arg, index) => arg === '--format=hook' || (arg === 'hook' && args[index - 1] === '--format'));
}

async function check(args: readonly string[], version: string): Promise<ExitCode> {
  const { values, positionals } = parse(args);
  if (values.help === true) {
    process.stdout.write(CHECK_USAGE);
    return 0;
  }
  const format = FORMATS[values.format];
  if (format === undefined)
    throw new Refusal('invalid_input', `There is no format "${values.format}".`, `Use one of ${Object.keys(FORMATS).join(', ')}.`);
  if (values.severity !== 'error' && values.severity !== 'warning')
    throw new Refusal('invalid_input', `There is no severity "${values.severity}".`, 'Use error or warning.');
  if (values.changed !== undefined && positionals.length > 0)
    throw new Refusal('invalid_input', 'Both paths and --changed are given.', 'Give one of them.');

  const workspace = await Workspace.open(path.resolve(values.root ?? '.'));
  const engine = new CheckEngine();
  const settings = new PythonSettings(workspace);
  const project = await readProjectRules(workspace, await loadRuleDefinitions());
  for (const warning of project.warnings) process.stderr.write(`${warning}\n`);
  const rules = selectRules(project.rules, values.rule);
  if (rules.length === 0)
    throw new Refusal('invalid_input', `No rule matches ${(values.rule ?? []).join(', ')}.`, 'Rule ids look like async/no-time-sleep.');
  const progress = new Progress();
  const options: CheckOptions = {
    engine,
    workspace,
    settings,
    rules,
    project,
    all: values.all,
    signal: new AbortController().signal,
    generation: randomUUID(),
    onProgress: progress.show,
  };
  let result: CheckResult;
  try {
    result =
      values.changed === undefined
        ? await checkPaths(positionals.length > 0 ? positionals.map((each) => path.resolve(each)) : ['.'], options)
        : await checkChanges(values.changed, options);
  } finally {
    progress.clear();
    await engine.close();
  }

  const relevant = result.findings.filter((finding) => values.severity === 'warning' || finding.severity === 'error');
  const findings = await againstBaseline(relevant, values.baseline, values['update-baseline'] === true);
  const lines = await sourceLines(workspace, values.format === 'text' && values.statistics !== true ? findings : []);
  const report = {
    findings,
    result: { ...result, older: result.older + relevant.length - findings.length },
    pages: await loadRulePages(),
    version,
    sourceLine: (file: string, line: number) => lines.get(file)?.lineText(line) ?? '',
    colour: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
  };
  await write(values.statistics === true ? statistics(findings) : format(report));
  return findings.length > 0 && values.format !== 'hook' ? 1 : 0;
}

function parse(args: readonly string[]): ReturnType<typeof parseKnown> {
  try {
    // The revision is optional, which parseArgs cannot say.
    return parseKnown(args.map((arg) => (arg === '--changed' ? '--changed=HEAD' : arg)));
  } catch (error) {
    throw new Refusal('invalid_input', error instanceof Error ? error.message : String(error), 'See python-engineer-mcp check --help.');
  }
}

function parseKnown(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      root: { type: 'string' },
      changed: { type: 'string' },
      format: { type: 'string', default: 'text' },
      rule: { type: 'string', multiple: true },
      severity: { type: 'string', default: 'warning' },
      all: { type: 'boolean', default: false },
      statistics: { type: 'boolean' },
      baseline: { type: 'string' },
      'update-baseline': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

async function againstBaseline(findings: readonly Finding[], file: string | undefined, isUpdate: boolean): Promise<readonly Finding[]> {
  if (file === undefined) {
    if (isUpdate) throw new Refusal('invalid_input', '--update-baseline needs --baseline <file>.', 'Name the baseline file.');
    return findings;
  }
  const baseline = isUpdate ? undefined : await readBaseline(file);
  if (baseline !== undefined) return beyondBaseline(findings, baseline);
  await writeBaseline(file, findings);
  process.stderr.write(`Recorded ${findings.length} findings in ${file}; from now on only new ones are reported.\n`);
  return [];
}

async function sourceLines(workspace: Workspace, findings: readonly Finding[]): Promise<Map<string, LineIndex>> {
  const lines = new Map<string, LineIndex>();
  for (const file of new Set(findings.map((finding) => finding.path)))
    lines.set(file, new LineIndex((await workspace.readText(file)).text));
  return lines;
}

function statistics(findings: readonly Finding[]): string {
  const byRule = groupBy(findings, (finding) => `${finding.rule} ${finding.severity}`);
  const rows = [...byRule].map(([key, own]) => ({ key, count: own.length })).sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
  return rows.map(({ key, count }) => `${String(count).padStart(7)}  ${key}\n`).join('');
}

/** Resolves once the whole text has left: a pipe may take less than everything at a time. */
function write(output: string): Promise<void> {
  return new Promise((resolve, reject) => process.stdout.write(output, (error) => (error == null ? resolve() : reject(error))));
}

/** One line on a terminal's standard error, rewritten in place. */
class Progress {
  private readonly isShown = process.stderr.isTTY === true;

  readonly show = (done: number, total: number): void => {
    if (this.isShown && (done % 20 === 0 || done === total)) process.stderr.write(`\r\u001b[2Kchecking ${done}/${total} files`);
  };

  clear(): void {
    if (this.isShown) process.stderr.write('\r\u001b[2K');
  }
}
