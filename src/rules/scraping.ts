import { enclosingFunction } from '../python/resolver.ts';
import type { Check } from './context.ts';
import { isEndpoint } from './endpoints.ts';

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
      rule: 'scraping/scrapy-subprocess',
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
        rule: 'scraping/playwright',
        span: node.func,
        message: `\`${owner.node.name}\` uses Playwright's synchronous API inside async code, which refuses to start there.`,
        fix: 'Write `async with async_playwright() as playwright:` from `playwright.async_api`.',
      });
    }
    // enter_async_context and the like own the manager too: only the bare `.start()` leaks the driver.
    const isStarted = context.source(statement).includes('.start()');
    if (name !== ASYNC_PLAYWRIGHT || managed.has(node) || !isStarted) continue;
    context.report({
      rule: 'scraping/playwright',
      // Kept on an object, it may live as long as the application, and be stopped by its owner.
      severity: statement.kind === 'assign' && statement.targets.some((target) => target.kind === 'attribute') ? 'warning' : 'error',
      span: node.func,
      message: 'Playwright is started by hand: an exception before `stop()` leaves its driver and browsers running.',
      fix: 'Write `async with async_playwright() as playwright:`.',
    });
  }
};
