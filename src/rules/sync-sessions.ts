/** SQLAlchemy's synchronous sessions, by every name they can be imported under. */
export const SYNC_SESSIONS = new Set([
  'sqlalchemy.orm.Session',
  'sqlalchemy.orm.session.Session',
  'sqlmodel.Session',
  'sqlalchemy.orm.scoped_session',
  'sqlalchemy.orm.scoping.scoped_session',
]);
