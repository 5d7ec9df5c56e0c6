/** Why a text looks cut, and where. */
export interface Truncation {
  /** What looks cut, for people, e.g. "the code fence opened on line 12 is not closed". */
  readonly reason: string;
  /** 1-based line within the text. */
  readonly line: number;
  /** What is open takes in whatever follows. */
  readonly isOpen?: boolean;
}

/** A line of the text without the quote marks before it and the white space around it. */
interface Line {
  /** 1-based. */
  readonly number: number;
  readonly kind: 'blank' | 'code' | 'rule' | 'row' | 'item' | 'aside' | 'text';
  readonly text: string;
}

/** The lines that are read together: a paragraph, or an item with the lines that continue it. */
interface Passage {
  readonly kind: 'paragraph' | 'item';
  /** Without the mark of the item. */
  readonly text: string;
  /** 1-based line of its end. */
  readonly line: number;
}

const FENCE = /^(?:(?:[-*+]|\d{1,9}[.)])\s+)*(`{3,}|~{3,})(.*)$/;
const ITEM = /^(?:(?:[-*+]|\d{1,9}[.)])(?:\s+(.*))?|(?:[•・◦▪●]|\d{1,3}[、．]|[（(]?\d{1,3}[)）]|[①-⑳])\s*(.*))$/;
const RULE = /^(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,}|={3,})$/;
const DELIMITER_ROW = /^\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?)?$/;
/** Lines that are no prose: directives, shortcodes, attributes, link definitions, formulas, whole comments. */
const ASIDE = /^(?::{3,}|\/{3,}|\{[%{#*].*[%}*#]\}|\{[:#.].*\}|!{3}|\?{3}|\$\$|\[[^\]]+\]:\s|<!--.*-->$)/;
/** HTML that people close; the end of the others is left away often, or stands below another heading. */
const CLOSED_TAG =
  /^(?:div|p|span|a|table|[uod]l|summary|code|pre|strong|em|su[bp]|kbd|h[1-6]|center|picture|blockquote|main|aside|figure|video)$/;

/** Longer lines hold text of their own beside a marker. */
const LONGEST_MARKER = 120;
const EDIT_MARKERS: readonly RegExp[] = [
  /^(?:<{7}|>{7})(?:\s|$)/,
  /^[-*+>\s]*\[?(?:TBD|TODO|WIP|FIXME|T\.B\.D\.)\]?[.:]?$/,
  /^\W*(?:the )?(?:rest|remainder)(?: of [\w ]{1,40})? (?:is |are |remains? |stays? )?(?:unchanged|the same|omitted|as before)\W*$/i,
  /^\W*(?:(?:output )?truncated|more to come|to be continued|continued(?: below| in [\w ]{1,40})?|wird fortgesetzt|fortsetzung folgt|continuará|continúa|à suivre)\W*$/i,
  /^[（(【[*_\s]*(?:未完待[续續]|待[续續]|接下文|下略|以下省?略|其[余餘]不[变變]|余下不变|此处省略|省略|つづく|続く|以下同様|(?:残りは)?変更なし)[）)】\]*_。.…\s]*$/,
];
/** The marker of agents that stands for code, which is found in fences too. */
const ELIDED_CODE = /^\W*(?:\.{3}|…)\W*(?:existing|unchanged)(?: [\w ]{1,40})?\W*$/i;

const CLOSING_BRACKETS = new Map([...'([【「『《'].map((open, index) => [open, ')]】」』》'.charAt(index)]));
const SENTENCE_END = '.。．!?！？｡';
/** What may stand between the end of a sentence and the end of its line. */
const AFTER_SENTENCE = '*_~`"\'”’“»«›)）」』】〉》］]} \t\n\u00a0\u3000';
const SENTENCE_INSIDE = /[。！？][^。]|[\p{Ll})][.!?] [\p{Lu}\d`*[]/u;
const ASKS_FOR_MORE = /[,，、（(［[「『《]$|(?:^|\s)[-–—*_~"'+&=/]+$|\p{L}-$|(?:^|[\s(])[cdjlmnqst]u?['’]$/iu;
const LETTER_AT_END = /[\p{L}\p{N}]$/u;
/** Words that no sentence and no item ends with, in the languages we know. */
const DANGLING =
  /(?:^|[\s(])(?:the|of|and|or|but|because|whose|which|der|die|das|dem|den|des|und|oder|aber|weil|dass|el|los|las|una|del|y|pero|porque|le|les|des|du|et|ou|mais|avec|dont)$|[\p{L}\s](?:[和与及或把被](?<!总和|参与|涉及)|[をへ])$/iu;
const ABBREVIATION = /(?:^|[\s(（])(?:e\.g|i\.e|z\. ?B|d\. ?h|u\. ?a|p\. ?ej|par ex|cf|vs)\.$/i;
/** So many words are a sentence and no label. */
const MIN_SENTENCE_WORDS = 9;

/**
 * What looks cut in the content of one section of a Markdown document; undefined when its end looks natural. `leadsOn` says that sections
 * of its own follow, which a colon may lead to.
 */
export function findTruncation(text: string, leadsOn = false): Truncation | undefined {
  const { lines, open } = readLines(text.trimEnd().split(/\r?\n/));
  return open ?? findEditMarker(lines) ?? findOpenTag(lines) ?? findOpenTable(lines) ?? findOpenPassage(lines, leadsOn);
}

/** The lines, and the code fence or comment that is still open behind them. */
function readLines(raw: readonly string[]): { lines: Line[]; open: Truncation | undefined } {
  const lines: Line[] = [];
  let fence: { mark: string; line: number; isQuoted: boolean } | undefined;
  let comment: number | undefined;
  let hasItems = false;
  for (const [index, whole] of raw.entries()) {
    const number = index + 1;
    const unquoted = withoutQuoteMarks(whole);
    const isQuoted = unquoted.length < whole.trimEnd().length;
    const text = unquoted.trim();
    const before = lines.at(-1)?.kind ?? 'blank';
    // Below an item, indentation continues the item.
    const isIndentedCode = !hasItems && /^(?: {4}|\t)/.test(unquoted) && (before === 'blank' || before === 'code');
    let kind: Line['kind'] = 'code';
    if (fence?.isQuoted && !isQuoted) fence = undefined;
    const [, mark = '', info = ''] = FENCE.exec(text) ?? [];
    if (comment !== undefined) {
      if (text.includes('-->')) comment = undefined;
    } else if (fence !== undefined) {
      if (mark.startsWith(fence.mark) && info.trim() === '') fence = undefined;
    } else if (mark !== '' && !(mark.startsWith('`') && info.includes('`'))) fence = { mark, line: number, isQuoted };
    else if (!isIndentedCode) {
      // In a table, rows need no mark in front.
      kind = before === 'row' && text.includes('|') ? 'row' : kindOf(text);
      if (opensComment(text)) comment = number;
    }
    hasItems ||= kind === 'item';
    lines.push({ number, kind, text });
  }
  const start = fence?.line ?? comment;
  if (start === undefined) return { lines, open: undefined };
  return {
    lines,
    open: { reason: `the ${fence ? 'code fence' : 'comment'} opened on line ${start} is not closed`, line: start, isOpen: true },
  };
}

function withoutQuoteMarks(line: string): string {
  return line.trimEnd().replace(/^(?: {0,3}> ?)+/, '');
}

function kindOf(text: string): Line['kind'] {
  if (text === '') return 'blank';
  if (text.startsWith('|') || DELIMITER_ROW.test(text)) return 'row';
  if (RULE.test(text)) return 'rule';
  if (ASIDE.test(text)) return 'aside';
  return ITEM.test(text) ? 'item' : 'text';
}

function opensComment(text: string): boolean {
  const start = text.lastIndexOf('<!--');
  return start !== -1 && !text.includes('-->', start) && !text.slice(0, start).includes('`');
}

function findEditMarker(lines: readonly Line[]): Truncation | undefined {
  const marker = lines.find(({ kind, text }) => {
    if (text.length > LONGEST_MARKER) return false;
    return ELIDED_CODE.test(text) || (kind !== 'code' && EDIT_MARKERS.some((pattern) => pattern.test(text)));
  });
  return marker && { reason: `"${marker.text}" stands for text that is missing`, line: marker.number };
}

function findOpenTag(lines: readonly Line[]): Truncation | undefined {
  const open = new Map<string, number[]>();
  for (const { kind, text, number } of lines) {
    if (kind === 'code' || !text.includes('<')) continue;
    for (const [, slash, name = '', rest = ''] of text.replace(/`[^`]*`/g, '').matchAll(/<(\/?)([A-Za-z][\w-]*)(\s[^<>]*|\/?)>/g)) {
      const tag = name.toLowerCase();
      if (!CLOSED_TAG.test(tag) || rest.endsWith('/')) continue;
      const starts = open.get(tag) ?? [];
      if (slash === '/') starts.pop();
      else starts.push(number);
      open.set(tag, starts);
    }
  }
  for (const [tag, [line]] of open)
    if (line !== undefined) return { reason: `the tag <${tag}> opened on line ${line} is not closed`, line };
  return undefined;
}

function findOpenTable(lines: readonly Line[]): Truncation | undefined {
  const last = lines.at(-1);
  if (last === undefined || !last.text.includes('|') || (last.kind !== 'row' && last.kind !== 'text')) return undefined;
  const start = lines.findLastIndex((line) => line.kind === 'code' || !line.text.includes('|')) + 1;
  const [header, delimiter] = lines.slice(start);
  const isTable = delimiter !== undefined && DELIMITER_ROW.test(delimiter.text);
  if (header === undefined || (last.kind !== 'row' && !isTable)) return undefined;
  if (lines.length - start < 3) return { reason: 'the table at the end has no rows', line: last.number };
  // Some tables are written so from the first row on.
  const rows = [header, ...lines.slice(start + 2, -1)];
  if (!last.text.endsWith('|') && rows.every((row) => row.text.endsWith('|')))
    return { reason: 'the last row of the table is not closed', line: last.number };
  if (rows.every((row) => cellsOf(last.text) < cellsOf(row.text)))
    return { reason: 'the last row of the table has too few cells', line: last.number };
  const inside = last.text.endsWith('|') ? undefined : whyOpenInside(last.text);
  return inside === undefined ? undefined : { reason: `in the last row of the table, ${inside}`, line: last.number };
}

function cellsOf(row: string): number {
  return row.replace(/^\|/, '').replace(/\|$/, '').replaceAll('\\|', '').split('|').length;
}

function findOpenPassage(lines: readonly Line[], leadsOn: boolean): Truncation | undefined {
  const last = lines.at(-1);
  if (last !== undefined && /^#{1,6}(?:\s|$)/.test(last.text) && last.kind === 'text')
    return { reason: 'nothing stands below the last heading', line: last.number };
  const earlier = passagesOf(lines);
  const passage = earlier.pop();
  if (last?.kind === 'blank' && lines.length > 1) return { reason: 'the quote at the end goes on without text', line: last.number };
  if (passage === undefined || passage.line !== last?.number) return undefined;
  const whole = lines.map((line) => line.text).join('\n');
  const reason = whyOpenInside(passage.text) ?? whyOpenEnd(passage, earlier, whole, leadsOn);
  return reason === undefined ? undefined : { reason, line: passage.line };
}

function passagesOf(lines: readonly Line[]): Passage[] {
  const passages: Passage[] = [];
  let isOpen = false;
  for (const { kind, text, number } of lines) {
    const before = passages.at(-1);
    if (kind === 'item') {
      const [, item, other = ''] = ITEM.exec(text) ?? [];
      passages.push({ kind, text: item ?? other, line: number });
    } else if (kind === 'text' && isOpen && before !== undefined)
      passages[passages.length - 1] = { ...before, text: `${before.text}\n${text}`, line: number };
    else if (kind === 'text') passages.push({ kind: 'paragraph', text, line: number });
    isOpen = kind === 'item' || kind === 'text';
  }
  return passages;
}

/** What is opened within a passage and not closed. */
function whyOpenInside(text: string): string | undefined {
  const plain = withoutCode(text);
  if (plain === undefined) return 'inline code is not closed';
  if (isOdd(plain, '**')) return 'bold text is not closed';
  if (/<\/?[A-Za-z][^<>]*$|(?:^|\s)<$/.test(plain)) return 'the last tag is not closed';
  if (plain.split('{{').length > plain.split('}}').length) return 'the last {{ is not closed';
  // A digit before it makes the mark one of inches.
  if (isOdd(plain, /[„“”]/) || isOdd(plain, /[«»]/) || (isOdd(plain, '"') && !/\d"/.test(plain))) return 'a quotation is not closed';
  const depths = new Map<string, number>();
  for (const character of plain.replaceAll('（', '(').replaceAll('）', ')')) {
    const close = CLOSING_BRACKETS.get(character);
    if (close !== undefined) depths.set(close, (depths.get(close) ?? 0) + 1);
    else if (depths.has(character)) depths.set(character, Math.max(0, (depths.get(character) ?? 0) - 1));
  }
  const missing = [...depths].find(([, depth]) => depth > 0)?.[0];
  return missing === undefined ? undefined : `a bracket is not closed, "${missing}" is missing`;
}

function isOdd(text: string, mark: string | RegExp): boolean {
  return text.split(mark).length % 2 === 0;
}

/** The text with every code span as one sign; undefined when one is not closed. */
function withoutCode(text: string): string | undefined {
  let plain = '';
  let at = 0;
  for (let start = text.indexOf('`'); start !== -1; start = text.indexOf('`', at)) {
    let end = start;
    while (text[end] === '`') end += 1;
    const mark = text.slice(start, end);
    const close = text.indexOf(mark, end);
    if (close === -1) return undefined;
    plain += `${text.slice(at, start)}\u0000`;
    at = close + mark.length;
  }
  return plain + text.slice(at);
}

/** Why a passage cannot end where it does. */
function whyOpenEnd({ kind, text }: Passage, earlier: readonly Passage[], whole: string, leadsOn: boolean): string | undefined {
  const tail = text.slice(-200);
  if (kind === 'item' && /^(?:\[[ xX]?\])?$/.test(text)) return 'the last item is empty';
  if (/(?:\.{3}|…)[*_)）\]]*$/.test(tail) && !/(?:etc|等)\S*$/.test(tail.slice(-20))) return 'the text ends with an ellipsis';
  if (ABBREVIATION.test(tail)) return 'the text ends with an abbreviation that asks for more';
  if (isStopped(text) || isNoSentence(text)) return undefined;
  if (/[:：]$/.test(tail)) return leadsOn ? undefined : 'the text ends with a colon';
  if (ASKS_FOR_MORE.test(tail)) return 'the text ends with a mark that asks for more';
  const dangling = DANGLING.exec(tail)?.[0];
  if (dangling !== undefined) return `no text ends with "${dangling.trim()}"`;
  const label = /(?:^|[^\]!])\[([^\][]{2,})\]$/.exec(tail)?.[1] ?? '';
  if (/^[^^].*[^A-Z\d]/.test(label) && /\s/.test(label) && !whole.toLowerCase().includes(`[${label.toLowerCase()}]:`))
    return 'the last link has no address';
  return kind === 'item' ? whyOpenItem(text, earlier) : whyOpenParagraph(text, earlier);
}

function isStopped(text: string): boolean {
  let end = text.length;
  while (end > 0 && AFTER_SENTENCE.includes(text.charAt(end - 1))) end -= 1;
  const last = text.slice(Math.max(0, end - 4), end);
  return SENTENCE_END.includes(last.slice(-1)) || /\p{Extended_Pictographic}\uFE0F?$/u.test(last);
}

/** Ends without a stop that are natural: a tag, an image, an address, a smiley. */
function isNoSentence(text: string): boolean {
  const line = text.slice(text.lastIndexOf('\n') + 1);
  // Between Chinese or Japanese signs, addresses have no space in front.
  const word = /[\x21-\x7e]{0,2000}$/.exec(line.slice(-2000))?.[0] ?? '';
  return line.endsWith('>') || /^\[?!\[/.test(line) || /:\/\/|@|\w\.\w.*\.\w/.test(word) || /^(?:[:;]-?[)(DPo]|:[\w+-]+:)$/.test(word);
}

function whyOpenParagraph(text: string, earlier: readonly Passage[]): string | undefined {
  const line = text.slice(text.lastIndexOf('\n') + 1);
  if (!LETTER_AT_END.test(text)) return undefined;
  const paragraphs = earlier.filter((passage) => passage.kind === 'paragraph');
  const unstopped = paragraphs.filter((passage) => LETTER_AT_END.test(passage.text)).length;
  // Some people never write a stop at the end of a paragraph, nor behind a hard line break.
  if (text.endsWith(`\\\n${line}`) || unstopped * 2 > paragraphs.length) return undefined;
  const isAmongSentences = unstopped === 0 && (paragraphs.length > 1 || (paragraphs.length > 0 && sizeOf(text) >= MIN_SENTENCE_WORDS / 3));
  return isSentence(text) || isAmongSentences ? 'the last sentence has no end' : undefined;
}

function whyOpenItem(text: string, earlier: readonly Passage[]): string | undefined {
  if (!LETTER_AT_END.test(text)) return undefined;
  if (SENTENCE_INSIDE.test(text.replace(/`[^`]*`/g, 'x'))) return 'the last sentence has no end';
  const siblings = earlier.slice(earlier.findLastIndex((passage) => passage.kind !== 'item') + 1).map((passage) => passage.text);
  return siblings.length > 0 && siblings.every(isStoppedItem) ? 'the last item has no stop, unlike those before it' : undefined;
}

/** Words enough for a sentence, or one that is over and another that has begun. */
function isSentence(text: string): boolean {
  return SENTENCE_INSIDE.test(text.replace(/`[^`]*`/g, 'x')) || sizeOf(text) >= MIN_SENTENCE_WORDS;
}

/** How many words a text has; two signs of Chinese or Japanese count as one. */
function sizeOf(text: string): number {
  const signs = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/gu;
  const plain = text.replace(/`[^`]*`/g, 'x');
  return (
    (plain.match(signs)?.length ?? 0) / 2 +
    plain
      .replace(signs, ' ')
      .split(/\s+/)
      .filter((word) => word !== '').length
  );
}

function isStoppedItem(text: string): boolean {
  return isStopped(text) || /[;；]$/.test(text);
}
