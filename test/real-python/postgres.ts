import { execFile, spawn } from 'node:child_process';
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** PostgreSQL refuses to run as root. */
const NOBODY = 65534;
const PASSWORD = 'kept-out-of-sight';

/** A PostgreSQL server on a private port. */
export interface Postgres {
  /** The address for SQLAlchemy's asyncpg driver. */
  readonly url: string;
  /** Runs SQL and returns what it prints, one row a line. */
  query(sql: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a new, empty PostgreSQL server in a temporary folder. */
export async function startPostgres(): Promise<Postgres> {
  const bin = await postgresFolder();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'python-engineer-postgres-'));
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  await writeFile(passwordFile, PASSWORD);
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  if (isRoot) for (const each of [folder, passwordFile]) await chown(each, NOBODY, NOBODY);
  await run(
    path.join(bin, 'initdb'),
    ['--pgdata', data, '--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync', '--encoding=UTF8'],
    { ...user, cwd: folder },
  );
  const port = await freePort();
  const server = spawn(
    path.join(bin, 'postgres'),
    ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', folder, '-c', 'fsync=off'],
    { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let log = '';
    server.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
  });
  return {
    url: `postgresql+asyncpg://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    async query(sql) {
      const args = ['--host=127.0.0.1', `--port=${port}`, '--username=postgres', '--no-psqlrc', '-v', 'ON_ERROR_STOP=1', '-Atc', sql];
      const { stdout } = await run(path.join(bin, 'psql'), [...args, 'postgres'], { env: { ...process.env, PGPASSWORD: PASSWORD } });
      return stdout.trim();
    },
    async stop() {
      server.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Where Debian keeps the server's programs, or wherever `pg_config` says. */
async function postgresFolder(): Promise<string> {
  const base = '/usr/lib/postgresql';
  const versions = (await readdir(base).catch(() => [])).sort((one, other) => Number(other) - Number(one));
  const [newest] = versions;
  if (newest !== undefined) return path.join(base, newest, 'bin');
  const { stdout } = await run('pg_config', ['--bindir']).catch(() => {
    throw new Error('These tests need PostgreSQL (Debian: apt-get install postgresql).');
  });
  return stdout.trim();
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
