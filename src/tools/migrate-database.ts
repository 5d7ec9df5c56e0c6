import { z } from 'zod';
import data from '../../data/document-words.json';
import type { MigrationFile } from '../database/migrations.ts';
import { inLanguage } from '../documents/in-language.ts';
import { type MigrationRecord, namesRevision, withMigrations } from '../documents/migration-record.ts';
import { listWorkLogs } from '../documents/work-log.ts';
import {
  type AlembicRun,
  type AlembicSetup,
  currentRevisions,
  failureText,
  findAlembic,
  listRevisions,
  type Revision,
  type RunLimits,
  runAlembic,
  upTo,
} from '../toolchain/alembic.ts';
import { readArtefacts } from '../workspace/artefacts.ts';
import { readWorkflowConfig } from '../workspace/config.ts';
import { Refusal } from '../workspace/refusal.ts';
import { encodeText } from '../workspace/text.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { writeAtomically } from '../workspace/write.ts';
import { requireReadyToWrite } from './phase/gates.ts';
import { localDate, writeNewWorkLog } from './phase/new-work-log.ts';
import type { Session } from './phase/session.ts';
import { plural } from './reporting/present.ts';
import { type AnyTool, defineTool } from './tool.ts';

const ACTIONS = ['revision', 'upgrade', 'history'] as const;
const words = z.string().trim().min(1);

const input = z.strictObject({
  path: z.string().optional().describe('Folder of alembic.ini where there are several'),
  action: z.enum(ACTIONS),
  description: words
    .max(120)
    .refine((text) => !/[\\"\u0000-\u001f]/.test(text), 'one line without quotation marks and backslashes')
    .optional()
    .describe('revision: what changes'),
  purpose: words.optional().describe('Why, for the record'),
  task: words.optional().describe('WBS id'),
  initialised: z.boolean().default(false).describe('database-first: the user confirmed that db-init.sql made this database'),
  timeout: z.number().int().min(5).max(3600).default(120).describe('Seconds'),
});
const output = z.strictObject({
  action: z.enum(ACTIONS),
  revision: z.string(),
  path: z.string(),
  operations: z.array(z.string()),
  warnings: z.array(z.string()),
  applied: z.array(z.string()),
  recorded: z.array(z.string()),
  current: z.array(z.string()),
});
type Input = z.output<typeof input>;
type Answer = { readonly text: string; readonly structured: z.output<typeof output> };

/** What every action works with. */
interface Migrating {
  readonly session: Session;
  readonly workspace: Workspace;
  readonly setup: AlembicSetup;
  readonly input: Input;
  readonly signal: AbortSignal;
}

/** Two calls at once would run over each other in the database: they wait for one another, by workspace. */
const queues = new Map<string, Promise<unknown>>();

/** `migrate_database`: Alembic revisions, upgrades and their record. */
export const migrateDatabase: AnyTool = defineTool({
  name: 'migrate_database',
  title: 'Migrate the database',
  description:
    'Alembic in the project: revision (autogenerate), upgrade (to head, recorded in WBS and work log), history. database-first: never creates the database.',
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  input,
  output,
  async run(given, { session, signal }) {
    const workspace = await session.workspace();
    const { mode } = await requireReadyToWrite(session, workspace);
    if (mode === 'contract')
      throw new Refusal('gate', 'Contract mode writes documentation only.', 'Call read_context with mode "develop" first.');
    const migrating = { session, workspace, setup: await findAlembic(workspace, given.path, signal), input: given, signal };
    return inTurn(workspace.realRoot, () => {
      signal.throwIfAborted();
      switch (given.action) {
        case 'revision':
          return makeRevision(migrating);
        case 'upgrade':
          return upgrade(migrating);
        case 'history':
          return history(migrating);
      }
    });
  },
});

async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  queues.set(
    key,
    mine.catch(() => undefined),
  );
  return mine;
}

function alembic(migrating: Migrating, args: readonly string[], hasConnected = false): Promise<AlembicRun> {
  const { workspace, setup } = migrating;
  return runAlembic(workspace, setup, args, { ...limits(migrating), hasConnected });
}

function limits({ input: { timeout }, signal }: Migrating): RunLimits {
  return { timeLimit: timeout * 1000, signal };
}

async function makeRevision(migrating: Migrating): Promise<Answer> {
  const { workspace, session, setup, signal, input: given } = migrating;
  const { description, purpose, task } = given;
  if (description === undefined || purpose === undefined || task === undefined)
    throw new Refusal(
      'invalid_input',
      'A revision needs description, purpose and task.',
      'Say what changes (description), why (purpose), and for which task of the WBS (task): they are recorded with it.',
    );
  const before = new Set((await listRevisions(workspace, setup, limits(migrating))).map(({ revision }) => revision));
  const run = await alembic(migrating, ['revision', '--autogenerate', `--message=${description}`]);
  if (!run.isDone) throw revisionFailed(run.output);
  const made = (await listRevisions(workspace, setup, limits(migrating))).find(({ revision }) => !before.has(revision));
  if (made === undefined)
    throw new Refusal('not_found', 'Alembic made a revision, but does not list it.', `It said:\n${failureText(run.output)}`);
  const file = await session.services.database.migration((await workspace.readText(made.path)).text, signal);
  session.purposes.set(made.revision, { purpose, task });
  const warnings = warningsOf(file);
  return {
    text: [
      `Made revision ${made.revision}: ${made.path}, ${plural(file.operations.length, 'operation')}.`,
      file.operations.length === 0
        ? 'Next: nothing differs between models and database. Delete the file, unless you write the operations yourself.'
        : 'Next: read the file, correct it where autogenerate guessed wrong (renames become drop and add), then call again with action "upgrade".',
      ...file.operations.map((operation) => `- ${operation}`),
      ...warnings.map((warning) => `Warning: ${warning}.`),
    ].join('\n'),
    structured: {
      action: 'revision',
      revision: made.revision,
      path: made.path,
      operations: [...file.operations],
      warnings,
      applied: [],
      recorded: [],
      current: [],
    },
  };
}

function warningsOf(migration: MigrationFile): string[] {
  return [
    ...(migration.operations.length === 0 ? ['the migration is empty'] : []),
    ...migration.dangers,
    ...(migration.operations.length > 0 && !migration.hasDowngrade ? ['downgrade() does nothing: the migration cannot be taken back'] : []),
  ];
}

function severalHeads(): Refusal {
  return new Refusal('gate', 'The migrations have several heads.', 'Ask the user to merge them: alembic merge heads.');
}

function revisionFailed(text: string): Refusal {
  if (/Target database is not up to date/i.test(text))
    return new Refusal(
      'gate',
      'The database is not at the newest revision, so that differences cannot be computed.',
      'Call again with action "upgrade" first.',
    );
  if (/multiple heads/i.test(text)) return severalHeads();
  return new Refusal(
    'gate',
    `alembic revision failed:\n${failureText(text)}`,
    'Correct what it says (most often env.py or a model that cannot be imported), then call again.',
  );
}

/** What the database is at. */
async function current(migrating: Migrating, migrations: readonly Revision[]): Promise<string[]> {
  const run = await alembic(migrating, ['current']);
  if (!run.isDone)
    throw new Refusal(
      'gate',
      `alembic current failed:\n${failureText(run.output)}`,
      'Correct what it says (most often env.py), then call again.',
    );
  return currentRevisions(run.output, new Set(migrations.map(({ revision }) => revision)));
}

async function upgrade(migrating: Migrating): Promise<Answer> {
  const { workspace, session, input: given } = migrating;
  const config = await readWorkflowConfig(workspace);
  const migrations = await listRevisions(workspace, migrating.setup, limits(migrating));
  const before = await current(migrating, migrations);
  if (before.length === 0 && config.dbApproach.value === 'database-first' && !given.initialised) throw bootstrap();
  const done = upTo(before, migrations);
  const pending = migrations.filter((migration) => !done.has(migration.revision));
  const unexplained = pending.filter(({ revision }) => !session.purposes.has(revision));
  if (unexplained.length > 0 && (given.purpose === undefined || given.task === undefined))
    throw new Refusal(
      'invalid_input',
      `Nobody has said what ${unexplained.map(({ revision, description }) => `${revision} (${description})`).join(', ')} ${unexplained.length === 1 ? 'is' : 'are'} for: it goes into the record.`,
      'Call again with purpose and task.',
    );
  // Whatever happens to the record, what they are for is not asked again in this session.
  if (given.purpose !== undefined && given.task !== undefined)
    for (const { revision } of unexplained) session.purposes.set(revision, { purpose: given.purpose, task: given.task });
  const run = await alembic(migrating, ['upgrade', 'head'], true);
  if (!run.isDone) throw await upgradeFailed(migrating, run.output, before, migrations);
  const after = await current(migrating, migrations);
  const reached = upTo(after, migrations);
  const applied = pending.filter(({ revision }) => reached.has(revision));
  // A call that was interrupted between the upgrade and the record is made up for by the next one.
  const explained = migrations.filter(({ revision }) => done.has(revision) && session.purposes.has(revision));
  const asked = pending.length === 0 && given.purpose !== undefined ? await unrecorded(migrating, migrations, after) : [];
  const recorded = await record(migrating, [...new Set([...explained, ...asked, ...applied])]).catch((error: unknown) => {
    throw recordFailed(error, after);
  });
  const left = applied.length === 0 && recorded.revisions.length === 0 ? await unrecorded(migrating, migrations, after) : [];
  return {
    text: [
      applied.length === 0
        ? `The database is at the newest revision already (${after.join(', ') || 'none'}).`
        : `Applied ${plural(applied.length, 'migration')}: the database is at ${after.join(', ')}.`,
      ...applied.map(({ revision, description }) => `- ${revision} ${description}`),
      ...recorded.lines,
      ...(left.length === 0
        ? []
        : [
            `Not recorded: ${left.map(({ revision }) => revision).join(', ')}. Call again with purpose and task to record ${left.length === 1 ? 'it' : 'them'}.`,
          ]),
    ].join('\n'),
    structured: {
      action: 'upgrade',
      revision: after[0] ?? '',
      path: '',
      operations: [],
      warnings: recorded.warnings,
      applied: applied.map(({ revision }) => revision),
      recorded: recorded.revisions,
      current: after,
    },
  };
}

function bootstrap(): Refusal {
  return new Refusal(
    'gate',
    'Alembic has never run on this database, and the project is database-first: db-init.sql creates the database, never `alembic upgrade head`.',
    'Ask the user: "Has db-init.sql been run on this database?" If yes, call again with initialised true; if no, the user or the DBA runs it first.',
  );
}

/** What was done stays done, whatever became of the record. */
function recordFailed(error: unknown, after: readonly string[]): unknown {
  if (!(error instanceof Refusal)) return error;
  return new Refusal(
    error.code,
    `The database is at ${after.join(', ')}, but that could not be recorded: ${error.message}`,
    `${error.remedy} Then call again with action "upgrade", purpose and task: what is missing is recorded.`,
  );
}

async function upgradeFailed(
  migrating: Migrating,
  text: string,
  before: readonly string[],
  migrations: readonly Revision[],
): Promise<Refusal> {
  if (/multiple head/i.test(text)) return severalHeads();
  const after = await current(migrating, migrations).catch(() => undefined);
  const state =
    after === undefined
      ? 'what it left could not be read'
      : after.join() === before.join()
        ? `the database is unchanged, at ${after.join(', ') || 'no revision'}`
        : `the database was left at ${after.join(', ')}: earlier migrations of this run are applied`;
  return new Refusal(
    'gate',
    `alembic upgrade head failed; ${state}.\n${failureText(text)}`,
    'Correct the migration, then call again: nothing was recorded.',
  );
}

/** The applied migrations without a record that follow the newest one with a record; the newest alone where there is none. */
async function unrecorded(migrating: Migrating, migrations: readonly Revision[], heads: readonly string[]): Promise<Revision[]> {
  const { wbs, logged } = await recordedText(migrating);
  const known = `${wbs}\n${logged}`;
  const done = upTo(heads, migrations);
  const applied = migrations.filter(({ revision }) => done.has(revision));
  const last = applied.findLastIndex(({ revision }) => namesRevision(known, revision));
  const later = last === -1 ? applied.slice(-1) : applied.slice(last);
  return later.filter(({ revision }) => !namesRevision(wbs, revision) || !namesRevision(logged, revision));
}

/** Puts migrations into the work breakdown and the work log where they are not there yet. */
async function record(
  { workspace, session, input: given }: Migrating,
  migrations: readonly Revision[],
): Promise<{ revisions: string[]; lines: string[]; warnings: string[] }> {
  const config = await readWorkflowConfig(workspace);
  const { folders } = await requireReadyToWrite(session, workspace);
  const date = localDate(session.services.now());
  const records = migrations.map(({ revision, description }): MigrationRecord => {
    const said = session.purposes.get(revision);
    return { revision, description, purpose: said?.purpose ?? given.purpose ?? '', task: said?.task ?? given.task ?? '', date };
  });
  const language = config.outputLanguage.value;
  const wbs = (await readArtefacts(workspace, folders)).get('wbs')?.file;
  const lines: string[] = [];
  const warnings: string[] = [];
  if (wbs === undefined) warnings.push('there is no wbs.md to record it in');
  else {
    const text = await withMigrations(wbs.text, records, language);
    if (text !== wbs.text) {
      await writeAtomically(await workspace.resolveOwn(wbs.path), encodeText(text, wbs.bom), { kind: 'hash', hash: wbs.hash }, wbs.mode);
      lines.push(`Recorded in ${wbs.path}.`);
    }
  }
  const logged = await loggedText(workspace);
  const missing = migrations.filter(({ revision }) => !namesRevision(logged, revision));
  if (missing.length > 0) {
    const log = await writeNewWorkLog(workspace, logContent(missing, records, language), date);
    lines.push(`Recorded in ${log.path}.`);
  }
  return {
    revisions: lines.length === 0 ? [] : records.map(({ revision }) => revision),
    lines: [...lines, ...warnings.map((each) => `Warning: ${each}.`)],
    warnings,
  };
}

function logContent(
  migrations: readonly Revision[],
  records: readonly MigrationRecord[],
  language: string,
): Parameters<typeof writeNewWorkLog>[1] {
  const phrases = inLanguage(language, data.entries.migrations);
  return {
    phase: '6b',
    summary: phrases.summary,
    changes: migrations.map(({ revision, description, path: file }) => {
      const said = records.find((each) => each.revision === revision);
      return {
        task: oneLine(said?.task ?? ''),
        description: `${phrases.migration} \`${revision}\`: ${description}\n\n${phrases.purpose}: ${oneLine(said?.purpose ?? '')}`,
        files: [file],
      };
    }),
    decisions: [],
    openPoints: [],
    contract: undefined,
  };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

async function loggedText(workspace: Workspace): Promise<string> {
  const logs = await listWorkLogs(workspace);
  const texts = await Promise.all(logs.map(({ path: file }) => workspace.readTextIfExists(file)));
  return texts.map((file) => file?.text ?? '').join('\n');
}

/** The texts that say which migrations are recorded. */
async function recordedText({ workspace, session }: Migrating): Promise<{ readonly wbs: string; readonly logged: string }> {
  const { folders } = await requireReadyToWrite(session, workspace);
  const wbs = (await readArtefacts(workspace, folders)).get('wbs')?.file?.text ?? '';
  return { wbs, logged: await loggedText(workspace) };
}

async function history(migrating: Migrating): Promise<Answer> {
  const migrations = await listRevisions(migrating.workspace, migrating.setup, limits(migrating));
  const { wbs, logged } = await recordedText(migrating);
  const state = await current(migrating, migrations).then(
    (revisions) => ({ revisions, problem: '' }),
    (error: unknown) => {
      // The files can be listed all the same.
      if (error instanceof Refusal) return { revisions: [], problem: error.message };
      throw error;
    },
  );
  const done = upTo(state.revisions, migrations);
  const rows = migrations.map((migration) => {
    const places = [
      ...(namesRevision(wbs, migration.revision) ? ['WBS'] : []),
      ...(namesRevision(logged, migration.revision) ? ['work log'] : []),
    ];
    const applied = state.problem !== '' ? 'unknown' : done.has(migration.revision) ? 'applied' : 'pending';
    return {
      migration,
      applied,
      isRecorded: places.length === 2,
      text: `- ${migration.revision} ${applied}, ${places.length === 0 ? 'not recorded' : `recorded in ${places.join(' and ')}`}: ${migration.description} (${migration.path})`,
    };
  });
  const open = rows.filter((row) => row.applied === 'applied' && !row.isRecorded);
  return {
    text: [
      `${plural(migrations.length, 'migration')}; the database is at ${state.problem === '' ? state.revisions.join(', ') || 'no revision' : 'an unknown revision'}.`,
      ...(state.problem === '' ? [] : [state.problem]),
      ...(open.length === 0
        ? []
        : [
            `${plural(open.length, 'applied migration')} not recorded in both places: call with action "upgrade", purpose and task to record the newest.`,
          ]),
      ...rows.map((row) => row.text),
    ].join('\n'),
    structured: {
      action: 'history',
      revision: state.revisions[0] ?? '',
      path: '',
      operations: [],
      warnings: state.problem === '' ? [] : [state.problem],
      applied: rows.filter((row) => row.applied === 'applied').map((row) => row.migration.revision),
      recorded: rows.filter((row) => row.isRecorded).map((row) => row.migration.revision),
      current: state.revisions,
    },
  };
}
