import { ioIsAsync, noSyncDriver, noSyncOrm, noTimeSleep } from './async.ts';
import { parameterised, pool } from './asyncpg.ts';
import { noAlembicBootstrap } from './bootstrap.ts';
import { annotated, byDomain, retry, structlog } from './celery.ts';
import { noHardcodedConfig, noPlaceholder, noSwallowedException } from './code.ts';
import { baseSettings, noEnviron } from './config.ts';
import type { Check } from './context.ts';
import { declaredDependencies } from './dependencies.ts';
import { noRawDict, responseModel } from './fastapi.ts';
import { immutable, preferPolars, streaming, typedFrames } from './frames.ts';
import { outputLanguage } from './language.ts';
import { cachedModel, executor, isolated } from './ml.ts';
import { annotatedField, v2Only } from './pydantic.ts';
import { begin, repositoryOnly } from './repositories.ts';
import { singleResponsibility } from './responsibility.ts';
import { httpException, thinRouter } from './routers.ts';
import { fromAttributes, separateSchemas } from './schemas.ts';
import { playwright, polite, scrapySubprocess } from './scraping.ts';
import { singleSettings } from './settings.ts';
import { asyncSession, mappedColumn, selectExecute } from './sqlalchemy.ts';
import { depends, noModuleInfrastructure, noModuleSingleton } from './state.ts';
import { layers } from './structure.ts';
import { anyio, integration, name, serviceCovered } from './testing.ts';
import { noAny, noBareDict } from './typing.ts';
import { versionedPrefix } from './versioned-prefix.ts';

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
