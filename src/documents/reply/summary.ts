import { quoted, type ReplyFinding } from './finding.ts';
import { readUnits, sentencesOf, type Unit } from './prose.ts';
import { countWords } from './words.ts';

const MAX_DECISIONS = 5;
const MAX_WORDS = 20;
const MAX_LABEL_WORDS = 5;
/** So many headings are a document. */
const MIN_HEADINGS = 3;
const SEPARATOR = /^[\s|:-]+$/;
const NAMED_PATH =
  /(?<![\p{L}\p{N}_.\\/-])[\p{L}\p{N}_.\\/-]{0,300}[\p{L}\p{N}_-]\.(?:md|markdown|sql|ya?ml|json|toml|ini|cfg|txt|rst|html|py|pyi)\b/giu;

/** The files that a text names, as workspace-relative paths; anchors and line numbers are left out. */
export function namedPaths(text: string): string[] {
  // The words of a link are not where it leads.
  const withoutAddresses = text.replace(/\bhttps?:\/\/\S+/g, ' ').replace(/\[[^\]\n]{0,300}\]\(([^()\n]{0,500})\)/g, '$1');
  return [...new Set([...withoutAddresses.matchAll(NAMED_PATH)].map((match) => match[0].replaceAll('\\', '/').replace(/^\.\//, '')))];
}

/** reply/summary: the report of a deliverable. `missing` are the named files that do not exist. */
export function summaryFindings(reply: string, missing: readonly string[]): ReplyFinding[] {
  const report = (message: string, fix: string, line: number): ReplyFinding => ({
    rule: 'reply/summary',
    severity: 'error',
    message,
    fix,
    line,
  });
  const lines = reply.split('\n');
  const fence = lines.findIndex((line) => /^[ \t]*(`{3,}|~{3,})/.test(line));
  if (fence !== -1) return [report(`${quoted(lines[fence] ?? '')} begins a block of text.`, 'Leave it in its file.', fence + 1)];
  const units = readUnits(reply);
  const headings = units.filter((unit) => /^[ \t]*#/.test(unit.text));
  const [heading] = headings;
  if (heading !== undefined && headings.length >= MIN_HEADINGS)
    return [
      report(`${quoted(heading.text)} and ${headings.length - 1} more headings are a document.`, 'Leave it in its file.', heading.line),
    ];
  return [...proseFindings(units, report), ...decisionFindings(units, report), ...pathFindings(reply, units, missing, report)];
}

type Report = (message: string, fix: string, line: number) => ReplyFinding;

function proseFindings(units: readonly Unit[], report: Report): ReplyFinding[] {
  const sentences = units
    .filter((unit) => !unit.isItem && !isLabel(unit) && !isPath(unit))
    .flatMap(sentencesOf)
    // What is unclear may be asked.
    .filter((sentence) => !/(?:\?|か。)\s*$/.test(sentence.prose) && countWords(sentence.prose) > 0 && !isPath(sentence));
  const [, second] = sentences;
  if (second === undefined) return [];
  return [
    report(
      `${sentences.length} sentences, from ${quoted(second.text)} on more than the one that says it is done.`,
      'Keep one sentence; what was decided goes into the list, the rest into the file.',
      second.line,
    ),
  ];
}

function decisionFindings(units: readonly Unit[], report: Report): ReplyFinding[] {
  const decisions = units.filter((unit, index) => unit.isItem && !isPath(unit) && !isTableHead(unit, units[index + 1]));
  const sixth = decisions[MAX_DECISIONS];
  return [
    ...(sixth === undefined
      ? []
      : [
          report(
            `${decisions.length} decisions, ${quoted(sixth.text)} the sixth.`,
            `Keep the ${MAX_DECISIONS} that matter most.`,
            sixth.line,
          ),
        ]),
    ...decisions.flatMap((decision) => {
      const words = countWords(decision.text.replace(/^[ \t]*(?:[-*+•]|\d{1,3}[.)、])/, ''));
      return words <= MAX_WORDS
        ? []
        : [
            report(
              `${quoted(decision.text)} has ${words} words; a decision has at most ${MAX_WORDS}.`,
              'Name what was decided; the file says why.',
              decision.line,
            ),
          ];
    }),
  ];
}

function pathFindings(reply: string, units: readonly Unit[], missing: readonly string[], report: Report): ReplyFinding[] {
  if (namedPaths(reply).length === 0) return [report('No file is named.', 'Name the path of the deliverable.', 1)];
  // What a decision names may be gone on purpose.
  const reported = new Set(units.filter((unit) => !unit.isItem || isPath(unit)).flatMap((unit) => namedPaths(unit.text)));
  return missing
    .filter((path) => reported.has(path))
    .map((path) => {
      const line = reply.split('\n').findIndex((each) => each.replaceAll('\\', '/').includes(path)) + 1;
      return report(
        `"${path}" does not exist.`,
        'Name the file that was written, with its path from the workspace root.',
        Math.max(1, line),
      );
    });
}

/** "Key decisions:" or a heading. */
function isLabel({ text }: Unit): boolean {
  return /^[ \t]*#/.test(text) || (/[:：]\**\s*$/.test(text) && countWords(text) <= MAX_LABEL_WORDS);
}

/** A line with files and at most a label. */
function isPath({ text }: Pick<Unit, 'text'>): boolean {
  return namedPaths(text).length > 0 && countWords(text.replace(NAMED_PATH, ' ').replace(/[`[\]()]/g, ' ')) <= 3;
}

function isTableHead({ text }: Unit, next: Unit | undefined): boolean {
  return SEPARATOR.test(text) || (next !== undefined && SEPARATOR.test(next.text));
}
