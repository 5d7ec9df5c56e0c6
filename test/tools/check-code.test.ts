import { rename } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { startClient, workspaceWith } from '../support/client.ts';
import { addFiles } from '../support/connect.ts';
import { git } from '../support/git.ts';

const BLOCKING = 'import time\n\n\nasync def wait() -> None:\n    """Wait."""\n    time.sleep(1)\n';

it('names rule, place and fix, in a stable order, with true counters', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`src/clients/s${String(index).padStart(2, '0')}.py`, `${BLOCKING}    time.sleep(2)\n`]),
  );
  const { call } = await startClient({ args: ['--root', await workspaceWith(files)] });
  const first = await call('check_code', { limit: 10 });
  expect(first.structured).toMatchObject({
    clean: false,
    truncated: true,
    counts: { files: 30, errors: 60, warnings: 0 },
    by_rule: { 'async/no-time-sleep': 60 },
  });
  expect(first.text).toContain('60 errors in 30 files');
  expect(first.text).toContain('50 more: call again with offset 10');
  const again = await call('check_code', { limit: 10 });
  expect(again.text).toBe(first.text);
  const next = await call('check_code', { limit: 10, offset: 10 });
  expect(next.structured.findings).toMatchObject([{ path: 'src/clients/s05.py', line: 6, column: 5 }, {}, {}, {}, {}, {}, {}, {}, {}, {}]);
});

it('checks snippets as if they stood somewhere', async () => {
  const { call } = await startClient({ args: ['--root', await workspaceWith({})] });
  const asSource = await call('check_code', { code: 'print("x")\n', as_path: 'src/services/a.py' });
  expect(asSource.structured.findings).toMatchObject([{ rule: 'code/no-print', path: 'src/services/a.py', line: 1, column: 1 }]);
  expect((await call('check_code', { code: 'print("x")\n', as_path: 'scripts/a.py' })).structured).toMatchObject({ clean: true });
  expect((await call('check_code', { code: 'x', as_path: '../a.py' })).isError).toBe(true);
  expect((await call('check_code', { code: 'x', paths: ['.'] })).text).toContain('More than one of');
});

it('is not silenced by noqa, but by a reasoned allow comment, which is counted', async () => {
  const root = await workspaceWith({
    'src/a.py': `# ruff: noqa\nimport time\n\n\nasync def wait() -> None:\n    """Wait."""\n    time.sleep(1)  # noqa: ASYNC251\n    time.sleep(2)  # allow: async/no-time-sleep - the old driver needs it\n    # allow: async/no-time-sleep - and here\n    time.sleep(\n        3\n    )\n    time.sleep(4)  # allow: async/no-time-sleep\n    time.sleep(5)  # allow: code/no-print - another rule\n`,
  });
  const { call } = await startClient({ args: ['--root', root] });
  const result = await call('check_code');
  expect(result.structured).toMatchObject({
    counts: { errors: 3, allowed: 2 },
    findings: [{ line: 7 }, { line: 13 }, { line: 14 }],
    allowed: [
      { line: 8, reason: 'the old driver needs it' },
      { line: 10, reason: 'and here' },
    ],
  });
  expect(result.text).toContain('2 allowed by comment');
  expect(result.text).toContain('The allow comment here has no reason');
});

it('follows the settings of the project, and says what is wrong with them', async () => {
  const settings = '---\nrules:\n  async/no-time-sleep: warning\n  code/no-print: off\n  no/such-rule: off\nexclude: ["legacy/**"]\n---\n';
  const root = await workspaceWith({
    '.ai/context/python-engineer.md': settings,
    'src/a.py': `${BLOCKING}    print(1)\n`,
    'legacy/b.py': BLOCKING,
  });
  const { call } = await startClient({ args: ['--root', root] });
  const result = await call('check_code');
  expect(result.structured).toMatchObject({ counts: { files: 1, errors: 0, warnings: 1 } });
  expect(result.text).toContain('unknown rule "no/such-rule"');
  for (const broken of ['---\nrules: [1\n---\n', '---js\nprocess.exit(1)\n---\n', '---\nrules: {a: maybe}\n---\n']) {
    await addFiles(root, { '.ai/context/python-engineer.md': broken });
    const answered = await call('check_code', { paths: ['src'] });
    expect(answered.isError).toBe(false);
    expect(answered.text).toContain('is not applied');
  }
});

it('reports only what is new since a revision', async () => {
  const root = await workspaceWith({ 'src/old.py': BLOCKING, 'src/moved.py': `${BLOCKING}\n\nX = 1\n`, '.gitignore': 'build/\n' });
  const { call } = await startClient({ args: ['--root', root] });
  expect((await call('check_code', { changed_since: 'HEAD' })).text).toContain('not a git repository');
  git(root, 'init', '-q');
  git(root, 'add', '.');
  git(root, 'commit', '-qm', 'first');
  expect((await call('check_code', { changed_since: 'HEAD' })).text).toContain('No Python file to check');
  await rename(path.join(root, 'src/moved.py'), path.join(root, 'src/renamed.py'));
  git(root, 'add', '-A');
  await addFiles(root, { 'src/old.py': `${BLOCKING}    print(2)\n`, 'src/new.py': 'print(1)\n', 'build/out.py': 'print(1)\n' });
  const result = await call('check_code', { changed_since: 'HEAD' });
  expect(result.structured).toMatchObject({
    counts: { files: 3, errors: 2, older: 2 },
    findings: [
      { path: 'src/new.py', rule: 'code/no-print' },
      { path: 'src/old.py', line: 7 },
    ],
  });
  for (const revision of ['no-such-branch', '--output=/tmp/x', 'HEAD\nx'])
    expect((await call('check_code', { changed_since: revision })).text).toContain('revision');
});

it('reports a broken file once and still checks the others, bounded in time for hostile ones', async () => {
  const root = await workspaceWith({
    'src/broken.py': 'def f(:\n    return\n',
    'src/fine.py': BLOCKING,
    'src/deep.py': `x = ${'('.repeat(5000)}1${')'.repeat(5000)}\n`,
    'src/long_line.py': `X = "${'a'.repeat(1_000_000)}"\n`,
    'src/many.py': 'X = 1\n'.repeat(50_000),
    'src/bom.py': '\uFEFFprint("é", "😀"); print(2)\r\n',
    'src/template.py': '{% if x %}\nprint({{ y }})\n{% endif %}\n',
  });
  const { call } = await startClient({ args: ['--root', root] });
  const result = await call('check_code');
  const found = JSON.stringify(result.structured.findings);
  expect(result.structured.findings).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ path: 'src/broken.py', rule: 'code/complete', line: 1 }),
      expect.objectContaining({ path: 'src/fine.py', rule: 'async/no-time-sleep' }),
      expect.objectContaining({ path: 'src/bom.py', line: 1, column: 19 }),
    ]),
  );
  // Neither right nor wrong.
  expect(result.structured.skipped).toEqual([{ path: 'src/deep.py', reason: expect.stringContaining('could not be checked') }]);
  expect(found).not.toContain('deep.py');
  expect(found).not.toContain('template.py');
  expect(found.split('many.py')).toHaveLength(2);
});

it('finds modules below the roots that people configure', async () => {
  const files = {
    'libs/shared/python/http_client.py': '"""HTTP."""\n\nimport requests\n\nfetch = requests.get\n',
    'apps/orders/use.py':
      '"""Use."""\n\nfrom http_client import fetch\n\n\nasync def load(url: str) -> None:\n    """Load."""\n    fetch(url)\n',
  };
  const without = await startClient({ args: ['--root', await workspaceWith(files)] });
  expect((await without.call('check_code')).structured).toMatchObject({ clean: true });
  const settings = { '.ai/context/python-engineer.md': '---\nroots: [libs/shared/python/]\n---\n' };
  const configured = await startClient({ args: ['--root', await workspaceWith({ ...files, ...settings })] });
  expect((await configured.call('check_code')).structured.findings).toMatchObject([{ rule: 'async/io-is-async', line: 8 }]);
});

it('reads the syntax of every Python from 3.8 to 3.14', async () => {
  const modules = {
    'src/py38.py': 'def f(a: int, /, b: int) -> int:\n    """Sum."""\n    if (n := a) > 1:\n        return n\n    return b\n',
    'src/py39.py': 'with (open("a") as a, open("b") as b):\n    DATA = a.read() + b.read()\n',
    'src/py310.py':
      'def f(x: int | str) -> str:\n    """Match."""\n    match x:\n        case int() | 0:\n            return "n"\n        case _:\n            return "s"\n',
    'src/py311.py':
      'import logging\n\nlogger = logging.getLogger(__name__)\n\ntry:\n    X = 1\nexcept* ValueError as group:\n    logger.exception("failed", exc_info=group)\n',
    'src/py312.py':
      'type Pair[T] = tuple[T, T]\n\n\nclass Box[T: int]:\n    """A box."""\n\n    def get[S](self, s: S) -> S:\n        """Get."""\n        return s\n\n\nNAME = "x"\nTEXT = f"{f"{NAME}"}"\n',
    'src/py313.py': 'class Box[T = int]:\n    """PEP 696."""\n\n\ntype Alias[*Ts = *tuple[int, ...]] = tuple[*Ts]\n',
    'src/py314.py':
      'import logging\n\nlogger = logging.getLogger(__name__)\n\ntry:\n    X = 1\nexcept ValueError, TypeError:\n    logger.exception("failed")\n\nNAME = "x"\nTEMPLATE = t"hello {NAME}"\n',
  };
  const { call } = await startClient({ args: ['--root', await workspaceWith(modules)] });
  const result = await call('check_code', { rules: ['code/complete'] });
  expect(result.structured.findings).toEqual([]);
  expect(result.structured.counts).toMatchObject({ files: Object.keys(modules).length });
  // What stands after the new syntax is seen.
  for (const [path, text] of Object.entries(modules)) {
    const code = `${text}\n\nasync def wait() -> None:\n    """Wait."""\n    import requests\n\n    requests.get("/x")\n`;
    const checked = await call('check_code', { code, as_path: path, rules: ['async/io-is-async'] });
    expect(checked.structured.by_rule, path).toEqual({ 'async/io-is-async': 1 });
  }
});

it('does not take a snippet for what the file of its path holds', async () => {
  const root = await workspaceWith({
    'src/http_client.py': '"""HTTP."""\n\nimport requests\n\nfetch = requests.get\n',
    'src/use.py': '"""Use."""\n\nfrom http_client import fetch\n\n\nasync def load(url: str) -> None:\n    """Load."""\n    fetch(url)\n',
  });
  const { call } = await startClient({ args: ['--root', root] });
  await call('check_code', { code: '"""HTTP."""\n\nfetch = None\n', as_path: 'src/http_client.py' });
  const result = await call('check_code', { paths: ['src/use.py'] });
  expect(result.structured.findings).toMatchObject([{ rule: 'async/io-is-async', line: 8 }]);
});

it('warns once about a module of great length', async () => {
  const { call } = await startClient({ args: ['--root', await workspaceWith({})] });
  const result = await call('check_code', { code: 'X = 1\n'.repeat(1200), rules: ['code/single-responsibility'] });
  expect(result.structured.findings).toMatchObject([
    { rule: 'code/single-responsibility', severity: 'warning', line: 1, message: expect.stringContaining('1200 lines') },
  ]);
});

it('ends on packages that star-import each other in circles', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
  const files: Record<string, string> = {
    'p/__init__.py': `${names.map((name) => `from .${name} import *\n`).join('')}from .model import *\n`,
    'p/model.py': 'class Model:\n    """A model."""\n',
    'use.py': '"""Use."""\n\nfrom p import Model, missing\n\nMODEL = Model.create(missing)\n',
  };
  for (const name of names) files[`p/${name}.py`] = 'from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from . import Model\n';
  const { call } = await startClient({ args: ['--root', await workspaceWith(files)] });
  expect((await call('check_code')).structured).toMatchObject({ counts: { files: 15 } });
});

it.each([
  ['src/services/tools/prices.py', 'X = 1\n', true],
  ['src/services/migrations/recipes.py', 'X = 1\n', true],
  ['src/orders.py', 'from .click import handler\nimport argparse\n', true],
  ['src/api/server.py', 'from fastapi import FastAPI\nfrom pydantic_settings import BaseSettings\n', true],
  ['src/tenants/recover.py', 'import typer\n\napp = typer.Typer()\n\n\n@app.command()\ndef run() -> None:\n    """Run."""\n', false],
  ['tools/release.py', 'X = 1\n', false],
  ['src/shop/migrations/0001_initial.py', 'from django.db import migrations\n', false],
  ['db/versions/a1.py', 'X = 1\n', false],
  ['src/client.py', '"""The client."""\n# This module was auto-generated from the schema.\n', false],
])('knows what kind of file %s is', async (file, text, isSource) => {
  const { call } = await startClient({ args: ['--root', await workspaceWith({})] });
  const result = await call('check_code', { code: `${text}print(1)\n`, as_path: file, rules: ['code/no-print'] });
  expect(result.structured.clean).toBe(!isSource);
});
