import type { Basis, Content } from '../../api/endpoint.ts';
import { type Shape, UNKNOWN } from '../../api/shape.ts';
import type { Block } from '../../documents/markdown.ts';
import { isOpenText, plainText } from './endpoint-text.ts';
import { readExample } from './examples.ts';
import { type FieldReader, nested, refineFields } from './fields.ts';
import { isNothing } from './labels.ts';
import type { ContractModels } from './models.ts';
import type { Slot } from './slots.ts';
import { typeExpressions } from './type-text.ts';
import { typeInWords } from './words.ts';

/** What a slot says about a body. */
export interface BodyFacts {
  readonly content: Content | 'none' | undefined;
  /** Names of the contract's classes it is made of. */
  readonly models: readonly string[];
  /** Names that look like models and are defined nowhere. */
  readonly undefinedModels: readonly string[];
  readonly example: unknown;
  /** Something stands there that could not be read as a body. */
  readonly isNotUnderstood: boolean;
}

const MEDIA_TYPE = /\b((?:application|text|image|audio|video|multipart)\/[\w.+*-]+)/i;

/** "Form data" in words. */
const FORM = /\bform[- ](data|fields?|(url)?encoded)\b|表单(提交|数据|格式|参数)|フォーム(データ|形式)/i;

/** Reads the bodies of requests and responses: named types, code, tables, bullets, examples and words. */
export class BodyReader {
  private readonly models: ContractModels;
  private readonly fields: FieldReader;
  private readonly path: string;

  /** `path` is the document's. */
  constructor(models: ContractModels, fields: FieldReader, path: string) {
    this.models = models;
    this.fields = fields;
    this.path = path;
  }

  /** The body that a slot describes. */
  body(slot: Slot, direction: 'input' | 'output'): BodyFacts {
    const first = slot.content[0];
    const text = [slot.label, slot.value, first?.kind === 'line' || first?.kind === 'item' ? first.text : ''].join(' ');
    const named = MEDIA_TYPE.exec([text, ...slot.content.flatMap((block) => ('text' in block ? [block.text] : []))].join(' '));
    const mediaType = named?.[1]?.toLowerCase() ?? (FORM.test(text) ? 'application/x-www-form-urlencoded' : undefined);
    const typed = this.typeNamed(slot, direction);
    const basis = typed.models.some((name) => this.models.described.has(name)) ? 'words' : 'schema';
    if (typed.shape !== undefined) return this.bodyOf(typed.shape, basis, mediaType, typed.models, typed.undefinedModels);
    const structured = this.structured(slot.content, direction);
    if (structured !== undefined)
      return {
        ...this.bodyOf(isListOf(slot) ? listOf(structured.shape) : structured.shape, structured.basis, mediaType, structured.models, []),
        example: structured.example,
      };
    const own = slot.value === '' && first?.kind === 'line' ? first.text : slot.value;
    const said = plainText(own.replace(/^[\s:：-]*\d{3}\b[\s:：,，—–-]*/, ''));
    if (
      isNothing(said) ||
      isNothing(own) ||
      /\b(no (request |response )?body|no content|without (a )?body|empty body)\b|无请求体|无响应体|无内容|ボディなし|本文なし/i.test(text)
    )
      return { content: 'none', models: [], undefinedModels: [], example: undefined, isNotUnderstood: false };
    const inline = this.fields.inlineFields(slot);
    const areFields = inline.some((field) => field.shape.kind !== 'unknown' || field.required !== undefined);
    if (mediaType !== undefined && /form/.test(mediaType))
      return this.bodyOf(areFields ? nested(inline) : UNKNOWN, 'words', mediaType, [], []);
    if (mediaType !== undefined && !/json/.test(mediaType))
      return this.bodyOf(/^text\//.test(mediaType) ? { kind: 'string', constraints: {} } : { kind: 'binary' }, 'words', mediaType, [], []);
    const coded = /`([^`]+)`/.exec(own)?.[1];
    const plainType = coded === undefined || /^\w+$/.test(coded) ? undefined : this.fields.shapeOf(coded, direction);
    if (plainType !== undefined) return this.bodyOf(plainType, 'schema', mediaType, [], []);
    if (areFields) return this.bodyOf(nested(inline), 'words', mediaType, [], []);
    const words = typeInWords(said);
    if (words !== undefined && said.length < 40) return this.bodyOf(words, 'words', mediaType, [], []);
    const hasContent = said !== '' && !isOpenText(said);
    return {
      content: undefined,
      models: [],
      undefinedModels: typed.undefinedModels,
      example: undefined,
      isNotUnderstood: hasContent && slot.content.length > 0,
    };
  }

  private bodyOf(
    shape: Shape,
    basis: Basis,
    mediaType: string | undefined,
    models: readonly string[],
    undefinedModels: readonly string[],
  ): BodyFacts {
    return {
      content: { mediaType: mediaType ?? 'application/json', shape, basis },
      models,
      undefinedModels,
      example: undefined,
      isNotUnderstood: false,
    };
  }

  /** The type expression on the label's line or the first lines below it: `201 `list[LoanResponse]` — the loans`. */
  private typeNamed(
    slot: Slot,
    direction: 'input' | 'output',
  ): { shape: Shape | undefined; models: readonly string[]; undefinedModels: readonly string[] } {
    const undefinedModels: string[] = [];
    const lines = [
      slot.value,
      slot.label,
      ...slot.content.flatMap((block) => (block.kind === 'line' || block.kind === 'item' ? [block.text] : [])).slice(0, 2),
    ];
    for (const line of lines) {
      for (const text of typeExpressions(line)) {
        const models = [...text.matchAll(/[A-Za-z_]\w*/g)].map((match) => match[0]);
        const known = models.filter((name) => this.fields.names.has(name));
        if (known.length === 0) {
          if (/^[A-Z][a-z]\w*[a-z]\w*$/.test(text) && line.includes(`\`${text}\``) && /[a-z][A-Z]/.test(text)) undefinedModels.push(text);
          continue;
        }
        const shape = this.fields.shapeOf(text, direction);
        if (shape !== undefined) return { shape, models: known, undefinedModels: [] };
      }
    }
    return { shape: undefined, models: [], undefinedModels };
  }

  /** What code blocks, tables and bullets below a label show. */
  private structured(
    content: readonly Block[],
    direction: 'input' | 'output',
  ): { shape: Shape; basis: Basis; models: readonly string[]; example: unknown } | undefined {
    for (const block of content) {
      if (block.kind === 'item') {
        const inner = block.blocks.some((each) => each.kind === 'code' || each.kind === 'table')
          ? this.structured(block.blocks, direction)
          : undefined;
        if (inner !== undefined) return inner;
      }
      if (block.kind === 'code') {
        const own = this.classesIn(block.contentLine, block.value);
        const root = rootOf(own);
        const shape = root === undefined ? undefined : this.fields.shapeOf(root, direction);
        if (shape !== undefined) return { shape, basis: 'schema', models: own.map(({ name }) => name), example: undefined };
        const example = readExample(block.value, block.contentLine);
        if (example !== undefined)
          return {
            shape: this.refined(example.shape, content, direction),
            basis: 'example',
            models: [],
            example: example.isWhole ? example.value : undefined,
          };
      }
      if (block.kind === 'table') {
        const fields = this.fields.tableFields(block, direction);
        if (fields.length > 0) return { shape: nested(fields), basis: 'words', models: [], example: undefined };
      }
    }
    const inline = content
      .map((block) => ('text' in block ? /`(\{.*\}|\[.*\])`/.exec(block.text)?.[1] : undefined))
      .find((text) => text !== undefined);
    const fields = this.fields.bulletFields(content, direction);
    if (fields.length > 0) return { shape: nested(fields), basis: 'words', models: [], example: undefined };
    const example = inline === undefined ? undefined : readExample(inline, content[0]?.line ?? 1);
    return example === undefined ? undefined : { shape: example.shape, basis: 'example', models: [], example: undefined };
  }

  /** An example whose fields a table or list beside it describes. */
  private refined(shape: Shape, content: readonly Block[], direction: 'input' | 'output'): Shape {
    const tables = content.filter((block) => block.kind === 'table').flatMap((table) => this.fields.tableFields(table, direction));
    return refineFields(shape, [...tables, ...this.fields.bulletFields(content, direction)]);
  }

  private classesIn(line: number, code: string): { name: string; source: string }[] {
    const last = line + code.split('\n').length;
    return this.models.classes
      .filter((model) => model.place.path === this.path && line <= model.place.line && model.place.line < last)
      .map(({ node, source }) => ({ name: node.name, source }));
  }
}

/** `**Response**: 200, list of`, with the fields of an item below. */
function isListOf(slot: Slot): boolean {
  const lines = [slot.value, ...slot.content.flatMap((block) => (block.kind === 'line' ? [block.text] : []))];
  return lines.some((line) =>
    /\b(list|array)( of)?\b[^.]{0,40}[:：]?$|(数组|列表|配列|リスト|一覧)[^。]{0,10}[:：]?$/i.test(plainText(line)),
  );
}

function listOf(shape: Shape): Shape {
  return shape.kind === 'object' ? { kind: 'array', items: shape, constraints: {} } : shape;
}

/** The class that no other class of its block uses: what the block is about. */
function rootOf(classes: readonly { name: string; source: string }[]): string | undefined {
  const roots = classes.filter(
    ({ name }) => !classes.some((other) => other.name !== name && new RegExp(`\\b${name}\\b`).test(other.source)),
  );
  return roots.length === 1 ? roots[0]?.name : classes.length === 1 ? classes[0]?.name : undefined;
}
