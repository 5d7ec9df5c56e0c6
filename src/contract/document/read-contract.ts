import { createHash } from 'node:crypto';
import {
  type Content,
  type ErrorResponse,
  endpointKey,
  endpointName,
  hasBody,
  type Parameter,
  type ParameterPlace,
  type Place,
  pathParameters,
  type SuccessResponse,
} from '../../api/endpoint.ts';
import { type Block, readBlocks } from '../../documents/markdown.ts';
import { ShapeReader } from '../../fastapi/shapes.ts';
import type { ProjectTools } from '../../python/open-project.ts';
import type { Contract, ContractEndpoint, ContractModel, ContractProblem, ListedEndpoint, Progress } from '../contract.ts';
import { readConventions } from './conventions.ts';
import { describedModels } from './described-models.ts';
import { isOnlyMarker, isOpenText, plainText } from './endpoint-text.ts';
import { codeBlocks, type Entry, findEntries, type Section, type Slot, sectionTree, summaryLine } from './entries.ts';
import { isNothing, statusesIn } from './labels.ts';
import { leftMarkers } from './left-markers.ts';
import { type ContractModels, pythonBlocks, readModels } from './models.ts';
import { refineFields, SlotReader } from './slot-facts.ts';

/** A document of a contract: its text without byte order mark. */
export interface ContractDocument {
  readonly path: string;
  readonly text: string;
}

/** A document taken apart. */
export interface ParsedDocument extends ContractDocument {
  readonly blocks: readonly Block[];
  readonly entries: readonly Entry[];
  readonly others: readonly Section[];
}

/** A contract and where everything in it stands. */
export interface ReadContract {
  readonly contract: Contract;
  readonly documents: readonly ParsedDocument[];
  readonly models: ContractModels;
  /** The entries an endpoint was read from, by {@link endpointKey}; the one that specifies it first. */
  readonly entries: ReadonlyMap<string, readonly { readonly entry: Entry; readonly document: ParsedDocument }[]>;
}

/** Reads the documents of one contract. Nothing is guessed: what is not understood becomes a problem with its line. */
export async function readContract(documents: readonly ContractDocument[], tools: ProjectTools): Promise<ReadContract> {
  const parsed = await Promise.all(documents.map(parseDocument));
  const inPython = readModels(
    tools.parser,
    parsed.map(({ path, blocks }) => ({ path, blocks: pythonBlocks(codeBlocks(blocks)) })),
  );
  tools.project.use(inPython.module);
  tools.resolver.refresh();
  const shapes = new ShapeReader(tools.resolver, tools.project);
  const models = { ...inPython, described: describedModels(parsed, inPython, shapes) };
  const conventions = readConventions(parsed);
  const reader = new EndpointReader(models, shapes, conventions.basePath);
  for (const document of parsed) for (const entry of document.entries) reader.add(entry, document);
  const { endpoints, listed, problems, entries } = reader.result();
  const described: ContractModel[] = models.classes.map(({ node, place, source }) => ({
    name: node.name,
    place,
    source,
    shape: shapes.classShape({ kind: 'class', module: models.module, node, scope: models.module.facts.scope }, 'input', new Map()),
    isGeneric: shapes.isGeneric({ kind: 'class', module: models.module, node, scope: models.module.facts.scope }),
  }));
  const contract: Contract = {
    paths: documents.map(({ path }) => path),
    endpoints,
    listed,
    models: described,
    source: models.definitions.map((definition) => definition.source).join('\n\n\n'),
    conventions,
    problems: [
      ...parsed.flatMap(documentProblems),
      ...models.broken.map(brokenPython),
      ...problems,
      ...parsed.flatMap(({ path, blocks }) => leftMarkers(path, blocks, openEntries(path, endpoints, entries))),
    ],
  };
  return { contract, documents: parsed, models, entries };
}

/** Where the endpoints that are open stand in a document. */
function openEntries(path: string, endpoints: readonly ContractEndpoint[], entries: ReadContract['entries']): readonly Entry[] {
  return endpoints
    .filter((endpoint) => endpoint.progress !== 'done')
    .flatMap((endpoint) => entries.get(endpointKey(endpoint.method, endpoint.path)) ?? [])
    .filter(({ document }) => document.path === path)
    .map(({ entry }) => entry);
}

async function parseDocument({ path, text }: ContractDocument): Promise<ParsedDocument> {
  const blocks = await readBlocks(text);
  return { path, text, blocks, ...findEntries(sectionTree(blocks)) };
}

function documentProblems({ path, blocks }: ParsedDocument): ContractProblem[] {
  const open = codeBlocks(blocks).filter((block) => !block.isClosed);
  const problems = open.map(
    (block): ContractProblem => ({
      kind: 'not_understood',
      severity: 'error',
      endpoint: '',
      message: `The code fence of line ${block.line} is never closed: everything below it counts as code.`,
      fix: 'Close the fence.',
      place: { path, line: block.line },
    }),
  );
  for (const block of codeBlocks(blocks)) {
    if (!/^(ya?ml|json)$/.test(block.language) || !/^\s*["']?(openapi|paths)["']?\s*:/m.test(block.value)) continue;
    problems.push({
      kind: 'not_understood',
      severity: 'warning',
      endpoint: '',
      message: `The OpenAPI block of line ${block.line} is not read as part of the contract.`,
      fix: 'Specify its endpoints in the document itself.',
      place: { path, line: block.line },
    });
  }
  return problems;
}

function brokenPython(place: Place): ContractProblem {
  return {
    kind: 'not_understood',
    severity: 'error',
    endpoint: '',
    message: 'The Python of this block does not parse; its models are left out.',
    fix: 'Correct the block.',
    place,
  };
}

type Reading = Omit<ContractEndpoint, 'hash'> & { readonly isChange: boolean };

class EndpointReader {
  private readonly models: ContractModels;
  private readonly shapes: ShapeReader;
  private readonly basePath: string;
  private readonly found = new Map<string, Reading>();
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
      const reading = this.read(entry, document, method, path, place);
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
  private merged(earlier: Reading, later: Reading, entry: Entry): Reading {
    if (later.isChange || entry.style === 'row') return later.isChange ? overruled(earlier, later) : withDetails(earlier, later);
    const isBare = (reading: Reading): boolean =>
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

  private read(entry: Entry, document: ParsedDocument, method: string, path: string, place: Place): Reading {
    const reader = new SlotReader(this.models, this.shapes, document.path);
    const pathNames = pathParameters(path);
    const parameters: Parameter[] = [];
    const errors: ErrorResponse[] = [];
    const responses: SuccessResponse[] = [];
    const validation: string[] = [];
    const requestModels: string[] = [];
    const responseModels: string[] = [];
    const examples: { request?: unknown; response?: unknown } = {};
    let request: Content | 'none' | undefined;
    let authText = '';
    let summary =
      entry.endpoint.after.replace(/^[\s—–:：-]+/, '') ||
      (entry.style === 'heading'
        ? entry.endpoint.before
            .replace(/^\d+(\.\d+)*[.)、]?\s*/, '')
            .replace(/[:：—–(（-]+\s*$/, '')
            .trim()
        : '');
    const statuses: number[] = [];
    for (const slot of entry.slots) {
      switch (slot.role) {
        case 'summary':
          if (!isOpenText(slot.value) && slot.value !== '') summary = plainText(slot.value);
          break;
        case 'auth':
          authText = plainText(authLines(slot).join(' '));
          break;
        case 'parameters':
        case 'path_parameters':
        case 'query_parameters':
        case 'headers': {
          const isBody =
            slot.role === 'parameters' &&
            hasBody(method) &&
            request === undefined &&
            !entry.slots.some((other) => other.role === 'request');
          const body = isBody ? reader.body(slot, 'input') : undefined;
          const found = reader.parameters(slot, placeOf(slot.role), pathNames);
          const areParameters =
            found.some((parameter) => parameter.in !== 'query') ||
            slot.content.some(
              (block) => block.kind === 'table' && /\b(in|location)\b|位置|場所/i.test(block.header.map((cell) => cell.text).join('|')),
            );
          if (body?.content !== undefined && !areParameters) {
            request = body.content;
            requestModels.push(...body.models);
          } else parameters.push(...found);
          break;
        }
        case 'request': {
          // What a GET is asked with are parameters, whatever the label says.
          const asked = method === 'GET' || method === 'HEAD' ? reader.parameters(slot, undefined, pathNames) : [];
          if (asked.length > 0) {
            parameters.push(...asked);
            break;
          }
          const body = reader.body(slot, 'input');
          request = body.content ?? request;
          requestModels.push(...body.models);
          if (body.example !== undefined) examples.request = body.example;
          this.report(body, slot, method, path, document.path);
          break;
        }
        case 'response':
          this.readResponse(reader, slot, { responses, errors, statuses, responseModels, examples, method, path, document: document.path });
          break;
        case 'errors':
          errors.push(...reader.errors(slot));
          break;
        case 'status':
          statuses.push(
            ...statusesIn([slot.value, ...slot.content.map((block) => ('text' in block ? block.text : ''))].join(' ')).filter(
              (status) => status < 400,
            ),
          );
          errors.push(...reader.errors(slot).filter((error) => !errors.some((other) => other.status === error.status)));
          break;
        case 'validation':
          validation.push(...linesOf(slot));
          if (request !== undefined && request !== 'none')
            request = { ...request, shape: refineFields(request.shape, reader.bulletFields(slot.content, 'input')) };
          break;
        default:
          break;
      }
    }
    if (summary === '' || isOnlyMarker(summary)) summary = looseSummary(entry);
    const [status] = statuses;
    const known =
      responses.length === 0 && status !== undefined
        ? [{ status, content: status === 204 ? ('none' as const) : undefined, meaning: '', place }]
        : responses.map((response) => ({ ...response, status: response.status ?? status }));
    for (const name of pathNames) {
      if (!parameters.some((parameter) => parameter.in === 'path' && parameter.name === name))
        parameters.push({ name, in: 'path', required: true, shape: { kind: 'unknown' }, line: entry.line });
    }
    const open = openParts(entry, method);
    return {
      method,
      path,
      place,
      summary,
      parameters: uniqueParameters(parameters, pathNames),
      request,
      responses: known,
      errors,
      auth: authOf(authText),
      authText,
      validation,
      requestModels: [...new Set(requestModels)],
      responseModels: [...new Set(responseModels)],
      examples,
      isRequestSaid: entry.slots.some((slot) => slot.role === 'request' && (slot.value !== '' || slot.content.length > 0)),
      open,
      progress: progressOf(entry, open),
      isChange: entry.slots.some((slot) => slot.role === 'change'),
    };
  }

  private readResponse(
    reader: SlotReader,
    slot: Slot,
    into: {
      responses: SuccessResponse[];
      errors: ErrorResponse[];
      statuses: number[];
      responseModels: string[];
      examples: { response?: unknown };
      method: string;
      path: string;
      document: string;
    },
  ): void {
    const labelled = statusesIn(slot.label);
    const inValue = statusesIn(slot.value.slice(0, 24));
    const place: Place = { path: into.document, line: slot.line };
    // A list or table of responses by status.
    const inline = labelled.length > 0 ? [] : inlineParts(slot);
    const listed = inline.length > 1 ? inline : labelled.length > 0 || inValue.length > 0 ? [] : statusParts(slot);
    if (listed.length > 0) {
      for (const part of listed) {
        if (part.status >= 400) {
          into.errors.push(...reader.errors({ ...slot, label: '', value: part.text, content: part.content }).slice(0, 1));
          continue;
        }
        const body = reader.body({ ...slot, label: '', value: part.text, content: part.content }, 'output');
        into.responseModels.push(...body.models);
        into.responses.push({
          status: part.status,
          content: part.status === 204 ? 'none' : body.content,
          meaning: meaningOf(part.text),
          place: { ...place, line: part.line },
        });
      }
      return;
    }
    const [first] = [...labelled, ...inValue].filter((status) => status < 400);
    const body = reader.body(slot, 'output');
    const nestedStatus =
      first === undefined
        ? statusesIn(
            slot.content.flatMap((block) => (block.kind === 'line' || block.kind === 'item' ? [block.text.slice(0, 40)] : [])).join(' '),
          ).find((status) => status < 400)
        : first;
    if (isOpenText(slot.value) && body.content === undefined) return;
    into.responseModels.push(...body.models);
    if (body.example !== undefined && into.examples.response === undefined) into.examples.response = body.example;
    into.responses.push({
      status: first ?? nestedStatus,
      content: (first ?? nestedStatus) === 204 ? 'none' : body.content,
      meaning: meaningOf(slot.value),
      place,
    });
    // Errors below the success, in the same part.
    into.errors.push(...reader.errors({ ...slot, label: '', value: '' }).filter((error) => error.status >= 400));
    this.report(body, slot, into.method, into.path, into.document);
  }

  private report(
    body: { readonly undefinedModels: readonly string[]; readonly isNotUnderstood: boolean },
    slot: Slot,
    method: string,
    path: string,
    document: string,
  ): void {
    const endpoint = `${method} ${path}`;
    for (const name of new Set(body.undefinedModels)) {
      this.problems.push({
        kind: 'undefined_model',
        severity: 'error',
        endpoint,
        message: `\`${name}\` is used by ${endpoint} and defined nowhere in the contract.`,
        fix: `Define \`${name}\` as a Pydantic model, or use one that is defined.`,
        place: { path: document, line: slot.line },
      });
    }
    if (!body.isNotUnderstood) return;
    this.problems.push({
      kind: 'not_understood',
      severity: 'warning',
      endpoint,
      message: `"${plainText(slot.label)}" of ${endpoint} could not be read as a body.`,
      fix: 'Name a Pydantic model, or give a JSON example or a table of fields.',
      place: { path: document, line: slot.line },
    });
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

function placeOf(role: NonNullable<Slot['role']>): ParameterPlace | undefined {
  if (role === 'path_parameters') return 'path';
  if (role === 'query_parameters') return 'query';
  return role === 'headers' ? 'header' : undefined;
}

/** A change states only what is different. */
function overruled(earlier: Reading, change: Reading): Reading {
  return {
    ...earlier,
    parameters: uniqueParameters(
      [...change.parameters.filter((parameter) => parameter.shape.kind !== 'unknown'), ...earlier.parameters],
      [],
    ),
    request: change.request ?? earlier.request,
    responses: change.responses.length > 0 ? change.responses : earlier.responses,
    errors:
      change.errors.length > 0
        ? [...change.errors, ...earlier.errors.filter((error) => !change.errors.some((other) => other.status === error.status))]
        : earlier.errors,
    auth: change.auth ?? earlier.auth,
    authText: change.authText || earlier.authText,
    validation: [...earlier.validation, ...change.validation],
    requestModels: [...new Set([...earlier.requestModels, ...change.requestModels])],
    responseModels: [...new Set([...earlier.responseModels, ...change.responseModels])],
    open: [...earlier.open, ...change.open],
    progress: change.progress === 'open' ? earlier.progress : change.progress === 'partly' ? 'partly' : earlier.progress,
  };
}

/** What a table row adds to the entry that specifies the endpoint. */
function withDetails(main: Reading, row: Reading): Reading {
  return {
    ...main,
    summary: main.summary === '' ? row.summary : main.summary,
    auth: main.auth ?? row.auth,
    authText: main.authText || row.authText,
    parameters: uniqueParameters([...main.parameters, ...row.parameters], pathParameters(main.path)),
    request: main.request ?? row.request,
    isRequestSaid: main.isRequestSaid || row.isRequestSaid,
    requestModels: [...new Set([...main.requestModels, ...row.requestModels])],
    responseModels: [...new Set([...main.responseModels, ...row.responseModels])],
    responses: main.responses.length > 0 ? main.responses : row.responses,
    errors: main.errors.length > 0 ? main.errors : row.errors,
  };
}

function uniqueParameters(parameters: readonly Parameter[], pathNames: readonly string[]): Parameter[] {
  const unique = new Map<string, Parameter>();
  for (const parameter of parameters) {
    const key = `${parameter.in} ${parameter.name.toLowerCase()}`;
    // A path parameter that the path does not have is a spelling of one that it has: reported by the completeness check.
    const known = unique.get(key);
    if (known === undefined || known.shape.kind === 'unknown') unique.set(key, parameter);
  }
  const all = [...unique.values()];
  const described = all.filter((parameter) => parameter.in === 'path' && !pathNames.includes(parameter.name));
  // `id` in the table for `{loan_id}` in the path, where there is only one of each.
  const bare = all.filter(
    (parameter) => parameter.in === 'path' && pathNames.includes(parameter.name) && parameter.shape.kind === 'unknown',
  );
  const [only] = bare;
  const [spelled] = described;
  if (only === undefined || spelled === undefined || bare.length !== 1 || described.length !== 1) return all;
  return all.flatMap((parameter) => (parameter === spelled ? [] : parameter === only ? [{ ...spelled, name: only.name }] : [parameter]));
}

function uniqueListed(listed: readonly ListedEndpoint[]): ListedEndpoint[] {
  return [...new Map(listed.map((each) => [endpointKey(each.method, each.path), each])).values()];
}

function authOf(text: string): 'required' | 'none' | undefined {
  if (text === '' || isOpenText(text)) return undefined;
  if (
    isNothing(text) ||
    /\b(none|public|anonymous|not required|no auth|unauthenticated|open to all)\b|无需|不需要|公开|匿名|免登录|免认证|不要|公開/i.test(text)
  )
    return 'none';
  return /\b(bearer|jwt|token|required|api[- ]?key|oauth|login|logged|signed|session|cookie|yes|authenticated|\w*admin\w*|roles?|\w*user|members?|owner|staff|manager|account|protected|private|scopes?)\b|需要|必须|登录|令牌|管理员|必須|要認証|トークン|✓|是/i.test(
    text,
  )
    ? 'required'
    : undefined;
}

/** What stands at the label and in a list below it; a paragraph only where the label's line says nothing. */
function authLines(slot: Slot): string[] {
  const below = slot.content.filter((block) => slot.value === '' || block.kind !== 'line');
  return [slot.value, ...below.map((block) => ('text' in block ? block.text : ''))];
}

/** The labels of the parts that are still open. */
function openParts(entry: Entry, method: string): string[] {
  const open = entry.slots.filter((slot) => isOpenSlot(slot)).map((slot) => plainText(slot.label) || (slot.role ?? ''));
  const markers =
    entry.markers.length > 0 && entry.slots.length === 0
      ? ['everything']
      : entry.markers.length > 0 && entry.style !== 'row'
        ? ['a marker']
        : [];
  const rowMarkers = entry.style === 'row' && entry.markers.length > 0 ? ['everything'] : [];
  const isEmpty =
    entry.style !== 'row' &&
    entry.slots.filter((slot) => slot.role !== 'summary' && slot.role !== 'auth').length === 0 &&
    entry.markers.length === 0 &&
    !hasContent(entry);
  return [...new Set([...open, ...markers, ...rowMarkers, ...(isEmpty && method !== '' ? ['everything'] : [])])];
}

function hasContent(entry: Entry): boolean {
  return entry.loose.some((block) => block.kind === 'code' || block.kind === 'table');
}

/** True when a part still holds a marker. */
export function isOpenSlot(slot: Slot): boolean {
  if (isOpenText(slot.value)) return true;
  const texts = slot.content.flatMap((block) => textsOf(block));
  return texts.some(isOpenText);
}

function textsOf(block: Block): string[] {
  switch (block.kind) {
    case 'line':
    case 'heading':
      return [block.text];
    case 'item':
      return [block.text, ...block.blocks.flatMap(textsOf)];
    case 'table':
      return block.rows.flatMap((row) => row.cells.map((cell) => cell.text));
    case 'code':
      return /\[TBD\]/i.test(block.value) ? [block.value] : [];
    default:
      return [];
  }
}

function progressOf(entry: Entry, open: readonly string[]): Progress {
  if (open.length === 0) return 'done';
  const detailed = entry.slots.filter(
    (slot) => slot.role !== 'summary' && slot.role !== 'auth' && slot.role !== 'method' && slot.role !== 'path',
  );
  return detailed.some((slot) => !isOpenSlot(slot) && (slot.value !== '' || slot.content.length > 0)) ? 'partly' : 'open';
}

function linesOf(slot: Slot): string[] {
  const own = slot.value === '' || isOpenText(slot.value) ? [] : [plainText(slot.value)];
  return [...own, ...slot.content.flatMap((block) => ('text' in block && block.text !== '' ? [plainText(block.text)] : []))];
}

function looseSummary(entry: Entry): string {
  const line = summaryLine(entry);
  return line !== undefined && !isOnlyMarker(line.text) ? plainText(line.text) : '';
}

function meaningOf(value: string): string {
  const after = /(?:—|–|\s-\s|[:：])\s*(.+)$/.exec(plainText(value))?.[1] ?? '';
  return isOpenText(after) ? '' : after;
}

interface StatusPart {
  readonly status: number;
  readonly text: string;
  readonly content: readonly Block[];
  readonly line: number;
}

/** `201 `Loan` — created; 202 — later` in one line. */
function inlineParts(slot: Slot): StatusPart[] {
  return slot.value.split(/[;；]\s*(?=`?[1-5]\d\d\b)/).flatMap((text): StatusPart[] => {
    const [status] = /^[`*\s]*[1-5]\d\d\b/.test(text) ? statusesIn(text) : [];
    return status === undefined ? [] : [{ status, text, content: [], line: slot.line }];
  });
}

/** The parts of a slot that lists responses by status: bullets or rows that begin with one. */
function statusParts(slot: Slot): StatusPart[] {
  return slot.content.flatMap((block): StatusPart[] => {
    if (block.kind === 'item' && /^[`*\s]*(?:HTTP\s*)?[1-5]\d\d\b/.test(block.text)) {
      const [status] = statusesIn(block.text);
      return status === undefined ? [] : [{ status, text: block.text, content: block.blocks, line: block.line }];
    }
    if (block.kind !== 'table') return [];
    return block.rows.flatMap((row) => {
      const at = row.cells.findIndex((cell) => /^[`*\s]*[1-5]\d\d[`*\s]*$/.test(cell.text));
      const [status] = statusesIn(row.cells[at]?.text ?? '');
      if (status === undefined) return [];
      const text = [`${status}`, ...row.cells.filter((_, index) => index !== at).map((cell) => cell.text)].join(' — ');
      return [{ status, text, content: [], line: row.line }];
    });
  });
}
