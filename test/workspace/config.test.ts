import { describe, expect, it } from 'vitest';
import { iterationFolders } from '../../src/workspace/artefacts.ts';
import { parseWorkflowConfig } from '../../src/workspace/config.ts';

describe('shapes people write workflow-config.md in', () => {
  const shapes: Record<string, string> = {
    'key headings': '# Config\n\n## output_language\nzh-CN\n\n## db_approach\n\ncode-first\n',
    'bare lines under headings': '## Language\noutput_language: zh-CN\n## Database\ndb_approach: code-first\n',
    'list items, quoted, with comments': '- db_approach: code-first\n- output_language: "zh-CN"   # en-US | zh-CN\n',
    'fenced YAML with comments over several lines':
      '```yaml\noutput_language: "zh-CN" # one of\n  # en-US | zh-CN\ndb_approach: \'code-first\',\n```\n',
    'tilde fences': '~~~yaml\noutput_language: zh-CN\ndb_approach: code-first\n~~~\n',
    'front matter': '---\noutput_language: zh-CN\ndb_approach: code-first\n---\n# Notes\n',
    'table rows': '| Key | Value |\n|---|---|\n| output_language | zh-CN |\n| `db_approach` | `code-first` |\n',
    'bold and backticked keys, full-width colons': '- **output_language**：zh-CN\n- `db_approach`： `code-first`（先写模型）\n',
    CRLF: 'output_language: zh-CN\r\ndb_approach: code-first\r\n',
    'another case': '## Output_Language\nZH-cn\n\nDB_APPROACH = Code-First\n',
  };
  it.each(Object.entries(shapes))('%s', (_name, text) => {
    const config = parseWorkflowConfig(text);
    expect(config.outputLanguage.value).toBe('zh-CN');
    expect(config.dbApproach.value).toBe('code-first');
    expect(config.outputLanguage.source.kind).toBe('file');
    expect(config.warnings).toEqual([]);
  });
});

it('uses documented defaults and says so', () => {
  const config = parseWorkflowConfig(undefined);
  expect(config.present).toBe(false);
  expect(config.outputLanguage).toEqual({ value: 'en-US', source: { kind: 'default' } });
  expect(config.dbApproach).toEqual({ value: 'database-first', source: { kind: 'default' } });
  expect(config.deliveryMode.value).toBe('standard');
});

it('ignores lines that are switched off, placeholders, comments and code of other languages', () => {
  const config = parseWorkflowConfig(
    '# output_language: ja-JP\n<!-- db_approach: code-first -->\ncurrent_version: "{project-version}"\noutput_language: [TBD]\n```python\ndb_approach: code-first\n```\n',
  );
  expect(config.outputLanguage.source.kind).toBe('default');
  expect(config.dbApproach.value).toBe('database-first');
  expect(config.currentVersion).toBeUndefined();
});

it('takes the first of two values and reports the conflict, and reports unknown values', () => {
  const config = parseWorkflowConfig('output_language: zh-CN\n- output_language: en-US\ndb_approach: database\ncurrent_sprint: ../x\n');
  expect(config.outputLanguage.value).toBe('zh-CN');
  expect(config.warnings).toHaveLength(3);
  expect(config.warnings.join('\n')).toContain('"zh-CN" on line 1 and "en-US" on line 2');
  expect(config.warnings.join('\n')).toContain('db_approach "database" on line 3');
  expect(config.currentSprint).toBeUndefined();
});

it('finds the folders of a sprint, and none while version or sprint is missing', () => {
  expect(iterationFolders(parseWorkflowConfig('delivery_mode: scrum\niteration: v1.0\ncurrent_sprint: sprint-2\n'))).toEqual({
    temp: '.ai/v1.0/sprint-2/temp',
    reports: '.ai/v1.0/sprint-2/reports',
  });
  expect(iterationFolders(parseWorkflowConfig('delivery_mode: scrum\ncurrent_version: v1.0\n'))).toBeUndefined();
  expect(iterationFolders(parseWorkflowConfig('delivery_mode: standard\ncurrent_version: v1.0\ncurrent_sprint: s1\n'))?.temp).toBe(
    '.ai/temp',
  );
});

it.each([
  ['skip_roles: []', []],
  ['skip_roles:\n- P6b/Java\n- dba-designer\n', ['P6b/Java', 'dba-designer']],
  ['- role_skip:\n  - none\n', []],
  ['| Role | Status | Skip reason |\n|---|---|---|\n| python-engineer | skipped | Go only |\n| dba | enabled | - |\n', ['python-engineer']],
])('reads skipped roles: %j', (text, roles) => {
  expect(parseWorkflowConfig(text).skippedRoles).toEqual(roles);
});
