import { endpointKey } from '../../api/endpoint.ts';
import type { Shape } from '../../api/shape.ts';
import { ShapeReader } from '../../fastapi/shapes.ts';
import type { ProjectTools } from '../../python/open-project.ts';
import { type PythonParser, TooComplex } from '../../python/parser.ts';
import { buildModule } from '../../python/syntax-builder.ts';
import { countLines } from '../../workspace/text.ts';
import type { Contract } from '../contract.ts';
import type { ContractDocument } from '../document/documents.ts';
import { isOpenText } from '../document/endpoint-text.ts';
import { definedName, modelSite, readModels } from '../document/models.ts';
import { type ReadContract, readContract } from '../document/read-contract.ts';
import { wbsEndpoints } from '../document/wbs.ts';
import { blockOf, checkDefinitions, type DefinitionProblem, type EndpointDefinition, parseEndpointName } from './definition.ts';
import { contractWords } from './words.ts';
import { type Change, type WriteOptions, writeEndpoint } from './write-contract.ts';
import { type GivenDefinition, writeModels } from './write-models.ts';

/** A call of define_contract, as far as documents and definitions go. */
export interface DefineRequest {
  readonly documents: readonly ContractDocument[];
  readonly wbs: ContractDocument | undefined;
  readonly definitions: readonly EndpointDefinition[];
  /** Python source of the classes that the definitions use. */
  readonly models: string;
  /** A BCP 47 tag. */
  readonly language: string;
  readonly replace: boolean;
  readonly isApproved: boolean;
}

/** One write: the whole new text of a document. */
export interface ContractWrite {
  readonly path: string;
  readonly text: string;
  /** `METHOD /path`, or the names of the models. */
  readonly what: string;
}

/** What a call leads to: errors among the problems and no write, or writes to be done in order; warnings go with both. */
export interface DefineResult {
  readonly problems: readonly DefinitionProblem[];
  readonly writes: readonly ContractWrite[];
  /** The contract as it is afterwards; as it was, where there are problems. */
  readonly contract: Contract;
}

/** batch/section: what one write may add. */
const MAX_LINES = 100;

/** Checks the definitions of a call and works out the writes that put them into the contract, one endpoint a write. */
export async function define(request: DefineRequest, tools: ProjectTools): Promise<DefineResult> {
  const { definitions, models, language, replace, isApproved } = request;
  const before = await readContract(request.documents, tools);
  const given = parseGiven(models, tools);
  const problems = checkAll(request, before, given, tools);
  const isWrong = problems.some((problem) => problem.severity === 'error');
  if (isWrong) return { problems, writes: [], contract: before.contract };
  const progress = new Progress(before, tools);
  const optionsNow = (): WriteOptions => ({ words: contractWords(language), replace, shapeOf: shapesOf(progress.read, tools) });
  const conflicts: DefinitionProblem[] = [];
  const pending = new Map(given.definitions.map((each) => [each.name, each]));
  for (const [index, definition] of definitions.entries()) {
    const isLast = index === definitions.length - 1;
    const needed = isLast ? [...pending.values()] : neededBy(definition, [...pending.values()]);
    for (const each of needed) pending.delete(each.name);
    for (const part of chunks(needed)) {
      const change = writeModels(progress.read, given.imports, part, optionsNow(), tools.parser);
      conflicts.push(...change.conflicts);
      await progress.apply(change, part.map((each) => each.name).join(', '));
    }
    const change = writeEndpoint(progress.read, definition, optionsNow());
    conflicts.push(...change.conflicts);
    await progress.apply(change, definition.endpoint);
  }
  const found = [...problems, ...conflicts];
  const lost = found.some((problem) => problem.severity === 'error') ? [] : unreadable(definitions, progress.read, isApproved);
  const all = [...found, ...lost];
  return all.some((problem) => problem.severity === 'error')
    ? { problems: all, writes: [], contract: before.contract }
    : { problems: all, writes: progress.writes, contract: progress.read.contract };
}

interface Given {
  readonly imports: readonly string[];
  /** Classes and aliases, in order. */
  readonly definitions: readonly GivenDefinition[];
  readonly body: ReturnType<typeof buildModule>['body'];
}

/** What of the models can be read; the rules for models say what is wrong with the rest. */
function bodyOf(source: string, parser: PythonParser): Given['body'] {
  try {
    return buildModule(parser.parse(source, 'whole'), source).body;
  } catch (error) {
    if (error instanceof TooComplex) return [];
    throw error;
  }
}

function parseGiven(models: string, { parser }: ProjectTools): Given {
  const source = models.replaceAll('\r\n', '\n').trim();
  const body = bodyOf(source, parser);
  const imports = body.filter((statement) => statement.kind === 'import').map((statement) => source.slice(statement.start, statement.end));
  const definitions = body.flatMap((statement): GivenDefinition[] => {
    const name = definedName(statement);
    if (name === undefined) return [];
    // A decorator begins with its sign, one character before its expression.
    const decorators = statement.kind === 'class' ? statement.decorators.map((decorator) => decorator.start - 1) : [];
    return [{ name, source: source.slice(Math.min(statement.start, ...decorators), statement.end).trimEnd() }];
  });
  // Annotations of models are not to be postponed in the middle of a document.
  return { imports: imports.filter((line) => !line.includes('__future__')), definitions, body };
}

function checkAll(request: DefineRequest, before: ReadContract, given: Given, tools: ProjectTools): DefinitionProblem[] {
  const problems = before.contract.problems
    .filter((problem) => /never closed/.test(problem.message))
    .map(({ message, place }) => ({
      severity: 'error' as const,
      endpoint: `${place.path}:${place.line}`,
      message,
      fix: 'Close the fence with write_file first: what is written below it would be code.',
    }));
  if (problems.length > 0) return problems;
  if (/^\s*(```|~~~)/m.test(request.models))
    return [
      {
        severity: 'error',
        endpoint: 'models',
        message: 'The models contain a line that begins with a code fence: it would end their block.',
        fix: 'Write the text without it.',
      },
    ];
  if (request.models.split('\n').some((line) => isOpenText(line)))
    return [
      {
        severity: 'error',
        endpoint: 'models',
        message: 'The models still contain a [TBD].',
        fix: 'Decide it, or leave the model out of this call.',
      },
    ];
  const names = new Set(given.definitions.map((each) => each.name));
  const known = before.models.definitions.filter((definition) => !names.has(definition.name)).map((definition) => definition.source);
  const models = readModels(
    tools.parser,
    [
      { path: 'models', blocks: request.models.trim() === '' ? [] : [blockOf(request.models.replaceAll('\r\n', '\n'))] },
      { path: 'contract', blocks: known.map(blockOf) },
    ],
    before.models.described,
  );
  if (models.broken.some((place) => place.path === 'models'))
    return [
      {
        severity: 'error',
        endpoint: 'models',
        message: 'The Python of "models" does not parse.',
        fix: 'Send valid Python: imports, model classes and enumerations.',
      },
    ];
  tools.project.use(models.module);
  tools.resolver.refresh();
  const fromCall = models.classes.filter((model) => model.place.path === 'models');
  return checkDefinitions(request.definitions, {
    contract: before.contract,
    wbs: request.wbs === undefined ? [] : wbsEndpoints(request.wbs.path, request.wbs.text),
    models,
    given: fromCall.map((model) => model.node),
    body: given.body,
    shapes: new ShapeReader(tools.resolver, tools.project),
    isApproved: request.isApproved,
  });
}

/** Keeps the documents as the writes so far leave them. */
class Progress {
  readonly writes: ContractWrite[] = [];
  read: ReadContract;
  private readonly tools: ProjectTools;

  constructor(read: ReadContract, tools: ProjectTools) {
    this.read = read;
    this.tools = tools;
  }

  async apply(change: Change, what: string): Promise<void> {
    const documents = this.read.documents.map(({ path, text }) => ({ path, text: path === change.path ? change.text : text }));
    if (documents.every((document, index) => document.text === this.read.documents[index]?.text)) return;
    this.writes.push({ path: change.path, text: change.text, what });
    this.read = await readContract(documents, this.tools);
  }
}

/** The classes that a definition names, and those which they are made of, in the order they were sent. */
function neededBy(definition: EndpointDefinition, classes: readonly GivenDefinition[]): GivenDefinition[] {
  const texts = [
    definition.request,
    ...definition.responses.map((response) => response.model),
    ...definition.parameters.map((parameter) => parameter.type),
  ].join(' ');
  const needed = new Set<string>();
  const pending = [texts];
  for (let text = pending.pop(); text !== undefined; text = pending.pop()) {
    for (const each of classes) {
      if (needed.has(each.name) || !new RegExp(`\\b${each.name}\\b`).test(text)) continue;
      needed.add(each.name);
      pending.push(each.source);
    }
  }
  return classes.filter((each) => needed.has(each.name));
}

/** Classes in groups that one write may add. */
function chunks(classes: readonly GivenDefinition[]): GivenDefinition[][] {
  const groups: GivenDefinition[][] = [];
  let lines = MAX_LINES;
  for (const each of classes) {
    const own = countLines(each.source) + 2;
    if (lines + own > MAX_LINES) {
      groups.push([]);
      lines = 0;
    }
    groups.at(-1)?.push(each);
    lines += own;
  }
  return groups;
}

/** What a type means among the models of a contract. */
function shapesOf(read: ReadContract, tools: ProjectTools): (type: string) => Shape | undefined {
  const shapes = new ShapeReader(tools.resolver, tools.project);
  return (type) => {
    const annotation = read.models.parseType(type);
    if (annotation === undefined) return undefined;
    return shapes.shapeOf(modelSite(read.models), annotation, 'input');
  };
}

/** Definitions that do not come back from the text as they went in: nothing is written then. */
function unreadable(definitions: readonly EndpointDefinition[], { contract }: ReadContract, isApproved: boolean): DefinitionProblem[] {
  return definitions.flatMap((definition): DefinitionProblem[] => {
    const named = parseEndpointName(definition.endpoint);
    const key = named === undefined ? '' : endpointKey(named.method, named.path);
    const endpoint =
      contract.endpoints.find((each) => endpointKey(each.method, each.path) === key) ??
      contract.endpoints.find((each) => named !== undefined && each.method === named.method && each.path.endsWith(named.path));
    const lost = endpoint === undefined ? ['the endpoint'] : lostParts(definition, endpoint);
    if (lost.length === 0) return [];
    const where = endpoint === undefined ? '' : ` near line ${endpoint.place.line} of ${endpoint.place.path}`;
    return [
      {
        severity: 'error',
        endpoint: definition.endpoint,
        message: `The document's form${where} would not keep ${lost.join(', ')}${isApproved && endpoint === undefined ? ' as a new endpoint' : ''}; nothing was written.`,
        fix: 'Give the endpoint a heading of its own ("### METHOD /path" with [TBD] below it) with write_file, then call again.',
      },
    ];
  });
}

function lostParts(definition: EndpointDefinition, endpoint: Contract['endpoints'][number]): string[] {
  const lost: string[] = [];
  if (endpoint.progress !== 'done') lost.push(`a decision (${endpoint.open.join(', ')})`);
  const statuses = endpoint.responses.map((response) => response.status);
  if (definition.responses.some(({ status }) => !statuses.includes(status))) lost.push('the response statuses');
  const models = definition.responses.some(
    ({ model, status }) =>
      model !== undefined &&
      !endpoint.responses.some((response) => response.status === status && response.content !== undefined && response.content !== 'none'),
  );
  if (models) lost.push('the response model');
  if (
    definition.errors.some(
      (error) => !endpoint.errors.some((other) => other.status === error.status && (error.code === '' || other.code === error.code)),
    )
  )
    lost.push('the errors');
  if (definition.request !== undefined && (endpoint.request === undefined || endpoint.request === 'none')) lost.push('the request');
  if (
    definition.parameters.some(
      (parameter) => !endpoint.parameters.some((other) => other.name === parameter.name && other.in === parameter.in),
    )
  )
    lost.push('the parameters');
  return lost;
}
