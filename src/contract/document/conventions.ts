import type { ErrorResponse, Place } from '../../api/endpoint.ts';
import type { Block } from '../../documents/markdown.ts';
import type { Conventions, Envelope } from '../contract.ts';
import { normalPath, plainText } from './endpoint-text.ts';
import { errorLines } from './errors.ts';
import { readExample } from './examples.ts';
import { roleOf, splitLabel } from './labels.ts';
import type { DocumentSections, Section } from './sections.ts';

const PAYLOADS = ['data', 'result', 'payload', 'content'];
const STATES = [
  'code',
  'success',
  'message',
  'msg',
  'error',
  'status',
  'errors',
  'traceId',
  'trace_id',
  'request_id',
  'requestId',
  'timestamp',
  'meta',
];
const BASE_PATH =
  /base[- ]?(url|path)|api prefix|path prefix|基础路径|基础 ?url|路径前缀|统一前缀|接口前缀|api ?前缀|ベース|パスプレフィックス|共通パス/i;
const EXCEPTED = /\b(except|unless|apart from|other than|but not)\b|除(?!了?以上)|以外|例外|ただし|公开/i;
const EVERY = /\b(all|every|each)\b|所有|全部|均需|都需|すべて|全て|全ての/i;

/** What the parts of a contract that are about no endpoint say for all of them. */
export function readConventions(documents: readonly DocumentSections[]): Conventions {
  let envelope: Envelope | undefined;
  let basePath = '';
  let naming: Conventions['naming'];
  let auth: Conventions['auth'];
  let authText = '';
  let validationStatus: number | undefined;
  const errors: ErrorResponse[] = [];
  const mentioned = new Set<string>();
  for (const { path, others } of documents) {
    for (const section of others) {
      for (const [title, block] of labelled(section)) {
        const place: Place = { path, line: block.line };
        envelope ??= envelopeIn(block, place);
        const text = 'text' in block ? block.text : '';
        if (basePath === '' && (BASE_PATH.test(title) || BASE_PATH.test(text))) basePath = basePathIn(text);
        for (const word of identifiersIn(block)) mentioned.add(word);
        naming ??= namingIn(text);
        const role = roleOf(title);
        const isAboutErrors = role === 'errors' || /错误码|error codes?|状态码|エラーコード/i.test(title);
        if (isAboutErrors || isErrorTable(block)) errors.push(...errorLines([block], path));
        const label = splitLabel(text);
        if ((role === 'auth' || roleOf(label?.title ?? '') === 'auth') && text !== '') {
          authText ||= plainText(text);
          if (EVERY.test(text) && !EXCEPTED.test(text)) auth = 'required';
        }
        if (validationStatus === undefined) validationStatus = validationStatusIn(block);
      }
    }
  }
  return { envelope, errors: uniqueErrors(errors), basePath, naming, auth, authText, validationStatus, mentioned: [...mentioned] };
}

/** Every block of a section with the label above it: its heading, or the last line that ends in a colon. */
function* labelled(section: Section): Generator<[title: string, block: Block]> {
  let title = section.heading?.text ?? '';
  for (const block of flat(section.body)) {
    const label = block.kind === 'line' || block.kind === 'item' ? splitLabel(block.text) : undefined;
    if (
      label !== undefined &&
      !label.isCode &&
      (label.isBold || label.value === '' || roleOf(label.title) !== undefined || BASE_PATH.test(label.title))
    )
      title = label.title;
    yield [title, block];
  }
}

function flat(blocks: readonly Block[]): Block[] {
  return blocks.flatMap((block) => (block.kind === 'item' ? [block, ...flat(block.blocks)] : [block]));
}

/** `{ "code": 0, "message": "ok", "data": ... }` in a code block, or `{success, data, error}` in a line. */
function envelopeIn(block: Block, place: Place): Envelope | undefined {
  const names =
    block.kind === 'code'
      ? topNames(block.value, block.contentLine)
      : 'text' in block
        ? (/\{([^{}]*)\}/.exec(block.text)?.[1] ?? '').split(/[,，、]/).map((part) => part.split(/[:：]/)[0]?.replace(/["'`\s]/g, '') ?? '')
        : [];
  const payload = names.find((name) => PAYLOADS.includes(name));
  const states = names.filter((name) => STATES.includes(name));
  if (payload === undefined || states.length === 0 || states.length < names.length - 1 - PAYLOADS.length + 1) return undefined;
  return { fields: names.filter((name) => /^\w+$/.test(name)), payload, place };
}

/** The names of parameters and headers in a block; the fields of model classes are none. */
function identifiersIn(block: Block): string[] {
  const texts =
    block.kind === 'code'
      ? /^(python|py)$/.test(block.language)
        ? []
        : [block.value]
      : block.kind === 'table'
        ? block.rows.flatMap((row) => row.cells.map((cell) => cell.text))
        : 'text' in block
          ? [block.text]
          : [];
  return texts.flatMap((text) => [...text.matchAll(/[A-Za-z_][\w-]*/g)].map((match) => match[0].toLowerCase()));
}

function topNames(code: string, line: number): string[] {
  const example = readExample(code, line);
  return example?.shape.kind === 'object' ? example.shape.fields.map((field) => field.name) : [];
}

function basePathIn(text: string): string {
  const found = /(?:https?:\/\/[^\s/`]+)?(\/[\w./{}-]*)/.exec(text.replace(/\{\{?\w*(?:host|url)\w*\}?\}/i, ''))?.[1] ?? '';
  return normalPath(found).replace(/\/+$/, '');
}

function namingIn(text: string): Conventions['naming'] {
  const isAboutNames = /nam(e|ing)|field|json|命名|字段|命名規則|フィールド/i.test(text);
  if (!isAboutNames) return undefined;
  const snake = /snake[_ -]?case|下划线/i.test(text);
  const camel = /(?<!Pascal|upper )camel[ -]?case|小驼峰|驼峰/i.test(text);
  return snake === camel ? undefined : snake ? 'snake_case' : 'camelCase';
}

function isErrorTable(block: Block): boolean {
  return (
    block.kind === 'table' &&
    /http|status|状态码|ステータス/i.test(block.header.map((cell) => cell.text).join(' ')) &&
    block.rows.some((row) => row.cells.some((cell) => /^[`\s]*[45]\d\d\b/.test(cell.text)))
  );
}

function validationStatusIn(block: Block): number | undefined {
  const texts =
    block.kind === 'table' ? block.rows.map((row) => row.cells.map((cell) => cell.text).join(' ')) : 'text' in block ? [block.text] : [];
  const line = texts.find(
    (text) => /validat|校验|验证失败|参数错误|检证|検証|バリデーション/i.test(text) && /(?<!\d)(400|422)(?!\d)/.test(text),
  );
  const status = line === undefined ? undefined : /(?<!\d)(400|422)(?!\d)/.exec(line)?.[1];
  return status === undefined ? undefined : Number(status);
}

function uniqueErrors(errors: readonly ErrorResponse[]): ErrorResponse[] {
  return [...new Map(errors.map((error) => [`${error.status} ${error.code}`, error])).values()];
}
