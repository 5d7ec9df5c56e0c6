import data from '../../data/document-words.json';
import { inLanguage } from './in-language.ts';
import { blocksInThread } from './markdown-thread.ts';

/** A migration as the work breakdown records it. */
export interface MigrationRecord {
  readonly revision: string;
  readonly description: string;
  readonly purpose: string;
  readonly task: string;
  /** YYYY-MM-DD. */
  readonly date: string;
}

const WORDS = data.entries.migrations;
const TITLES: ReadonlySet<string> = new Set(Object.values(WORDS).map(({ heading }) => heading.toLowerCase()));
const FIRST_COLUMNS: ReadonlySet<string> = new Set(Object.values(WORDS).map(({ columns }) => columns[0] ?? ''));

/**
 * The text of a work breakdown with rows for these migrations: in its migrations table, or in a new one at the end. Every
 * other byte stays. Migrations that the text names already are left out. `language` is a BCP 47 tag.
 */
export async function withMigrations(text: string, records: readonly MigrationRecord[], language: string): Promise<string> {
  const missing = records.filter((record) => !namesRevision(text, record.revision));
  if (missing.length === 0) return text;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const rows = missing.map((record) => row([`\`${record.revision}\``, record.description, record.purpose, record.task, record.date]));
  const at = await endOfTable(text);
  if (at !== undefined) return `${text.slice(0, at)}${newline}${rows.join(newline)}${text.slice(at)}`;
  const { heading, columns } = inLanguage(language, WORDS);
  const table = [`## ${heading}`, '', row(columns), row(columns.map(() => '---')), ...rows];
  const before = text === '' || text.endsWith('\n') ? text : text + newline;
  return `${before}${newline}${table.join(newline)}${newline}`;
}

/** True when a text speaks of a revision. */
export function namesRevision(text: string, revision: string): boolean {
  // `1` or `0001` stands everywhere; a hash does not.
  if (text.includes(`\`${revision}\``)) return true;
  return /^[0-9a-f]{8,}$/.test(revision) && new RegExp(`(?<!\\w)${revision}(?!\\w)`).test(text);
}

/** The offset behind the last row of the migrations table; undefined where there is none. */
async function endOfTable(text: string): Promise<number | undefined> {
  const blocks = await blocksInThread(text);
  const heading = blocks.findIndex((block) => block.kind === 'heading' && TITLES.has(block.text.replace(/^[\d.]+\s+/, '').toLowerCase()));
  if (heading === -1) return undefined;
  const section = blocks.slice(heading + 1);
  const end = section.findIndex((block) => block.kind === 'heading');
  const table = (end === -1 ? section : section.slice(0, end)).find(
    (block) => block.kind === 'table' && FIRST_COLUMNS.has(block.header[0]?.text ?? '') && block.header.length === WORDS.en.columns.length,
  );
  return table === undefined ? undefined : table.start + text.slice(table.start, table.end).trimEnd().length;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replace(/\s+/g, ' ').replaceAll('|', '\\|').trim()).join(' | ')} |`;
}
