import { execFile } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { sampleWorkspace, workspaceWith } from '../support/client.ts';
import { addFiles, BIN } from '../support/connect.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function check(cwd: string, ...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, 'check', ...args], { cwd, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

const PRICES =
  '"""Prices."""\n\nimport time\n\n\nasync def total() -> None:\n    """Sum."""\n    名前 = "合計"; time.sleep(1)\n    del 名前\n\n\ndef guess(text: str) -> int | None:\n    """Parse."""\n    try:\n        return int(text)\n    except ValueError:\n        return None\n';

it('shows each finding with its source line, a caret below it, and the fix', async () => {
  const root = await workspaceWith({ 'src/clients/prices.py': PRICES });
  const { code, stdout } = await check(root);
  expect(code).toBe(1);
  expect(stdout).toBe(
    [
      'async/no-time-sleep `total` blocks the event loop: `time.sleep` stops every request until it returns.',
      ' --> src/clients/prices.py:8:16',
      '  |',
      '8 |     名前 = "合計"; time.sleep(1)',
      '  |     \u3000\u3000    \u3000\u3000   ^^^^^^^^^^',
      '  |',
      'help: Await `asyncio.sleep(seconds)`.',
      '',
      'code/no-swallowed-exception (warning) `ValueError` is answered with a constant and leaves no trace in the log.',
      '  --> src/clients/prices.py:16:5',
      '   |',
      '16 |     except ValueError:',
      '   |     ^^^^^^^^^^^^^^^^^',
      '   |',
      'help: If this is expected, log it at debug level; if not, re-raise.',
      '',
      'Found 1 error and 1 warning in 1 file.',
      '',
    ].join('\n'),
  );
});

it('ends with 0 on clean code, 1 on findings, and 2 when it cannot run', async () => {
  expect(await check(await sampleWorkspace())).toMatchObject({ code: 0, stdout: 'All checks passed: 3 files.\n' });
  const root = await workspaceWith({ 'src/clients/prices.py': PRICES });
  expect((await check(root, '--severity', 'error', '--rule', 'code')).code).toBe(0);
  expect((await check(root, '--rule', 'code')).code).toBe(1);
  for (const args of [
    ['nowhere'],
    ['--format', 'xml'],
    ['--colour'],
    ['--severity', 'high'],
    ['--rule', 'no/rule'],
    ['--changed'],
    ['--changed', 'src'],
    ['--root', 'nowhere'],
    ['--update-baseline'],
  ]) {
    const run = await check(root, ...args);
    expect(run.code, args.join(' ')).toBe(2);
    expect(run.stdout, args.join(' ')).toBe('');
    expect(run.stderr, args.join(' ')).toMatch(/\n→ .+/);
  }
});

it('takes paths relative to the folder it runs in', async () => {
  const root = await workspaceWith({ 'src/clients/prices.py': PRICES, 'src/other.py': 'print(1)\n' });
  expect((await check(root, 'src/clients', '--statistics')).stdout).toBe(
    '      1  async/no-time-sleep error\n      1  code/no-swallowed-exception warning\n',
  );
  const link = path.join(await temporaryFolder(), 'project');
  await symlink(root, link);
  expect((await check(path.join(link, 'src'), '--root', '..', 'other.py', '--statistics')).stdout).toBe('      1  code/no-print error\n');
});

it('prints one JSON object', async () => {
  const root = await workspaceWith({ 'src/a.py': 'print(1)\nprint(2)  # allow: code/no-print - shown on purpose\n' });
  const report: unknown = JSON.parse((await check(root, '--format', 'json')).stdout);
  expect(report).toEqual({
    findings: [
      expect.objectContaining({
        rule: 'code/no-print',
        severity: 'error',
        path: 'src/a.py',
        line: 1,
        column: 1,
        endLine: 1,
        endColumn: 6,
        fix: expect.any(String),
        message: expect.any(String),
      }),
    ],
    allowed: [expect.objectContaining({ line: 2, reason: 'shown on purpose' })],
    counts: { files: 1, errors: 1, warnings: 0, allowed: 1, older: 0 },
    skipped: [],
  });
});

it('prints SARIF with the rules and their help', async () => {
  const root = await workspaceWith({ 'src/clients/pri ces.py': PRICES });
  const level = z.enum(['error', 'warning']);
  const log = z
    .object({
      version: z.literal('2.1.0'),
      runs: z.tuple([
        z.object({
          columnKind: z.literal('utf16CodeUnits'),
          tool: z.object({
            driver: z.object({
              name: z.string(),
              rules: z.array(
                z.object({
                  id: z.string(),
                  help: z.object({ text: z.string(), markdown: z.string() }),
                  defaultConfiguration: z.object({ level }),
                }),
              ),
            }),
          }),
          results: z.array(
            z.object({
              ruleId: z.string(),
              ruleIndex: z.number(),
              level,
              message: z.object({ text: z.string() }),
              locations: z.tuple([
                z.object({
                  physicalLocation: z.object({
                    artifactLocation: z.object({ uri: z.string() }),
                    region: z.object({ startLine: z.number() }),
                  }),
                }),
              ]),
              partialFingerprints: z.record(z.string(), z.string()),
            }),
          ),
        }),
      ]),
    })
    .parse(JSON.parse((await check(root, '--format', 'sarif')).stdout));
  const [run] = log.runs;
  expect(run.results).toHaveLength(2);
  for (const result of run.results) {
    expect(run.tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
    expect(result.locations[0].physicalLocation.artifactLocation.uri).toBe('src/clients/pri%20ces.py');
  }
  expect(run.tool.driver.rules[0]?.help.markdown).toContain('```python');
});

it('prints SARIF that its schema accepts', async () => {
  const schema: unknown = JSON.parse(await readFile('node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json', 'utf8'));
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  addFormats.default(ajv);
  const validate = ajv.compile(z.looseObject({ $schema: z.string() }).parse(schema));
  const root = await workspaceWith({
    'src/clients/pri ces.py': PRICES,
    'src/broken.py': 'def f(:\n',
    'src/empty.py': '',
    'src/allowed.py': '"""A."""\n\nprint(1)  # allow: code/no-print - a script\n',
  });
  const log: unknown = JSON.parse((await check(root, '--format', 'sarif')).stdout);
  validate(log);
  expect(validate.errors ?? []).toEqual([]);
  expect(validate({ version: '2.1.0' })).toBe(false);
});

it('prints workflow commands and test reports that cannot be broken by what is in the code', async () => {
  const root = await workspaceWith({ 'src/a,b.py': 'from unknown_module import *\nimport os\n\nX = os.environ["A<B>&\\"%"]\n' });
  const commands = (await check(root, '--format', 'github')).stdout.trim().split('\n');
  expect(commands).toHaveLength(1);
  expect(commands[0]).toMatch(/^::error file=src\/a%2Cb\.py,line=4,col=5,endLine=4,endColumn=15,title=config\/no-environ::/);
  const report = (await check(root, '--format', 'junit')).stdout;
  expect(report).toContain('<testsuite name="src/a,b.py" tests="1" failures="1" errors="0">');
  expect(report.replace(/&(amp|lt|gt|quot|apos);/g, '')).not.toContain('&');
  expect((await check(await sampleWorkspace(), '--format', 'junit')).stdout).toContain('failures="0"');
});

it('records a baseline and then reports only what is new, wherever lines have moved', async () => {
  const root = await workspaceWith({ 'src/clients/prices.py': PRICES });
  expect(await check(root, '--baseline', 'baseline.json')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('Recorded 2 findings'),
  });
  await addFiles(root, {
    'src/clients/prices.py': `# A comment above.\n${PRICES}\n\ndef show() -> None:\n    """Show."""\n    print(1)\n`,
  });
  const later = await check(root, '--baseline', 'baseline.json', '--format', 'json');
  expect(later.code).toBe(1);
  expect(JSON.parse(later.stdout)).toMatchObject({ findings: [{ rule: 'code/no-print' }], counts: { older: 2 } });
  expect((await check(root, '--baseline', 'baseline.json', '--update-baseline')).code).toBe(0);
  expect((await check(root, '--baseline', 'baseline.json')).code).toBe(0);
  expect(await readFile(path.join(root, 'baseline.json'), 'utf8')).toContain('"rule": "code/no-print"');
  await addFiles(root, { 'baseline.json': '{' });
  expect((await check(root, '--baseline', 'baseline.json')).code).toBe(2);
});
