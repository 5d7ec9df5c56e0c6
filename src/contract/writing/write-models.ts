import type { CodeBlock } from '../../documents/markdown.ts';
import { toLf } from '../../workspace/text.ts';
import type { ParsedDocument } from '../document/documents.ts';
import { isOnlyMarker, isOpenText } from '../document/endpoint-text.ts';
import { roleOf } from '../document/labels.ts';
import { pythonBlocks, usualImports } from '../document/models.ts';
import type { ReadContract } from '../document/read-contract.ts';
import { codeBlocks } from '../document/sections.ts';
import { lineStart, type Splice, spliced } from './splice.ts';
import type { Change, WriteOptions } from './write-contract.ts';
import type { Conflict } from './write-entry.ts';

/** A class or alias of the call, as it was sent. */
export interface GivenDefinition {
  readonly name: string;
  readonly source: string;
}

/** Puts definitions where the document keeps its models; those that stand there already stay. `imports` are those of the call. */
export function writeModels(
  read: ReadContract,
  imports: readonly string[],
  given: readonly GivenDefinition[],
  options: WriteOptions,
): Change {
  const document = documentOfModels(read);
  const conflicts: Conflict[] = [];
  const splices: Splice[] = [];
  const fresh: string[] = [];
  for (const each of given) {
    const existing = read.models.definitions.find((definition) => definition.name === each.name);
    if (existing === undefined) fresh.push(each.source);
    else if (normal(existing.source) !== normal(each.source)) {
      if (options.replace && existing.place.path === document.path)
        splices.push(replaced(document.text, existing.place.line, existing.source, each.source));
      else
        conflicts.push({
          endpoint: 'models',
          message: `\`${each.name}\` is defined already (${existing.place.path}:${existing.place.line}) and says something else.`,
          fix: 'Leave it out, or set replace: true to replace it.',
        });
    }
  }
  if (fresh.length > 0) splices.push(...added(read, document, imports, fresh, options));
  return { path: document.path, text: spliced(document.text, splices), conflicts };
}

function normal(source: string): string {
  return toLf(source)
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();
}

function documentOfModels(read: ReadContract): ParsedDocument {
  const document = read.documents.find((each) => sharedBlock(each) !== undefined) ?? read.documents[0];
  if (document === undefined) throw new Error('the contract has no document');
  return document;
}

/** The last block of models that belongs to no single endpoint. */
function sharedBlock(document: ParsedDocument): CodeBlock | undefined {
  return document.others
    .flatMap((section) => pythonBlocks(codeBlocks(section.body)))
    .filter((block) => block.isClosed)
    .at(-1);
}

function added(
  read: ReadContract,
  document: ParsedDocument,
  imports: readonly string[],
  sources: readonly string[],
  { words }: WriteOptions,
): Splice[] {
  const { text } = document;
  const shared = sharedBlock(document);
  const code = sources.join('\n\n\n');
  if (shared !== undefined && !isEmptyBlock(shared)) {
    const closing = lineStart(text, shared.end);
    // What every contract understands without an import needs none in the middle of a block.
    const missing = imports.filter(
      (line) => !read.models.module.facts.text.includes(line) && !/^from (pydantic|typing|datetime|decimal|enum|uuid) import/.test(line),
    );
    return [{ start: closing, end: closing, text: `\n\n${indented([...missing, code].join('\n'), indentOf(text, shared))}\n` }];
  }
  const head = [...imports, ...usualImports([...imports, code].join('\n'), code)];
  const whole = [...(head.length === 0 ? [] : [head.join('\n')]), code].join('\n\n\n');
  if (shared !== undefined) {
    const first = text.indexOf('\n', shared.start) + 1;
    return [{ start: first, end: lineStart(text, shared.end), text: `${indented(whole, indentOf(text, shared))}\n` }];
  }
  const fence = `\`\`\`python\n${whole}\n\`\`\``;
  const section = document.others.find((each) => each.heading !== undefined && roleOf(each.heading.text) === 'models');
  if (section?.heading !== undefined) {
    // `## Models [TBD]`
    const inHeading = /\s*[[【（(][^[\]【】（）()]+[\]】）)]\s*$/.exec(section.heading.text)?.[0];
    const { end: headingEnd } = section.heading;
    const title: Splice[] =
      inHeading !== undefined && isOnlyMarker(inHeading) ? [{ start: headingEnd - inHeading.length, end: headingEnd, text: '' }] : [];
    const marker = section.body.find((block) => (block.kind === 'line' || block.kind === 'item') && isOpenText(block.text));
    if (marker !== undefined) return [...title, { start: marker.start, end: marker.end, text: fence }];
    const end = Math.max(headingEnd, ...section.body.map((block) => block.end));
    return [...title, { start: end, end, text: `\n\n${fence}` }];
  }
  const depths = document.blocks.flatMap((block) => (block.kind === 'heading' && block.depth > 1 ? [block.depth] : []));
  const marks = '#'.repeat(depths.length === 0 ? 2 : Math.min(...depths));
  const end = text.trimEnd().length;
  return [{ start: end, end, text: `\n\n${marks} ${words.models}\n\n${fence}${text.slice(end) === '' ? '\n' : ''}` }];
}

/** A block that holds nothing yet, or only a marker. */
function isEmptyBlock(block: CodeBlock): boolean {
  return block.value.split('\n').every((line) => line.trim() === '' || (/^\s*(#|\[)/.test(line) && isOpenText(line)));
}

function indentOf(text: string, block: CodeBlock): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, block.start)))?.[0] ?? '';
}

function indented(source: string, indent: string): string {
  return source
    .split('\n')
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n');
}

/** The lines of a definition of the document, by the line it begins on, replaced by another text. */
function replaced(text: string, line: number, old: string, source: string): Splice {
  let start = 0;
  for (let at = 1; at < line; at++) start = text.indexOf('\n', start) + 1;
  let end = start;
  for (let left = old.split('\n').length; left > 0; left--) {
    const next = text.indexOf('\n', end);
    end = next === -1 ? text.length : next + 1;
  }
  const indent = /^[ \t]*/.exec(text.slice(start))?.[0] ?? '';
  return { start, end, text: `${indented(source, indent)}\n` };
}
