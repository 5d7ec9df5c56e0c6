import type { Format } from './format.ts';

/** For GitHub Actions: one workflow command for each finding, shown beside the changed line. */
export const github: Format = ({ findings }) =>
  findings
    .map((finding) => {
      const place = `file=${property(finding.path)},line=${finding.line},col=${finding.column},endLine=${finding.endLine},endColumn=${finding.endColumn}`;
      return `::${finding.severity} ${place},title=${property(finding.rule)}::${data(`${finding.message} ${finding.fix}`)}\n`;
    })
    .join('');

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
