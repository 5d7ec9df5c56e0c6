import { CONFIG_PATH, type WorkflowConfig } from './config.ts';
import { listFiles } from './listing.ts';
import { Refusal } from './refusal.ts';
import type { TextFile } from './text.ts';
import type { Workspace } from './workspace.ts';

/** The documents the role reads, by the name tools use for them. */
export const ARTEFACT_NAMES = ['config', 'requirement', 'architect', 'api-contract', 'wbs', 'constraints', 'db-init', 'db-design'] as const;
export type ArtefactName = (typeof ARTEFACT_NAMES)[number];

/** Where an artefact is expected and what was found there. */
export interface Artefact {
  readonly name: ArtefactName;
  /** The path in use; the normal one when nothing was found. Workspace-relative. */
  readonly path: string;
  readonly file: TextFile | undefined;
  /** Why a file that is there could not be read. */
  readonly problem: string | undefined;
  /** Other files that look like versions of it (wbs-v3.md). */
  readonly variants: readonly string[];
}

/** The folders of the iteration, by delivery mode. */
export interface IterationFolders {
  readonly temp: string;
  readonly reports: string;
}

/** The role's own log folder. */
export const RECORDS_FOLDER = '.ai/records/python-engineer';

/**
 * Where this iteration's artefacts lie. In scrum mode that needs a version and a sprint: undefined without both.
 */
export function iterationFolders(config: WorkflowConfig): IterationFolders | undefined {
  if (config.deliveryMode.value === 'standard') return { temp: '.ai/temp', reports: '.ai/reports' };
  if (config.currentVersion === undefined || config.currentSprint === undefined) return undefined;
  const base = `.ai/${config.currentVersion.value}/${config.currentSprint.value}`;
  return { temp: `${base}/temp`, reports: `${base}/reports` };
}

/** Reads every artefact of the iteration; a file that cannot be read is reported, not thrown. */
export async function readArtefacts(workspace: Workspace, folders: IterationFolders): Promise<ReadonlyMap<ArtefactName, Artefact>> {
  const documents = await listFiles(workspace, ['.ai/context/*.md', `${folders.temp}/*.{md,sql}`]);
  const expected: Record<ArtefactName, readonly [string, ...string[]]> = {
    config: [CONFIG_PATH],
    requirement: [`${folders.temp}/requirement.md`],
    architect: [`${folders.temp}/architect.md`],
    'api-contract': [`${folders.temp}/api-contract.md`],
    wbs: [`${folders.temp}/wbs.md`],
    constraints: ['.ai/context/architect_constraint.md', '.ai/context/architect-constraint.md'],
    'db-init': [`${folders.temp}/db-init.sql`],
    'db-design': [`${folders.temp}/db-design.md`],
  };
  const artefacts = new Map<ArtefactName, Artefact>();
  for (const name of ARTEFACT_NAMES) artefacts.set(name, await readArtefact(workspace, name, expected[name], documents));
  return artefacts;
}

async function readArtefact(
  workspace: Workspace,
  name: ArtefactName,
  candidates: readonly [string, ...string[]],
  documents: readonly string[],
): Promise<Artefact> {
  const variants = documents.filter((document) => isVariant(document, candidates[0]));
  const present = [...candidates, ...variants].find((candidate) => documents.includes(candidate));
  const path = present ?? candidates[0];
  const others = variants.filter((variant) => variant !== path);
  try {
    return { name, path, file: await workspace.readTextIfExists(path), problem: undefined, variants: others };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { name, path, file: undefined, problem: error.message, variants: others };
  }
}

/** `wbs-v3.md` is a variant of `wbs.md`; `wbs-template.md` and `wbs.bak.md` are too: all are reported, none is preferred over the main file. */
function isVariant(document: string, main: string): boolean {
  const dot = main.lastIndexOf('.');
  const stem = main.slice(0, dot);
  return document !== main && document.startsWith(`${stem}-`) && document.endsWith(main.slice(dot));
}
