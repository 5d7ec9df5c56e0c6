import { findingLines } from '../../tools/reporting/present.ts';
import type { Format } from './format.ts';

/** What an agent can mend at once; it is told of the rest after the next edit. */
const MAX_SHOWN = 20;

/** For a hook of Claude Code that runs after edits: tells the agent what to mend; nothing where there is nothing to report. */
export const hook: Format = ({ findings }) => {
  if (findings.length === 0) return '';
  const more = findings.length > MAX_SHOWN ? [`… ${findings.length - MAX_SHOWN} more.`] : [];
  const reason = [
    'What you changed breaks rules of this project. Mend it now:',
    ...findings.slice(0, MAX_SHOWN).map(findingLines),
    ...more,
    'A deliberate exception is a comment on the statement: # allow: <rule-id> - <reason>.',
  ].join('\n');
  return `${JSON.stringify({ decision: 'block', reason })}\n`;
};
