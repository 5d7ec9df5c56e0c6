import type { ListedEndpoint } from '../contract.ts';
import { endpointIn, plainText } from './endpoint-text.ts';

/** The endpoints that a work breakdown names, each once, with the line where it first stands. */
export function wbsEndpoints(path: string, text: string): ListedEndpoint[] {
  const found = new Map<string, ListedEndpoint>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    for (const piece of line.split(/\||[、，；;]|,\s/)) {
      const endpoint = endpointIn(piece);
      if (endpoint === undefined || plainText(piece).length > 200) continue;
      for (const method of endpoint.methods) {
        const key = `${method} ${endpoint.path}`;
        if (!found.has(key)) found.set(key, { method, path: endpoint.path, place: { path, line: index + 1 } });
      }
    }
  }
  return [...found.values()];
}
