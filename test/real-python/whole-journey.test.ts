import { cp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { CONTRACT_LOG, CONTRACT_PATH, DEFINITION, DEVELOP_LOG, FILES, finishedFile, OPEN_CONTRACT } from '../../scripts/journey.ts';
import { startClient } from '../support/client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { linkEnvironment, pythonEnvironment } from './python-environment.ts';

/** What is taken away, and what the gate then says. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ['src/models/loan.py', /^check_schema: No SQLAlchemy or SQLModel table was found/],
  ['src/schemas/loan.py', /^run_checks: mypy found/],
  ['src/api/loans.py', /^run_checks: mypy found/],
  ['src/main.py', /^check_contract: The code departs from the contract/],
  ['src/services/loans.py', /^run_checks: mypy found/],
  ['src/repositories/loans.py', /^run_checks: mypy found/],
  ['tests/test_loans.py', /^run_checks: pytest found no test/],
  ['.ai/records', /^write_work_log: there is no work log yet/],
  ['.ai/temp/db-init.sql', /^check_schema: /],
  [CONTRACT_PATH, /^check_contract: /],
];

it('goes from an open contract to a phase that is done; without any one part it is not', async () => {
  const root = await temporaryFolder();
  await cp('examples/library-service', root, { recursive: true });
  await linkEnvironment(root, await pythonEnvironment());
  await writeFile(path.join(root, CONTRACT_PATH), OPEN_CONTRACT);
  const { call } = await startClient({ args: ['--root', root] });
  const gate = () => call('run_checks', { gate: true });

  await call('read_context', { mode: 'contract' });
  expect((await gate()).structured.missing).toEqual([
    expect.stringMatching(/^check_contract: /),
    'write_work_log: there is no work log yet.',
  ]);
  const defined = await call('define_contract', DEFINITION);
  expect(defined.isError, defined.text).toBe(false);
  expect((await call('check_contract')).structured.ready).toBe(true);
  expect((await call('write_work_log', CONTRACT_LOG)).isError).toBe(false);
  expect((await gate()).structured.passed).toBe(true);

  await call('read_context');
  expect((await gate()).structured.passed).toBe(false);
  for (const file of FILES) {
    if (file === 'pyproject.toml') await call('read_file', { path: file });
    const written = await call('write_file', { path: file, content: await finishedFile(file) });
    expect(written.isError, written.text).toBe(false);
  }
  expect((await gate()).structured.missing).toEqual(['write_work_log: no work log speaks of the code and the contract as they are now.']);
  expect((await call('write_work_log', DEVELOP_LOG)).isError).toBe(false);
  const done = await gate();
  expect(done.text).toMatch(/^Done: everything that the phase demands is there\.\n/);
  expect(done.structured).toMatchObject({ passed: true, missing: [], total: 0 });

  const aside = path.join(await temporaryFolder(), 'aside');
  for (const [part, reason] of PARTS) {
    await rename(path.join(root, part), aside);
    const without = await gate();
    expect(without.structured.passed, part).toBe(false);
    expect(without.structured.missing, part).toContainEqual(expect.stringMatching(reason));
    await rm(path.join(root, part), { recursive: true, force: true });
    await rename(aside, path.join(root, part));
  }
  expect((await gate()).structured.passed).toBe(true);
});
