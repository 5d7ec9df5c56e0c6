import { countLines, type LineEnding, withLineEnding } from '../workspace/text.ts';
import { TBD } from './batch.ts';
import { findSections, readSections, sectionName, trimmedContent, withSectionText } from './sections.ts';

/** What is written in one call of a batch: a section of a document, or a `# [TBD] name` line of a module's outline. */
export interface BatchSection {
  /** Names it alone. */
  readonly name: string;
  /** The words of its heading, or its name in the outline. */
  readonly title: string;
  /** 1-based. */
  readonly line: number;
  /** Of its heading, 1 to 6; 1 in an outline. */
  readonly level: number;
  /** It still waits for its text. */
  readonly isOpen: boolean;
  /** Its own text, without the blank lines around it, and the 1-based line on which that begins. */
  readonly text: string;
  readonly textLine: number;
  /** The text of the whole file with this section's text replaced. */
  filledWith(content: string, ending: LineEnding): string;
}

const OUTLINE_LINE = /^[ \t]*#[ \t]*\[TBD\][ \t]*(.*?)[ \t]*\r?$/gm;
const PYTHON = /\.pyi?$/i;

/** True for modules, whose outline stands in comments. */
export function isPython(path: string): boolean {
  return PYTHON.test(path);
}

/** The sections of a file in order. Of a module only those that are open: what is written is code like any other. */
export async function readBatchSections(path: string, text: string): Promise<BatchSection[]> {
  return isPython(path) ? outlineSections(text) : documentSections(text);
}

/** The 1-based lines of a module's outline that still wait for their text. */
export function outlineLines(text: string): ReadonlySet<number> {
  return new Set(outlineSections(text).map((section) => section.line));
}

/** Those that a caller means by a name. Several when a name is repeated. */
export async function findBatchSections(path: string, text: string, wanted: string): Promise<BatchSection[]> {
  const all = await readBatchSections(path, text);
  if (isPython(path)) return all.filter((each) => each.name === wanted.trim().replace(/^#\s*(?:\[TBD\]\s*)?/, ''));
  const sections = await readSections(text);
  const lines = new Set(findSections(sections, wanted).map((section) => section.startLine));
  return all.filter((each) => lines.has(each.line));
}

async function documentSections(text: string): Promise<BatchSection[]> {
  const sections = await readSections(text);
  return sections.map((section) => {
    const own = text.slice(section.bodyStart, section.bodyEnd);
    return {
      name: sectionName(sections, section),
      title: section.title,
      line: section.startLine,
      level: section.level,
      isOpen: withoutCode(own).includes(TBD),
      text: own,
      textLine: text.slice(0, section.bodyStart).split('\n').length,
      filledWith: (content, ending) => withSectionText(text, section, content, ending),
    };
  });
}

function outlineSections(text: string): BatchSection[] {
  return [...text.matchAll(OUTLINE_LINE)].map((match) => {
    const [whole, name = ''] = match;
    const line = countLines(text.slice(0, match.index)) + 1;
    return {
      name: name === '' ? `line ${line}` : name,
      title: name,
      line,
      level: 1,
      isOpen: true,
      text: whole,
      textLine: line,
      filledWith: (content, ending) =>
        text.slice(0, match.index) +
        withLineEnding(trimmedContent(content), ending) +
        text.slice(match.index + whole.length - (whole.endsWith('\r') ? 1 : 0)),
    };
  });
}

/** A text that speaks of the marker in code does not wait for its own. */
function withoutCode(text: string): string {
  let fence: string | undefined;
  const prose: string[] = [];
  for (const line of text.split('\n')) {
    const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined) {
      if (mark === undefined) prose.push(line.replace(/`[^`]*`/g, ''));
      fence = mark;
    } else if (mark?.startsWith(fence) === true) fence = undefined;
  }
  return prose.join('\n');
}
