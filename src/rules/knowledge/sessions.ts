/** SQLAlchemy's synchronous sessions, by every name they can be imported under. */
export const SYNC_SESSIONS = new Set([
  'sqlalchemy.orm.Session',
  'sqlalchemy.orm.session.Session',
  'sqlmodel.Session',
  'sqlalchemy.orm.scoped_session',
  'sqlalchemy.orm.scoping.scoped_session',
]);

/** SQLAlchemy's asynchronous sessions, by every name they can be imported under. */
export const ASYNC_SESSIONS = new Set([
  'sqlalchemy.ext.asyncio.AsyncSession',
  'sqlalchemy.ext.asyncio.session.AsyncSession',
  'sqlmodel.ext.asyncio.session.AsyncSession',
  'sqlalchemy.ext.asyncio.async_scoped_session',
]);

/** Every session of SQLAlchemy. */
export const SESSIONS = new Set([...SYNC_SESSIONS, ...ASYNC_SESSIONS]);
