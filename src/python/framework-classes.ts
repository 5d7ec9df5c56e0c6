import data from '../../data/framework-classes.json';

const { entries } = data;

/** The classes that make a class a Pydantic model. */
export const MODELS: ReadonlySet<string> = new Set(entries.pydanticModels);
/** The classes that make a class a Settings class. */
export const SETTINGS: ReadonlySet<string> = new Set(entries.settings);
/** SQLAlchemy's synchronous sessions. */
export const SYNC_SESSIONS: ReadonlySet<string> = new Set(entries.syncSessions);
/** SQLAlchemy's asynchronous sessions. */
export const ASYNC_SESSIONS: ReadonlySet<string> = new Set(entries.asyncSessions);
/** Every session of SQLAlchemy. */
export const SESSIONS: ReadonlySet<string> = new Set([...SYNC_SESSIONS, ...ASYNC_SESSIONS]);
/** The classes that make an object a FastAPI application. */
export const APPLICATIONS: ReadonlySet<string> = new Set(entries.applications);
/** The classes that make an object something on which routes are registered. */
export const ROUTERS: ReadonlySet<string> = new Set([...entries.routers, ...entries.applications]);
/** The classes of Celery applications. */
export const CELERY_APPLICATIONS: ReadonlySet<string> = new Set(entries.celeryApplications);
/** The decorators that make a function a task of any Celery application. */
export const SHARED_TASKS: ReadonlySet<string> = new Set(entries.celeryTasks);
