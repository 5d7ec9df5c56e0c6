import { styleText } from 'node:util';
import type { Finding } from '../../rules/finding.ts';
import { withVisibleControls } from '../../workspace/text.ts';
import type { Format, Report } from './format.ts';

/** The most of a source line that is shown, in characters. */
const MAX_SOURCE = 200;

/** For people: each finding with its source line and a caret, in the manner of Ruff. */
export const text: Format = (report) => {
  const blocks = report.findings.map((finding) => block(finding, report));
  return [...blocks, summary(report)].join('\n');
};

function block(finding: Finding, report: Report): string {
  const paint = (style: 'bold' | 'red' | 'yellow' | 'cyan' | 'blue', value: string): string =>
    report.colour ? styleText(style, value) : value;
  const line = withVisibleControls(report.sourceLine(finding.path, finding.line));
  // Of a very long line only what stands around the finding is shown.
  const from = line.length <= MAX_SOURCE ? 0 : Math.max(0, finding.column - MAX_SOURCE / 2);
  const source = line.slice(from, from + MAX_SOURCE);
  const number = String(finding.line);
  const gutter = ' '.repeat(number.length);
  const bar = paint('blue', '|');
  const start = finding.column - from;
  const end = finding.endLine === finding.line ? finding.endColumn - from : source.length + 1;
  const width = Math.max(1, Math.min(end, source.length + 1) - start);
  const style = finding.severity === 'error' ? 'red' : 'yellow';
  const label = finding.severity === 'error' ? finding.rule : `${finding.rule} (warning)`;
  return [
    `${paint(style, label)} ${paint('bold', withVisibleControls(finding.message))}`,
    `${gutter}${paint('blue', '-->')} ${finding.path}:${finding.line}:${finding.column}`,
    `${gutter} ${bar}`,
    `${paint('blue', number)} ${bar} ${source}`,
    `${gutter} ${bar} ${padding(source, start - 1)}${paint(style, '^'.repeat(width))}`,
    `${gutter} ${bar}`,
    `${paint('cyan', 'help')}: ${finding.fix}`,
    '',
  ].join('\n');
}

/** Blanks as wide as the source before the caret: tabs stay, and wide characters become wide blanks. */
function padding(source: string, columns: number): string {
  return source
    .slice(0, columns)
    .replace(/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g, '\u3000')
    .replace(/[^\t\u3000]/g, ' ');
}

function summary({ findings, result }: Report): string {
  const lines = result.skipped.map(({ path, reason }) => `skipped ${path}: ${reason}`);
  const notes = [
    ...(result.older > 0 ? [`${result.older} older not shown`] : []),
    ...(result.allowed.length > 0 ? [`${result.allowed.length} allowed by comment`] : []),
  ];
  const note = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  const files = `${result.files} file${result.files === 1 ? '' : 's'}`;
  if (findings.length === 0) return [...lines, `All checks passed: ${files}${note}.`, ''].join('\n');
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  return [
    ...lines,
    `Found ${errors} error${errors === 1 ? '' : 's'} and ${findings.length - errors} warning${findings.length - errors === 1 ? '' : 's'} in ${files}${note}.`,
    '',
  ].join('\n');
}
