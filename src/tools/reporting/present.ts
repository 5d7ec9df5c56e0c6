import { z } from 'zod';
import type { Finding } from '../../rules/finding.ts';

/** A finding as clients see it; `edits` only where the fix is safe to apply without looking. */
export const findingSchema = z.strictObject({
  rule: z.string(),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  path: z.string(),
  line: z.number().int(),
  column: z.number().int(),
  endLine: z.number().int(),
  endColumn: z.number().int(),
  fix: z.string(),
  edits: z
    .array(
      z.strictObject({
        line: z.number().int(),
        column: z.number().int(),
        endLine: z.number().int(),
        endColumn: z.number().int(),
        text: z.string(),
      }),
    )
    .optional(),
});

/** Drops what clients do not see. */
export function publicFinding(finding: Finding): z.output<typeof findingSchema> {
  const { symbol: _symbol, edits, ...shown } = finding;
  return findingSchema.parse(edits.length === 0 ? shown : { ...shown, edits });
}

/** `path:line:column: severity rule: message` and the fix on a line of its own. */
export function findingLines(finding: Finding): string {
  return `${finding.path}:${finding.line}:${finding.column}: ${finding.severity} ${finding.rule}: ${finding.message}\n  fix: ${finding.fix}`;
}

/** "1 error", "2 warnings", "3 errors and 1 warning", "nothing". */
export function countWords(findings: readonly Finding[]): string {
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  const warnings = findings.length - errors;
  const parts = [plural(errors, 'error'), plural(warnings, 'warning')].filter((part) => !part.startsWith('0 '));
  return parts.length === 0 ? 'nothing' : parts.join(' and ');
}

/** "1 file", "2 files". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
