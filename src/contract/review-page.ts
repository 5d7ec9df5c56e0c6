import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { endpointName } from '../api/endpoint.ts';
import { packageFile } from '../workspace/package-root.ts';
import { GENERATOR } from './openapi.ts';
import type { ContractReading } from './worker.ts';
import { contractWords } from './writing/words.ts';

/** The line by which a page of ours is known. */
export const PAGE_MARK = `<meta name="generator" content="${GENERATOR}">`;
/** The revision of the MCP Apps extension that the page speaks where a client shows it as a view. */
const VIEW_PROTOCOL = '2026-01-26';

const STYLE = `
body { margin: 0; font-family: system-ui, sans-serif; color: #263238; }
#state { padding: 12px 20px; border-bottom: 1px solid #cfd8dc; font-size: 14px; line-height: 1.5; }
#state h1 { font-size: 18px; margin: 0 0 4px; }
#state p { margin: 4px 0; }
#state .ready { color: #1b5e20; }
#state .open { color: #b71c1c; }
#state ul { margin: 4px 0 0; padding-left: 20px; }
#state code { font-family: ui-monospace, monospace; }
`;

/** Redoc draws the document; a client that shows the page as a view is told that it is there and how high it is. */
const SCRIPT = `
const spec = JSON.parse(document.getElementById('spec').textContent);
Redoc.init(spec, { sanitize: true, hideDownloadButton: true, nativeScrollbars: true, scrollYOffset: 0, expandResponses: '200,201,202', sortPropsAlphabetically: false },
  document.getElementById('viewer'), () => { document.body.dataset.drawn = 'true'; });
if (window.parent !== window) {
  const send = (message) => window.parent.postMessage({ jsonrpc: '2.0', ...message }, '*');
  const size = () => send({ method: 'ui/notifications/size-changed', params: { height: document.documentElement.scrollHeight } });
  window.addEventListener('message', (event) => {
    if (event.source !== window.parent || event.data?.id !== 1 || event.data?.result === undefined) return;
    send({ method: 'ui/notifications/initialized' });
    size();
    new ResizeObserver(size).observe(document.body);
  });
  send({ id: 1, method: 'ui/initialize', params: { protocolVersion: '${VIEW_PROTOCOL}', appInfo: { name: '${GENERATOR}', version: '1' }, appCapabilities: {} } });
}
`;

/**
 * The contract as one HTML file that needs nothing else: a frontend engineer opens it offline, reads and searches it, and sees
 * what is still open. `openapi` is the contract as an OpenAPI document; `language` a BCP 47 tag.
 */
export async function reviewPage(reading: ContractReading, openapi: Readonly<Record<string, unknown>>, language: string): Promise<string> {
  const viewer = await readFile(packageFile('dist/redoc.standalone.js'), 'utf8');
  const words = contractWords(language);
  const open = reading.contract.endpoints.filter((endpoint) => endpoint.progress !== 'done');
  const points = reading.problems.filter((problem) => problem.kind !== 'open');
  const state =
    open.length === 0
      ? `<p class="ready">${escaped(words.ready)}</p>`
      : `<p class="open">${escaped(words.open)}:</p>${list(open.map((endpoint) => `<code>${escaped(endpointName(endpoint))}</code>${endpoint.progress === 'partly' ? ` (${escaped(endpoint.open.join(', '))})` : ''}`))}`;
  const notes =
    points.length === 0
      ? ''
      : `<details><summary>${escaped(words.points)} (${points.length})</summary>${list(points.map((problem) => `${escaped(problem.message)} <small>${escaped(`${problem.place.path}:${problem.place.line}`)}</small>`))}</details>`;
  return [
    `<!doctype html>\n<html lang="${escaped(language)}">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">`,
    PAGE_MARK,
    // Whatever the contract contains, the page talks to nobody and runs nothing but these two scripts.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${digest(viewer)} ${digest(SCRIPT)}; worker-src blob:; style-src 'unsafe-inline'; img-src data:; font-src data:">`,
    `<title>${escaped(reading.title)}</title>\n<style>${STYLE}</style>\n</head>\n<body>`,
    `<header id="state"><h1>${escaped(reading.title)}</h1>${state}${notes}</header>`,
    '<div id="viewer"></div>',
    `<script id="spec" type="application/json">${JSON.stringify(openapi).replaceAll('<', '\\u003c')}</script>`,
    `<script>${viewer}</script>\n<script>${SCRIPT}</script>\n</body>\n</html>\n`,
  ].join('\n');
}

/** A script as a content security policy names it. */
function digest(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}

function list(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
