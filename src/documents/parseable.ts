// Markdown parsers take quadratic time for containers nested in one line and for thousands of headings. Nobody writes such a document;
// a file that holds one must not keep the server busy all the same.

const MAX_NESTING = 16;
const MAX_INDENTATION = 120;
const MAX_HEADINGS = 4_000;
const MAX_UNDERLINED = 400;

const CONTAINERS = new RegExp(String.raw`^[ \t]*(?:(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]*)){${MAX_NESTING + 1}}`);
const RULER = /^[ \t]*(?:(?:-[ \t]*)+|(?:\*[ \t]*)+|(?:_[ \t]*)+)$/;
const INDENTED_MARK = new RegExp(String.raw`^[ \t]{${MAX_INDENTATION},}(?:[-*+>]|\d{1,9}[.)])`);
const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/;
const UNDERLINE = /^ {0,3}(?:=+|-+)[ \t]*$/;

/**
 * A text of the same length whose lines stand at the same offsets, without what takes a Markdown parser more than linear time: what is
 * nested beyond 16 levels, and headings beyond thousands, are plain words in it.
 */
export function parseable(text: string): string {
  let headings = 0;
  let underlined = 0;
  return text.replace(/[^\r\n]+/g, (line) => {
    if ((CONTAINERS.test(line) && !RULER.test(line)) || INDENTED_MARK.test(line)) return plain(line);
    if (HEADING.test(line)) {
      headings += 1;
      return headings > MAX_HEADINGS ? plain(line) : line;
    }
    if (UNDERLINE.test(line)) {
      underlined += 1;
      return underlined > MAX_UNDERLINED ? plain(line) : line;
    }
    return line;
  });
}

function plain(line: string): string {
  return 'x'.repeat(line.length);
}
