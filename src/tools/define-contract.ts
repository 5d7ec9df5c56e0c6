import { z } from 'zod';
import { PARAMETER_PLACES } from '../api/endpoint.ts';
import { nextOpen, progressText } from '../contract/comparison/progress.ts';
import type { Contract } from '../contract/contract.ts';
import type { ContractDocument } from '../contract/document/documents.ts';
import { usualImports } from '../contract/document/models.ts';
import type { ContractWrite } from '../contract/writing/define.ts';
import type { DefinitionProblem } from '../contract/writing/definition.ts';
import { Refusal } from '../workspace/refusal.ts';
import { refuseForRole } from '../workspace/role-gate.ts';
import { encodeText, hashOf, type TextFile } from '../workspace/text.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { writeAtomically } from '../workspace/write.ts';
import { type ContractOnDisk, loadContract } from './phase/contract-files.ts';
import { requireReadyToWrite } from './phase/gates.ts';
import type { Session } from './phase/session.ts';
import { plural } from './reporting/present.ts';
import { defineTool } from './tool.ts';

/** Rules that models of a contract follow; the others are about code. */
const MODEL_RULES = /^(pydantic\/(v2-only|annotated-field)|code\/complete|typing\/(no-bare-dict|no-any))$/;
const MODELS_PATH = 'src/schemas/api_contract_models.py';
const MAX_PROBLEMS = 40;

const endpointInput = z.strictObject({
  endpoint: z.string().describe('METHOD /path'),
  summary: z.string().optional(),
  auth: z.string().optional(),
  parameters: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[\w.-]+$/),
        in: z.enum(PARAMETER_PLACES),
        type: z.string(),
        required: z.boolean().optional(),
        default: z.coerce.string().optional(),
        description: z.string().optional(),
      }),
    )
    .default([]),
  request: z.string().optional().describe('Type of the body: LoanCreate'),
  media_type: z.string().optional(),
  responses: z
    .array(z.strictObject({ status: z.number().int(), model: z.string().optional(), meaning: z.string().optional() }))
    .describe('Successes'),
  errors: z.array(z.strictObject({ status: z.number().int(), code: z.string().default(''), when: z.string().default('') })).default([]),
  validation: z.array(z.string()).default([]),
});

/** `define_contract`: fills endpoints into the contract, and leaves every other byte of it alone. */
export const defineContract = defineTool({
  name: 'define_contract',
  title: 'Define the API contract',
  description: 'Contract mode: checks endpoints and fills them into api-contract.md, nothing else.',
  hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({
    path: z.string().optional().describe('Of several contract files'),
    endpoints: z.array(endpointInput).min(1).max(20),
    models: z.string().default('').describe('Python source of the Pydantic v2 models they use'),
    replace: z.boolean().default(false).describe('Replace what is defined'),
    approved: z.string().trim().min(1).optional().describe("User's words, for an endpoint no document names"),
  }),
  output: z.strictObject({
    written: z.array(z.string()),
    hash: z.string(),
    endpoints: z.array(z.strictObject({ endpoint: z.string(), state: z.enum(['done', 'partly', 'open']), open: z.array(z.string()) })),
    next: z.string(),
  }),
  async run(input, { session, signal }) {
    const workspace = await session.workspace();
    return session.turns.take('contract', async () => {
      const { mode, folders } = await requireReadyToWrite(session, workspace);
      const disk = inOrder(await loadContract(workspace), input.path);
      for (const { path } of disk.documents) refuseForRole(path, mode, folders);
      const project = { workspace, roots: [], signal };
      const { contracts } = session.services;
      const before = await contracts.read(project, disk);
      const result = await contracts.define(project, {
        documents: disk.documents,
        wbs: disk.wbs,
        definitions: input.endpoints.map(({ media_type, parameters, ...definition }) => ({
          ...definition,
          mediaType: media_type,
          parameters: parameters.map(({ default: defaultValue, ...parameter }) => ({ ...parameter, defaultValue })),
        })),
        models: input.models,
        language: disk.config.outputLanguage.value,
        replace: input.replace,
        isApproved: input.approved !== undefined,
      });
      const judged = await judgeModels(session, workspace, before.contract.source, input.models);
      // A syntax error says all there is to say of the models.
      const isBroken = judged.some(({ message }) => message.includes('(code/complete)') && /does not parse/.test(message));
      const problems = isBroken
        ? [...judged, ...result.problems.filter(({ endpoint }) => endpoint !== 'models')]
        : [...judged, ...result.problems];
      if (problems.some((problem) => problem.severity === 'error')) throw refusal(problems);
      const { contract } = result;
      const hash = await write(workspace, disk, result.writes);
      for (const [path, value] of hash) session.seen.set(path, value);
      return {
        text: [text(contract, result.writes, disk), ...problems.slice(0, MAX_PROBLEMS).map(problemLine)].join('\n'),
        structured: {
          written: result.writes.map(({ what }) => what),
          hash: hash.get(disk.documents[0]?.path ?? '') ?? '',
          endpoints: contract.endpoints.map(({ method, path, progress, open }) => ({
            endpoint: `${method} ${path}`,
            state: progress,
            open: [...open],
          })),
          next: nextOpen(contract),
        },
      };
    });
  },
});

/** Puts the document that the caller means first: what is new goes there. */
function inOrder(disk: ContractOnDisk, wanted: string | undefined): ContractOnDisk {
  if (wanted === undefined) return disk;
  const name = wanted.replaceAll('\\', '/').replace(/^\.\//, '');
  const chosen = disk.documents.find((document) => document.path === name || document.path.endsWith(`/${name}`));
  if (chosen === undefined)
    throw new Refusal(
      'not_found',
      `"${wanted}" is no document of the contract.`,
      `Name one of ${disk.documents.map((document) => document.path).join(', ')}, or leave path out.`,
    );
  return { ...disk, documents: [chosen, ...disk.documents.filter((document: ContractDocument) => document !== chosen)] };
}

/** What the rules for Pydantic models say about the models of a call. */
async function judgeModels(session: Session, workspace: Workspace, known: string, models: string): Promise<DefinitionProblem[]> {
  if (models.trim() === '') return [];
  const head = [usualImports('').join('\n'), known].join('\n\n\n');
  const before = head.split('\n').length + 2;
  const { rules, roots } = await session.projectRules(workspace);
  const judgement = { rules: rules.filter((rule) => MODEL_RULES.test(rule.id)), roots };
  const { findings } = await session.services.engine.check(
    workspace,
    MODELS_PATH,
    `${head}\n\n\n${models}\n`,
    judgement,
    session.pythonSettings(workspace),
  );
  return (
    findings
      // Names that are imported twice are not the caller's fault.
      .filter((finding) => finding.line > before && !/is defined twice/.test(finding.message))
      .map((finding) => ({
        severity: finding.severity,
        endpoint: `models line ${finding.line - before}`,
        message: `${finding.message} (${finding.rule})`,
        fix: finding.fix,
      }))
  );
}

function problemLine({ severity, endpoint, message, fix }: DefinitionProblem): string {
  return `- ${severity === 'warning' ? 'warning: ' : ''}${endpoint}: ${message}\n  fix: ${fix}`;
}

function refusal(problems: readonly DefinitionProblem[]): Refusal {
  // What refuses comes first; warnings go with it, so that nothing new is said when the call is sent again.
  const sorted = [...problems].sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'));
  const shown = sorted.slice(0, MAX_PROBLEMS).map(problemLine);
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const more = problems.length > shown.length ? [`… ${problems.length - shown.length} more.`] : [];
  return new Refusal(
    'rule',
    [`Nothing was written: ${plural(errors, 'problem')}.`, ...shown, ...more].join('\n'),
    'Correct them and send the call again.',
  );
}

/** Does the writes one after the other, each read back; returns the new hash of every file that was written. */
async function write(workspace: Workspace, disk: ContractOnDisk, writes: readonly ContractWrite[]): Promise<Map<string, string>> {
  const files = new Map<string, TextFile>(disk.files);
  const hashes = new Map<string, string>();
  for (const [path, file] of files) hashes.set(path, file.hash);
  for (const [index, { path, text: content, what }] of writes.entries()) {
    const file = files.get(path);
    if (file === undefined) throw new Error(`${path} is no document of the contract`);
    const bytes = encodeText(content, file.bom);
    try {
      await writeAtomically(await workspace.resolveOwn(path), bytes, { kind: 'hash', hash: hashes.get(path) ?? file.hash }, file.mode);
    } catch (error) {
      if (!(error instanceof Refusal) || index === 0) throw error;
      const done = writes.slice(0, index).map((each) => each.what);
      throw new Refusal(
        error.code,
        `${error.message} Written before that: ${done.join('; ')}.`,
        `${error.remedy} Then send the call again: what is written already stays.`,
      );
    }
    const again = await workspace.readText(path);
    if (again.hash !== hashOf(bytes))
      throw new Refusal(
        'stale',
        `"${path}" is not what was just written (${what}): another program changes it.`,
        'Read it again, and send the call again.',
      );
    hashes.set(path, again.hash);
  }
  return hashes;
}

function text(contract: Contract, writes: readonly ContractWrite[], disk: ContractOnDisk): string {
  const path = disk.documents[0]?.path ?? '';
  const what =
    writes.length === 0
      ? `${path} says exactly this already: nothing was written.`
      : `Wrote into ${[...new Set(writes.map((each) => each.path))].join(', ')}: ${writes.map((each) => each.what).join('; ')}.`;
  const state = progressText(contract);
  const open = contract.endpoints
    .filter((endpoint) => endpoint.progress !== 'done')
    .slice(0, 30)
    .map(
      (endpoint) =>
        `- ${endpoint.method} ${endpoint.path}: ${endpoint.progress}${endpoint.progress === 'partly' ? ` (${endpoint.open.join(', ')})` : ''}`,
    );
  const next = nextOpen(contract);
  return [what, state, ...open, next === '' ? 'Next: check_contract says whether it is ready for review.' : `Next: define ${next}.`].join(
    '\n',
  );
}
