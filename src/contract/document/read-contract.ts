import { endpointKey, type Place } from '../../api/endpoint.ts';
import { readBlocks } from '../../documents/markdown.ts';
import { ShapeReader } from '../../fastapi/shapes.ts';
import type { ProjectTools } from '../../python/open-project.ts';
import type { Contract, ContractEndpoint, ContractModel, ContractProblem } from '../contract.ts';
import { readConventions } from './conventions.ts';
import { describedModels } from './described-models.ts';
import type { ContractDocument, ParsedDocument } from './documents.ts';
import { EndpointReader } from './endpoint-reader.ts';
import { type Entry, findEntries } from './entries.ts';
import { leftMarkers } from './left-markers.ts';
import { type ContractModels, pythonBlocks, readModels } from './models.ts';
import { codeBlocks, sectionTree } from './sections.ts';

/** A contract and where everything in it stands. */
export interface ReadContract {
  readonly contract: Contract;
  readonly documents: readonly ParsedDocument[];
  readonly models: ContractModels;
  /** The entries an endpoint was read from, by {@link endpointKey}; the one that specifies it first. */
  readonly entries: ReadonlyMap<string, readonly { readonly entry: Entry; readonly document: ParsedDocument }[]>;
}

/** Reads the documents of one contract. Nothing is guessed: what is not understood becomes a problem with its line. */
export async function readContract(documents: readonly ContractDocument[], tools: ProjectTools): Promise<ReadContract> {
  const parsed = await Promise.all(documents.map(parseDocument));
  const inPython = readModels(
    tools.parser,
    parsed.map(({ path, blocks }) => ({ path, blocks: pythonBlocks(codeBlocks(blocks)) })),
  );
  tools.project.use(inPython.module);
  tools.resolver.refresh();
  const shapes = new ShapeReader(tools.resolver, tools.project);
  const models = { ...inPython, described: describedModels(parsed, inPython, shapes) };
  const conventions = readConventions(parsed);
  const reader = new EndpointReader(models, shapes, conventions.basePath);
  for (const document of parsed) for (const entry of document.entries) reader.add(entry, document);
  const { endpoints, listed, problems, entries } = reader.result();
  const described: ContractModel[] = models.classes.map(({ node, place, source }) => ({
    name: node.name,
    place,
    source,
    shape: shapes.classShape({ kind: 'class', module: models.module, node, scope: models.module.facts.scope }, 'input', new Map()),
    isGeneric: shapes.isGeneric({ kind: 'class', module: models.module, node, scope: models.module.facts.scope }),
  }));
  const contract: Contract = {
    paths: documents.map(({ path }) => path),
    endpoints,
    listed,
    models: described,
    source: models.definitions.map((definition) => definition.source).join('\n\n\n'),
    conventions,
    problems: [
      ...parsed.flatMap(documentProblems),
      ...models.broken.map(brokenPython),
      ...problems,
      ...parsed.flatMap(({ path, blocks }) => leftMarkers(path, blocks, openEntries(path, endpoints, entries))),
    ],
  };
  return { contract, documents: parsed, models, entries };
}

/** Where the endpoints that are open stand in a document. */
function openEntries(path: string, endpoints: readonly ContractEndpoint[], entries: ReadContract['entries']): readonly Entry[] {
  return endpoints
    .filter((endpoint) => endpoint.progress !== 'done')
    .flatMap((endpoint) => entries.get(endpointKey(endpoint.method, endpoint.path)) ?? [])
    .filter(({ document }) => document.path === path)
    .map(({ entry }) => entry);
}

async function parseDocument({ path, text }: ContractDocument): Promise<ParsedDocument> {
  const blocks = await readBlocks(text);
  return { path, text, blocks, ...findEntries(sectionTree(blocks)) };
}

function documentProblems({ path, blocks }: ParsedDocument): ContractProblem[] {
  const open = codeBlocks(blocks).filter((block) => !block.isClosed);
  const problems = open.map(
    (block): ContractProblem => ({
      kind: 'not_understood',
      severity: 'error',
      endpoint: '',
      message: `The code fence of line ${block.line} is never closed: everything below it counts as code.`,
      fix: 'Close the fence.',
      place: { path, line: block.line },
    }),
  );
  for (const block of codeBlocks(blocks)) {
    if (!/^(ya?ml|json)$/.test(block.language) || !/^\s*["']?(openapi|paths)["']?\s*:/m.test(block.value)) continue;
    problems.push({
      kind: 'not_understood',
      severity: 'warning',
      endpoint: '',
      message: `The OpenAPI block of line ${block.line} is not read as part of the contract.`,
      fix: 'Specify its endpoints in the document itself.',
      place: { path, line: block.line },
    });
  }
  return problems;
}

function brokenPython(place: Place): ContractProblem {
  return {
    kind: 'not_understood',
    severity: 'error',
    endpoint: '',
    message: 'The Python of this block does not parse; its models are left out.',
    fix: 'Correct the block.',
    place,
  };
}
