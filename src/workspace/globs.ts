import { Refusal } from './refusal.ts';

/** Longer ones keep the matcher busy, in characters. */
const MAX_LENGTH = 400;
/** Each brace multiplies what is walked: `{a,b}{a,b}` are four patterns. */
const MAX_PATTERNS = 200;

/**
 * Refuses a glob that leads outside the workspace or stands for more patterns than can be walked.
 * @throws Refusal `path_outside` or `invalid_input`
 */
export function checkGlob(glob: string): void {
  if (glob.length > MAX_LENGTH)
    throw new Refusal('invalid_input', `The glob has ${glob.length} characters.`, `Use one of at most ${MAX_LENGTH}.`);
  if (glob.includes('\0')) throw new Refusal('invalid_input', 'The glob contains a NUL character.', 'Leave it out.');
  // In braces two dots are a range, or hide that the pattern climbs.
  if (/\{[^}]*\.\.[^}]*\}/.test(glob) || glob.split(/[\\/]/).includes('..') || /^([\\/]|[A-Za-z]:)/.test(glob))
    throw new Refusal('path_outside', `The glob "${glob}" leads outside the workspace.`, 'Use a glob relative to the workspace root.');
  if (patternsIn(glob) > MAX_PATTERNS)
    throw new Refusal('invalid_input', `The glob "${glob}" stands for over ${MAX_PATTERNS} patterns.`, 'Use fewer braces.');
}

/** How many patterns the braces of a glob stand for, at most: those inside one another count as if they stood side by side. */
function patternsIn(glob: string): number {
  const behindBraces = glob.match(/[{}][^{}]*/g) ?? [];
  return behindBraces.reduce((product, text) => product * text.split(',').length, 1);
}
