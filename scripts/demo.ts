import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { z } from 'zod';
import { pythonEnvironment } from '../test/real-python/python-environment.ts';
import { CONTRACT_LOG, CONTRACT_PATH, DEFINITION, DEVELOP_LOG, FILES, finishedFile, OPEN_CONTRACT } from './journey.ts';

// Drives the built server as an MCP client would, on a copy of the sample workspace, and prints the dialogue. With `--full` it is a
// whole piece of work, which needs Python.

const resultShape = z.object({
  isError: z.boolean().optional(),
  content: z.array(z.object({ type: z.literal('text'), text: z.string() })),
});

const REFUSED = `"""Renew loans."""

import time

import requests

API = "https://branch.example.com"


async def renew_loan(loan_id: int) -> dict:
    """Renew a loan unless another member waits for the book."""
    time.sleep(1)
    reserved = requests.get(f"{API}/reservations/{loan_id}").json()
    return {"renewed": not reserved}
`;

const ACCEPTED = `"""Renew loans."""

import httpx

from core.config import Settings


async def is_renewable(client: httpx.AsyncClient, settings: Settings, loan_id: int) -> bool:
    """Tell whether no other member waits for the book."""
    response = await client.get(f"{settings.branch_url}/reservations/{loan_id}")
    response.raise_for_status()
    return response.json()["count"] == 0
`;

const TEST = `"""Tests of the loan service."""

import httpx
import pytest

from core.config import Settings
from services.loans import is_renewable


@pytest.mark.anyio
async def test_is_renewable_should_be_true_when_nobody_waits() -> None:
    """Nobody waits for the book."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"count": 0}))
    async with httpx.AsyncClient(transport=transport) as client:
        assert await is_renewable(client, Settings(branch_url="http://branch"), 7)
`;

type Call = (why: string, name: string, args: Record<string, unknown>, expectRefusal?: boolean) => Promise<void>;

const bold = (text: string): string => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);

const workspace = await mkdtemp(path.join(os.tmpdir(), 'python-engineer-demo-'));
try {
  await cp('examples/library-service', workspace, { recursive: true });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['dist/bin.js', '--root', workspace, '--log-level', 'error'],
  });
  const client = new Client({ name: 'demo', version: '1.0.0' });
  await client.connect(transport);
  console.log(`python-engineer-mcp ${client.getServerVersion()?.version ?? ''}, driven over stdio on a copy of examples/library-service\n`);

  const call: Call = async (why, name, args, expectRefusal = false) => {
    const shown = JSON.stringify(args, (key, value: unknown) => (key === 'content' ? '…' : value));
    console.log(bold(`# ${why}`));
    console.log(`> ${name} ${shown}`);
    const result = resultShape.parse(await client.callTool({ name, arguments: args }));
    console.log(result.content.map((block) => block.text.replace(/^/gm, '  ')).join('\n'));
    console.log('');
    if ((result.isError ?? false) !== expectRefusal) throw new Error(`${name} did not answer as expected`);
  };

  await (process.argv.includes('--full') ? wholeJourney(call, workspace) : firstFile(call, workspace));
  await client.close();
} finally {
  await rm(workspace, { recursive: true, force: true });
}

/** The short dialogue: one file, from refused to logged. Needs no Python. */
async function firstFile(call: Call, workspace: string): Promise<void> {
  await call('The agent reads its context', 'read_context', {});
  await call('Its first draft breaks the rules, and is refused', 'write_file', { path: 'src/services/loans.py', content: REFUSED }, true);
  await call('It looks one of them up', 'explain_rule', { rule: 'async/no-time-sleep' });
  await call('The corrected file is written, formatted', 'write_file', { path: 'src/services/loans.py', content: ACCEPTED });
  await call('The whole project is checked: a test is missing', 'check_code', {});
  await call('The test is written', 'write_file', { path: 'tests/services/test_loans.py', content: TEST });
  await call('Nothing is left to find', 'check_code', {});
  await call("The models are held against the DBA's script", 'check_schema', {});
  await call('The phase ends with a work log', 'write_work_log', {
    summary: 'Loans can be checked for renewal.',
    changes: [
      { task: 'T1.1 Loan renewal service', description: 'Asks the branch system for reservations.', files: ['src/services/loans.py'] },
    ],
  });
  console.log(bold('# The log on disk'));
  console.log(
    (await readFile(path.join(workspace, '.ai/records/python-engineer/v1.2.0.0001/task-notes-phase1.md'), 'utf8')).replace(/^/gm, '  '),
  );
}

/** The long dialogue: from an open contract to a phase that is done, with the project's real tools. */
async function wholeJourney(call: Call, workspace: string): Promise<void> {
  console.log('Making a virtual environment for the sample (once) …\n');
  await symlink(await pythonEnvironment(), path.join(workspace, '.venv'));
  await writeFile(path.join(workspace, CONTRACT_PATH), OPEN_CONTRACT);
  await call('The agent reads its context', 'read_context', { mode: 'contract' });
  await call('The contract is still open', 'check_contract', {});
  await call('The agent defines the endpoint', 'define_contract', DEFINITION);
  await call('The phase ends with a work log', 'write_work_log', CONTRACT_LOG);
  await call('Is the contract phase done?', 'run_checks', { gate: true });
  await call('The develop phase begins', 'read_context', {});
  await call('The project file has to be read before it is replaced', 'read_file', { path: 'pyproject.toml' });
  for (const file of FILES) await call('The next file', 'write_file', { path: file, content: await finishedFile(file) });
  await call('Is the phase done? The log is missing', 'run_checks', { gate: true });
  await call('The phase ends with a work log', 'write_work_log', DEVELOP_LOG);
  await call('Now it is', 'run_checks', { gate: true });
}
