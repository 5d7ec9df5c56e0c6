import type { Place } from '../../api/endpoint.ts';
import type { Shape } from '../../api/shape.ts';
import type { CodeBlock } from '../../documents/markdown.ts';
import type { Site } from '../../fastapi/shapes.ts';
import { LineIndex } from '../../python/lines.ts';
import { collectFacts } from '../../python/module-facts.ts';
import type { PythonParser } from '../../python/parser.ts';
import type { Module } from '../../python/project.ts';
import type { ClassStatement, Expression, Span, Statement } from '../../python/syntax.ts';
import { buildModule } from '../../python/syntax-builder.ts';

/** The fenced Python of one document. */
export interface PythonBlocks {
  readonly path: string;
  readonly blocks: readonly CodeBlock[];
}

/** A class that a contract defines. */
export interface ModelClass {
  readonly node: ClassStatement;
  readonly place: Place;
  readonly source: string;
}

/** A class, alias or type variable at the top level of a contract's Python. */
export interface Definition {
  readonly name: string;
  readonly place: Place;
  readonly source: string;
}

/** The Python of a contract as one module, so that its names resolve like any other. */
export interface ContractModels {
  readonly module: Module;
  /** In order; a name defined twice stands twice. */
  readonly classes: readonly ModelClass[];
  /** Everything that has a name, classes among them. */
  readonly definitions: readonly Definition[];
  /** Models that tables or lists describe instead, by name. */
  readonly described: ReadonlyMap<string, Shape>;
  /** Blocks that do not parse. */
  readonly broken: readonly Place[];
  /** A type expression such as `list[LoanResponse]` or `Annotated[int, Field(ge=1)]`; undefined for any other text. */
  readonly parseType: (text: string) => Expression | undefined;
}

const PYTHON = /^(python3?|py|pydantic)$/;
/** Longer texts are prose. */
const MAX_TYPE_CHARACTERS = 300;
/** Where the models are said to lie when their imports are followed. */
const MODULE_PATH = 'api-contract-models.py';
/** What contracts leave out as understood. */
const USUAL_IMPORTS = new Map([
  [
    'pydantic',
    [
      'BaseModel',
      'ConfigDict',
      'EmailStr',
      'Field',
      'HttpUrl',
      'AnyUrl',
      'RootModel',
      'SecretStr',
      'StringConstraints',
      'PositiveInt',
      'NonNegativeInt',
    ],
  ],
  ['datetime', ['date', 'datetime', 'time', 'timedelta']],
  ['decimal', ['Decimal']],
  ['enum', ['auto', 'Enum', 'IntEnum', 'StrEnum']],
  ['typing', ['Annotated', 'Any', 'Dict', 'Generic', 'List', 'Literal', 'Optional', 'TypeVar', 'Union']],
  ['uuid', ['UUID']],
]);

/** The fenced blocks that hold Python: by their language, or, without one, by a class of a model in them. */
export function pythonBlocks(blocks: readonly CodeBlock[]): CodeBlock[] {
  return blocks.filter(
    (block) => PYTHON.test(block.language) || (block.language === '' && /^class \w+\((?:\w+\.)?(BaseModel|\w*Enum)\b/m.test(block.value)),
  );
}

/** Where the names of a contract's types are looked up. */
export function modelSite({ module, described }: ContractModels): Site {
  return { module, scope: module.facts.scope, bound: described };
}

/** Parses the Python of a contract. Blocks that do not parse are left out and said. */
export function readModels(
  parser: PythonParser,
  documents: readonly PythonBlocks[],
  described: ContractModels['described'] = new Map(),
): ContractModels {
  const lines: string[] = [''];
  const places: Place[] = [];
  const broken: Place[] = [];
  for (const { path, blocks } of documents) {
    for (const block of blocks) {
      if (parser.parseUnbroken(block.value) === undefined) {
        broken.push({ path, line: block.contentLine });
        continue;
      }
      for (const [index, line] of block.value.split(/\r?\n/).entries()) {
        lines.push(line);
        places[lines.length] = { path, line: block.contentLine + index };
      }
    }
  }
  lines[0] = usualImports(lines.join('\n')).join('; ');
  const text = `${lines.join('\n')}\n`;
  const facts = collectFacts(text, buildModule(parser.parse(text, 'whole'), text));
  const index = new LineIndex(text);
  const fallback: Place = { path: documents[0]?.path ?? '', line: 1 };
  const placeOf = (node: Span): Place => places[index.positionAt(node.start).line] ?? fallback;
  const classes = facts.classes
    .filter((each) => each.definedIn.kind === 'module')
    .map(({ node }) => ({ node, place: placeOf(node), source: text.slice(node.start, node.end).trimEnd() }));
  const definitions = facts.syntax.body.flatMap((statement): Definition[] => {
    const name = definedName(statement);
    return name === undefined ? [] : [{ name, place: placeOf(statement), source: text.slice(statement.start, statement.end).trimEnd() }];
  });
  const types = new Map<string, Expression | undefined>();
  const parseType = (type: string): Expression | undefined => {
    if (!types.has(type)) types.set(type, typeExpression(parser, type));
    return types.get(type);
  };
  return { module: { path: MODULE_PATH, facts }, classes, definitions, described, broken, parseType };
}

/** The name of a class, or of an alias or type variable; undefined for any other statement. */
export function definedName(statement: Statement): string | undefined {
  if (statement.kind === 'class') return statement.name;
  const [target] = statement.kind === 'assign' ? statement.targets : [];
  return target?.kind === 'name' ? target.id : undefined;
}

function typeExpression(parser: PythonParser, text: string): Expression | undefined {
  if (text.length > MAX_TYPE_CHARACTERS || /[\r\n#;]|^\s*$|=(?![^(]*\))/.test(text)) return undefined;
  const source = `_: ${text}\n`;
  const tree = parser.parseUnbroken(source);
  if (tree === undefined) return undefined;
  const [statement, second] = buildModule(tree, source).body;
  return statement?.kind === 'assign' && second === undefined && statement.value === undefined ? statement.annotation : undefined;
}

/** Imports of the usual names that a text does not bind itself, a line a module; with `used` only of those that occur in it. */
export function usualImports(text: string, used?: string): string[] {
  return [...USUAL_IMPORTS].flatMap(([module, names]) => {
    const missing = names.filter((name) => !binds(text, name) && (used === undefined || new RegExp(`\\b${name}\\b`).test(used)));
    return missing.length === 0 ? [] : [`from ${module} import ${missing.join(', ')}`];
  });
}

function binds(text: string, name: string): boolean {
  return new RegExp(`^(?:from\\s[^\\n]*\\bimport\\b|import\\b)[^\\n]*\\b${name}\\b|^class ${name}\\b|^${name}\\s*=`, 'm').test(text);
}
