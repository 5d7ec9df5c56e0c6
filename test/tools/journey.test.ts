import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { sampleWorkspace, startClient } from '../support/client.ts';

const BLOCKING = `"""Renew loans."""

import time

import requests


async def renew(loan_id: int) -> bool:
    """Renew a loan."""
    time.sleep(1)
    return requests.get(f"/reservations/{loan_id}").ok
`;

const ASYNC = `"""Renew loans."""

import httpx


async def renew(client: httpx.AsyncClient,   loan_id: int) -> bool:
    """Renew a loan."""
    response = await client.get(f'/reservations/{loan_id}')
    return response.is_success
`;

const TEST = `"""Tests of the loan service."""

import httpx
import pytest

from services.loans import renew


@pytest.mark.anyio
async def test_renew_should_succeed_when_nobody_waits() -> None:
    """Nobody waits for the book."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport, base_url="http://branch") as client:
        assert await renew(client, 7)
`;

it('leads from the context to a clean file and a numbered log', async () => {
  const root = await sampleWorkspace();
  const { call } = await startClient({ args: ['--root', root] });

  const context = await call('read_context', {});
  expect(context.structured).toMatchObject({
    mode: 'develop',
    ready: true,
    next_work_log: '.ai/records/python-engineer/v1.2.0.0001/task-notes-phase1.md',
  });

  const refused = await call('write_file', { path: 'src/services/loans.py', content: BLOCKING });
  expect(refused.isError).toBe(true);
  expect(refused.structured).toEqual({});
  expect(refused.text).toContain('src/services/loans.py:10:5: error async/no-time-sleep:');
  expect(refused.text).toContain('fix: Await `asyncio.sleep(seconds)`.');
  expect(refused.text).toContain('async/io-is-async');
  await expect(readFile(path.join(root, 'src/services/loans.py'))).rejects.toThrow('ENOENT');

  const written = await call('write_file', { path: 'src/services/loans.py', content: ASYNC });
  expect(written.isError).toBe(false);
  expect(written.structured).toMatchObject({ action: 'created', formatted: true, findings: [] });
  const onDisk = await readFile(path.join(root, 'src/services/loans.py'), 'utf8');
  expect(onDisk).toContain('async def renew(client: httpx.AsyncClient, loan_id: int) -> bool:');
  expect(onDisk).toContain('await client.get(f"/reservations/{loan_id}")');

  const untested = await call('check_code', {});
  expect(untested.structured).toMatchObject({ clean: false, by_rule: { 'testing/service-covered': 1 } });
  expect(untested.text).toContain('src/services/loans.py:6:11: error testing/service-covered: No test calls `renew`.');
  const badlyNamed = TEST.replace(/test_renew_\w+/, 'test_renew');
  const badName = await call('write_file', { path: 'tests/services/test_loans.py', content: badlyNamed });
  expect(badName.isError).toBe(true);
  expect(badName.text).toContain('error testing/name: `test_renew` does not say what should happen, and when.');
  expect((await call('write_file', { path: 'tests/services/test_loans.py', content: TEST })).isError).toBe(false);
  const checked = await call('check_code', {});
  expect(checked.structured).toMatchObject({ clean: true });
  expect(checked.text).toMatch(/^Clean: 5 files checked, nothing found\./);

  const entry = {
    summary: 'Loans can be renewed.',
    changes: [{ task: 'T1.1 Loan renewal service', description: 'Added.', files: ['src/services/loans.py'] }],
  };
  const first = await call('write_work_log', entry);
  expect(first.structured).toMatchObject({ path: '.ai/records/python-engineer/v1.2.0.0001/task-notes-phase1.md', missing_files: [] });
  const second = await call('write_work_log', { ...entry, decisions: ['One renewal a loan.'] });
  expect(second.structured).toMatchObject({ path: '.ai/records/python-engineer/v1.2.0.0001/task-notes-phase2.md', sequence: 2 });
  const log = await readFile(path.join(root, '.ai/records/python-engineer/v1.2.0.0001/task-notes-phase2.md'), 'utf8');
  expect(log).toContain('- Version: v1.2.0.0001');
  expect(log).toMatch(/- Date: \d{4}-\d{2}-\d{2}/);
  expect(log).toContain('One renewal a loan.');
});

it('refuses code in contract mode and says why', async () => {
  const root = await sampleWorkspace();
  const { call } = await startClient({ args: ['--root', root] });
  await call('read_context', { mode: 'contract' });

  const refused = await call('write_file', { path: 'src/services/loans.py', content: ASYNC });
  expect(refused.isError).toBe(true);
  expect(refused.text).toContain('contract mode');
  expect(refused.text).toContain('documentation only');

  const contract = await call('write_file', {
    path: '.ai/temp/api-contract.md',
    edits: [{ old: '| renewals | integer, 0 or 1 |', new: '| renewals | integer, 0 or 1 |\n| book_id | integer |' }],
  });
  expect(contract.structured).toMatchObject({ action: 'edited' });
});

it('offers nothing that writes in read-only mode', async () => {
  const { client } = await startClient({ args: ['--root', await sampleWorkspace(), '--read-only'] });
  const { tools } = await client.listTools();
  expect(tools.map((tool) => tool.name)).toEqual([
    'read_context',
    'read_file',
    'find_files',
    'check_batch_write',
    'check_contract',
    'check_schema',
    'check_code',
    'explain_rule',
    'check_reply',
  ]);
});
