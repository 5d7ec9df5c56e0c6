import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { startClient, workspaceWith } from '../support/client.ts';
import type { TestClient } from '../support/connect.ts';
import { chineseSkeleton, LIBRARY_MODELS, libraryDefinitions } from '../support/library-api.ts';

const EXECUTABLE =
  process.env.CHROMIUM ??
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((each) => existsSync(each)) ??
  'chromium';
const SCREENSHOTS = 'build/screenshots';

let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  await mkdir(SCREENSHOTS, { recursive: true });
});

afterAll(() => browser.close());

/** A library's contract of which the last four endpoints are still open. */
async function contractInPart(): Promise<TestClient & { root: string }> {
  const root = await workspaceWith({
    '.ai/temp/api-contract.md': chineseSkeleton(),
    '.ai/context/workflow-config.md': '## output_language\n\nzh-CN\n',
  });
  const client = await startClient({ args: ['--root', root] });
  await client.call('read_context', { mode: 'contract' });
  const defined = await client.call('define_contract', { endpoints: libraryDefinitions('zh').slice(0, 12), models: LIBRARY_MODELS });
  expect(defined.isError, defined.text).toBe(false);
  return { ...client, root };
}

/** Opens a page and notes everything it asks for and everything that goes wrong in it. */
async function openPage(url: string): Promise<{ page: Page; requests: string[]; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const requests: string[] = [];
  const errors: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
  return { page, requests, errors };
}

it('shows the contract offline, with what is open marked, and can be searched', async () => {
  const { call, root } = await contractInPart();
  const exported = await call('check_contract', { mode: 'contract', export: 'review' });
  expect(exported.isError, exported.text).toBe(false);
  const file = path.join(root, '.ai/temp/api-contract.review.html');
  const { page, requests, errors } = await openPage(pathToFileURL(file).href);
  await page.waitForSelector('body[data-drawn="true"]', { timeout: 60_000 });

  expect(await page.title()).toBe('API 契约');
  const state = await page.locator('#state').innerText();
  expect(state).toContain('尚未确定');
  expect(state).toContain('POST /api/v1/loans/{loan_id}/return');
  expect(state).not.toContain('GET /api/v1/books\n');
  const viewer = page.locator('#viewer');
  await expect.poll(() => viewer.innerText()).toContain('[open] POST /api/v1/loans/{loan_id}/return');
  expect(await viewer.innerText()).toContain('BOOK_ON_LOAN');
  await page.screenshot({ path: path.join(SCREENSHOTS, 'review-page.png') });

  await page.getByPlaceholder('Search...').fill('renew');
  await expect.poll(() => page.locator('[role=search]').innerText()).toContain('renew');
  await page.screenshot({ path: path.join(SCREENSHOTS, 'review-page-search.png') });

  expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
  expect(errors).toEqual([]);
  await page.close();
});

it('escapes whatever stands in the contract', async () => {
  const root = await workspaceWith({
    '.ai/temp/api-contract.md':
      '# </script><script>document.title = "owned"</script><img src=x onerror="document.title=\'owned\'">\n\n### GET /a\n\n</script><script>document.title="owned"</script>\n\n**Response**: 200 str — <img src=x onerror="document.title=\'owned\'">\n\n**Errors**: 404 NONE\n',
  });
  const { call } = await startClient({ args: ['--root', root] });
  const exported = await call('check_contract', { mode: 'contract', export: 'review' });
  expect(exported.isError, exported.text).toBe(false);
  const { page } = await openPage(pathToFileURL(path.join(root, '.ai/temp/api-contract.review.html')).href);
  await page.waitForSelector('body[data-drawn="true"]', { timeout: 60_000 });
  expect(await page.title()).toContain('</script>');
  expect(await page.locator('#viewer script').count()).toBe(0);
  await page.close();
});

it('tells a client that shows it as a view that it is there, and how high it is', async () => {
  const { client, root } = await contractInPart();
  const { tools } = await client.listTools();
  expect(tools.find((tool) => tool.name === 'check_contract')?._meta).toEqual({
    ui: { resourceUri: 'ui://python-engineer/contract.html' },
  });
  const { contents } = await client.readResource({ uri: 'ui://python-engineer/contract.html' });
  const [content] = contents;
  expect(content?.mimeType).toBe('text/html;profile=mcp-app');
  const html = content !== undefined && 'text' in content ? content.text : '';
  // The page is that of the export.
  expect(html).toContain('<title>API 契约</title>');
  expect(await readFile(path.join(root, '.ai/temp/api-contract.md'), 'utf8')).not.toBe('');

  const page = await browser.newPage();
  await page.setContent(
    '<body><script>window.messages = []; window.addEventListener("message", (event) => { window.messages.push(event.data); if (event.data.method === "ui/initialize") event.source.postMessage({ jsonrpc: "2.0", id: event.data.id, result: { protocolVersion: event.data.params.protocolVersion, hostInfo: { name: "host", version: "1" }, hostCapabilities: {}, hostContext: {} } }, "*"); });</script></body>',
  );
  await page.evaluate(`{
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-scripts');
    frame.srcdoc = ${JSON.stringify(html)};
    document.body.append(frame);
  }`);
  const methods = async (): Promise<string[]> =>
    z.array(z.string()).parse(await page.evaluate('messages.map((message) => message.method)'));
  await expect.poll(methods, { timeout: 60_000 }).toContain('ui/notifications/size-changed');
  expect((await methods()).slice(0, 2)).toEqual(['ui/initialize', 'ui/notifications/initialized']);
  await page.close();
});
