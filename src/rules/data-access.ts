import type { CallFacts } from '../python/module-facts.ts';
import { spelled } from '../python/resolver.ts';
import type { RuleContext } from './context.ts';
import { ASYNC_SESSIONS, SYNC_SESSIONS } from './sessions.ts';

/** Methods of a session that read or write rows. */
const SESSION_QUERIES = new Set([
  ...['execute', 'scalar', 'scalars', 'stream', 'stream_scalars', 'exec', 'query', 'get', 'get_one'],
  ...['add', 'add_all', 'delete', 'merge', 'bulk_save_objects', 'bulk_insert_mappings', 'bulk_update_mappings'],
]);
const SESSION_TRANSACTIONS = new Set(['commit', 'rollback', 'flush', 'refresh']);
const SESSIONS = new Set([...SYNC_SESSIONS, ...ASYNC_SESSIONS]);
const CONNECTIONS = new Set([
  'asyncpg.Connection',
  'asyncpg.connection.Connection',
  'asyncpg.Pool',
  'asyncpg.pool.Pool',
  'asyncpg.create_pool',
  'asyncpg.connect',
  'sqlalchemy.Connection',
  'sqlalchemy.engine.Connection',
  'sqlalchemy.ext.asyncio.AsyncConnection',
]);
const CONNECTION_QUERIES = new Set(['execute', 'executemany', 'fetch', 'fetchrow', 'fetchval', 'scalar', 'scalars', 'stream']);
/** What a session is called where nothing says its type; only methods that nothing else has count then. */
const SESSION_NAME = /^(?:self\.)?_?(?:db|session|db_session|dbsession|async_session|database_session)$/;
const TELLING = new Set(['scalars', 'scalar', 'execute', 'exec', 'commit', 'flush', 'refresh', 'add_all', 'rollback']);

/** How a call touches the database: it reads or writes rows, or only ends a transaction. Undefined for any other call. */
export function databaseWork(context: RuleContext, call: CallFacts): 'query' | 'transaction' | undefined {
  const { func } = call.node;
  if (func.kind !== 'attribute') return undefined;
  const isQuery = SESSION_QUERIES.has(func.name);
  if (!isQuery && !SESSION_TRANSACTIONS.has(func.name) && !CONNECTION_QUERIES.has(func.name)) return undefined;
  if (isProbe(context, call)) return undefined;
  const type = context.typeOf(call.scope, func.object);
  if (type === undefined) {
    if (!SESSION_NAME.test(spelled(func.object)) || !TELLING.has(func.name) || !importsSqlalchemy(context)) return undefined;
    return isQuery ? 'query' : 'transaction';
  }
  if (context.derivesFrom(type, SESSIONS)) return isQuery ? 'query' : SESSION_TRANSACTIONS.has(func.name) ? 'transaction' : undefined;
  return CONNECTION_QUERIES.has(func.name) && context.derivesFrom(type, CONNECTIONS) ? 'query' : undefined;
}

/** `SELECT 1` asks whether the database is there; it reads no data. */
function isProbe(context: RuleContext, call: CallFacts): boolean {
  const [first] = call.node.args;
  return first !== undefined && /^\w*\(?["']?(select\s+)?1["']?\)?$/i.test(context.source(first.value).trim());
}

function importsSqlalchemy(context: RuleContext): boolean {
  return context.facts.imports.some((imported) => imported.level === 0 && /^(sqlalchemy|sqlmodel)(\.|$)/.test(imported.module));
}
