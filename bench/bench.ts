import { spawn, spawnSync } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

// Start to tools/list beside a reference server, warm check_code on one file, a check of a large tree, a contract held
// against code, and a database script against models.

const STARTS = 15;
const WARM_CALLS = 60;
const TREE_FILES = 1800;
const CONTRACT_CALLS = 20;
const SCHEMA_TABLES = 2000;
const SCHEMA_MODELS = 500;
const SERVICE = 'test/fixtures/contract/clinic';
const FILESYSTEM_SERVER = 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js';

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Milliseconds from spawning a server to its answer to tools/list. */
function startToToolsList(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    const send = (message: object): boolean => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    let rest = '';
    child.once('error', reject);
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { id }: { id?: number } = JSON.parse(line);
        if (id === 1) {
          send({ method: 'notifications/initialized' });
          send({ id: 2, method: 'tools/list' });
        } else if (id === 2) {
          resolve(performance.now() - begin);
          child.kill('SIGKILL');
        }
      }
    });
    send({
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
    });
  });
}

/** A module of about 300 lines (8 kB), different for every index. */
function moduleText(index: number): string {
  const functions = Array.from(
    { length: 15 },
    (_, each) => `
async def load_order_${index}_${each}(session: AsyncSession, order_id: int) -> Order | None:
    """Load one order with its lines.

    Args:
        session: The session of the request.
        order_id: Which order.

    Returns:
        The order, or None.
    """
    result = await session.execute(select(Order).where(Order.id == order_id))
    order = result.scalar_one_or_none()
    if order is None:
        logger.info("order_missing", order_id=order_id)
        return None
    totals = {line.sku: line.price * line.quantity for line in order.lines}
    logger.info("order_loaded", order_id=order_id, total=sum(totals.values()))
    return order

`,
  );
  return `"""Orders, part ${index}."""\n\nimport structlog\nfrom sqlalchemy import select\nfrom sqlalchemy.ext.asyncio import AsyncSession\n\nfrom shop.models.order import Order\n\nlogger = structlog.get_logger(__name__)\n\n${functions.join('')}`;
}

async function makeTree(root: string): Promise<number> {
  let bytes = 0;
  await mkdir(path.join(root, 'src/shop/models'), { recursive: true });
  await writeFile(
    path.join(root, 'src/shop/models/order.py'),
    '"""Orders."""\n\nfrom sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    """Base."""\n\n\nclass Order(Base):\n    """An order."""\n',
  );
  for (let index = 0; index < TREE_FILES; index++) {
    const folder = path.join(root, `src/shop/services/area_${index % 40}`);
    await mkdir(folder, { recursive: true });
    const text = moduleText(index);
    bytes += text.length;
    await writeFile(path.join(folder, `orders_${index}.py`), text);
  }
  return bytes;
}

/** Holds the code of a small service against its contract, again after each change of the code. */
async function benchContract(root: string): Promise<void> {
  await cp(SERVICE, root, { recursive: true });
  const client = new Client({ name: 'bench', version: '1.0.0' });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: ['dist/bin.js', '--root', root, '--log-level', 'error'] }),
  );
  const check = async (): Promise<number> => {
    const begin = performance.now();
    await client.callTool({ name: 'check_contract', arguments: { mode: 'develop' } });
    return performance.now() - begin;
  };
  const first = await check();
  const warm: number[] = [];
  for (let run = 0; run < CONTRACT_CALLS; run++) {
    await appendFile(path.join(root, 'app/main.py'), `RUN_${run} = ${run}\n`);
    warm.push(await check());
  }
  await client.close();
  console.log(
    `check_contract, 16 endpoints: first ${first.toFixed(0)} ms, warm median ${median(warm).toFixed(0)} ms (${CONTRACT_CALLS} calls)`,
  );
}

/** A script of many tables against a project of many models. */
async function benchSchema(folder: string): Promise<void> {
  await mkdir(path.join(folder, '.ai/temp'), { recursive: true });
  await mkdir(path.join(folder, 'src/app/models'), { recursive: true });
  const tables = Array.from({ length: SCHEMA_TABLES }, (_, index) => tableText(index));
  await writeFile(path.join(folder, '.ai/temp/db-init.sql'), tables.join('\n'));
  await writeFile(
    path.join(folder, 'src/app/models/base.py'),
    'from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n',
  );
  for (let index = 0; index < SCHEMA_MODELS; index++) await writeFile(path.join(folder, `src/app/models/m${index}.py`), modelText(index));
  const client = new Client({ name: 'bench', version: '1.0.0' });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: ['dist/bin.js', '--root', folder, '--log-level', 'error'] }),
  );
  const check = async (): Promise<number> => {
    const begin = performance.now();
    await client.callTool({ name: 'check_schema', arguments: {} });
    return performance.now() - begin;
  };
  const first = await check();
  const warm: number[] = [];
  for (let run = 0; run < CONTRACT_CALLS; run++) {
    await appendFile(path.join(folder, 'src/app/models/m0.py'), `RUN_${run} = ${run}\n`);
    warm.push(await check());
  }
  await client.close();
  console.log(
    `check_schema, ${SCHEMA_TABLES} tables and ${SCHEMA_MODELS} models: first ${first.toFixed(0)} ms, warm median ${median(warm).toFixed(0)} ms (${CONTRACT_CALLS} calls)`,
  );
}

function tableText(index: number): string {
  return `CREATE TABLE t${index} (
    id BIGSERIAL PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    price NUMERIC(18,4) NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    parent_id BIGINT REFERENCES t${Math.max(0, index - 1)} (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX ix_${index} ON t${index} (status, created_at DESC) WHERE status = 'open';
`;
}

function modelText(index: number): string {
  return `from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text, desc, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class M${index}(Base):
    __tablename__ = "t${index}"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'closed')"),
        Index("ix_${index}", "status", desc("created_at"), postgresql_where=text("status = 'open'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    price: Mapped[Decimal] = mapped_column(Numeric(18, 4), server_default="0")
    status: Mapped[str] = mapped_column(Text, server_default="open")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("t${Math.max(0, index - 1)}.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
`;
}

/** Seconds that a program takes; undefined when it is not installed. */
function timeOf(command: string, args: readonly string[]): number | undefined {
  if (spawnSync(command, ['--version'], { stdio: 'ignore' }).status !== 0) return undefined;
  const begin = performance.now();
  spawnSync(command, args, { stdio: 'ignore' });
  return (performance.now() - begin) / 1000;
}

async function version(name: string): Promise<string> {
  const manifest: { version: string } = JSON.parse(await readFile(`node_modules/${name}/package.json`, 'utf8'));
  return `${name} ${manifest.version}`;
}

const root = await mkdtemp(path.join(os.tmpdir(), 'python-engineer-bench-'));
const service = await mkdtemp(path.join(os.tmpdir(), 'python-engineer-bench-'));
const schema = await mkdtemp(path.join(os.tmpdir(), 'python-engineer-bench-'));
try {
  const cpu = os.cpus()[0]?.model ?? 'unknown processor';
  console.log(
    `${cpu}, ${os.cpus().length} cores, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, node ${process.version}, ${os.platform()} ${os.release()}`,
  );
  console.log(
    [
      await version('@astral-sh/ruff-wasm-nodejs'),
      await version('web-tree-sitter'),
      await version('@modelcontextprotocol/server-filesystem'),
    ].join(', '),
  );

  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let run = 0; run <= STARTS; run++) {
    const pair = [await startToToolsList(['dist/bin.js', '--root', root]), await startToToolsList([FILESYSTEM_SERVER, root])] as const;
    // The first pair warms the file cache.
    if (run > 0) {
      ours.push(pair[0]);
      theirs.push(pair[1]);
    }
  }
  const ratio = median(ours.map((each, index) => each / (theirs[index] ?? Number.NaN)));
  console.log(
    `start to tools/list: ${median(ours).toFixed(0)} ms, server-filesystem ${median(theirs).toFixed(0)} ms, ratio ${ratio.toFixed(2)} (median of ${STARTS} pairs)`,
  );

  await benchContract(service);
  await benchSchema(schema);

  const bytes = await makeTree(root);
  const client = new Client({ name: 'bench', version: '1.0.0' });
  const transport = new StdioClientTransport({ command: process.execPath, args: ['dist/bin.js', '--root', root, '--log-level', 'error'] });
  await client.connect(transport);
  const check = async (args: Record<string, unknown>): Promise<number> => {
    const begin = performance.now();
    await client.callTool({ name: 'check_code', arguments: args }, undefined, { timeout: 600_000 });
    return performance.now() - begin;
  };
  const file = 'src/shop/services/area_0/orders_0.py';
  const first = await check({ paths: [file] });
  for (let run = 0; run < 10; run++) await check({ paths: [file] });
  const warm: number[] = [];
  for (let run = 0; run < WARM_CALLS; run++) {
    // Another text each time: nothing can be answered from a cache.
    await writeFile(path.join(root, file), `${moduleText(0)}\nRUN_${run} = ${run}\n`);
    warm.push(await check({ paths: [file] }));
  }
  console.log(
    `check_code, one 300-line file over stdio: first ${first.toFixed(0)} ms, warm median ${median(warm).toFixed(1)} ms (${WARM_CALLS} calls)`,
  );
  const cold = await check({});
  const again = await check({});
  const memory = await readFile(`/proc/${transport.pid}/status`, 'utf8').then(
    (status) => /VmHWM:\s+(\d+) kB/.exec(status)?.[1],
    () => undefined,
  );
  const peak = memory === undefined ? '' : `, peak memory ${(Number(memory) / 1024).toFixed(0)} MB`;
  console.log(
    `check of ${TREE_FILES + 1} files, ${(bytes / 2 ** 20).toFixed(1)} MB: cold ${(cold / 1000).toFixed(1)} s, second run ${(again / 1000).toFixed(1)} s${peak}`,
  );
  await client.close();
  // What people use instead, where it is installed; each alone, after our own run has ended.
  for (const [command, args, what] of [
    ['flake8', ['--jobs', '2', '--exit-zero', root], 'the same tree'],
    ['pylint', ['--jobs', '2', '--exit-zero', '--score', 'n', path.join(root, 'src/shop/services/area_0')], 'one folder of 45 files'],
  ] as const) {
    const seconds = timeOf(command, args);
    if (seconds !== undefined) console.log(`${command} (with its installed plugins) on ${what}: ${seconds.toFixed(1)} s`);
  }
} finally {
  for (const folder of [root, service, schema]) await rm(folder, { recursive: true, force: true });
}
