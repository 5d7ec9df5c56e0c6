import { ioIsAsync, noSyncDriver, noSyncOrm, noTimeSleep } from './checks/async.ts';
import { parameterised, pool } from './checks/asyncpg.ts';
import { annotated, byDomain, retry, structlog } from './checks/celery.ts';
import { noHardcodedConfig, noPlaceholder, noSwallowedException } from './checks/code/code.ts';
import { declaredDependencies } from './checks/code/dependencies.ts';
import { singleResponsibility } from './checks/code/responsibility.ts';
import { baseSettings, noEnviron } from './checks/config/environ.ts';
import { singleSettings } from './checks/config/settings.ts';
import { immutable, preferPolars, streaming, typedFrames } from './checks/data.ts';
import { noAlembicBootstrap } from './checks/database.ts';
import { noRawDict, responseModel } from './checks/fastapi/responses.ts';
import { httpException, thinRouter } from './checks/fastapi/routers.ts';
import { versionedPrefix } from './checks/fastapi/versioned-prefix.ts';
import { cachedModel, executor, isolated } from './checks/ml.ts';
import { fromAttributes, separateSchemas } from './checks/pydantic/schemas.ts';
import { annotatedField, v2Only } from './checks/pydantic/syntax.ts';
import { playwright, polite, scrapySubprocess } from './checks/scraping.ts';
import { begin, repositoryOnly } from './checks/sqlalchemy/repositories.ts';
import { asyncSession, mappedColumn, selectExecute } from './checks/sqlalchemy/syntax.ts';
import { depends, noModuleInfrastructure, noModuleSingleton } from './checks/state.ts';
import { layers } from './checks/structure.ts';
import { anyio, integration, name, serviceCovered } from './checks/testing.ts';
import { noAny, noBareDict } from './checks/typing.ts';
import { outputLanguage } from './checks/workspace.ts';
import type { Check } from './context.ts';

/** The check of every rule that Ruff alone does not decide, by rule id. */
export const CHECKS: ReadonlyMap<string, Check> = new Map([
  ['async/io-is-async', ioIsAsync],
  ['async/no-sync-driver', noSyncDriver],
  ['async/no-sync-orm', noSyncOrm],
  ['async/no-time-sleep', noTimeSleep],
  ['asyncpg/parameterised', parameterised],
  ['asyncpg/pool', pool],
  ['celery/annotated', annotated],
  ['celery/by-domain', byDomain],
  ['celery/retry', retry],
  ['celery/structlog', structlog],
  ['code/declared-dependencies', declaredDependencies],
  ['code/no-hardcoded-config', noHardcodedConfig],
  ['code/no-placeholder', noPlaceholder],
  ['code/no-swallowed-exception', noSwallowedException],
  ['code/single-responsibility', singleResponsibility],
  ['config/base-settings', baseSettings],
  ['config/no-environ', noEnviron],
  ['config/single-settings', singleSettings],
  ['data/immutable', immutable],
  ['data/prefer-polars', preferPolars],
  ['data/streaming', streaming],
  ['data/typed-frames', typedFrames],
  ['database/no-alembic-bootstrap', noAlembicBootstrap],
  ['fastapi/http-exception', httpException],
  ['fastapi/no-raw-dict', noRawDict],
  ['fastapi/response-model', responseModel],
  ['fastapi/thin-router', thinRouter],
  ['fastapi/versioned-prefix', versionedPrefix],
  ['ml/cached-model', cachedModel],
  ['ml/executor', executor],
  ['ml/isolated', isolated],
  ['pydantic/annotated-field', annotatedField],
  ['pydantic/from-attributes', fromAttributes],
  ['pydantic/separate-schemas', separateSchemas],
  ['pydantic/v2-only', v2Only],
  ['scraping/playwright', playwright],
  ['scraping/polite', polite],
  ['scraping/scrapy-subprocess', scrapySubprocess],
  ['sqlalchemy/async-session', asyncSession],
  ['sqlalchemy/begin', begin],
  ['sqlalchemy/mapped-column', mappedColumn],
  ['sqlalchemy/repository-only', repositoryOnly],
  ['sqlalchemy/select-execute', selectExecute],
  ['state/depends', depends],
  ['state/no-module-infrastructure', noModuleInfrastructure],
  ['state/no-module-singleton', noModuleSingleton],
  ['structure/layers', layers],
  ['testing/anyio', anyio],
  ['testing/integration', integration],
  ['testing/name', name],
  ['testing/service-covered', serviceCovered],
  ['typing/no-any', noAny],
  ['typing/no-bare-dict', noBareDict],
  ['workspace/output-language', outputLanguage],
]);
