import { createHash } from 'node:crypto';
import type { Finding } from '../../rules/finding.ts';
import type { RulePage } from '../../skill/rule-pages.ts';
import type { Format } from './format.ts';

/** For code scanning: SARIF 2.1.0 with the rules' pages as help. */
export const sarif: Format = ({ findings, pages, version }) => {
  const used = [...new Set(findings.map((finding) => finding.rule))].sort();
  const rules = used.flatMap((id) => pages.get(id) ?? []);
  const indexOf = new Map(rules.map((page, index) => [page.id, index]));
  const driver = {
    name: 'python-engineer-mcp',
    version,
    informationUri: 'https://www.npmjs.com/package/python-engineer-mcp',
    rules: rules.map(ruleDescriptor),
  };
  const results = findings.map((finding) => resultOf(finding, indexOf.get(finding.rule) ?? -1));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { ROOT: { description: { text: 'The workspace root.' } } },
        results,
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
};

function ruleDescriptor(page: RulePage): object {
  const examples = [
    ...page.bad.slice(0, 1).map((example) => `Bad:\n\n\`\`\`python\n${example.code}\`\`\``),
    ...page.good.slice(0, 1).map((example) => `Good:\n\n\`\`\`python\n${example.code}\`\`\``),
  ];
  return {
    id: page.id,
    name: page.id.replace(/(^|[/-])(\w)/g, (_match, _mark, letter: string) => letter.toUpperCase()),
    shortDescription: { text: page.title },
    fullDescription: { text: page.why.replace(/\s+/g, ' ') },
    help: { text: `${page.why}\n\nFix: ${page.fix}`, markdown: [page.why, `**Fix:** ${page.fix}`, ...examples].join('\n\n') },
    defaultConfiguration: { level: page.severity },
    properties: { tags: [page.id.split('/')[0] ?? ''] },
  };
}

function resultOf(finding: Finding, ruleIndex: number): object {
  const region = { startLine: finding.line, startColumn: finding.column, endLine: finding.endLine, endColumn: finding.endColumn };
  return {
    ruleId: finding.rule,
    ruleIndex,
    level: finding.severity,
    message: { text: `${finding.message} ${finding.fix}` },
    locations: [{ physicalLocation: { artifactLocation: { uri: encodeURI(finding.path), uriBaseId: 'ROOT' }, region } }],
    // The same finding on another line is still the same alert.
    partialFingerprints: {
      'ruleSymbolMessage/v1': createHash('sha256')
        .update(`${finding.rule}\n${finding.path}\n${finding.symbol}\n${finding.message}`)
        .digest('hex'),
    },
  };
}
