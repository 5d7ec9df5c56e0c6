import { access, chmod, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { startClient } from '../support/client.ts';
import { addFiles, type TestClient } from '../support/connect.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { linkEnvironment, pythonEnvironment } from './python-environment.ts';

const FIXTURE = 'test/fixtures/checks';

let environment: string;

beforeAll(async () => {
  environment = await pythonEnvironment();
});

/** A copy of the sample package with these files, and a client on it. */
async function project(
  files: Record<string, string> = {},
  { hasEnvironment = true, env = {} }: { hasEnvironment?: boolean; env?: Record<string, string> } = {},
): Promise<{ root: string; client: TestClient }> {
  const root = await temporaryFolder();
  await cp(FIXTURE, root, { recursive: true });
  if (hasEnvironment) await linkEnvironment(root, environment);
  await addFiles(root, files);
  return { root, client: await startClient({ args: ['--root', root], env }) };
}

/** The processes whose command line holds a text. */
async function processesWith(text: string): Promise<number> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(names.map((name) => readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(text)).length;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

it('passes what is right, and says in which environment', async () => {
  const { client } = await project();
  const result = await client.call('run_checks');
  expect(result.text).toMatch(/^Passed: ruff, mypy, pytest\.\n/);
  expect(result.text).toMatch(/^Run in \.venv in the project \(Python 3\.\d+\.\d+\), on src\. /m);
  expect(result.structured).toMatchObject({
    passed: true,
    total: 0,
    warnings: [],
    checks: [
      { check: 'ruff', state: 'passed' },
      { check: 'mypy', state: 'passed' },
      { check: 'pytest', state: 'passed', summary: expect.stringContaining('2 passed, 0 failed, 0 skipped') },
    ],
    coverage: [
      { layer: 'services', percent: 100 },
      { layer: 'repositories', percent: 100 },
    ],
  });
});

it('reports what each tool found, at its place', async () => {
  const { client } = await project({
    'src/shop/wrong.py': 'import os\n\n\ndef double(number: int) -> str:\n    return number * 2\n',
    'tests/test_wrong.py': 'def test_double_should_fail() -> None:\n    assert 1 + 1 == 3\n',
  });
  const result = await client.call('run_checks');
  expect(result.text).toMatch(/^Failed: ruff, mypy, pytest\.\n/);
  const findings = result.structured.findings;
  expect(findings).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ rule: 'ruff/F401', path: 'src/shop/wrong.py', line: 1 }),
      expect.objectContaining({
        rule: 'typing/mypy-strict',
        message: expect.stringMatching(/\[return-value\]$/),
        path: 'src/shop/wrong.py',
        line: 5,
        column: 12,
      }),
      expect.objectContaining({ rule: 'pytest/failed', path: 'tests/test_wrong.py', line: 2 }),
    ]),
  );
});

it('wants 80 % of services and repositories covered, and names the lines', async () => {
  const branch = '    if count > 100:\n        count = 100\n';
  const body = `def few(count: int) -> int:\n    """Limits."""\n${branch.repeat(20)}    return count\n`;
  const { client } = await project({ 'src/shop/services/limits.py': `"""Limits."""\n\n\n${body}` });
  const result = await client.call('run_checks', { checks: ['pytest'] });
  expect(result.structured.passed).toBe(false);
  expect(result.text).toMatch(
    /src\/shop\/services\/limits\.py:\d+:1: error testing\/coverage: [\d.]+% of services is covered, 80% is wanted/,
  );
  const part = await client.call('run_checks', { checks: ['pytest'], expression: 'add_up' });
  expect(part.structured).toMatchObject({ passed: true, coverage: [], warnings: [] });
});

it('decides by what has run whether a service is tested', async () => {
  const { client } = await project({
    'src/shop/services/mail.py':
      '"""Mail."""\n\n\ndef reached() -> int:\n    """Through another name."""\n    return 1\n\n\ndef mentioned() -> int:\n    """Only named."""\n    return 2\n',
    'tests/test_mail.py':
      '"""Mail."""\n\nfrom shop.services import mail\n\n\ndef test_mail_should_work() -> None:\n    """Does not run what it names."""\n    assert mail.mentioned\n    assert getattr(mail, "reach" + "ed")() == 1\n',
  });
  const rule = 'testing/service-covered';
  const static_ = await client.call('check_code', { rules: [rule] });
  expect(static_.structured.findings).toEqual([expect.objectContaining({ message: 'No test calls `reached`.' })]);
  const run = await client.call('run_checks', { checks: ['pytest'] });
  expect(run.structured.findings).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ rule, message: 'No test runs `mentioned`.', path: 'src/shop/services/mail.py', line: 9 }),
    ]),
  );
  expect(run.text).not.toContain('reached');
  const gate = await client.call('run_checks', { gate: true });
  expect(gate.text).toContain(`${rule}: No test runs \`mentioned\`. (src/shop/services/mail.py:9)`);
  expect(gate.text).not.toContain('reached');
});

it('measures what runs in the greenlets of SQLAlchemy', async () => {
  const { client } = await project({
    'src/shop/repositories/numbers.py':
      '"""Numbers."""\n\nfrom sqlalchemy.util import greenlet_spawn\n\n\ndef inner() -> int:\n    """Runs in a greenlet."""\n    first = 1\n    second = 2\n    third = 3\n    return first + second + third\n\n\nasync def numbers() -> int:\n    """Runs them."""\n    found: int = await greenlet_spawn(inner)\n    return found\n',
    'tests/test_numbers.py':
      '"""Numbers."""\n\nimport asyncio\n\nfrom shop.repositories.numbers import numbers\n\n\ndef test_numbers_should_add_up() -> None:\n    """Six."""\n    assert asyncio.run(numbers()) == 6\n',
  });
  const result = await client.call('run_checks', { checks: ['pytest'] });
  expect(result.structured).toMatchObject({ passed: true, coverage: [expect.anything(), { layer: 'repositories', percent: 100 }] });
});

it('says where the configuration takes strictness back', async () => {
  const { root, client } = await project();
  const manifest = path.join(root, 'pyproject.toml');
  await writeFile(
    manifest,
    `${await readFile(manifest, 'utf8')}\n[[tool.mypy.overrides]]\nmodule = "shop.services.*"\nignore_errors = true\n`,
  );
  const result = await client.call('run_checks', { checks: ['mypy'] });
  expect(result.text).toContain(
    'Warning: mypy is less strict here than --strict: ignore_errors = true for shop.services.* (pyproject.toml).',
  );
});

it('tells a crash from a finding', async () => {
  const { client } = await project({ 'tests/conftest.py': 'raise SystemExit("no settings")\n' });
  const result = await client.call('run_checks', { checks: ['pytest'] });
  expect(result.structured).toMatchObject({ passed: false, total: 0, warnings: [], checks: [{ check: 'pytest', state: 'crashed' }] });
  expect(result.text).toContain('pytest itself failed (exit code');
  expect(result.text).toContain('no settings');
});

it('reports a test module that cannot be imported', async () => {
  const { client } = await project({ 'tests/test_gone.py': 'import nowhere\n' });
  const result = await client.call('run_checks', { checks: ['pytest'] });
  expect(result.structured.findings).toEqual([expect.objectContaining({ rule: 'pytest/error', path: 'tests/test_gone.py' })]);
  expect(result.text).toContain("No module named 'nowhere'");
});

it('finds what a conftest.py that cannot be imported stumbled over', async () => {
  const { client } = await project({
    'src/shop/settings.py': '"""Settings."""\n\nlimit = missing_name\n',
    'tests/conftest.py': 'from shop import settings\n',
  });
  const result = await client.call('run_checks', { checks: ['pytest'] });
  expect(result.structured).toMatchObject({
    checks: [{ state: 'failed', summary: 'pytest: no test ran, since conftest.py could not be imported.' }],
    findings: [
      {
        rule: 'pytest/error',
        path: 'src/shop/settings.py',
        line: 3,
        message: expect.stringContaining("name 'missing_name' is not defined"),
      },
    ],
  });
});

it('tells the signal that ended the interpreter, and where', async () => {
  const { client } = await project({
    'tests/test_fatal.py': 'import faulthandler\n\n\ndef test_fatal() -> None:\n    faulthandler._sigsegv()\n',
  });
  const result = await client.call('run_checks', { tests: ['tests/test_fatal.py'] });
  expect(result.text).toContain('pytest itself failed (killed by SIGSEGV)');
  expect(result.text).toContain('Fatal Python error: Segmentation fault');
  expect(result.text).toMatch(/test_fatal\.py", line 5 in test_fatal/);
});

it('names tests so that they can be run again, with what they have in common', async () => {
  const { client } = await project({
    'tests/base.py': 'class Base:\n    def test_inherited(self) -> None:\n        raise ValueError(self.number)\n',
    'tests/test_named.py': [
      'import pytest\nfrom base import Base\nfrom shop.services import broken\n\n',
      'class TestOne(Base):\n    number = 1\n\n',
      'class TestTwo(Base):\n    number = 2\n\n',
      '@pytest.mark.parametrize("count", [1, 2])\ndef test_counted(count: int) -> None:\n    assert count == 0\n\n',
      'def test_first() -> None:\n    broken.fail()\n\n',
      'def test_second() -> None:\n    broken.fail()\n',
    ].join('\n'),
    'src/shop/services/broken.py': 'def fail() -> None:\n    raise ValueError("broken")\n',
  });
  const result = await client.call('run_checks', { tests: ['tests/test_named.py'] });
  expect(result.text).toContain(
    'tests/test_named.py:1:1: error pytest/failed: TestOne::test_inherited: ValueError: 1 (raised at tests/base.py:3)',
  );
  expect(result.text).toContain('TestTwo::test_inherited: ValueError: 2');
  expect(result.text).toMatch(/2 tests \(test_counted\[1\], test_counted\[2\]\): assert 1 == 0/);
  expect(result.text).toMatch(/2 tests \(test_first, test_second\): ValueError: broken \(raised at src\/shop\/services\/broken\.py:2\)/);
  const again = await client.call('run_checks', { tests: ['tests/test_named.py::TestOne::test_inherited'] });
  expect(again.structured).toMatchObject({ total: 1, checks: [{ check: 'pytest' }] });
  expect((await client.call('run_checks', { tests: ['tests/gone.py'] })).text).toContain('There is no "tests/gone.py" in the workspace.');
  expect((await client.call('run_checks', { expression: 'nothing_like_it' })).text).toContain('the expression leaves out all');
});

it('checks a package of a workspace, whose root only lists its members', async () => {
  const { root, client } = await project();
  const files = {
    'pyproject.toml': '[tool.uv.workspace]\nmembers = ["services/*"]\n\n[tool.pytest.ini_options]\npythonpath = ["services/a"]\n',
  };
  await addFiles(root, {
    ...files,
    'services/a/pyproject.toml': '[project]\nname = "a"\nversion = "1"\n',
    'services/a/core.py': 'def one() -> int:\n    return 1\n',
    'services/a/tests/test_core.py': 'from core import one\n\n\ndef test_one() -> None:\n    assert one() == 2\n',
    'services/b/pyproject.toml': '[project]\nname = "b"\nversion = "1"\n',
  });
  expect((await client.call('run_checks')).text).toContain('There are several packages: services/a, services/b.');
  expect((await client.call('run_checks', { path: 'services/c' })).isError).toBe(true);
  const result = await client.call('run_checks', { path: 'services/a', checks: ['pytest'] });
  expect(result.structured).toMatchObject({ findings: [{ path: 'services/a/tests/test_core.py', line: 5 }], coverage: [] });
  const part = await client.call('run_checks', { path: 'services/a', tests: ['services/a/tests/test_core.py::test_one'] });
  expect(part.structured).toMatchObject({ total: 1 });
});

it('leaves no test running when the server is killed', async () => {
  const marker = `orphan-${process.pid}-${Date.now()}`;
  const { client } = await project({
    'tests/test_orphan.py': `import subprocess\nimport sys\n\n\ndef test_orphan() -> None:\n    subprocess.run([sys.executable, "-c", "import time; time.sleep(600)", "${marker}"], check=False)\n`,
  });
  const call = client.call('run_checks', { checks: ['pytest'] });
  await vi.waitUntil(async () => (await processesWith(marker)) > 0, { timeout: 30_000 });
  process.kill(client.pid, 'SIGKILL');
  await expect(call).rejects.toThrow();
  await vi.waitUntil(async () => (await processesWith(marker)) === 0, { timeout: 5_000 });
});

it('names the command that adds a missing tool, and installs nothing', async () => {
  const { root, client } = await project({}, { hasEnvironment: false, env: { PATH: '/nowhere' } });
  const none = await client.call('run_checks', { checks: ['ruff'] });
  expect(none.structured).toMatchObject({ passed: false, checks: [{ check: 'ruff', state: 'missing' }] });
  expect(none.text).toContain('python3 could not be started');
  await addFiles(root, { '.venv/bin/python': '#!/bin/sh\necho "python: No module named $2" >&2\nexit 1\n' });
  await chmod(path.join(root, '.venv/bin/python'), 0o755);
  const missing = await client.call('run_checks');
  expect(missing.text).toContain(
    'mypy is not installed in .venv in the project: ask the user to run .venv/bin/python -m pip install mypy.',
  );
});

it('ends a test that hangs, with what it started, and keeps what the others gave', async () => {
  const marker = `hang-${process.pid}-${Date.now()}`;
  const { root, client } = await project({
    'tests/test_hang.py': `import subprocess\nimport sys\n\n\ndef test_hang() -> None:\n    subprocess.run([sys.executable, "-c", "import time; time.sleep(600)", "${marker}"], check=False)\n`,
  });
  await addFiles(root, { 'tests/test_early.py': 'def test_early() -> None:\n    assert 1 == 2\n' });
  const result = await client.call('run_checks', { checks: ['pytest'], timeout: 8 });
  expect(result.structured).toMatchObject({ passed: false, checks: [{ check: 'pytest', state: 'timed_out' }] });
  expect(result.text).toContain('did not end within 8 s');
  expect(result.text).toContain('tests/test_early.py:2:1: error pytest/failed: test_early: assert 1 == 2');
  expect(result.text).toContain('So far: 0 passed, 1 failed, 0 skipped. The last it was seen in is test_hang (tests/test_hang.py:6).');
  expect(await processesWith(marker)).toBe(0);
});

it('ends everything when all who waited have cancelled, and not before', async () => {
  const marker = `cancel-${process.pid}-${Date.now()}`;
  const { root, client } = await project({
    'tests/test_wait.py': `import pathlib\nimport subprocess\nimport sys\n\n\ndef test_wait() -> None:\n    pathlib.Path("started").touch()\n    subprocess.run([sys.executable, "-c", "import pathlib, time\\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)", "${marker}"], check=True)\n`,
  });
  const ask = (controller: AbortController) =>
    client.client.callTool({ name: 'run_checks', arguments: { checks: ['pytest'] } }, undefined, { signal: controller.signal });
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
  const one = ask(first);
  const other = ask(second);
  await vi.waitUntil(() => exists(path.join(root, 'started')), { timeout: 30_000 });
  first.abort('not needed');
  await expect(one).rejects.toThrow();
  await addFiles(root, { go: '' });
  expect((await other).structuredContent).toMatchObject({ passed: true });

  await Promise.all(['go', 'started'].map((name) => rm(path.join(root, name))));
  const last = ask(third);
  await vi.waitUntil(async () => (await processesWith(marker)) > 0, { timeout: 30_000 });
  third.abort('not needed');
  await expect(last).rejects.toThrow();
  await vi.waitUntil(async () => (await processesWith(marker)) === 0, { timeout: 2_000 });
});

it('reads ten thousand failures behind megabytes of output, as one cause, and pages the log', async () => {
  const { client } = await project({
    'tests/conftest.py':
      'def pytest_configure(config):\n    with config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():\n        for _ in range(40_000):\n            print("x" * 80)\n',
    'tests/test_many.py':
      'import pytest\n\n\n@pytest.mark.parametrize("number", range(10_000))\ndef test_many(number: int) -> None:\n    assert number < 0\n',
  });
  const progress: number[] = [];
  const result = await client.client.callTool(
    { name: 'run_checks', arguments: { checks: ['pytest'], tests: ['tests'], limit: 20 } },
    undefined,
    {
      timeout: 110_000,
      onprogress: ({ progress: done }) => progress.push(done),
    },
  );
  expect(result.structuredContent).toMatchObject({ total: 10_000 });
  const text = JSON.stringify(result.content);
  expect(text).toContain('pytest: 2 passed, 10000 failed, 0 skipped');
  expect(text).toContain('tests/test_many.py:6:1: error pytest/failed, 10000 tests (test_many[0], test_many[1]');
  expect(text.length).toBeLessThan(4_000);
  expect(progress.length).toBeGreaterThan(50);
  expect(progress).toEqual(progress.toSorted((one, other) => one - other));
  const log = await client.call('read_file', { path: 'run_checks:pytest.log' });
  expect(log.isError).toBe(false);
  expect(log.text).toContain('xxxxxxxx');
});

it('shares one run between two that ask for the same', async () => {
  const { root, client } = await project({
    'tests/conftest.py': 'with open("runs.txt", "a", encoding="utf-8") as runs:\n    runs.write("run\\n")\n',
  });
  const both = await Promise.all([client.call('run_checks', { checks: ['pytest'] }), client.call('run_checks', { checks: ['pytest'] })]);
  expect(both.map((each) => each.structured.passed)).toEqual([true, true]);
  expect(await readFile(path.join(root, 'runs.txt'), 'utf8')).toBe('run\n');
});

it('keeps the values of secret variables out of what it says', async () => {
  const { client } = await project(
    { 'tests/test_secret.py': 'import os\n\n\ndef test_secret() -> None:\n    assert os.environ["SHOP_API_KEY"] == "other"\n' },
    { env: { SHOP_API_KEY: 'kept-out-of-sight' } },
  );
  const result = await client.call('run_checks', { checks: ['pytest'] });
  expect(result.structured.total).toBe(1);
  const log = await client.call('read_file', { path: 'run_checks:pytest.log' });
  expect(result.text + JSON.stringify(result.structured) + log.text).not.toContain('kept-out-of-sight');
});

it('takes folders, switches and the words of mypy for no secrets', async () => {
  const { client } = await project(
    {
      'src/shop/tokens.py': '"""Tokens."""\n\ntokens = []\n',
      'tests/test_switch.py': 'import os\n\n\ndef test_switch() -> None:\n    assert os.environ["TOKENIZERS_PARALLELISM"] == "true"\n',
    },
    { env: { OLDPWD: '/src', PWD: '/shop', TOKENIZERS_PARALLELISM: 'false', LOGIN_TOKEN: 'off' } },
  );
  const result = await client.call('run_checks', { checks: ['mypy', 'pytest'] });
  expect(result.text).toContain(
    'src/shop/tokens.py:3:1: error typing/mypy-strict: Need type annotation for "tokens" (hint: "tokens: list[<type>] = ...")',
  );
  expect(result.text).toContain("assert 'false' == 'true'");
});

it('is not kept from measuring by the options of pytest-cov and pytest-xdist', async () => {
  const { root, client } = await project();
  const manifest = path.join(root, 'pyproject.toml');
  const text = await readFile(manifest, 'utf8');
  expect(text).toContain('[tool.pytest.ini_options]');
  await writeFile(
    manifest,
    text.replace('[tool.pytest.ini_options]', '[tool.pytest.ini_options]\naddopts = "-n 2 --cov=shop --cov-fail-under=100"'),
  );
  const result = await client.call('run_checks', { checks: ['pytest'] });
  expect(result.structured).toMatchObject({ passed: true, coverage: [{ percent: 100 }, { percent: 100 }] });
});

it('says what a phase lacks, in the order to settle it, whatever is claimed', async () => {
  const { root, client } = await project();
  await cp('examples/library-service/.ai', path.join(root, '.ai'), { recursive: true });
  await client.call('read_context');
  const result = await client.call('run_checks', { gate: true });
  expect(result.text).toMatch(/^Not done: \d points, in the order to settle them\.\n1\. /);
  expect(result.structured.passed).toBe(false);
  expect(result.structured.missing).toEqual([
    expect.stringMatching(/^check_contract: The code departs from the contract/),
    expect.stringMatching(/^check_schema: No SQLAlchemy or SQLModel table was found/),
    'write_work_log: there is no work log yet.',
  ]);
  await client.call('write_work_log', { summary: 'All is done.', changes: [{ task: 'T1', description: 'All.' }] });
  await addFiles(root, { 'src/shop/later.py': '"""Written after the log."""\n' });
  const later = await client.call('run_checks', { gate: true, checks: ['ruff'] });
  expect(later.structured.missing).toEqual([
    expect.stringMatching(/^check_contract: /),
    expect.stringMatching(/^check_schema: /),
    'run_checks: mypy, pytest did not run; leave checks out.',
    'write_work_log: no work log speaks of the code and the contract as they are now.',
  ]);
});

it('demands of the contract phase the contract and its log, and no tools', async () => {
  const { root, client } = await project({}, { hasEnvironment: false });
  await cp('examples/library-service/.ai', path.join(root, '.ai'), { recursive: true });
  await client.call('read_context', { mode: 'contract' });
  const early = await client.call('run_checks', { gate: true });
  expect(early.structured).toMatchObject({ passed: false, checks: [], missing: ['write_work_log: there is no work log yet.'] });
  await client.call('write_work_log', { summary: 'The contract.', changes: [{ task: 'T1', description: 'The contract.' }] });
  const done = await client.call('run_checks', { gate: true });
  expect(done.text).toBe('Done: everything that the phase demands is there.');
  const contract = path.join(root, '.ai/temp/api-contract.md');
  await writeFile(contract, `${await readFile(contract, 'utf8')}\n### GET /later\n\n[TBD]\n`);
  const open = await client.call('run_checks', { gate: true });
  expect(open.structured.missing).toEqual([
    expect.stringMatching(/^check_contract: /),
    'write_work_log: no work log speaks of the code and the contract as they are now.',
  ]);
});
