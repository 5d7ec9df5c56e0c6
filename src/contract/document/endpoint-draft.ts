import {
  type Content,
  type ErrorResponse,
  endpointName,
  hasBody,
  type Parameter,
  type ParameterPlace,
  type Place,
  pathParameters,
  type SuccessResponse,
} from '../../api/endpoint.ts';
import type { ShapeReader } from '../../fastapi/shapes.ts';
import type { ContractProblem } from '../contract.ts';
import { type BodyFacts, BodyReader } from './bodies.ts';
import { isOnlyMarker, isOpenText, plainText } from './endpoint-text.ts';
import { type Entry, summaryLine } from './entries.ts';
import { errorsOf } from './errors.ts';
import { FieldReader, refineFields } from './fields.ts';
import { isNothing, statusesIn } from './labels.ts';
import { type EntryReading, uniqueParameters } from './merging.ts';
import type { ContractModels } from './models.ts';
import { openParts, progressOf } from './openness.ts';
import { inlineParts, meaningOf, statusParts } from './responses.ts';
import type { Slot } from './slots.ts';

interface Identity {
  readonly method: string;
  readonly path: string;
  readonly place: Place;
}

/** One entry of an endpoint while it is read, labelled part by labelled part. */
export class EndpointDraft {
  /** What was found wrong on the way. */
  readonly problems: ContractProblem[] = [];
  private readonly entry: Entry;
  private readonly identity: Identity;
  private readonly pathNames: readonly string[];
  private readonly fields: FieldReader;
  private readonly bodies: BodyReader;
  private readonly parameters: Parameter[] = [];
  private readonly errors: ErrorResponse[] = [];
  private readonly responses: SuccessResponse[] = [];
  /** Success statuses that stand apart from the response they belong to. */
  private readonly statuses: number[] = [];
  private readonly validation: string[] = [];
  private readonly requestModels: string[] = [];
  private readonly responseModels: string[] = [];
  private readonly examples: { request?: unknown; response?: unknown } = {};
  private request: Content | 'none' | undefined;
  private authText = '';
  private summary: string;

  constructor(models: ContractModels, shapes: ShapeReader, entry: Entry, identity: Identity) {
    this.entry = entry;
    this.identity = identity;
    this.pathNames = pathParameters(identity.path);
    this.fields = new FieldReader(models, shapes);
    this.bodies = new BodyReader(models, this.fields, identity.place.path);
    this.summary = summaryInTitle(entry);
  }

  /** Reads one part. */
  take(slot: Slot): void {
    switch (slot.role) {
      case 'summary':
        if (!isOpenText(slot.value) && slot.value !== '') this.summary = plainText(slot.value);
        break;
      case 'auth':
        this.authText = plainText(authLines(slot).join(' '));
        break;
      case 'parameters':
      case 'path_parameters':
      case 'query_parameters':
      case 'headers':
        this.takeParameters(slot, slot.role);
        break;
      case 'request':
        this.takeRequest(slot);
        break;
      case 'response':
        this.takeResponse(slot);
        break;
      case 'errors':
        this.errors.push(...errorsOf(slot, this.identity.place.path));
        break;
      case 'status':
        this.takeStatus(slot);
        break;
      case 'validation':
        this.validation.push(...linesOf(slot));
        if (this.request !== undefined && this.request !== 'none')
          this.request = { ...this.request, shape: refineFields(this.request.shape, this.fields.bulletFields(slot.content, 'input')) };
        break;
      default:
        break;
    }
  }

  /** The endpoint as all parts together describe it. */
  finish(): EntryReading {
    const { entry, parameters } = this;
    const { method, path, place } = this.identity;
    if (this.summary === '' || isOnlyMarker(this.summary)) this.summary = looseSummary(entry);
    for (const name of this.pathNames) {
      if (!parameters.some((parameter) => parameter.in === 'path' && parameter.name === name))
        parameters.push({ name, in: 'path', required: true, shape: { kind: 'unknown' }, line: entry.line });
    }
    const open = openParts(entry);
    return {
      method,
      path,
      place,
      summary: this.summary,
      parameters: uniqueParameters(parameters, this.pathNames),
      request: this.request,
      responses: this.responsesWithStatus(),
      errors: this.errors,
      auth: authOf(this.authText),
      authText: this.authText,
      validation: this.validation,
      requestModels: [...new Set(this.requestModels)],
      responseModels: [...new Set(this.responseModels)],
      examples: this.examples,
      isRequestSaid: entry.slots.some((slot) => slot.role === 'request' && (slot.value !== '' || slot.content.length > 0)),
      open,
      progress: progressOf(entry, open),
      isChange: entry.slots.some((slot) => slot.role === 'change'),
    };
  }

  private responsesWithStatus(): SuccessResponse[] {
    const [status] = this.statuses;
    if (this.responses.length > 0 || status === undefined)
      return this.responses.map((response) => ({ ...response, status: response.status ?? status }));
    return [{ status, content: status === 204 ? 'none' : undefined, meaning: '', place: this.identity.place }];
  }

  private takeParameters(slot: Slot, role: ParameterRole): void {
    const isBody =
      role === 'parameters' &&
      hasBody(this.identity.method) &&
      this.request === undefined &&
      !this.entry.slots.some((other) => other.role === 'request');
    const body = isBody ? this.bodies.body(slot, 'input') : undefined;
    const found = this.fields.parameters(slot, placeOf(role), this.pathNames);
    const areParameters =
      found.some((parameter) => parameter.in !== 'query') ||
      slot.content.some(
        (block) => block.kind === 'table' && /\b(in|location)\b|位置|場所/i.test(block.header.map((cell) => cell.text).join('|')),
      );
    if (body?.content !== undefined && !areParameters) {
      this.request = body.content;
      this.requestModels.push(...body.models);
    } else this.parameters.push(...found);
  }

  private takeRequest(slot: Slot): void {
    const { method } = this.identity;
    // What a GET is asked with are parameters, whatever the label says.
    const asked = method === 'GET' || method === 'HEAD' ? this.fields.parameters(slot, undefined, this.pathNames) : [];
    if (asked.length > 0) {
      this.parameters.push(...asked);
      return;
    }
    const body = this.bodies.body(slot, 'input');
    this.request = body.content ?? this.request;
    this.requestModels.push(...body.models);
    if (body.example !== undefined) this.examples.request = body.example;
    this.report(body, slot);
  }

  private takeResponse(slot: Slot): void {
    const labelled = statusesIn(slot.label);
    const inValue = statusesIn(slot.value.slice(0, 24));
    // A list or table of responses by status.
    const inline = labelled.length > 0 ? [] : inlineParts(slot);
    const listed = inline.length > 1 ? inline : labelled.length > 0 || inValue.length > 0 ? [] : statusParts(slot);
    if (listed.length > 0) {
      for (const { status, text, content, line } of listed)
        this.takeListedResponse(status, { ...slot, label: '', value: text, content }, line);
      return;
    }
    const [first] = [...labelled, ...inValue].filter((status) => status < 400);
    const body = this.bodies.body(slot, 'output');
    const status = first ?? successIn(slot);
    if (isOpenText(slot.value) && body.content === undefined) return;
    this.responseModels.push(...body.models);
    if (body.example !== undefined && this.examples.response === undefined) this.examples.response = body.example;
    this.responses.push({
      status,
      content: status === 204 ? 'none' : body.content,
      meaning: meaningOf(slot.value),
      place: { path: this.identity.place.path, line: slot.line },
    });
    // Errors below the success, in the same part.
    const below = errorsOf({ ...slot, label: '', value: '' }, this.identity.place.path);
    this.errors.push(...below.filter((error) => error.status >= 400));
    this.report(body, slot);
  }

  /** One of several responses in a list, as a part of its own. */
  private takeListedResponse(status: number, part: Slot, line: number): void {
    const { path } = this.identity.place;
    if (status >= 400) {
      this.errors.push(...errorsOf(part, path).slice(0, 1));
      return;
    }
    const body = this.bodies.body(part, 'output');
    this.responseModels.push(...body.models);
    this.responses.push({
      status,
      content: status === 204 ? 'none' : body.content,
      meaning: meaningOf(part.value),
      place: { path, line },
    });
  }

  private takeStatus(slot: Slot): void {
    const text = [slot.value, ...slot.content.map((block) => ('text' in block ? block.text : ''))].join(' ');
    this.statuses.push(...statusesIn(text).filter((status) => status < 400));
    const named = errorsOf(slot, this.identity.place.path);
    this.errors.push(...named.filter((error) => !this.errors.some((other) => other.status === error.status)));
  }

  private report(body: BodyFacts, slot: Slot): void {
    const { place } = this.identity;
    const endpoint = endpointName(this.identity);
    for (const name of new Set(body.undefinedModels)) {
      this.problems.push({
        kind: 'undefined_model',
        severity: 'error',
        endpoint,
        message: `\`${name}\` is used by ${endpoint} and defined nowhere in the contract.`,
        fix: `Define \`${name}\` as a Pydantic model, or use one that is defined.`,
        place: { path: place.path, line: slot.line },
      });
    }
    if (!body.isNotUnderstood) return;
    this.problems.push({
      kind: 'not_understood',
      severity: 'warning',
      endpoint,
      message: `"${plainText(slot.label)}" of ${endpoint} could not be read as a body.`,
      fix: 'Name a Pydantic model, or give a JSON example or a table of fields.',
      place: { path: place.path, line: slot.line },
    });
  }
}

/** The success status in the first words of the lines below a label. */
function successIn(slot: Slot): number | undefined {
  const starts = slot.content.flatMap((block) => (block.kind === 'line' || block.kind === 'item' ? [block.text.slice(0, 40)] : []));
  return statusesIn(starts.join(' ')).find((status) => status < 400);
}

/** What stands beside the endpoint in the line that names it. */
function summaryInTitle({ endpoint, style }: Entry): string {
  const after = endpoint.after.replace(/^[\s—–:：-]+/, '');
  if (after !== '' || style !== 'heading') return after;
  return endpoint.before
    .replace(/^\d+(\.\d+)*[.)、]?\s*/, '')
    .replace(/[:：—–(（-]+\s*$/, '')
    .trim();
}

type ParameterRole = 'parameters' | 'path_parameters' | 'query_parameters' | 'headers';

function placeOf(role: ParameterRole): ParameterPlace | undefined {
  if (role === 'path_parameters') return 'path';
  if (role === 'query_parameters') return 'query';
  return role === 'headers' ? 'header' : undefined;
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

function linesOf(slot: Slot): string[] {
  const own = slot.value === '' || isOpenText(slot.value) ? [] : [plainText(slot.value)];
  return [...own, ...slot.content.flatMap((block) => ('text' in block && block.text !== '' ? [plainText(block.text)] : []))];
}

function looseSummary(entry: Entry): string {
  const line = summaryLine(entry);
  return line !== undefined && !isOnlyMarker(line.text) ? plainText(line.text) : '';
}
