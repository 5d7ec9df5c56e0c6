import { readFile } from 'node:fs/promises';
import fastGlob from 'fast-glob';
import { parseAst } from 'rolldown/parseAst';
import { z } from 'zod';

/** A node of the syntax tree of a source file of the product. */
export interface SourceNode {
  /** `src/…`. */
  readonly file: string;
  readonly type: string;
  /** Its fields, not looked at yet. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The text between two offsets of the file. */
  textOf(node: unknown): string;
}

const spanShape = z.looseObject({ start: z.number(), end: z.number() });
const nodeShape = z.looseObject({ type: z.string() });

/** Every node of every source file, in the order of their places. */
export async function sourceNodes(): Promise<SourceNode[]> {
  const files = (await fastGlob('src/**/*.ts')).toSorted();
  const nodes: SourceNode[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    const textOf = (node: unknown): string => {
      const { start, end } = spanShape.parse(node);
      return text.slice(start, end);
    };
    const visit = (value: unknown): void => {
      if (Array.isArray(value)) value.forEach(visit);
      const node = nodeShape.safeParse(value).data;
      if (node === undefined) return;
      nodes.push({ file, type: node.type, fields: node, textOf });
      Object.values(node).forEach(visit);
    };
    visit(parseAst(text, { lang: 'ts' }));
  }
  return nodes;
}
