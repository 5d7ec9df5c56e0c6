import { publicFinding } from '../../tools/reporting/present.ts';
import type { Format } from './format.ts';

/** For programs: one object with findings, allowed findings and counts. */
export const json: Format = ({ findings, result }) => {
  const allowed = result.allowed.map(({ reason, ...finding }) => ({ ...publicFinding(finding), reason }));
  const counts = {
    files: result.files,
    errors: findings.filter((finding) => finding.severity === 'error').length,
    warnings: findings.filter((finding) => finding.severity === 'warning').length,
    allowed: allowed.length,
    older: result.older,
  };
  return `${JSON.stringify({ findings: findings.map(publicFinding), allowed, counts, skipped: result.skipped }, undefined, 2)}\n`;
};
