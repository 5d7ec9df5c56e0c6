import { checkBatchWrite } from './check-batch-write.ts';
import { checkCode } from './check-code.ts';
import { checkContract, checkContractReadOnly } from './check-contract.ts';
import { checkReply } from './check-reply.ts';
import { checkSchema } from './check-schema.ts';
import { defineContract } from './define-contract.ts';
import { explainRule } from './explain-rule.ts';
import { findFiles } from './find-files.ts';
import { migrateDatabase } from './migrate-database.ts';
import { readContext } from './read-context.ts';
import { readFile } from './read-file.ts';
import { runChecks } from './run-checks.ts';
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
  defineContract,
  checkContract,
  checkSchema,
  checkCode,
  explainRule,
  runChecks,
  migrateDatabase,
  writeWorkLog,
  checkReply,
];

/** The tools a server offers; with `readOnly` only those that change nothing. */
export function offeredTools(readOnly: boolean): readonly AnyTool[] {
  if (!readOnly) return ALL_TOOLS;
  // It only writes when it is asked to export.
  return ALL_TOOLS.map((tool) => (tool === checkContract ? checkContractReadOnly : tool)).filter((tool) => tool.hints.readOnlyHint);
}
