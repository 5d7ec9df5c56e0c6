import { existsSync } from 'node:fs';
import path from 'node:path';
import { groupBy } from '../workspace/group-by.ts';
import { type CheckRun, inWorkspace, type ToolFinding } from './check.ts';
import type { JunitTest } from './junit.ts';

const MAX_REASON = 400;
const MAX_REASON_LINES = 8;
const FRAME = /^(\S[^:\n]{0,300}\.pyi?):(\d+): /gm;

interface Failure {
  readonly finding: ToolFinding;
  /** The test without its parameters. */
  readonly subject: string;
  readonly reason: string;
  /** Where it was raised. */
  readonly place: string;
}

/** The findings for the tests that did not pass, those with one cause marked as such. */
export function failedTests(run: CheckRun, tests: readonly JunitTest[]): ToolFinding[] {
  const own = new OwnFiles(run);
  const failures = tests.filter(({ outcome }) => outcome === 'failed' || outcome === 'error').map((test) => failureOf(run, test, own));
  const bySubject = groupBy(failures, ({ subject }) => subject);
  return failures.map(({ finding, subject, reason, place }) => {
    const siblings = bySubject.get(subject) ?? [];
    // Parameters that fail in different ways are still one test.
    const isOneCause = siblings.every((each) => each.reason === reason && each.place === place);
    const cause = `${finding.rule}\t${isOneCause ? `${reason}\t${place}` : subject}`;
    return { ...finding, test: { id: finding.test?.id ?? '', reason: finding.test?.reason ?? '', cause } };
  });
}

/**
 * The finding for a conftest.py that cannot be imported, which pytest reports in no file; undefined where that is not why it failed.
 */
export function conftestFailure(run: CheckRun, output: string): ToolFinding | undefined {
  const conftest = /^ImportError while loading conftest '([^'\n]+)'/m.exec(output)?.[1];
  if (conftest === undefined) return undefined;
  const text = output.slice(output.indexOf('ImportError while loading conftest'));
  const place = framesOf(run, text).at(-1) ?? { path: inWorkspace(run, conftest), line: 1 };
  const message = `conftest.py could not be imported, so no test ran: ${reasonOf({ message: '', text })}`;
  return { rule: 'pytest/error', severity: 'error', message, ...place, column: 1 };
}

/** Where a test hung, from the stack that the interpreter printed, for people; undefined where it printed none. */
export function hungAt(run: CheckRun, output: string): string | undefined {
  const stack = /Timeout \([\d:.]+\)!\n([\s\S]*?)(?:\n\n|$)/.exec(output)?.[1] ?? '';
  for (const [, file = '', line = '', name = ''] of stack.matchAll(/^ {2}File "([^"\n]+)", line (\d+) in (\S+)/gm)) {
    const place = inWorkspace(run, file);
    if (isOurs(place)) return `${name} (${place}:${line})`;
  }
  return undefined;
}

function failureOf(run: CheckRun, test: JunitTest, own: OwnFiles): Failure {
  const { file, classes } = own.of(test);
  const frames = framesOf(run, test.text);
  const deepest = frames.at(-1);
  const defined = test.file === undefined ? file : inWorkspace(run, test.file);
  const line = frames.findLast((frame) => frame.path === file)?.line ?? (defined === file ? test.line : 1);
  const reason = reasonOf(test);
  const isElsewhere = deepest !== undefined && (deepest.path !== file || deepest.line !== line);
  const shown = isElsewhere ? `${reason} (raised at ${deepest.path}:${deepest.line})` : reason;
  const id = [...classes, test.name].filter((each) => each !== '').join('::');
  return {
    finding: {
      rule: test.outcome === 'error' ? 'pytest/error' : 'pytest/failed',
      severity: 'error',
      message: id === '' ? shown : `${id}: ${shown}`,
      path: file,
      line,
      column: 1,
      test: { id, reason: shown, cause: '' },
    },
    subject: `${file}::${id.replace(/\[.*$/s, '')}`,
    reason,
    place: deepest === undefined ? '' : `${deepest.path}:${deepest.line}`,
  };
}

/** The file that a test belongs to: where it is inherited, not the one that defines it. */
class OwnFiles {
  private readonly run: CheckRun;
  private readonly known = new Map<string, { file: string; classes: readonly string[] }>();

  constructor(run: CheckRun) {
    this.run = run;
  }

  of({ classname, name, file }: JunitTest): { file: string; classes: readonly string[] } {
    // A module that could not be collected stands in the name.
    const dotted = classname === '' ? name : classname;
    const known = this.known.get(dotted) ?? this.find(dotted, file);
    this.known.set(dotted, known);
    return known;
  }

  private find(dotted: string, file: string | undefined): { file: string; classes: readonly string[] } {
    const parts = dotted.split('.');
    for (let count = parts.length; count > 0; count--) {
      const candidate = `${parts.slice(0, count).join('/')}.py`;
      if (existsSync(path.join(this.run.root, this.run.folder, candidate)))
        return { file: inWorkspace(this.run, candidate), classes: parts.slice(count) };
    }
    return { file: inWorkspace(this.run, file ?? `${parts.join('/')}.py`), classes: [] };
  }
}

/** The places of a traceback that lie in the project, outermost first. */
function framesOf(run: CheckRun, text: string): { path: string; line: number }[] {
  return [...text.matchAll(FRAME)].flatMap(([, file = '', line = '1']) => {
    const place = inWorkspace(run, file);
    return isOurs(place) ? [{ path: place, line: Number(line) }] : [];
  });
}

/** True for a workspace-relative path that is the project's own. */
function isOurs(place: string): boolean {
  return !place.startsWith('..') && !/(?:^|\/)(?:site-packages|\.?venv|node_modules)\//.test(place);
}

/** What pytest marks as the error: the last block of it, since others led to it. */
function reasonOf({ message, text }: { readonly message: string; readonly text: string }): string {
  const blocks = text.split(/\n(?!E(?: |$))/).filter((block) => /^E(?: |$)/m.test(block));
  const lines = (blocks.at(-1) ?? '').split('\n').filter((line) => /^E(?: |$)/.test(line));
  const marked = lines.slice(0, MAX_REASON_LINES).map((line) => line.slice(1).trim());
  const words = marked.length > 0 ? marked.join(' ') : message === '' ? text : message;
  return words.replace(/\s+/g, ' ').trim().slice(0, MAX_REASON);
}
