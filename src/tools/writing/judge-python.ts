import { outlineLines } from '../../documents/batch-plan.ts';
import { LineIndex } from '../../python/lines.ts';
import { findingsBefore } from '../../rules/engine/check-files.ts';
import { addedFindings, type Finding } from '../../rules/finding.ts';
import { Refusal } from '../../workspace/refusal.ts';
import { type TextFile, toLf, withLineEnding } from '../../workspace/text.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { Session } from '../phase/session.ts';
import { countWords, findingLines } from '../reporting/present.ts';

const MAX_FINDINGS_SHOWN = 20;

/** What is written of a Python text, and what is still to be said about it. */
export interface PythonVerdict {
  readonly text: string;
  readonly formatted: boolean;
  readonly remaining: readonly Finding[];
}

/** Formats the text and refuses it when it has error findings that the file on disk did not have. */
export async function judgePython(
  session: Session,
  workspace: Workspace,
  path: string,
  existing: TextFile | undefined,
  given: string,
  wish: { readonly fix: boolean; readonly format?: boolean | undefined },
): Promise<PythonVerdict> {
  const { engine } = session.services;
  const settings = session.pythonSettings(workspace);
  const ruff = await settings.forFile(path);
  const wasUnfinished = existing !== undefined && outlineLines(existing.text).size > 0;
  const isUnfinished = outlineLines(given).size > 0;
  const wasFormatted = existing === undefined || wasUnfinished || (await engine.format(existing.text, ruff)) === toLf(existing.text);
  // What concerns the whole project cannot be put right by one write.
  const project = await session.projectRules(workspace);
  const judgement = { rules: project.rules.filter((rule) => rule.scope !== 'project'), roots: project.roots };
  const proposed = wish.fix ? fixed(given, (await engine.check(workspace, path, given, judgement, settings)).findings) : given;
  const formattedText = (wish.format ?? (wasFormatted && !isUnfinished)) ? await engine.format(proposed, ruff) : undefined;
  const text =
    formattedText === undefined || formattedText === toLf(proposed)
      ? proposed
      : withLineEnding(formattedText, existing?.lineEnding ?? 'lf');

  const [after, before] = await Promise.all([
    engine.check(workspace, path, text, judgement, settings),
    existing === undefined ? [] : findingsBefore(engine, workspace, path, existing.text, judgement, settings),
  ]);
  // What a part of a module lacks is blamed when its last part comes.
  const known = before.filter((finding) => !(wasUnfinished && isIncompleteness(finding, existing.text)));
  // What does not parse is no part of a module.
  const isPart = isUnfinished && (await engine.format(text, ruff)) !== undefined;
  const blamed = after.findings.filter((finding) => !(isPart && isIncompleteness(finding, text)));
  const added = addedFindings(known, blamed).filter((finding) => finding.severity === 'error');
  if (added.length > 0) {
    const shown = added.slice(0, MAX_FINDINGS_SHOWN).map(findingLines);
    const more = added.length > shown.length ? `\n… ${added.length - shown.length} more.` : '';
    throw new Refusal(
      'rule',
      `"${path}" was not written: it adds ${countWords(added)}.\n${shown.join('\n')}${more}`,
      'Fix these and send the write again. Lines are those of the text you sent, formatted.',
    );
  }
  const forNewCode = new Set(judgement.rules.filter((rule) => rule.scope === 'change').map((rule) => rule.id));
  return { text, formatted: text !== given, remaining: after.findings.filter((finding) => !forNewCode.has(finding.rule)) };
}

/** What any unfinished module has: the lines of its outline, and names that a later part will define. */
function isIncompleteness({ rule, line }: Finding, text: string): boolean {
  return rule === 'code/complete' || (rule === 'code/no-placeholder' && outlineLines(text).has(line));
}

/** The text with the safe fixes of its findings applied; line endings stay as they are. */
function fixed(text: string, findings: readonly Finding[]): string {
  // A finding's lines are counted without carriage returns, which belong to the line break and move no column.
  const lines = new LineIndex(text);
  const edits = findings
    .flatMap((finding) => finding.edits)
    .map((edit) => ({ ...edit, start: lines.offsetAt(edit), end: lines.offsetAt({ line: edit.endLine, column: edit.endColumn }) }))
    .sort((a, b) => b.start - a.start);
  let result = text;
  for (const { start, end, text: replacement } of edits) result = result.slice(0, start) + replacement + result.slice(end);
  return result;
}
