import { parseXml, type XmlDocument, XmlElement } from '@rgrove/parse-xml';
import type { ToolFinding } from './checks.ts';

/** What a run of tests gave. */
export interface TestResults {
  readonly total: number;
  readonly skipped: number;
  readonly seconds: number;
  /** The tests that failed or could not run. */
  readonly findings: readonly ToolFinding[];
  /** Where each of them was raised, in the same order. */
  readonly tracebacks: readonly string[];
}

const MAX_MESSAGE = 400;

/** Reads pytest's JUnit report (`xunit1`); `toWorkspace` turns its paths into workspace-relative ones. Undefined for anything else. */
export function readJunit(text: string, toWorkspace: (file: string) => string): TestResults | undefined {
  let document: XmlDocument;
  try {
    document = parseXml(text);
  } catch {
    // Half written: the run was ended.
    return undefined;
  }
  const cases = elementsNamed(document.root, 'testcase');
  const suites = elementsNamed(document.root, 'testsuite');
  const seconds = suites.reduce((sum, suite) => sum + Number(suite.attributes.time ?? 0), 0);
  const failed = cases.flatMap((test) => {
    const problem = childNamed(test, 'failure') ?? childNamed(test, 'error');
    return problem === undefined ? [] : [{ test, problem }];
  });
  return {
    total: cases.length,
    skipped: cases.filter((each) => childNamed(each, 'skipped') !== undefined).length,
    seconds,
    findings: failed.map(({ test, problem }) => findingOf(test, problem, toWorkspace)),
    tracebacks: failed.map(({ test, problem }) => `${test.attributes.name ?? ''}\n${problem.text}`),
  };
}

function findingOf(test: XmlElement, problem: XmlElement, toWorkspace: (file: string) => string): ToolFinding {
  const { name = '', classname = '', file, line = '0' } = test.attributes;
  const fallback = `${classname.replaceAll('.', '/')}.py`;
  // What kept a module from being collected stands only in the text.
  const reason = problem.attributes.message === 'collection failure' ? /^E +(.+)$/m.exec(problem.text)?.[1] : problem.attributes.message;
  const message = (reason ?? problem.text).replace(/\s+/g, ' ').trim().slice(0, MAX_MESSAGE);
  const raised = raisedAt(problem.text, file ?? fallback);
  return {
    rule: problem.name === 'error' ? 'pytest/error' : 'pytest/failed',
    severity: 'error',
    message: `${name === '' ? classname : name}: ${message}`,
    path: toWorkspace(file ?? fallback),
    line: raised ?? Number(line) + 1,
    column: 1,
  };
}

/** The line of the test's own file where it failed: `tests/test_a.py:12: AssertionError`. */
function raisedAt(text: string, file: string): number | undefined {
  const lines = text.split('\n').filter((line) => line.startsWith(`${file}:`));
  const found = /:(\d+):/.exec(lines.at(-1)?.slice(file.length) ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

function elementsNamed(root: XmlElement | null, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  const pending = root === null ? [] : [root];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.name === name) found.push(next);
    for (const child of next.children) if (child instanceof XmlElement) pending.push(child);
  }
  return found.reverse();
}

function childNamed(element: XmlElement, name: string): XmlElement | undefined {
  for (const child of element.children) if (child instanceof XmlElement && child.name === name) return child;
  return undefined;
}
