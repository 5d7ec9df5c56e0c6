import { fencedLines } from '../fences.ts';
import { quoted, type ReplyFinding } from './finding.ts';
import { readSentences } from './prose.ts';

/** What every reply begins with. */
export const PREFIX = '[Python Engineer perspective]';
/** What an answer with code consists of, in this order. */
const TITLES = ['📁 Module Layer', '💡 Implementation Notes', '📝 Code', '🔧 Usage Example', '⚠️ Notes'] as const;
type Title = (typeof TITLES)[number];
const MIN_NOTES = 5;
const MAX_NOTES = 10;

/** A section of an answer with code. */
export interface AnswerSection {
  readonly title: Title;
  /** 1-based line of its title. */
  readonly line: number;
  /** What stands below it, and behind the title's colon. */
  readonly text: string;
}

/** A block of code in a reply. */
export interface AnswerCode {
  readonly text: string;
  /** 1-based line of the reply on which it begins. */
  readonly line: number;
}

/** reply/prefix */
export function prefixFindings(reply: string): ReplyFinding[] {
  if (/^[\s\uFEFF*_`#]*\[Python Engineer perspective\]/.test(reply)) return [];
  const isLater = reply.includes(PREFIX);
  return [
    {
      rule: 'reply/prefix',
      severity: 'error',
      message: `The reply begins with ${quoted(reply.trim().split('\n')[0] ?? '')}.`,
      fix: isLater ? `Leave out what stands before ${PREFIX}.` : `Begin with ${PREFIX}, whatever the language.`,
      line: 1,
    },
  ];
}

/** The sections that an answer has, in the order in which they stand; a title that stands twice counts once. */
export function readAnswerSections(reply: string): AnswerSection[] {
  const lines = reply.split('\n');
  const found: { title: Title; index: number; rest: string }[] = [];
  const isFenced = fencedLines(lines, /^[ \t]*(`{3,}|~{3,})/);
  for (const [index, line] of lines.entries()) {
    if (isFenced[index]) continue;
    const title = TITLES.find((each) => rest(line, each) !== undefined && !found.some((other) => other.title === each));
    if (title !== undefined) found.push({ title, index, rest: rest(line, title) ?? '' });
  }
  return found.map(({ title, index, rest: own }, at) => ({
    title,
    line: index + 1,
    text: [own, ...lines.slice(index + 1, found[at + 1]?.index)].join('\n'),
  }));
}

/** What stands behind a title on its line; undefined where the line is no such title. Many clients drop the variation selector. */
function rest(line: string, title: Title): string | undefined {
  const plain = line.replaceAll('\uFE0F', '').replace(/[*_#]/g, '').trim();
  const wanted = title.replaceAll('\uFE0F', '');
  if (!plain.startsWith(wanted)) return undefined;
  return /^\s*(?:[:：]\s*(.*))?$/.exec(plain.slice(wanted.length))?.[1] ?? (plain === wanted ? '' : undefined);
}

/** reply/sections */
export function sectionFindings(reply: string): ReplyFinding[] {
  const sections = readAnswerSections(reply);
  const report = (message: string, fix: string, line: number): ReplyFinding => ({
    rule: 'reply/sections',
    severity: 'error',
    message,
    fix,
    line,
  });
  const order = `The order is: ${TITLES.join(', ')}.`;
  const missing = TITLES.filter((title) => !sections.some((section) => section.title === title));
  return [
    ...missing.map((title) => report(`"${title}" is missing.`, `Add the section under exactly this title. ${order}`, 1)),
    ...outOfOrder(sections).map((section) => report(`"${section.title}" stands too late or too early.`, order, section.line)),
    ...sections.flatMap((section) => {
      if (section.text.trim() === '')
        return [report(`"${section.title}" is empty.`, 'Fill it, or say that there is nothing to say.', section.line)];
      if (section.title === '💡 Implementation Notes') return notesFindings(section, report);
      if (section.title === '📝 Code' && codeBlocks(section).length === 0)
        return [report(`"${section.title}" has no code block.`, 'Put the complete code in a fence with its language.', section.line)];
      return [];
    }),
  ];
}

/** The sections that must move: all but the longest run that is in order. */
function outOfOrder(sections: readonly AnswerSection[]): AnswerSection[] {
  let best: readonly AnswerSection[] = [];
  const runs: AnswerSection[][] = [];
  for (const section of sections) {
    const place = TITLES.indexOf(section.title);
    const fitting = runs.filter((run) => TITLES.indexOf(run.at(-1)?.title ?? section.title) < place);
    const longest = fitting.reduce<readonly AnswerSection[]>((long, run) => (run.length > long.length ? run : long), []);
    const run = [...longest, section];
    runs.push(run);
    if (run.length > best.length) best = run;
  }
  return sections.filter((section) => !best.includes(section));
}

function notesFindings(section: AnswerSection, report: (message: string, fix: string, line: number) => ReplyFinding): ReplyFinding[] {
  const units = section.text.split('\n').filter((line) => line.trim() !== '' && !/^[\s|:-]+$/.test(line));
  // A paragraph of five sentences says as much as five lines.
  const lines = units.length;
  const most = Math.max(lines, readSentences(section.text).length);
  if (most < MIN_NOTES)
    return [
      report(
        `"${section.title}" has ${lines} lines; ${MIN_NOTES} to ${MAX_NOTES} are wanted.`,
        'Name the key design decisions.',
        section.line,
      ),
    ];
  if (lines > MAX_NOTES)
    return [
      report(
        `"${section.title}" has ${lines} lines; ${MIN_NOTES} to ${MAX_NOTES} are wanted.`,
        'Keep the key design decisions.',
        section.line,
      ),
    ];
  return [];
}

/** The Python of an answer, which has to be complete. */
export function answerPython(reply: string): AnswerCode[] {
  const code = readAnswerSections(reply).find((section) => section.title === '📝 Code');
  return code === undefined ? [] : codeBlocks(code).filter((block) => /^(?:python|py|python3)?$/i.test(block.language));
}

function codeBlocks(section: AnswerSection): (AnswerCode & { readonly language: string })[] {
  const blocks: (AnswerCode & { readonly language: string })[] = [];
  let open: { mark: string; language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of section.text.split('\n').entries()) {
    const [, mark, language = ''] = /^[ \t]*(`{3,}|~{3,})[ \t]*([\w+-]*)/.exec(line) ?? [];
    if (open === undefined) {
      if (mark !== undefined) open = { mark, language, line: section.line + index + 1, lines: [] };
    } else if (mark?.startsWith(open.mark) === true && language === '') {
      blocks.push({ text: `${open.lines.join('\n')}\n`, line: open.line, language: open.language });
      open = undefined;
    } else open.lines.push(line);
  }
  return blocks;
}
