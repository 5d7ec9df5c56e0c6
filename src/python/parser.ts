import { Language, Parser, type Tree, type TreeCursor } from 'web-tree-sitter';
import { packageFile } from '../workspace/package-root.ts';

/** A node of the concrete tree, copied out of WebAssembly memory once. */
export interface TreeNode {
  readonly type: string;
  readonly field: string | null;
  readonly start: number;
  readonly end: number;
  readonly isNamed: boolean;
  readonly children: readonly TreeNode[];
}

/** Thrown for source that is nested more deeply, or that takes longer to parse, than any that people write. */
export class TooComplex extends Error {}

const MAX_DEPTH = 400;
/** The time to parse a text, in milliseconds: some hundred times what such a text takes. A broken one can take quadratic time. */
const PARSE_LIMIT_MS = 400;
/** A millisecond more for so many characters. */
const CHARACTERS_PER_MS = 250;
/** Tokens without a name that carry meaning; all other punctuation is dropped while copying. */
const MEANINGFUL_TOKEN = /^(async|and|or|in|not in|is|is not|[-+*/%@&|^<>!=]+)$/;
/** Named nodes whose inside nobody reads. */
const LEAVES = new Set([
  'identifier',
  'integer',
  'float',
  'true',
  'false',
  'none',
  'ellipsis',
  'comment',
  'pass_statement',
  'string_start',
  'string_content',
  'string_end',
]);

/** What of a file is wanted: all of it, or only what other modules can see (no bodies of module-level functions). */
export type Extent = 'whole' | 'interface';

let loading: Promise<PythonParser> | undefined;

/** The Python parser of this thread; the grammar loads on the first call. */
export function loadParser(): Promise<PythonParser> {
  loading ??= (async () => {
    await Parser.init();
    const parser = new Parser();
    const language = await Language.load(packageFile('dist/tree-sitter-python.wasm'));
    parser.setLanguage(language);
    return new PythonParser(parser, language);
  })();
  return loading;
}

/** What is known of a node type once for all nodes of it. */
interface NodeType {
  readonly name: string;
  readonly isNamed: boolean;
  readonly isKept: boolean;
  readonly isLeaf: boolean;
}

export class PythonParser {
  private readonly parser: Parser;
  private readonly language: Language;
  private readonly types = new Map<number, NodeType>();

  constructor(parser: Parser, language: Language) {
    this.parser = parser;
    this.language = language;
  }

  /**
   * The tree of a text without byte order mark. Broken source gives what could be read of it.
   * @throws TooComplex
   */
  parse(text: string, extent: Extent): TreeNode {
    const tree = this.treeOf(text);
    try {
      return this.copied(tree, extent);
    } finally {
      tree.delete();
    }
  }

  /** The tree of a text that is whole Python; undefined where it is broken or too complex. */
  parseUnbroken(text: string): TreeNode | undefined {
    let tree: Tree | undefined;
    try {
      tree = this.treeOf(text);
      return tree.rootNode.hasError ? undefined : this.copied(tree, 'whole');
    } catch (error) {
      if (error instanceof TooComplex) return undefined;
      throw error;
    } finally {
      tree?.delete();
    }
  }

  private copied(tree: Tree, extent: Extent): TreeNode {
    const cursor = tree.walk();
    try {
      return this.copyNode(cursor, this.typeOf(cursor.nodeTypeId), 0, extent === 'interface');
    } finally {
      cursor.delete();
    }
  }

  private treeOf(text: string): Tree {
    const end = performance.now() + PARSE_LIMIT_MS + text.length / CHARACTERS_PER_MS;
    const tree = this.parser.parse(text, null, { progressCallback: () => performance.now() > end });
    if (tree !== null) return tree;
    // What was parsed so far would be gone on with by the next call.
    this.parser.reset();
    throw new TooComplex();
  }

  /** Every access to the cursor is a call into WebAssembly, so as few as possible are made for each node. */
  private copyNode(cursor: TreeCursor, type: NodeType, depth: number, skipsBodies: boolean): TreeNode {
    if (depth > MAX_DEPTH) throw new TooComplex();
    const children: TreeNode[] = [];
    const node = {
      type: type.name,
      field: cursor.currentFieldName,
      start: cursor.startIndex,
      end: cursor.endIndex,
      isNamed: type.isNamed,
      children,
    };
    if (!type.isLeaf && cursor.gotoFirstChild()) {
      do {
        const childType = this.typeOf(cursor.nodeTypeId);
        const isSkippedBody = skipsBodies && type.name === 'function_definition' && childType.name === 'block';
        // What a method assigns to self is visible outside, so class bodies are copied whole.
        if (childType.isKept && !isSkippedBody)
          children.push(this.copyNode(cursor, childType, depth + 1, skipsBodies && type.name !== 'class_definition'));
      } while (cursor.gotoNextSibling());
      cursor.gotoParent();
    }
    return node;
  }

  private typeOf(id: number): NodeType {
    let type = this.types.get(id);
    if (type === undefined) {
      const name = this.language.types[id] ?? 'ERROR';
      const isNamed = name === 'ERROR' || this.language.nodeTypeIsNamed(id);
      type = { name, isNamed, isKept: isNamed || MEANINGFUL_TOKEN.test(name), isLeaf: !isNamed || LEAVES.has(name) };
      this.types.set(id, type);
    }
    return type;
  }
}
