import {
  type CheckResult,
  type CheckRun,
  crashedResult,
  decidedResult,
  inWorkspace,
  startTool,
  type ToolFinding,
  unusableResult,
} from './check.ts';
import type { ProcessResult } from './process.ts';

const LINE = /^(.+?):(\d+):(?:(\d+):)? (error|note): (.*?)(?: {2}\[([\w-]+)\])?$/;
const SHAPE = [
  '--no-color-output',
  '--no-error-summary',
  '--show-column-numbers',
  '--show-error-codes',
  '--no-pretty',
  '--hide-error-context',
];
const MAX_NOTES = 300;
/** More is not read: nobody corrects so much at once. */
const MAX_OUTPUT = 64 * 1024 * 1024;

/** Runs `mypy --strict` with the project's own configuration. */
export async function runMypy(run: CheckRun, hasOwnTargets: boolean): Promise<CheckResult> {
  const targets = hasOwnTargets ? [] : ['--', ...run.sources];
  const strict = ['-m', 'mypy', '--strict', ...SHAPE];
  let { result, printed } = await start(run, [...strict, ...targets]);
  // Folders without `__init__.py`, where only the place below the source root tells two modules apart.
  if (/Duplicate module named|Source file found twice/.test(result.output)) {
    const base = run.sources.includes('src') ? 'src' : '.';
    ({ result, printed } = await start(run, [...strict, '--explicit-package-bases', ...targets], { MYPYPATH: base }));
  }
  const unusable = unusableResult('mypy', result, run);
  if (unusable !== undefined) return unusable;
  const findings = readFindings(printed, run);
  if (result.code !== 0 && findings.length === 0) return crashedResult('mypy', result);
  const isBlocked = findings.some(({ message }) => /\[syntax\]/.test(message));
  const unknown = [...printed.matchAll(/^.*(?:Unrecognized option|unrecognized).*$/gim)].map((match) => `mypy: ${match[0].trim()}`);
  return decidedResult('mypy', findings, result, isBlocked ? '; what does not parse kept it from checking the rest' : '', unknown);
}

/** Runs mypy; `printed` is all of it, where the result holds only its beginning and end. */
async function start(
  run: CheckRun,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ result: ProcessResult; printed: string }> {
  const chunks: string[] = [];
  let size = 0;
  const result = await startTool(run, 'mypy', args, {
    variables: { NO_COLOR: '1', ...variables },
    onOutput: (chunk) => {
      size += chunk.length;
      if (size <= MAX_OUTPUT) chunks.push(chunk);
    },
  });
  return { result, printed: chunks.join('') };
}

/** typing/mypy-strict: every error, with the notes that say what to do about it. */
function readFindings(printed: string, run: CheckRun): ToolFinding[] {
  const findings: ToolFinding[] = [];
  for (const line of printed.split(/\r?\n/)) {
    const [, file = '', row = '1', column = '1', kind, message = '', code = 'misc'] = LINE.exec(line) ?? [];
    const path = inWorkspace(run, file);
    const last = findings.at(-1);
    if (
      kind === 'note' &&
      last?.path === path &&
      last.line === Number(row) &&
      !/^See https?:/.test(message) &&
      last.message.length < MAX_NOTES
    )
      findings[findings.length - 1] = { ...last, message: `${last.message} (${message.trim()})` };
    if (kind === 'error')
      findings.push({
        rule: 'typing/mypy-strict',
        severity: 'error',
        message: `${message} [${code}]`,
        path,
        line: Number(row),
        column: Number(column),
      });
  }
  return findings;
}
