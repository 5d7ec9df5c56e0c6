import path from 'node:path';
import { z } from 'zod';
import { endpointName, type Place } from '../api/endpoint.ts';
import { isReady } from '../contract/comparison/completeness.ts';
import { type Comparison, DIFFERENCE_KINDS, type Difference } from '../contract/comparison/differences.ts';
import { progressCounts } from '../contract/comparison/progress.ts';
import type { ContractProblem } from '../contract/contract.ts';
import { GENERATOR } from '../contract/openapi.ts';
import { PAGE_MARK, reviewPage } from '../contract/review-page.ts';
import type { ContractReading } from '../contract/worker.ts';
import { groupBy } from '../workspace/group-by.ts';
import { Refusal } from '../workspace/refusal.ts';
import { encodeText } from '../workspace/text.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { type Expectation, writeAtomically } from '../workspace/write.ts';
import { CONTRACT_VIEW } from './contract-view.ts';
import { type ContractOnDisk, loadContract } from './phase/contract-files.ts';
import { MODES, type Session } from './phase/session.ts';
import { plural } from './reporting/present.ts';
import { type AnyTool, defineTool, READ_ONLY, type ToolCall } from './tool.ts';

const EXPORTS = ['openapi', 'review'] as const;
const MAX_UNDECIDED = 10;
/** More endpoints of one sentence are counted instead of named. */
const MAX_NAMED = 8;

const reading = {
  mode: z.enum(MODES).optional().describe("Default: the session's"),
  endpoint: z.string().optional().describe('Only this one: METHOD /path'),
  limit: z.number().int().min(1).max(500).default(50),
  cursor: z.string().regex(/^\d+$/).optional(),
};
const withExport = z.strictObject({
  ...reading,
  export: z.enum(EXPORTS).optional().describe('Write OpenAPI 3.1 or an HTML page beside the contract'),
});
const withoutExport = z.strictObject(reading);

const placeShape = z.strictObject({ path: z.string(), line: z.number().int() });
const differenceShape = z.strictObject({
  kind: z.enum(DIFFERENCE_KINDS),
  endpoint: z.string(),
  detail: z.string(),
  contract: placeShape.optional(),
  code: placeShape.optional(),
});
const output = z.strictObject({
  ready: z.boolean(),
  endpoints: z.strictObject({ contract: z.number().int(), code: z.number().int(), matched: z.number().int() }),
  progress: z.strictObject({ done: z.number().int(), partly: z.number().int(), open: z.number().int() }),
  problems: z.array(
    z.strictObject({
      kind: z.string(),
      severity: z.enum(['error', 'warning']),
      endpoint: z.string(),
      message: z.string(),
      fix: z.string(),
      path: z.string(),
      line: z.number().int(),
    }),
  ),
  differences: z.array(differenceShape),
  global: z.array(differenceShape),
  undecided: z.array(z.string()),
  next_cursor: z.string(),
  exported: z.string(),
});
type Answer = { readonly text: string; readonly structured: z.output<typeof output> };

const DESCRIPTION =
  'Contract mode: what is still missing before review. Develop mode: every place where the code departs from the contract, without running it.';

/** `check_contract`: completeness in contract mode, drift in develop mode, and exports. */
export const checkContract: AnyTool = defineTool({
  name: 'check_contract',
  title: 'Check the API contract',
  description: DESCRIPTION,
  hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  view: CONTRACT_VIEW,
  input: withExport,
  output,
  run: (input, call) => check(input, call),
});

/** The same without exports, for a server that may not write. */
export const checkContractReadOnly: AnyTool = defineTool({
  name: 'check_contract',
  title: 'Check the API contract',
  description: DESCRIPTION,
  hints: READ_ONLY,
  view: CONTRACT_VIEW,
  input: withoutExport,
  output,
  run: (input, call) => check({ ...input, export: undefined }, call),
});

async function check(input: z.output<typeof withExport>, { session, signal }: ToolCall): Promise<Answer> {
  const workspace = await session.workspace();
  const disk = await loadContract(workspace);
  const { roots } = await session.projectRules(workspace);
  const project = { workspace, roots, signal };
  const mode = input.mode ?? session.mode ?? 'develop';
  const compared =
    mode === 'develop'
      ? await session.services.contracts.compare(project, disk)
      : { reading: await session.services.contracts.read(project, disk), comparison: undefined };
  const exported = input.export === undefined ? '' : await writeExport(input.export, session, workspace, disk, signal);
  const wanted = input.endpoint === undefined ? undefined : wantedEndpoint(input.endpoint, compared.reading);
  const isWanted = (each: { readonly endpoint: string }): boolean => wanted === undefined || each.endpoint === wanted;
  const start = Number(input.cursor ?? 0);
  const comparison = compared.comparison === undefined ? undefined : narrowed(compared.comparison, wanted);
  const problems = compared.reading.problems.filter(isWanted);
  const differences = comparison?.differences ?? [];
  const listed = comparison === undefined ? problems : differences;
  const rest = listed.length - start - input.limit;
  const next = rest > 0 ? String(start + input.limit) : '';
  const page = { start, end: start + input.limit };
  const text =
    comparison === undefined
      ? completenessText(compared.reading, problems, page, wanted)
      : driftText(compared.reading, comparison, page, wanted);
  return {
    text: [
      ...text,
      ...(rest > 0 ? [`… ${rest} more: call again with cursor "${next}", or with endpoint.`] : []),
      ...(exported === '' ? [] : [`Written: ${exported}.`]),
    ].join('\n'),
    structured: {
      ready:
        isReady(compared.reading.contract, compared.reading.problems) &&
        (compared.comparison?.differences.length ?? 0) === 0 &&
        (comparison?.global.every((each) => each.kind === 'parameter') ?? true),
      endpoints: comparison?.endpoints ?? { contract: compared.reading.contract.endpoints.length, code: 0, matched: 0 },
      progress: progressCounts(compared.reading.contract),
      problems: (comparison === undefined ? problems.slice(page.start, page.end) : []).map(
        ({ kind, severity, endpoint, message, fix, place }) => ({ kind, severity, endpoint, message, fix, ...place }),
      ),
      differences: differences.slice(page.start, page.end).map(shown),
      global: (comparison?.global ?? []).map(shown),
      undecided: [...(comparison?.undecided ?? [])].slice(0, input.limit),
      next_cursor: next,
      exported,
    },
  };
}

function shown({ kind, endpoint, detail, contract, code }: Difference): z.output<typeof differenceShape> {
  return { kind, endpoint, detail, ...(contract === undefined ? {} : { contract }), ...(code === undefined ? {} : { code }) };
}

/** What a comparison says of one endpoint. */
function narrowed(comparison: Comparison, wanted: string | undefined): Comparison {
  if (wanted === undefined) return comparison;
  return {
    ...comparison,
    differences: comparison.differences.filter((each) => each.endpoint === wanted),
    undecided: comparison.undecided.filter((sentence) => sentence.startsWith(wanted)),
  };
}

function wantedEndpoint(text: string, { contract }: ContractReading): string {
  const plain = (name: string): string =>
    name
      .trim()
      .replace(/\s+/g, ' ')
      .replace(/\{[^}]*\}/g, '{}')
      .toUpperCase();
  const found = [...contract.endpoints, ...contract.listed].map(endpointName).find((name) => plain(name) === plain(text));
  if (found !== undefined) return found;
  const names = contract.endpoints.map(endpointName);
  throw new Refusal(
    'not_found',
    `The contract has no endpoint "${text}".`,
    `It has ${names.slice(0, 20).join(', ')}${names.length > 20 ? ` and ${names.length - 20} more` : ''}.`,
  );
}

interface Page {
  readonly start: number;
  readonly end: number;
}

function completenessText(read: ContractReading, problems: readonly ContractProblem[], page: Page, wanted: string | undefined): string[] {
  const { contract } = read;
  const count = progressCounts(contract);
  if (contract.endpoints.length === 0)
    return [
      `${contract.paths.join(', ')} names no endpoint that could be read.`,
      'Write each endpoint as a heading or list item with method and path, such as "### POST /api/v1/loans" with [TBD] below it.',
      ...problems.map(problemLine),
    ];
  if (wanted !== undefined)
    return [
      `${wanted}: ${problems.length === 0 ? 'nothing' : plural(problems.length, 'point')} to settle.`,
      ...problems.slice(page.start, page.end).map(problemLine),
    ];
  const ready = isReady(contract, read.problems);
  const open = problems.filter((problem) => problem.kind === 'open');
  const others = problems.filter((problem) => problem.kind !== 'open');
  const verdict = ready
    ? `Ready for review: ${plural(contract.endpoints.length, 'endpoint')}, nothing open.`
    : `Not ready for review: ${count.done} done, ${count.partly} partly, ${count.open} open of ${plural(contract.endpoints.length, 'endpoint')}; ${plural(problems.filter((problem) => problem.severity === 'error').length, 'point')} to settle.`;
  const [first] = open;
  const next = ready
    ? 'Next: hand it to the frontend engineer (export "review" writes a page to read), then write_work_log.'
    : first === undefined
      ? 'Next: settle the errors below.'
      : `Next: define ${first.endpoint} with define_contract.`;
  return [verdict, next, ...[...open, ...others].slice(page.start, page.end).map(problemLine)];
}

function problemLine({ severity, message, fix, place }: ContractProblem): string {
  return `${place.path}:${place.line}: ${severity}: ${message}\n  fix: ${fix}`;
}

function driftText(read: ContractReading, comparison: Comparison, page: Page, wanted: string | undefined): string[] {
  const { endpoints, differences, global, undecided, applications } = comparison;
  const real = global.filter((each) => each.kind !== 'parameter');
  const total = differences.length + real.length;
  const seen = `${endpoints.matched} of ${plural(endpoints.contract, 'endpoint')} of the contract compared with ${plural(endpoints.code, 'endpoint')} of the code`;
  const verdict =
    total === 0
      ? `The code follows the contract: ${seen}, no difference.`
      : `The code departs from the contract in ${plural(total, 'place')}: ${seen}.`;
  const verdictOfOne = `${wanted}: ${differences.length === 0 ? 'no difference' : plural(differences.length, 'difference')} between contract and code.`;
  const open = read.contract.endpoints.filter((endpoint) => endpoint.progress === 'open');
  return [
    wanted === undefined ? verdict : verdictOfOne,
    ...(total === 0 ? [] : ['Next: change the code; the contract is authoritative. If the contract is wrong, ask the user.']),
    ...(applications.length === 0 ? ['No FastAPI application was found; routers are compared as they are.'] : []),
    ...(open.length === 0
      ? []
      : [
          `${plural(open.length, 'endpoint')} of the contract ${open.length === 1 ? 'is' : 'are'} still open and not compared: ${open.slice(0, MAX_NAMED).map(endpointName).join(', ')}${open.length > MAX_NAMED ? ' …' : ''}.`,
        ]),
    ...global.map((each) => `- everywhere: ${each.detail}${places(each.contract, each.code)}`),
    ...grouped(differences.slice(page.start, page.end)),
    ...(undecided.length === 0
      ? []
      : [`Not decided by reading (${undecided.length}):`, ...undecided.slice(0, MAX_UNDECIDED).map((each) => `- ${each}`)]),
    ...(undecided.length > MAX_UNDECIDED ? [`… ${undecided.length - MAX_UNDECIDED} more.`] : []),
  ];
}

/** One line a cause: endpoints that differ in the same words stand together. */
function grouped(differences: readonly Difference[]): string[] {
  // Endpoints that the contract does not have are one list.
  const groups = groupBy(differences, ({ kind, detail }) => (kind === 'extra_in_code' ? kind : `${kind} ${detail}`));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (group.length === 1) return [`- ${first.kind} ${first.endpoint}: ${first.detail}${places(first.contract, first.code)}`];
    const names = group.slice(0, MAX_NAMED).map((each) => `${each.endpoint}${places(each.contract, each.code)}`);
    const more = group.length > MAX_NAMED ? `, and ${group.length - MAX_NAMED} more` : '';
    const detail = first.kind === 'extra_in_code' ? 'the contract does not name them' : first.detail;
    return [`- ${first.kind}, ${plural(group.length, 'endpoint')}: ${detail}:\n  ${names.join('\n  ')}${more}`];
  });
}

function places(contract: Place | undefined, code: Place | undefined): string {
  const parts = [contract, code].flatMap((place) => (place === undefined ? [] : [`${place.path}:${place.line}`]));
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** Writes an export beside the contract and returns its path; a file that someone else made is not written over. */
async function writeExport(
  kind: (typeof EXPORTS)[number],
  session: Session,
  workspace: Workspace,
  disk: ContractOnDisk,
  signal: AbortSignal,
): Promise<string> {
  const main = disk.documents[0]?.path ?? '';
  const stem = path.posix.join(path.posix.dirname(main), path.posix.basename(main, '.md'));
  const target = kind === 'openapi' ? `${stem}.openapi.json` : `${stem}.review.html`;
  const { roots } = await session.projectRules(workspace);
  const version = disk.config.currentVersion?.value ?? '1.0.0';
  const { document, reading: read } = await session.services.contracts.openapi({ workspace, roots, signal }, disk, version);
  const content =
    kind === 'openapi' ? `${JSON.stringify(document, null, 2)}\n` : await reviewPage(read, document, disk.config.outputLanguage.value);
  const existing = await workspace.readTextIfExists(target);
  if (existing !== undefined && !existing.text.includes(kind === 'openapi' ? `"x-generator": "${GENERATOR}"` : PAGE_MARK))
    throw new Refusal(
      'already_exists',
      `"${target}" exists and was not made by this tool; it was left alone.`,
      'Ask the user to rename or remove it.',
    );
  const expected: Expectation = existing === undefined ? { kind: 'absent' } : { kind: 'hash', hash: existing.hash };
  if (existing?.text !== content)
    await writeAtomically(await workspace.resolveOwn(target), encodeText(content, false), expected, existing?.mode);
  return target;
}
