import { collectFacts } from '../../python/module-facts.ts';
import type { PythonParser } from '../../python/parser.ts';
import type { ImportStatement, Statement } from '../../python/syntax.ts';
import { buildModule } from '../../python/syntax-builder.ts';
import { definedName, usualImports } from '../document/models.ts';

/** A definition with the comments above it. */
interface Piece {
  readonly name: string;
  readonly text: string;
  /** The names in it. */
  readonly names: ReadonlySet<string>;
  /** Those outside of strings and comments: they must be known when it runs. */
  readonly evaluated: ReadonlySet<string>;
}

/**
 * The Python of a block of models as a program that runs: imports at the top, one line a module and none that nobody uses, and every
 * definition above those that use it. A text that is such a program already stays as it is. `elsewhere` is the Python of the contract
 * outside of the block, which may use its imports.
 */
export function arrangedModels(source: string, elsewhere: string, parser: PythonParser): string {
  const tree = parser.parseUnbroken(source);
  if (tree === undefined) return source;
  const { body } = buildModule(tree, source);
  const imports = body.filter((statement) => statement.kind === 'import');
  const definitions = body.filter(isDefinition);
  const [first] = definitions;
  if (first === undefined) return source;
  const namesElsewhere = namesIn(elsewhere);
  const pieces = piecesOf(source, body).filter((piece, _index, all) => !isOrphan(piece, all, namesElsewhere));
  const ordered = inOrder(pieces);
  const code = ordered.map((piece) => piece.text).join('\n');
  const lines = importLines(imports, namesIn(`${code}\n${elsewhere}`));
  const missing = usualImports([...lines, code, elsewhere].join('\n'), namesRead(code, parser).join(' '));
  const head = [...lines, ...missing].sort(byModule);
  const isUnmoved = imports.every((statement) => statement.end <= first.start) && ordered.length === definitions.length;
  const isInOrder = ordered.every((piece, index) => piece === pieces[index]);
  const asWritten = imports.map((statement) => source.slice(statement.start, statement.end));
  if (isUnmoved && isInOrder && asWritten.length === head.length && head.every((line) => asWritten.includes(line))) return source;
  const docstring = body.find(isDocstring);
  const top = docstring === undefined || docstring.start > first.start ? [] : [source.slice(0, docstring.end)];
  const written = isUnmoved && isInOrder ? textFrom(source, body, first) : spaced(ordered);
  return [...top, ...(head.length === 0 ? [] : [grouped(head)]), written].join('\n\n\n').replace(/^(""".*"""|'''.*''')\n\n\n/s, '$1\n\n');
}

/** The names that Python looks up, fields and attributes not among them. */
function namesRead(code: string, parser: PythonParser): string[] {
  const { references } = collectFacts(code, buildModule(parser.parse(code, 'whole'), code));
  return references.flatMap(({ node, use }) => (use === 'load' && node.kind === 'name' ? [node.id] : []));
}

function isDocstring(statement: Statement): boolean {
  return statement.kind === 'expression' && statement.value.kind === 'string';
}

function isDefinition(statement: Statement): boolean {
  return statement.kind !== 'import' && !isDocstring(statement);
}

/** Everything from the first definition and the comments above it on, as it was written. */
function textFrom(source: string, body: readonly Statement[], first: Statement): string {
  return source.slice(body[body.indexOf(first) - 1]?.end ?? 0).trim();
}

function piecesOf(source: string, body: readonly Statement[]): Piece[] {
  let before = 0;
  return body.flatMap((statement): Piece[] => {
    // Comments above a definition go with it; those above an import stay behind.
    const lead = source.slice(before, statement.start);
    before = statement.end;
    if (!isDefinition(statement)) return [];
    const text = `${lead}${source.slice(statement.start, statement.end)}`.trim();
    return [{ name: definedName(statement) ?? '', text, names: namesIn(text), evaluated: namesIn(withoutStrings(text)) }];
  });
}

function withoutStrings(text: string): string {
  return text.replace(/#[^\n]*/g, '').replace(/("""|''')[\s\S]*?\1|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}

/** Every name in a text that is no attribute, those in strings and comments included. */
function namesIn(text: string): ReadonlySet<string> {
  return new Set(Array.from(text.matchAll(/(?<![\p{L}\p{N}_.])[\p{L}_][\p{L}\p{N}_]*/gu), ([name]) => name));
}

/** A type variable that nothing uses any more. */
function isOrphan(piece: Piece, all: readonly Piece[], elsewhere: ReadonlySet<string>): boolean {
  if (!/=\s*(?:typing\.)?(?:TypeVar|ParamSpec)\(/.test(piece.text)) return false;
  return !elsewhere.has(piece.name) && !all.some((other) => other !== piece && other.names.has(piece.name));
}

/** Each behind those that it uses, and otherwise as they were; models that hold one another stay in their order. */
function inOrder(pieces: readonly Piece[]): Piece[] {
  const left = [...pieces];
  const ordered: Piece[] = [];
  while (left.length > 0) {
    const next = left.find((piece) => !left.some((other) => other !== piece && piece.evaluated.has(other.name))) ?? left[0];
    if (next === undefined) break;
    ordered.push(next);
    left.splice(left.indexOf(next), 1);
  }
  return ordered;
}

/** Definitions with two blank lines between them; short ones such as type variables stand together. */
function spaced(pieces: readonly Piece[]): string {
  return pieces
    .map(({ text }, index) => (index === 0 ? text : `${isShort(text) && isShort(pieces[index - 1]?.text ?? '') ? '\n' : '\n\n\n'}${text}`))
    .join('');
}

function isShort(text: string): boolean {
  return !text.includes('\n') && !text.startsWith('class ');
}

/** One line a module, with the names of it that are used. */
function importLines(imports: readonly ImportStatement[], used: ReadonlySet<string>): string[] {
  const modules = new Set<string>();
  const names = new Map<string, Map<string, string>>();
  for (const imported of imports.flatMap((statement) => statement.names)) {
    const { module, name, alias, level } = imported;
    const from = `${'.'.repeat(level)}${module}`;
    if (name === undefined) {
      if (used.has(alias ?? module.split('.')[0] ?? module)) modules.add(`import ${from}${alias === undefined ? '' : ` as ${alias}`}`);
    } else if (name === '*' || used.has(alias ?? name)) {
      const known = names.get(from) ?? new Map<string, string>();
      known.set(alias ?? name, `${name}${alias === undefined ? '' : ` as ${alias}`}`);
      names.set(from, known);
    }
  }
  return [...modules, ...[...names].map(([from, of]) => `from ${from} import ${[...of.values()].sort(byName).join(', ')}`)];
}

function byName(a: string, b: string): number {
  return a.toLowerCase() < b.toLowerCase() ? -1 : 1;
}

function moduleOf(line: string): string {
  return /^(?:from|import) (\S+)/.exec(line)?.[1] ?? line;
}

/** Plain imports first, then by the name of the module. */
function byModule(a: string, b: string): number {
  const order = Number(a.startsWith('from ')) - Number(b.startsWith('from '));
  return order !== 0 ? order : moduleOf(a) < moduleOf(b) ? -1 : 1;
}

/** Imports of the standard library and those of other packages, a blank line between them. */
function grouped(lines: readonly string[]): string {
  const isPackage = (line: string): boolean => /^(pydantic|annotated_types|typing_extensions|sqlmodel|fastapi)\b/.test(moduleOf(line));
  const groups = [lines.filter((line) => !isPackage(line)), lines.filter(isPackage)];
  return groups
    .filter((group) => group.length > 0)
    .map((group) => group.join('\n'))
    .join('\n\n');
}
