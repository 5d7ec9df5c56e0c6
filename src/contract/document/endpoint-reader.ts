import { createHash } from 'node:crypto';
import { endpointKey, endpointName, type Place } from '../../api/endpoint.ts';
import type { ShapeReader } from '../../fastapi/shapes.ts';
import type { ContractEndpoint, ContractProblem, ListedEndpoint } from '../contract.ts';
import type { ParsedDocument } from './documents.ts';
import { EndpointDraft } from './endpoint-draft.ts';
import type { Entry } from './entries.ts';
import { type EntryReading, overruled, withDetails } from './merging.ts';
import type { ContractModels } from './models.ts';

/** Reads what the entries of all documents say of each endpoint. */
export class EndpointReader {
  private readonly models: ContractModels;
  private readonly shapes: ShapeReader;
  private readonly basePath: string;
  private readonly found = new Map<string, EntryReading>();
  private readonly texts = new Map<string, string[]>();
  private readonly entries = new Map<string, { entry: Entry; document: ParsedDocument }[]>();
  private readonly mentioned: ListedEndpoint[] = [];
  private readonly problems: ContractProblem[] = [];

  constructor(models: ContractModels, shapes: ShapeReader, basePath: string) {
    this.models = models;
    this.shapes = shapes;
    this.basePath = basePath;
  }

  add(entry: Entry, document: ParsedDocument): void {
    for (const method of entry.endpoint.methods) {
      const path = this.fullPath(entry.endpoint.path);
      const place: Place = { path: document.path, line: entry.line };
      if (entry.isReference) {
        this.mentioned.push({ method, path, place });
        continue;
      }
      const reading = this.read(entry, method, path, place);
      const key = endpointKey(method, path);
      const earlier = this.found.get(key);
      const text = document.text.slice(entry.start, entry.end);
      if (earlier === undefined) {
        this.found.set(key, reading);
        this.entries.set(key, [{ entry, document }]);
        this.texts.set(key, [text]);
        continue;
      }
      const isAfterRow = this.entries.get(key)?.every((each) => each.entry.style === 'row') === true;
      this.entries.get(key)?.push({ entry, document });
      this.texts.get(key)?.push(text);
      // An inventory lists what is specified further down.
      this.found.set(key, isAfterRow && entry.style !== 'row' ? withDetails(reading, earlier) : this.merged(earlier, reading, entry));
    }
  }

  /** Two entries of one endpoint: a change, a mention in a table, or a fault. */
  private merged(earlier: EntryReading, later: EntryReading, entry: Entry): EntryReading {
    if (later.isChange || entry.style === 'row') return later.isChange ? overruled(earlier, later) : withDetails(earlier, later);
    const isBare = (reading: EntryReading): boolean =>
      reading.progress === 'open' && reading.responses.length === 0 && reading.errors.length === 0 && reading.open.length <= 1;
    if (isBare(earlier)) return withDetails(later, earlier);
    if (isBare(later)) return earlier;
    this.problems.push({
      kind: 'duplicate',
      severity: 'error',
      endpoint: endpointName(later),
      message: `${endpointName(later)} is specified twice: here and on line ${earlier.place.line} of ${earlier.place.path}.`,
      fix: 'Keep one of them, or mark the later one as a change.',
      place: later.place,
    });
    return earlier;
  }

  private fullPath(path: string): string {
    const base = this.basePath;
    return base === '' || path === base || path.startsWith(`${base}/`) ? path : `${base}${path === '/' ? '' : path}`;
  }

  private read(entry: Entry, method: string, path: string, place: Place): EntryReading {
    const draft = new EndpointDraft(this.models, this.shapes, entry, { method, path, place });
    for (const slot of entry.slots) draft.take(slot);
    const reading = draft.finish();
    this.problems.push(...draft.problems);
    return reading;
  }

  result(): { endpoints: ContractEndpoint[]; listed: ListedEndpoint[]; problems: ContractProblem[]; entries: EndpointReader['entries'] } {
    const listed = this.mentioned.filter(({ method, path }) => !this.found.has(endpointKey(method, path)));
    const endpoints = [...this.found].map(([key, { isChange: _isChange, ...reading }]): ContractEndpoint => {
      const models = this.models.classes.filter(
        (model) => reading.requestModels.includes(model.node.name) || reading.responseModels.includes(model.node.name),
      );
      const hash = createHash('sha256')
        .update([...(this.texts.get(key) ?? []), ...models.map((model) => model.source)].join('\n'))
        .digest('hex')
        .slice(0, 16);
      return { ...reading, hash };
    });
    return { endpoints, listed: uniqueListed(listed), problems: this.problems, entries: this.entries };
  }
}

function uniqueListed(listed: readonly ListedEndpoint[]): ListedEndpoint[] {
  return [...new Map(listed.map((each) => [endpointKey(each.method, each.path), each])).values()];
}
