import { plainText } from './endpoint-text.ts';

/** The pieces of a line that may be type expressions: in backticks, or a capitalised word with or without brackets. */
export function typeExpressions(line: string): string[] {
  const coded = [...line.matchAll(/`([^`]+)`/g)].map((match) => {
    const [before, after] = [line.slice(0, match.index), line.slice(match.index + match[0].length)];
    const isList = /\b(list|array) of\s*$/i.test(before) || /^\s*の?(列表|数组|配列|リスト)/.test(after);
    return isList ? `list[${match[1] ?? ''}]` : (match[1] ?? '');
  });
  const bare = [
    ...line
      .replace(/`[^`]*`/g, ' ')
      .matchAll(/(?<![\w.])((?:list|dict|List|Optional|Page)\[[^\]]*\]+|[A-Z]\w+(?:\[[^\]]*\]+)?(?:\[\])?(?:\s*\|\s*(?:None|null))?)/g),
  ].map((match) => match[1] ?? '');
  return [...coded, ...bare].map(asPython).filter((text) => text !== '');
}

/** `LoanResponse[]`, `array<LoanResponse>`, `List of X` as Python writes them. */
function asPython(text: string): string {
  const plain = plainText(text).replace(/\bnull\b/g, 'None');
  const list = /^(?:array|list|List)\s{0,20}(?:<\s{0,20}(.+?)\s{0,20}>|of\s+(\w+))$/.exec(plain) ?? /^(.+)\[\]$/.exec(plain);
  const item = list?.slice(1).find((part) => part !== undefined);
  return item === undefined ? plain : `list[${item}]`;
}
