import { checkBatchWrite } from './check-batch-write.ts';
import { checkCode } from './check-code.ts';
import { explainRule } from './explain-rule.ts';
import { findFiles } from './find-files.ts';
import { readContext } from './read-context.ts';
import { readFile } from './read-file.ts';
import type { AnyTool } from './tool.ts';
import { writeFile } from './write-file.ts';
import { writeWorkLog } from './write-work-log.ts';

/** Every tool, in the order clients show them. */
export const ALL_TOOLS: readonly AnyTool[] = [
  readContext,
  readFile,
  findFiles,
  writeFile,
  checkBatchWrite,
  checkCode,
  explainRule,
  writeWorkLog,
];

/** The tools a server offers; with `readOnly` only those that change nothing. */
export function offeredTools(readOnly: boolean): readonly AnyTool[] {
  return readOnly ? ALL_TOOLS.filter((tool) => tool.hints.readOnlyHint) : ALL_TOOLS;
}
