import type { ErrorResponse, Place } from '../../api/endpoint.ts';
import type { Block, Table } from '../../documents/markdown.ts';
import { columnsOf } from './columns.ts';
import { isOpenText, plainText } from './endpoint-text.ts';
import { statusesIn } from './labels.ts';
import type { Slot } from './slots.ts';

/** The errors that a slot lists; `path` is the document's. */
export function errorsOf(slot: Slot, path: string): ErrorResponse[] {
  const inTitle = statusesIn(slot.label).filter((status) => status >= 400);
  const lines = errorLines(slot.content, path);
  const place: Place = { path, line: slot.line };
  const inline = isOpenText(slot.value) ? [] : errorsInText(slot.value, place);
  const own = [...inline, ...lines];
  if (own.length > 0 || inTitle.length === 0) return own;
  // `**404**: no such loan`, or a label with the status and an example below it.
  const code = errorCode(textOf(slot.content)) || errorCode(slot.value);
  return inTitle.map((status) => ({ status, code, when: plainText(slot.value), place }));
}

/** The errors that blocks list, one a line or row. */
export function errorLines(blocks: readonly Block[], path: string): ErrorResponse[] {
  return blocks.flatMap((block): ErrorResponse[] => {
    const place: Place = { path, line: block.line };
    switch (block.kind) {
      case 'line':
        return errorsInText(block.text, place);
      case 'item': {
        const own = errorsInText(block.text, place);
        const nestedErrors = own.length === 0 ? errorLines(block.blocks, path) : [];
        return [...own.map((error) => (error.code === '' ? { ...error, code: errorCode(textOf(block.blocks)) } : error)), ...nestedErrors];
      }
      case 'table':
        return tableErrors(block, path);
      default:
        return [];
    }
  });
}

/** What blocks say, code included; tables are left out. */
function textOf(blocks: readonly Block[]): string {
  return blocks.map((block) => (block.kind === 'code' ? block.value : 'text' in block ? block.text : '')).join('\n');
}

function tableErrors(table: Table, path: string): ErrorResponse[] {
  const columns = columnsOf(table.header);
  return table.rows.flatMap((row): ErrorResponse[] => {
    const texts = row.cells.map((cell) => plainText(cell.text));
    const statusAt = columns.includes('status') ? columns.indexOf('status') : texts.findIndex((text) => /^[45]\d\d\b/.test(text));
    const statuses = statusesIn(texts[statusAt] ?? '').filter((status) => status >= 400);
    const codeAt = columns.findIndex((column, index) => column === 'code' && index !== statusAt);
    const code =
      codeAt === -1
        ? (texts.map((text, index) => (index === statusAt ? '' : errorCode(text))).find((each) => each !== '') ?? '')
        : (texts[codeAt] ?? '');
    const when = texts.filter((_, index) => index !== statusAt && index !== codeAt).find((text) => text !== '' && text !== code) ?? '';
    return statuses.map((status) => ({
      status,
      code: isOpenText(code) || /^[-—–]$/.test(code) ? '' : code,
      when,
      place: { path, line: row.line },
    }));
  });
}

/** `409 CONFLICT：{"code": "CONFLICT"}`, `401/403`, `404, 409`. */
function errorsInText(text: string, place: Place): ErrorResponse[] {
  const plain = plainText(text);
  const head = /^[^A-Za-z\d]*(?:HTTP\s*)?(?=\d)|^[A-Z_]{3,}\s*[（(:：]?\s*(?=\d{3}\b)/.exec(plain);
  const parts = plain.split(/[,，、;；](?=\s*(?:HTTP\s*)?[45]\d\d\b)/);
  if (head === null && !parts.some((part) => /(?<!\d)[45]\d\d(?!\d)/.test(part.slice(0, 40)))) return [];
  return parts.flatMap((part) => {
    const statuses = [...new Set(statusesIn(part.split(/[:：—]/)[0] ?? part).filter((status) => status >= 400))];
    const found =
      statuses.length > 0
        ? statuses
        : statusesIn(part)
            .filter((status) => status >= 400)
            .slice(0, 1);
    const code = markedCode(text, found[0]) || errorCode(text.includes('{') ? text : part);
    const when = part
      .replace(/^[\s\d/|]*(?:HTTP)?/, '')
      .replace(code, '')
      .replace(/^[\s:：—–-]+|\{.*\}/g, '')
      .trim();
    return found.map((status) => ({ status, code, when, place }));
  });
}

/** The word in code marks right behind a status: ``404 `loan_not_found`: …``; empty where there is none, or it names a model. */
function markedCode(text: string, status: number | undefined): string {
  if (status === undefined) return '';
  const marked = new RegExp(`(?<!\\d)${status}(?:\\s|[(（:：—–-]){1,5}\`([\\w.-]{1,64})\``).exec(text)?.[1] ?? '';
  return /(?:Response|Schema|Model|Body|Out)$/.test(marked) ? '' : marked;
}

const REASONS = /^(OK|CREATED|HTTP|JSON|TBD|POST|GET|PUT|PATCH|DELETE|ID|URL|API|JWT|UUID|SQL)$/;

/** The machine-readable code in a text: of a JSON example, or a word in capitals. */
function errorCode(text: string): string {
  const named = /["'](?:code|error_code|errorCode|error|type)["']\s*:\s*["']?([A-Za-z][\w.-]+|\d{4,6})["']?/.exec(text)?.[1];
  if (named !== undefined) return named;
  const capital = [...text.matchAll(/(?<![\w.])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{4,}\d*)(?![\w.])/g)]
    // One word in capitals may be prose, unless it stands right behind the status or alone.
    .filter(({ 0: word, index }) => word.includes('_') || /^[^A-Za-z]*$/.test(text.slice(0, index)) || word === text.trim())
    .map((match) => match[1] ?? '')
    .find((word) => !REASONS.test(word));
  return capital ?? '';
}
