import type { CodeBlock } from '../../documents/markdown.ts';
import type { PythonParser } from '../../python/parser.ts';
import { toLf } from '../../workspace/text.ts';
import type { ParsedDocument } from '../document/documents.ts';
import { isOnlyMarker, isOpenText } from '../document/endpoint-text.ts';
import { roleOf } from '../document/labels.ts';
import { pythonBlocks, usualImports } from '../document/models.ts';
import type { ReadContract } from '../document/read-contract.ts';
import { codeBlocks } from '../document/sections.ts';
import { arrangedModels } from './arrange-models.ts';
import type { DefinitionProblem } from './definition.ts';
import { lineStart, type Splice, spliced } from './splice.ts';
import type { Change, WriteOptions } from './write-contract.ts';

/** A class or alias of the call, as it was sent. */
export interface GivenDefinition {
  readonly name: string;
  readonly source: string;
}

/**
 * Puts definitions where the document keeps its models; those that stand there already stay. `imports` are those of the call. The block
 * that is written to is a program afterwards: see {@link arrangedModels}.
 */
export function writeModels(
  read: ReadContract,
  imports: readonly string[],
  given: readonly GivenDefinition[],
  options: WriteOptions,
  parser: PythonParser,
): Change {
  const document = documentOfModels(read);
  const shared = sharedBlock(document);
  const conflicts: DefinitionProblem[] = [];
  const splices: Splice[] = [];
  const fresh: string[] = [];
  const inShared = new Map<string, string>();
  for (const each of given) {
    const existing = read.models.definitions.find((definition) => definition.name === each.name);
    if (existing === undefined) fresh.push(each.source);
    else if (normal(existing.source) !== normal(each.source)) {
      if (!options.replace || existing.place.path !== document.path)
        conflicts.push({
          severity: 'error',
          endpoint: 'models',
          message: `\`${each.name}\` is defined already (${existing.place.path}:${existing.place.line}) and says something else.`,
          fix: 'Leave it out, or set replace: true to replace it.',
        });
      else if (shared !== undefined && holdsLine(shared, existing.place.line)) inShared.set(existing.source, each.source);
      else splices.push(replaced(document.text, existing.place.line, existing.source, each.source));
    }
  }
  if (shared !== undefined && !isEmptyBlock(shared)) {
    if (fresh.length > 0 || inShared.size > 0) splices.push(rewritten(read, document, shared, imports, fresh, inShared, parser));
  } else if (fresh.length > 0) splices.push(...added(document, shared, imports, fresh, options));
  return { path: document.path, text: spliced(document.text, splices), conflicts };
}

/** The block of models with further definitions and with others replaced, as one program. */
function rewritten(
  read: ReadContract,
  { text }: ParsedDocument,
  block: CodeBlock,
  imports: readonly string[],
  fresh: readonly string[],
  replacements: ReadonlyMap<string, string>,
  parser: PythonParser,
): Splice {
  let value = block.value;
  for (const [old, source] of replacements) value = value.replace(old, () => source);
  const whole = [[...imports.filter((line) => !value.includes(line)), value.trimEnd()].join('\n'), ...fresh].join('\n\n\n');
  const inBlock = (line: number): boolean => holdsLine(block, line);
  const elsewhere = read.models.definitions.filter(({ place }) => !inBlock(place.line)).map(({ source }) => source);
  const program = arrangedModels(whole, elsewhere.join('\n'), parser);
  const start = text.indexOf('\n', block.start) + 1;
  return { start, end: lineStart(text, block.end), text: `${indented(program, indentOf(text, block))}\n` };
}

function holdsLine({ contentLine, value }: CodeBlock, line: number): boolean {
  return contentLine <= line && line < contentLine + value.split('\n').length;
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
  document: ParsedDocument,
  shared: CodeBlock | undefined,
  imports: readonly string[],
  sources: readonly string[],
  { words }: WriteOptions,
): Splice[] {
  const { text } = document;
  const code = sources.join('\n\n\n');
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
