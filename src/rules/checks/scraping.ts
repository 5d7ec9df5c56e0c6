import type { CallFacts } from '../../python/module-facts.ts';
import { enclosingFunction, spelled } from '../../python/names.ts';
import { blocksOf, type Span, type Statement, walkExpression } from '../../python/syntax.ts';
import type { Check } from '../context.ts';
import { isEndpoint } from '../knowledge/endpoints.ts';

const CRAWLER_PROCESS = new Set(['scrapy.crawler.CrawlerProcess', 'scrapy.crawler.CrawlerRunner']);
const SYNC_PLAYWRIGHT = 'playwright.sync_api.sync_playwright';
const ASYNC_PLAYWRIGHT = 'playwright.async_api.async_playwright';

/** scraping/scrapy-subprocess: a Scrapy crawler started inside the event loop. */
export const scrapySubprocess: Check = (context) => {
  for (const { node, scope } of context.facts.calls) {
    const owner = enclosingFunction(scope);
    if (owner === undefined || !(owner.node.isAsync || isEndpoint(context, owner))) continue;
    const name = context.external(scope, node.func);
    if (name === undefined || !CRAWLER_PROCESS.has(name)) continue;
    context.report({
      span: node.func,
      message: `\`${owner.node.name}\` starts a Scrapy crawler in the server's own process: Twisted's reactor and the event loop exclude each other.`,
    });
  }
};

/** scraping/playwright: Playwright without its context manager, or its synchronous API in async code. */
export const playwright: Check = (context) => {
  const managed = new Set(
    context.facts.statements.flatMap(({ statement }) => (statement.kind === 'with' ? statement.items.map((item) => item.value) : [])),
  );
  for (const { node, scope, statement } of context.facts.calls) {
    const name = context.external(scope, node.func);
    const owner = enclosingFunction(scope);
    if (name === SYNC_PLAYWRIGHT && owner?.node.isAsync === true) {
      context.report({
        span: node.func,
        message: `\`${owner.node.name}\` uses Playwright's synchronous API inside async code, which refuses to start there.`,
        fix: 'Write `async with async_playwright() as playwright:` from `playwright.async_api`.',
      });
    }
    // enter_async_context and the like own the manager too: only the bare `.start()` leaks the driver.
    const isStarted = context.source(statement).includes('.start()');
    if (name !== ASYNC_PLAYWRIGHT || managed.has(node) || !isStarted) continue;
    context.report({
      // Kept on an object, it may live as long as the application, and be stopped by its owner.
      severity: isHandedOn(context, statement) ? 'warning' : 'error',
      span: node.func,
      message: 'Playwright is started by hand: an exception before `stop()` leaves its driver and browsers running.',
      fix: 'Write `async with async_playwright() as playwright:`.',
    });
  }
};

/** Stored on an object, at once or later in the function, or returned: somebody else stops it. */
function isHandedOn(context: Parameters<Check>[0], statement: Statement): boolean {
  if (statement.kind === 'return') return true;
  if (statement.kind !== 'assign') return false;
  if (statement.targets.some((target) => target.kind === 'attribute')) return true;
  const names = new Set(statement.targets.flatMap((target) => (target.kind === 'name' ? [target.id] : [])));
  return context.facts.statements.some(({ statement: later }) => {
    if (later.kind !== 'return' && later.kind !== 'assign') return false;
    const isKept = later.kind === 'return' || later.targets.some((target) => target.kind === 'attribute');
    return (
      isKept && later.value !== undefined && [...walkExpression(later.value)].some((part) => part.kind === 'name' && names.has(part.id))
    );
  });
}

const SCRAPING_PATH = /(scrap|crawl|spider)/i;
const SCRAPING_LIBRARIES = /^(bs4|scrapy|selectolax|parsel|playwright|lxml\.html|requests_html|newspaper|cloudscraper)(\.|$)/;
const FETCHES = new Set(['get', 'post', 'request', 'fetch', 'goto', 'stream', 'urlopen']);
const FETCHERS = /^(httpx|requests|aiohttp|curl_cffi|playwright|urllib\.request|cloudscraper)(\.|$)/;
const PAUSE = /\b(sleep|wait_for_timeout|limiter|rate_limit\w*|throttle\w*|delay\w*|Semaphore|semaphore|acquire|backoff)\b/i;

/** scraping/polite: requests in a loop without a pause, or robots.txt switched off. */
export const polite: Check = (context) => {
  reportRobots(context);
  const scrapes =
    SCRAPING_PATH.test(context.path) ||
    context.facts.imports.some((imported) => imported.level === 0 && SCRAPING_LIBRARIES.test(imported.module));
  if (!scrapes) return;
  reportComprehensions(context);
  for (const { statement, scope } of context.facts.statements) {
    const isLoop = statement.kind === 'for' || (statement.kind === 'block' && context.source(statement).startsWith('while'));
    const isRetry = statement.kind === 'for' && /redirect|retr|attempt/i.test(context.source(statement.iterable));
    if (!isLoop || isRetry || PAUSE.test(context.source(statement))) continue;
    const fetch = context.facts.calls.find(
      (call) => call.scope.owner === scope.owner && isFetch(context, call) && isRepeated(statement, call.node),
    );
    // The innermost loop is the one to pause in.
    if (fetch === undefined || context.facts.statements.some((other) => isInnerLoop(statement, other.statement, fetch.node))) continue;
    context.report({
      span: fetch.node.func,
      message: `\`${spelled(fetch.node.func)}\` runs in a loop without a pause between requests.`,
      fix: '`await asyncio.sleep(...)` between requests, and ask robots.txt before the first one.',
    });
  }
};

/** `[await client.get(url) for url in urls]`, and the same in a `gather`. */
function reportComprehensions(context: Parameters<Check>[0]): void {
  for (const call of context.facts.calls) {
    if (call.scope.kind !== 'inner' || !isFetch(context, call)) continue;
    const written = context.source(call.statement);
    if (!/\bfor\b/.test(written) || PAUSE.test(written)) continue;
    context.report({
      span: call.node.func,
      message: `\`${spelled(call.node.func)}\` asks for every page without a pause between requests.`,
      fix: 'Ask one after another with `await asyncio.sleep(...)` between them, or behind a limiter.',
    });
  }
}

function reportRobots(context: Parameters<Check>[0]): void {
  for (const { target, value } of context.facts.assignments) {
    const isOff = value?.kind === 'constant' && value.value === 'False';
    const named = target.kind === 'name' ? target.id : target.kind === 'subscript' ? context.source(target) : '';
    if (isOff && /ROBOTSTXT_OBEY/.test(named)) robotsOff(context, target);
    if (value?.kind !== 'dict') continue;
    for (const { key, value: set } of value.entries) {
      if (key?.kind === 'string' && key.value === 'ROBOTSTXT_OBEY' && set.kind === 'constant' && set.value === 'False')
        robotsOff(context, key);
    }
  }
}

function robotsOff(context: Parameters<Check>[0], span: { start: number; end: number }): void {
  context.report({
    span,
    message: 'Scrapy is told to ignore robots.txt.',
    fix: 'Set `ROBOTSTXT_OBEY = True`, or agree on access with the site and say so in an allow comment.',
  });
}

function isFetch(context: Parameters<Check>[0], call: CallFacts): boolean {
  const { func } = call.node;
  if (func.kind !== 'attribute' || !FETCHES.has(func.name)) return false;
  const name = context.external(call.scope, func) ?? '';
  if (FETCHERS.test(name)) return true;
  const type = context.typeOf(call.scope, func.object);
  return type?.kind === 'external' && FETCHERS.test(type.name);
}

/** Inside the body of the loop; what it iterates over is fetched once. */
function isRepeated(loop: Statement, span: Span): boolean {
  return blocksOf(loop).some((block) => block.some((each) => each.start <= span.start && span.end <= each.end));
}

function isInnerLoop(outer: Statement, other: Statement, fetch: Span): boolean {
  return other !== outer && other.kind === 'for' && outer.start < other.start && other.end <= outer.end && isRepeated(other, fetch);
}
