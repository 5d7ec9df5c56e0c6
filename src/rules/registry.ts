import { ioIsAsync, noSyncDriver, noSyncOrm } from './async.ts';
import { parameterised, pool } from './asyncpg.ts';
import { annotated, retry } from './celery.ts';
import { noHardcodedConfig, noPlaceholder, noSwallowedException } from './code.ts';
import { baseSettings, noEnviron } from './config.ts';
import type { Check } from './context.ts';
import { noRawDict, responseModel } from './fastapi.ts';
import { cachedModel } from './ml.ts';
import { annotatedField, v2Only } from './pydantic.ts';
import { singleResponsibility } from './responsibility.ts';
import { playwright, scrapySubprocess } from './scraping.ts';
import { asyncSession, mappedColumn, selectExecute } from './sqlalchemy.ts';
import { depends, noModuleInfrastructure, noModuleSingleton } from './state.ts';
import { noAny, noBareDict } from './typing.ts';

/** The check of every rule that Ruff alone does not decide, by rule id. */
export const CHECKS: ReadonlyMap<string, Check> = new Map([
  ['async/io-is-async', ioIsAsync],
  ['async/no-sync-driver', noSyncDriver],
  ['async/no-sync-orm', noSyncOrm],
  ['asyncpg/parameterised', parameterised],
  ['asyncpg/pool', pool],
  ['celery/annotated', annotated],
  ['celery/retry', retry],
  ['code/no-hardcoded-config', noHardcodedConfig],
  ['code/no-placeholder', noPlaceholder],
  ['code/no-swallowed-exception', noSwallowedException],
  ['code/single-responsibility', singleResponsibility],
  ['config/base-settings', baseSettings],
  ['config/no-environ', noEnviron],
  ['fastapi/no-raw-dict', noRawDict],
  ['fastapi/response-model', responseModel],
  ['ml/cached-model', cachedModel],
  ['pydantic/annotated-field', annotatedField],
  ['pydantic/v2-only', v2Only],
  ['scraping/playwright', playwright],
  ['scraping/scrapy-subprocess', scrapySubprocess],
  ['sqlalchemy/async-session', asyncSession],
  ['sqlalchemy/mapped-column', mappedColumn],
  ['sqlalchemy/select-execute', selectExecute],
  ['state/depends', depends],
  ['state/no-module-infrastructure', noModuleInfrastructure],
  ['state/no-module-singleton', noModuleSingleton],
  ['typing/no-any', noAny],
  ['typing/no-bare-dict', noBareDict],
]);
