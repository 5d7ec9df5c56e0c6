import type { Finding } from '../../rules/finding.ts';
import { groupBy } from '../../workspace/group-by.ts';
import type { Format } from './format.ts';

/** For CI systems that show test reports: a suite for each file, a failing case for each error. */
export const junit: Format = ({ findings, result }) => {
  const byFile = groupBy(findings, (finding) => finding.path);
  const suites = [...byFile].map(([path, own]) => {
    const failures = own.filter((finding) => finding.severity === 'error').length;
    return `  <testsuite name="${escapeXml(path)}" tests="${own.length}" failures="${failures}" errors="0">\n${own.map(testCase).join('')}  </testsuite>\n`;
  });
  const clean =
    findings.length === 0
      ? `  <testsuite name="python-engineer" tests="1" failures="0" errors="0">\n    <testcase classname="python-engineer" name="${result.files} files checked"/>\n  </testsuite>\n`
      : '';
  const failures = findings.filter((finding) => finding.severity === 'error').length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="python-engineer-mcp check" tests="${Math.max(findings.length, 1)}" failures="${failures}" errors="0">\n${suites.join('')}${clean}</testsuites>\n`;
};

function testCase(finding: Finding): string {
  const place = `${finding.path}:${finding.line}:${finding.column}`;
  const body = `${escapeXml(place)}: ${escapeXml(finding.message)}\n${escapeXml(finding.fix)}`;
  const inside =
    finding.severity === 'error'
      ? `<failure message="${escapeXml(finding.message)}" type="${escapeXml(finding.rule)}">${body}</failure>`
      : `<system-out>${body}</system-out>`;
  return `    <testcase classname="${escapeXml(finding.path)}" name="${escapeXml(`${finding.rule} at line ${finding.line}`)}">${inside}</testcase>\n`;
}

function escapeXml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
  return (
    text
      .replace(/[&<>"']/g, (character) => entities[character] ?? character)
      // XML 1.0 has no way to write most control characters.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd')
  );
}
