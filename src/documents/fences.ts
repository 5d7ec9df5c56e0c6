/**
 * For each line whether it belongs to a code fence, its first and last line included. `opening` finds in its first group the mark that a
 * line begins with; a fence is closed by a mark that begins with its own.
 */
export function fencedLines(lines: readonly string[], opening: RegExp): boolean[] {
  let fence: string | undefined;
  return lines.map((line) => {
    const mark = opening.exec(line)?.[1];
    const isFenced = fence !== undefined || mark !== undefined;
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) === true) fence = undefined;
    return isFenced;
  });
}
