import { z } from 'zod';
import { DIFFERENCE_KINDS, type Difference, RULE_OF } from '../database/comparison/differences.ts';
import type { SchemaAnswer } from '../database/worker.ts';
import { type Artefact, iterationFolders, readArtefacts } from '../workspace/artefacts.ts';
import { readWorkflowConfig } from '../workspace/config.ts';
import { groupBy } from '../workspace/group-by.ts';
import { Refusal } from '../workspace/refusal.ts';
import type { TextFile } from '../workspace/text.ts';
import { howToAnswer } from './phase/gates.ts';
import { hasText } from './phase/questions.ts';
import { plural } from './reporting/present.ts';
import { type AnyTool, defineTool, READ_ONLY } from './tool.ts';

/** A larger document would keep the reader busy for seconds. */
const MAX_SCRIPT_BYTES = 8 * 1024 * 1024;
const MAX_DESIGN_BYTES = 512 * 1024;
/** An expression may be as long as a book. */
const MAX_SHOWN = 400;
/** More places of one cause are counted instead of named. */
const MAX_NAMED = 12;
const MAX_UNDECIDED = 10;
const MAX_PROBLEMS = 5;
/** Tables that a message lists. */
const MAX_NAMES = 40;

const differenceShape = z.strictObject({
  kind: z.enum(DIFFERENCE_KINDS),
  table: z.string(),
  column: z.string().optional(),
  sql: z.string(),
  model: z.string(),
  severity: z.enum(['error', 'warning']),
  fix: z.string(),
  sqlLine: z.number().int(),
  path: z.string(),
  line: z.number().int(),
});

/** `check_schema`: SQLAlchemy models against the DBA's script or design. */
export const checkSchema: AnyTool = defineTool({
  name: 'check_schema',
  title: 'Check the database schema',
  description:
    'Where SQLAlchemy models and queries depart from db-init.sql (database-first) or db-design.md (code-first), without running anything.',
  hints: READ_ONLY,
  input: z.strictObject({
    table: z.string().optional().describe('Only this one'),
    limit: z.number().int().min(1).max(1000).default(100),
    cursor: z.string().regex(/^\d+$/).optional(),
  }),
  output: z.strictObject({
    source: z.string(),
    compared: z.strictObject({ tables: z.number().int(), columns: z.number().int(), constraints: z.number().int() }),
    differences: z.array(differenceShape),
    total: z.number().int(),
    allowed: z.array(differenceShape.extend({ reason: z.string() })),
    undecided: z.array(z.string()),
    problems: z.array(z.string()),
    next_cursor: z.string(),
  }),
  async run(input, { session, signal }) {
    const workspace = await session.workspace();
    const config = await readWorkflowConfig(workspace);
    const folders = iterationFolders(config);
    if (folders === undefined)
      throw new Refusal('gate', 'Scrum mode is set, but the version or the sprint is missing.', howToAnswer('sprint'));
    const artefacts = await readArtefacts(workspace, folders);
    const script = document(artefacts.get('db-init'), MAX_SCRIPT_BYTES);
    const design = document(artefacts.get('db-design'), MAX_DESIGN_BYTES);
    const authority = config.dbApproach.value === 'database-first' ? 'script' : 'design';
    const source = authority === 'script' ? script : design;
    if (source === undefined) throw missingSource(authority, artefacts.get(authority === 'script' ? 'db-init' : 'db-design'));
    const { roots } = await session.projectRules(workspace);
    const answer = await session.services.database.check(workspace, { roots, script, design, authority }, signal);
    if (authority === 'script' && answer.dialect !== 'postgresql') throw foreignDialect(source.path, answer);
    const { table } = input;
    if (table !== undefined && !answer.names.includes(table)) throw unknownTable(table, source.path, answer);
    const differences = answer.differences.filter((each) => table === undefined || each.table === table);
    const undecided = answer.undecided.filter((each) => table === undefined || each.startsWith(table));
    const start = Number(input.cursor ?? 0);
    const page = differences.slice(start, start + input.limit);
    const rest = differences.length - start - page.length;
    const next = rest > 0 ? String(start + input.limit) : '';
    return {
      text: [
        ...verdict(answer, differences, source.path, table, RULE_OF[authority]),
        ...problemLines(answer, source.path),
        ...grouped(page),
        ...(rest > 0 ? [`… ${rest} more: call again with cursor "${next}", or with table.`] : []),
        ...allowedLines(answer),
        ...disagreementLines(answer, design?.path ?? '', source.path),
        ...undecidedLines(undecided),
      ].join('\n'),
      structured: {
        source: source.path,
        compared: answer.compared,
        differences: page.map(shown),
        total: differences.length,
        allowed: answer.allowed.map((each) => ({ ...shown(each), reason: each.reason })),
        undecided: undecided.slice(0, input.limit),
        problems: answer.problems.map(({ text, place }) => `${place.path}:${place.line}: ${text}`),
        next_cursor: next,
      },
    };
  },
});

function document(artefact: Artefact | undefined, maxBytes: number): TextFile | undefined {
  if (artefact?.problem !== undefined) throw new Refusal('unreadable', artefact.problem, 'Ask the user to look at the file.');
  if (artefact?.file === undefined || !hasText(artefact)) return undefined;
  if (artefact.file.size > maxBytes)
    throw new Refusal(
      'too_large',
      `"${artefact.path}" is ${(artefact.file.size / 1024 / 1024).toFixed(1)} MB; it is read up to ${maxBytes / 1024 / 1024} MB.`,
      'Ask the user to move its data (INSERT, COPY) to a file of its own beside it.',
    );
  return artefact.file;
}

function missingSource(authority: 'script' | 'design', artefact: Artefact | undefined): Refusal {
  const approach = authority === 'script' ? 'database-first' : 'code-first';
  const state = artefact?.file === undefined ? 'missing' : 'empty';
  return new Refusal(
    'not_found',
    `The project is ${approach}, and ${artefact?.path ?? 'its document'} is ${state}: there is nothing to hold the models against.`,
    'Ask the user for it; db_approach in .ai/context/workflow-config.md says which document counts.',
  );
}

function unknownTable(table: string, source: string, { names }: SchemaAnswer): Refusal {
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  return new Refusal(
    'not_found',
    `Neither ${source} nor the models have a table "${table}".`,
    `They have ${names.slice(0, MAX_NAMES).join(', ')}${more}.`,
  );
}

function foreignDialect(path: string, { dialect, problems }: SchemaAnswer): Refusal {
  const [first] = problems;
  const name = dialect === 'mysql' ? "MySQL's dialect" : 'the dialect of another database than PostgreSQL';
  return new Refusal(
    'unsupported',
    `"${path}" is written in ${name} (line ${first?.place.line ?? 1}): only PostgreSQL scripts are read, so nothing was compared.`,
    'Compare the models with it by hand, table by table, or ask the user for a PostgreSQL script.',
  );
}

function verdict(
  answer: SchemaAnswer,
  differences: readonly Difference[],
  source: string,
  table: string | undefined,
  rule: string,
): string[] {
  const { compared, documented, modelled } = answer;
  const seen = `${plural(compared.tables, 'table')}, ${plural(compared.columns, 'column')}, ${compared.constraints} keys, checks and indexes compared`;
  const errors = differences.filter((each) => each.severity === 'error').length;
  if (table !== undefined)
    return [
      `${table}: ${differences.length === 0 ? 'no difference' : plural(differences.length, 'difference')} between the model and ${source} (${rule}).`,
    ];
  if (documented === 0) return [`${source} describes no table that could be read: nothing was compared.`];
  if (modelled === 0) return [`No SQLAlchemy or SQLModel table was found in the project; ${source} has ${plural(documented, 'table')}.`];
  const open = answer.undecided.length === 0 ? '' : `, ${answer.undecided.length} not decided`;
  if (differences.length === 0) return [`The models follow ${source}: ${seen}, no difference${open}.`];
  return [
    `The models depart from ${source} in ${plural(differences.length, 'place')} (${plural(errors, 'error')}): ${seen}${open}.`,
    `Next: change the models, the document has the last word (${rule}). If it is wrong, ask the user.`,
  ];
}

function problemLines({ problems, skipped }: SchemaAnswer, source: string): string[] {
  const lines = problems.slice(0, MAX_PROBLEMS).map(({ text, place }) => `${place.path}:${place.line}: not read: ${text}`);
  const more = problems.length > MAX_PROBLEMS ? [`… ${problems.length - MAX_PROBLEMS} more statements were not read.`] : [];
  const over = skipped.map(([what, count]) => `${count} ${what}`).join(', ');
  return [...lines, ...more, ...(over === '' ? [] : [`Stepped over in ${source}: ${over}.`])];
}

/** One entry a cause: columns that differ in the same way stand together. */
function grouped(differences: readonly Difference[]): string[] {
  // Tables without a model are one cause.
  const groups = groupBy(differences, ({ kind, sql, model, fix }) =>
    kind === 'missing_table' ? kind : `${kind}\t${sql}\t${model}\t${fix}`,
  );
  return [...groups.values()].map((group) => {
    const [first] = group;
    if (first === undefined) return '';
    const { kind, severity, sql, model } = first;
    const fix = kind === 'missing_table' && group.length > 1 ? 'Write a model for each.' : first.fix;
    const sides = [sql === '' ? '' : `document ${short(sql)}`, model === '' ? '' : `model ${short(model)}`]
      .filter((side) => side !== '')
      .join('; ');
    const names = group.slice(0, MAX_NAMED).map((each) => `${nameOf(each)} (${places(each)})`);
    const more = group.length > MAX_NAMED ? ` and ${group.length - MAX_NAMED} more` : '';
    const lead =
      group.length === 1
        ? `${severity} ${kind} ${names[0]}: ${sides}`
        : `${severity} ${kind}, ${group.length} times: ${sides}: ${names.join(', ')}${more}`;
    return `- ${lead}\n  fix: ${short(fix)}`;
  });
}

function short(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)} …`;
}

function nameOf({ table, column }: Difference): string {
  return column === undefined ? table : `${table}.${column}`;
}

function places({ sqlPlace, modelPlace, kind }: Difference): string {
  const document = kind === 'extra_table' ? '' : `line ${sqlPlace.line}`;
  const code = kind === 'missing_table' ? '' : `${modelPlace.path}:${modelPlace.line}`;
  return [document, code].filter((place) => place !== '').join(', ');
}

function allowedLines({ allowed }: SchemaAnswer): string[] {
  if (allowed.length === 0) return [];
  return [
    `Kept on purpose (${allowed.length}):`,
    ...allowed.map((each) => `- ${each.kind} ${nameOf(each)} (${places(each)}): ${each.reason}`),
  ];
}

function disagreementLines({ disagreements }: SchemaAnswer, design: string, script: string): string[] {
  if (disagreements.length === 0) return [];
  const shownOnes = disagreements.slice(0, MAX_NAMED).map((each) => {
    const sides = `${design} ${each.sql === '' ? 'does not have it' : each.sql}, ${script} ${each.model === '' ? 'does not have it' : each.model}`;
    return `- ${each.kind.replace(/^(missing|extra)_/, '')} ${nameOf(each)}: ${sides} (lines ${each.sqlPlace.line} and ${each.modelPlace.line})`;
  });
  const more = disagreements.length > MAX_NAMED ? [`… ${disagreements.length - MAX_NAMED} more.`] : [];
  return [
    `The documents disagree in ${plural(disagreements.length, 'place')}; ${script} was followed. Ask the user which is right:`,
    ...shownOnes,
    ...more,
  ];
}

function undecidedLines(undecided: readonly string[]): string[] {
  if (undecided.length === 0) return [];
  const more = undecided.length > MAX_UNDECIDED ? [`… ${undecided.length - MAX_UNDECIDED} more.`] : [];
  return [`Not decided by reading (${undecided.length}):`, ...undecided.slice(0, MAX_UNDECIDED).map((each) => `- ${each}`), ...more];
}

function shown(difference: Difference): z.output<typeof differenceShape> {
  const { kind, table, column, sql, model, severity, fix, sqlPlace, modelPlace } = difference;
  const isOnlyDocumented = kind === 'missing_table';
  return {
    kind,
    table,
    ...(column === undefined ? {} : { column }),
    sql: short(sql),
    model: short(model),
    severity,
    fix: short(fix),
    sqlLine: kind === 'extra_table' ? 0 : sqlPlace.line,
    path: isOnlyDocumented ? '' : modelPlace.path,
    line: isOnlyDocumented ? 0 : modelPlace.line,
  };
}
