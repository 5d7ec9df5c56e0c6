import { readBatchSections } from '../../documents/batch-plan.ts';
import { foreignSections } from '../../documents/document-language.ts';
import { CONFIG_PATH, readWorkflowConfig } from '../../workspace/config.ts';
import type { Workspace } from '../../workspace/workspace.ts';

/** A section in another language than the project's. */
export interface ForeignFinding {
  readonly rule: 'workspace/output-language';
  readonly severity: 'warning';
  readonly line: number;
  readonly message: string;
}

/** workspace/output-language: the sections of a document that a write has brought or changed, and that are in another language. */
export async function foreignFindings(workspace: Workspace, path: string, before: string, after: string): Promise<ForeignFinding[]> {
  const { outputLanguage } = await readWorkflowConfig(workspace);
  const known = new Set((await readBatchSections(path, before)).map((section) => section.text));
  const sections = await foreignSections(path, after, outputLanguage.value);
  const added = sections.filter((section) => !known.has(section.text));
  const isDeclared = outputLanguage.source.kind === 'file';
  const instead = isDeclared ? '' : `, or set output_language in ${CONFIG_PATH}`;
  // Where nobody chose a language, one word about it is enough.
  return (isDeclared ? added : added.slice(0, 1)).map(({ name, line, language }) => ({
    rule: 'workspace/output-language',
    severity: 'warning',
    line,
    message: `"${name}" (line ${line}) is in ${language}; the project's output_language is ${outputLanguage.value}${isDeclared ? '' : ' (the default)'}. Write it in ${outputLanguage.value}${instead}.`,
  }));
}
