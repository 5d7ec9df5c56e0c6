import { parseXml, type XmlDocument, XmlElement } from '@rgrove/parse-xml';

/** One test of a report, or a module that could not be collected. */
export interface JunitTest {
  /** The module and classes, with dots. */
  readonly classname: string;
  readonly name: string;
  /** As pytest wrote it; the file that defines the test, which for an inherited one is another than its own. */
  readonly file: string | undefined;
  /** 1-based line of its definition. */
  readonly line: number;
  readonly outcome: 'passed' | 'failed' | 'error' | 'skipped';
  /** Why it failed: the headline and the whole text. */
  readonly message: string;
  readonly text: string;
}

export interface JunitReport {
  readonly tests: readonly JunitTest[];
  readonly seconds: number;
}

/** Reads pytest's report (`xunit1`). Undefined for anything else, such as one that is half written. */
export function readJunit(text: string): JunitReport | undefined {
  let document: XmlDocument;
  try {
    document = parseXml(text);
  } catch {
    return undefined;
  }
  const suites = elementsNamed(document.root, 'testsuite');
  return {
    // One that was under way when the run was ended has no name.
    tests: elementsNamed(document.root, 'testcase')
      .map(testOf)
      .filter((test) => test.name !== ''),
    seconds: suites.reduce((sum, suite) => sum + Number(suite.attributes.time ?? 0), 0),
  };
}

function testOf(element: XmlElement): JunitTest {
  const { name = '', classname = '', file, line = '0' } = element.attributes;
  const problem = childNamed(element, 'failure') ?? childNamed(element, 'error');
  const isSkipped = childNamed(element, 'skipped') !== undefined;
  const outcome = problem === undefined ? (isSkipped ? 'skipped' : 'passed') : problem.name === 'error' ? 'error' : 'failed';
  return { classname, name, file, line: Number(line) + 1, outcome, message: problem?.attributes.message ?? '', text: problem?.text ?? '' };
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
