import { SESSIONS } from '../../python/framework-classes.ts';
import type { CallFacts } from '../../python/module-facts.ts';
import { spelled } from '../../python/names.ts';
import { rootCall } from '../../python/syntax.ts';
import type { RuleContext } from '../context.ts';
import { isTable } from './tables.ts';

/** Methods of a session that read or write rows. */
const SESSION_QUERIES = new Set([
  ...['execute', 'scalar', 'scalars', 'stream', 'stream_scalars', 'exec', 'query', 'get', 'get_one'],
  ...['add', 'add_all', 'delete', 'merge', 'bulk_save_objects', 'bulk_insert_mappings', 'bulk_update_mappings'],
]);
const SESSION_TRANSACTIONS = new Set(['commit', 'rollback', 'flush', 'refresh']);
const CONNECTIONS = new Set([
  'asyncpg.Connection',
  'asyncpg.connection.Connection',
  'asyncpg.Pool',
  'asyncpg.pool.Pool',
  'asyncpg.create_pool',
  'asyncpg.connect',
  ...['Pool', 'pool.Pool', 'create_pool'].map((name) => `asyncpg.${name}.acquire`),
  ...['ext.asyncio.AsyncEngine', 'ext.asyncio.create_async_engine', 'Engine', 'engine.Engine', 'create_engine'].flatMap((name) => [
    `sqlalchemy.${name}.connect`,
    `sqlalchemy.${name}.begin`,
  ]),
  'sqlalchemy.Connection',
  'sqlalchemy.engine.Connection',
  'sqlalchemy.ext.asyncio.AsyncConnection',
]);
const STATEMENTS = new Set(
  ['select', 'insert', 'update', 'delete', 'text'].flatMap((name) => [
    `sqlalchemy.${name}`,
    `sqlmodel.${name}`,
    `sqlalchemy.sql.${name}`,
    `sqlalchemy.future.${name}`,
  ]),
);
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
    if (isStatement(context, call) || isSql(context, call)) return 'query';
    if (!SESSION_NAME.test(spelled(func.object)) || !(TELLING.has(func.name) || queriesTable(context, call))) return undefined;
    if (func.name !== 'query' && !importsSqlalchemy(context)) return undefined;
    return isQuery ? 'query' : 'transaction';
  }
  if (context.derivesFrom(type, SESSIONS)) return isQuery ? 'query' : SESSION_TRANSACTIONS.has(func.name) ? 'transaction' : undefined;
  return CONNECTION_QUERIES.has(func.name) && context.derivesFrom(type, CONNECTIONS) ? 'query' : undefined;
}

/** `anything.execute(select(Order)...)`: whatever it is, it is given a statement of SQLAlchemy. */
function isStatement(context: RuleContext, call: CallFacts): boolean {
  const [first] = call.node.args;
  const root = first === undefined ? undefined : rootCall(first.value);
  return root !== undefined && STATEMENTS.has(context.external(call.scope, root.func) ?? '');
}

/** `request.app.state.pool.fetchrow("SELECT ...")` */
function isSql(context: RuleContext, call: CallFacts): boolean {
  const [first] = call.node.args;
  return (
    call.node.func.kind === 'attribute' &&
    CONNECTION_QUERIES.has(call.node.func.name) &&
    first?.value.kind === 'string' &&
    /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s/i.test(first.value.value) &&
    /pool|conn|db|database|session/i.test(context.source(call.node.func.object))
  );
}

/** `db.query(User)` of a mapped class, or of something called a model. */
function queriesTable(context: RuleContext, call: CallFacts): boolean {
  const [first] = call.node.args;
  if (call.node.func.kind !== 'attribute' || call.node.func.name !== 'query' || first === undefined) return false;
  const entity = first.value.kind === 'attribute' ? first.value.object : first.value;
  const resolved = context.resolve(call.scope, entity);
  return resolved?.kind === 'class' && isTable(context, resolved);
}

/** `SELECT 1` asks whether the database is there; it reads no data. */
function isProbe(context: RuleContext, call: CallFacts): boolean {
  const [first] = call.node.args;
  return first !== undefined && /^\w*\(?["']?(select\s+)?1["']?\)?$/i.test(context.source(first.value).trim());
}

function importsSqlalchemy(context: RuleContext): boolean {
  return context.facts.imports.some((imported) => imported.level === 0 && /^(sqlalchemy|sqlmodel)(\.|$)/.test(imported.module));
}
