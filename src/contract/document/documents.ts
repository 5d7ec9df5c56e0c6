import type { Block } from '../../documents/markdown.ts';
import type { Entry } from './entries.ts';
import type { Section } from './sections.ts';

/** A document of a contract: its text without byte order mark. */
export interface ContractDocument {
  readonly path: string;
  readonly text: string;
}

/** A document taken apart. */
export interface ParsedDocument extends ContractDocument {
  readonly blocks: readonly Block[];
  readonly entries: readonly Entry[];
  readonly others: readonly Section[];
}
