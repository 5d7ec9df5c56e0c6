import { Language, Parser, type TreeCursor } from 'web-tree-sitter';
import { packageFile } from '../workspace/package-root.ts';
import type { ModuleSyntax } from './syntax.ts';
import { buildModule } from './syntax-builder.ts';

/** A node of the concrete tree, copied out of WebAssembly memory once. */
export interface TreeNode {
  readonly type: string;
  readonly field: string | null;
  readonly start: number;
  readonly end: number;
  readonly isNamed: boolean;
  readonly children: readonly TreeNode[];
}

/** Thrown for source nested more deeply than can be analysed. */
export class TooDeeplyNested extends Error {}

const MAX_DEPTH = 400;

let loading: Promise<PythonParser> | undefined;

/** The Python parser of this thread; the grammar loads on the first call. */
export function loadParser(): Promise<PythonParser> {
  loading ??= (async () => {
    await Parser.init();
    const parser = new Parser();
    parser.setLanguage(await Language.load(packageFile('dist/tree-sitter-python.wasm')));
    return new PythonParser(parser);
  })();
  return loading;
}

export class PythonParser {
  private readonly parser: Parser;

  constructor(parser: Parser) {
    this.parser = parser;
  }

  /**
   * Parses a text without byte order mark. Broken source gives what could be read of it.
   * @throws TooDeeplyNested
   */
  parse(text: string): ModuleSyntax {
    const tree = this.parser.parse(text);
    if (tree === null) throw new Error('tree-sitter returned no tree');
    const cursor = tree.walk();
    try {
      return buildModule(copyTree(cursor, 0), text);
    } finally {
      cursor.delete();
      tree.delete();
    }
  }
}

function copyTree(cursor: TreeCursor, depth: number): TreeNode {
  if (depth > MAX_DEPTH) throw new TooDeeplyNested();
  const type = cursor.nodeType;
  const field = cursor.currentFieldName;
  const start = cursor.startIndex;
  const end = cursor.endIndex;
  const isNamed = cursor.nodeIsNamed;
  const children: TreeNode[] = [];
  if (cursor.gotoFirstChild()) {
    do children.push(copyTree(cursor, depth + 1));
    while (cursor.gotoNextSibling());
    cursor.gotoParent();
  }
  return { type, field, start, end, isNamed, children };
}
