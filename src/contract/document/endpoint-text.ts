export const HTTP_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;

/** An endpoint as it stands in a line of text. */
export interface EndpointText {
  readonly methods: readonly string[];
  /** With parameters in braces, without query. */
  readonly path: string;
  /** What stands before the method and after the path. */
  readonly before: string;
  readonly after: string;
}

const METHOD = `(?:${HTTP_METHODS.join('|')})`;
const ENDPOINT = new RegExp(
  // Several methods: "GET / PUT /x", "PUT|PATCH /x".
  `(?<![\\w/-])(${METHOD}(?:\\s*[/|,、]\\s*${METHOD})*)[\`*_\\]]*\\s*[:：]?\\s*[\`*_]*\\s*` +
    // A host or a base such as {{base_url}} before the path is left out.
    '(?:https?:\\/\\/[^\\s/`]+|\\{\\{?\\s*\\w*(?:url|host|base)\\w*\\s*\\}?\\})?(\\/(?:\\{[^{}]{1,80}\\}|[^\\s`|）)，。；;、"\'>])*)',
  'i',
);
/** Before the method in a list item or line: a number, a checkbox, or a short label that is no sample call. */
const LEAD =
  /^(?:\d+(?:\.\d+)*[.)、]?\s*)?(?:\[[ xX]\]\s*)?(?:(?!.*(?:sample|example|e\.g|see|示例|例如|参见|例：|見よ|curl))[^`]{0,24}[:：—–\-(（]\s*)?$/i;

/** The endpoint a heading or table cell names anywhere in it. */
export function endpointIn(text: string): EndpointText | undefined {
  const match = ENDPOINT.exec(text);
  if (match === null) return undefined;
  // Lower case is prose ("get /x going") unless it stands alone or in backticks.
  const [whole, methods = '', rawPath = ''] = match;
  if (methods !== methods.toUpperCase() && !/^[`*|\s]*$/.test(text.slice(0, match.index))) return undefined;
  return {
    methods: methods.split(/[/|,、]/).map((method) => method.trim().toUpperCase()),
    path: normalPath(rawPath),
    before: plainText(text.slice(0, match.index)),
    after: plainText(text.slice(match.index + whole.length)),
  };
}

/** The endpoint that a line or list item is about: it stands first, after no more than a number or a short label. */
export function leadingEndpoint(text: string): EndpointText | undefined {
  const found = endpointIn(text);
  return found !== undefined && LEAD.test(found.before) ? found : undefined;
}

/** A path with braces round its parameters, no query, no final punctuation and one slash at the front. */
export function normalPath(raw: string): string {
  return raw
    .replace(/[?#].*$/, '')
    .replace(/[`*_.,:：\]]+$/, '')
    .replace(/\/:([A-Za-z_]\w*)/g, '/{$1}')
    .replace(/<(?:\w+:)?(\w+)>?/g, '{$1}')
    .replace(/\{\s*([^}:\s]+)\s*(?::[^}]*)?\}/g, '{$1}')
    .replace(/\/{2,}/g, '/');
}

/** Text without emphasis, code marks, links and the space around it. */
export function plainText(text: string): string {
  return text
    .replace(/\[([^[\]]+)\]\([^()]*\)/g, '$1')
    .replace(/[`*]|(?<!\w)_+|_+(?!\w)/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The words that stand for what is not decided. */
const MARKER_WORDS = 'TBD|TODO|需要决策|待补充|待定|待确认|要確認|未定|à définir|por definir|a definir|zu klären';
/** In brackets anywhere; `TBD` as a word of its own anywhere. */
const OPEN = new RegExp(`[[【]\\s*(?:${MARKER_WORDS})\\s*[\\]】]|(?<![\\w-])TBD(?![\\w-])`, 'i');
/** Nothing but the marker, in whatever brackets. */
const ALONE = new RegExp(`^[\\s[\\]【】（）()。.:：—–-]*(?:${MARKER_WORDS})[\\s[\\]【】（）()。.-]*$`, 'i');
/** The marker first, then a note: "TBD - see ticket 12". */
const NOTED = new RegExp(`^[\\s[\\]【】（）()-]*(?:${MARKER_WORDS})[\\]】）)]?\\s*(?:[-–—:：,，（(].*)?$`, 'i');

/** True when a text still has a marker for something that was not decided. */
export function isOpenText(text: string): boolean {
  const plain = plainText(text);
  return OPEN.test(plain) || OPEN.test(text) || ALONE.test(plain);
}

/** True when a text is nothing but such a marker, with or without a note. */
export function isOnlyMarker(text: string): boolean {
  const plain = plainText(text);
  return ALONE.test(plain) || (OPEN.test(plain) && NOTED.test(plain));
}
