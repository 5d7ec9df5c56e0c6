import type { Nodes, RootContent } from 'mdast';
import { parseable } from './parseable.ts';

/** A stretch of a document; offsets are UTF-16, `end` is exclusive, `line` is 1-based. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

export type Heading = Stretch & { readonly kind: 'heading' /** 1 to 6. */; readonly depth: number; readonly text: string };
/** One line of a paragraph, without indentation. */
export type TextLine = Stretch & { readonly kind: 'line'; readonly text: string };
export type CodeBlock = Stretch & {
  readonly kind: 'code';
  /** The first word after the fence, lower case; empty when there is none. */
  readonly language: string;
  readonly value: string;
  /** 1-based line on which `value` begins. */
  readonly contentLine: number;
  /** False when the document ends before the fence does. */
  readonly isClosed: boolean;
};
export type Cell = Stretch & { readonly text: string };
export type Row = Stretch & { readonly kind: 'row'; readonly cells: readonly Cell[] };
export type Table = Stretch & { readonly kind: 'table'; readonly header: readonly Cell[]; readonly rows: readonly Row[] };
/** An item of a list; `text` is its first line, everything else is in `blocks`. */
export type ListItem = Stretch & {
  readonly kind: 'item';
  readonly text: string;
  /** Where `text` begins and ends. */
  readonly textStart: number;
  readonly textEnd: number;
  /** 1-based column of its mark. */
  readonly column: number;
  readonly blocks: readonly Block[];
};
/** A line drawn across the page. */
export type Rule = Stretch & { readonly kind: 'rule' };
export type Block = Heading | TextLine | CodeBlock | Table | ListItem | Rule;

/**
 * The inline constructs stay as they are written: `**标签：**文字` is no emphasis for CommonMark, and what people mean by
 * it must be read from the raw text anyway.
 */
export const RAW_INLINE = [
  ...['attention', 'autolink', 'codeText', 'labelStartImage', 'labelStartLink', 'labelEnd', 'htmlText'],
  ...['characterEscape', 'characterReference', 'hardBreakEscape'],
];

/** The most of a line, a heading or a cell that is looked at, in characters; offsets are those of all of it. */
const MAX_TEXT = 3_000;

/** The blocks of a Markdown document in order, lists and quotes opened up; front matter and HTML are left out. */
export async function readBlocks(text: string): Promise<Block[]> {
  // Loaded on first use: most calls never look at Markdown.
  const [{ fromMarkdown }, { frontmatterFromMarkdown }, { frontmatter }, { gfmTableFromMarkdown }, { gfmTable }] = await Promise.all([
    import('mdast-util-from-markdown'),
    import('mdast-util-frontmatter'),
    import('micromark-extension-frontmatter'),
    import('mdast-util-gfm-table'),
    import('micromark-extension-gfm-table'),
  ]);
  const tree = fromMarkdown(parseable(text), {
    extensions: [frontmatter(['yaml']), gfmTable(), { disable: { null: RAW_INLINE } }],
    mdastExtensions: [frontmatterFromMarkdown(['yaml']), gfmTableFromMarkdown()],
  });
  return blocksOf(tree.children, text);
}

function blocksOf(nodes: readonly RootContent[], text: string): Block[] {
  const blocks = nodes.flatMap((node): Block[] => {
    switch (node.type) {
      case 'heading':
        return [{ kind: 'heading', ...stretch(node), depth: node.depth, text: textOf(node, text) }];
      case 'paragraph':
        return linesOf(stretch(node), text);
      case 'code':
        return [codeBlock(node, text)];
      case 'table':
        return [tableOf(node, text)];
      case 'list':
        return node.children.flatMap((item) => itemOf(item, text));
      case 'thematicBreak':
        return [{ kind: 'rule', ...stretch(node) }];
      case 'blockquote':
        return blocksOf(node.children, text).map(asQuoted);
      default:
        return [];
    }
  });
  return withIndentedItems(blocks);
}

/**
 * Items that are indented below another one belong to it, also where CommonMark wants one more space: below `10. ` most
 * people go on with the three spaces that were enough below `9. `.
 */
function withIndentedItems(blocks: readonly Block[]): Block[] {
  const result: Block[] = [];
  for (const block of blocks) {
    const above = result.at(-1);
    if (block.kind === 'item' && above?.kind === 'item' && block.column > above.column)
      result[result.length - 1] = { ...above, end: block.end, blocks: withIndentedItems([...above.blocks, block]) };
    else result.push(block);
  }
  return result;
}

/** A heading in a quote opens no section of the document. */
function asQuoted(block: Block): Block {
  return block.kind === 'heading' ? { kind: 'line', start: block.start, end: block.end, line: block.line, text: block.text } : block;
}

function stretch(node: Nodes): Stretch {
  const { position } = node;
  return { start: position?.start.offset ?? 0, end: position?.end.offset ?? 0, line: position?.start.line ?? 1 };
}

/** The raw text of a heading or cell: what lies between its first and last inline node. */
function textOf(node: { readonly children: readonly Nodes[] }, text: string): string {
  const [first] = node.children;
  const last = node.children.at(-1);
  return first === undefined || last === undefined ? '' : text.slice(stretch(first).start, stretch(last).end).trim().slice(0, MAX_TEXT);
}

function linesOf(paragraph: Stretch, text: string): TextLine[] {
  const lines: TextLine[] = [];
  let at = paragraph.start;
  for (const [index, raw] of text.slice(paragraph.start, paragraph.end).split('\n').entries()) {
    const lead = /^[\s>]*/.exec(raw)?.[0].length ?? 0;
    const line = raw.trimEnd();
    if (line.length > lead)
      lines.push({
        kind: 'line',
        start: at + lead,
        end: at + line.length,
        line: paragraph.line + index,
        text: line.slice(lead, lead + MAX_TEXT),
      });
    at += raw.length + 1;
  }
  return lines;
}

function codeBlock(node: Extract<RootContent, { type: 'code' }>, text: string): CodeBlock {
  const whole = stretch(node);
  const source = text.slice(whole.start, whole.end).split('\n');
  const isFenced = /^\s*(`{3,}|~{3,})/.test(source[0] ?? '');
  const isClosed = !isFenced || (source.length > 1 && /^[\s>]*(`{3,}|~{3,})\s*$/.test(source.at(-1) ?? ''));
  const language = (node.lang ?? '').toLowerCase();
  return { kind: 'code', ...whole, language, value: node.value, contentLine: whole.line + (isFenced ? 1 : 0), isClosed };
}

function tableOf(node: Extract<RootContent, { type: 'table' }>, text: string): Table {
  const rows = node.children.map((row): Row => {
    const cells = row.children.map((cell): Cell => {
      const [first] = cell.children;
      const last = cell.children.at(-1);
      const inner =
        first === undefined || last === undefined
          ? emptyCell(stretch(cell), text)
          : { start: stretch(first).start, end: stretch(last).end };
      // A bar inside a cell is escaped, in code too.
      return {
        line: stretch(cell).line,
        ...inner,
        text: text.slice(inner.start, inner.end).trim().slice(0, MAX_TEXT).replaceAll('\\|', '|'),
      };
    });
    return { kind: 'row', ...stretch(row), cells };
  });
  const [header, ...rest] = rows;
  return { kind: 'table', ...stretch(node), header: header?.cells ?? [], rows: rest };
}

/** Where text would go in a cell without any. */
function emptyCell(cell: Stretch, text: string): { start: number; end: number } {
  const at = text[cell.start] === '|' ? cell.start + 1 : cell.start;
  return { start: at, end: at };
}

/** An item, and behind it the lines that CommonMark takes for its last words but people mean as the next label. */
function itemOf(node: Extract<Nodes, { type: 'listItem' }>, text: string): Block[] {
  const whole = stretch(node);
  const column = node.position?.start.column ?? 1;
  const [first, ...rest] = node.children;
  const ownLines = first?.type === 'paragraph' ? linesOf(stretch(first), text) : [];
  const [own, ...more] = ownLines;
  const others = first === undefined || first.type === 'paragraph' ? rest : node.children;
  const all = [...more, ...blocksOf(others, text)];
  const outside = all.findIndex((block) => block.kind === 'line' && /^(\*\*|__)/.test(block.text) && columnOf(block, text) <= column);
  const blocks = outside === -1 ? all : all.slice(0, outside);
  const item: ListItem = {
    kind: 'item',
    ...whole,
    end: outside === -1 ? whole.end : Math.max(own?.end ?? whole.start, ...blocks.map((block) => block.end)),
    text: own?.text ?? '',
    textStart: own?.start ?? whole.end,
    textEnd: own?.end ?? whole.end,
    column,
    blocks,
  };
  return [item, ...(outside === -1 ? [] : all.slice(outside))];
}

/** 1-based. */
function columnOf(block: Block, text: string): number {
  return block.start - text.lastIndexOf('\n', block.start - 1);
}
