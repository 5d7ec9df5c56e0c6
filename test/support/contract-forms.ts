/** Skeletons of one endpoint in every form in which architects leave them, in three languages. */

export type Language = 'en' | 'zh' | 'ja';
export type Part = 'summary' | 'auth' | 'parameters' | 'request' | 'response' | 'errors' | 'validation';
/** A part of a skeleton: decided already, still to be decided, or not there. */
export type PartState = 'filled' | 'open' | 'missing';
export type PartStates = Readonly<Record<Part, PartState>>;

interface PartTexts {
  readonly label: string;
  /** What a filled part says. */
  readonly text: string;
}

export const PARTS: readonly Part[] = ['summary', 'auth', 'parameters', 'request', 'response', 'errors', 'validation'];

export const TEXTS: Readonly<Record<Language, Readonly<Record<Part, PartTexts>>>> = {
  en: {
    summary: { label: 'Summary', text: 'List the lockers' },
    auth: { label: 'Authentication', text: 'Bearer JWT' },
    parameters: { label: 'Parameters', text: '`page`: query, `int`, optional' },
    request: { label: 'Request', text: '`PickupRequest`' },
    response: { label: 'Response', text: '200 `LockerResponse`' },
    errors: { label: 'Errors', text: '404 `LOCKER_NOT_FOUND`: there is no such locker' },
    validation: { label: 'Validation', text: 'a code has six digits' },
  },
  zh: {
    summary: { label: '说明', text: '查询储物柜' },
    auth: { label: '认证', text: 'Bearer JWT' },
    parameters: { label: '请求参数', text: '`page`: query, `int`, 可选' },
    request: { label: '请求体', text: '`PickupRequest`' },
    response: { label: '响应', text: '200 `LockerResponse`' },
    errors: { label: '错误响应', text: '404 `LOCKER_NOT_FOUND`: 储物柜不存在' },
    validation: { label: '校验规则', text: '取件码为六位数字' },
  },
  ja: {
    summary: { label: '概要', text: 'ロッカーの一覧' },
    auth: { label: '認証', text: 'Bearer JWT' },
    parameters: { label: 'パラメータ', text: '`page`: query, `int`, 任意' },
    request: { label: 'リクエスト', text: '`PickupRequest`' },
    response: { label: 'レスポンス', text: '200 `LockerResponse`' },
    errors: { label: 'エラー', text: '404 `LOCKER_NOT_FOUND`: ロッカーがない' },
    validation: { label: 'バリデーション', text: 'コードは六桁' },
  },
};

type Form = (endpoint: string, parts: readonly { readonly label: string; readonly value: string }[], language: Language) => string;

const lines = (all: readonly string[]): string => all.join('\n');
const colonOf = (language: Language): string => (language === 'en' ? ': ' : '：');

/** Every form makes the text of one endpoint of its parts; a part's value is its text or `[TBD]`. */
export const FORMS: Readonly<Record<string, Form>> = {
  'a heading with bullets': (endpoint, parts, language) =>
    lines([`### ${endpoint}`, ...parts.map(({ label, value }) => `- ${label}${colonOf(language)}${value}`)]),
  'a heading, a blank line and bullets': (endpoint, parts, language) =>
    lines([`### ${endpoint}`, '', ...parts.map(({ label, value }) => `- ${label}${colonOf(language)}${value}`)]),
  'a heading with bold bullets': (endpoint, parts, language) =>
    lines([`### ${endpoint}`, '', ...parts.map(({ label, value }) => `- **${label}**${colonOf(language)}${value}`)]),
  'a heading with stars': (endpoint, parts) => lines([`### ${endpoint}`, '', ...parts.map(({ label, value }) => `* ${label}: ${value}`)]),
  'a heading with a numbered list': (endpoint, parts) =>
    lines([`### ${endpoint}`, '', ...parts.map(({ label, value }, index) => `${index + 1}. ${label}: ${value}`)]),
  'a heading with plain lines': (endpoint, parts, language) =>
    lines([`### ${endpoint}`, '', ...parts.flatMap(({ label, value }) => [`${label}${colonOf(language)}${value}`, ''])]).trimEnd(),
  'a heading with lines that follow one another': (endpoint, parts) =>
    lines([`### ${endpoint}`, '', ...parts.map(({ label, value }) => `${label}: ${value}`)]),
  'a heading with bold paragraphs': (endpoint, parts, language) =>
    lines([`### ${endpoint}`, '', ...parts.flatMap(({ label, value }) => [`**${label}**${colonOf(language)}${value}`, ''])]).trimEnd(),
  'a heading with sub-headings': (endpoint, parts) =>
    lines([`### ${endpoint}`, '', ...parts.flatMap(({ label, value }) => [`#### ${label}`, '', value, ''])]).trimEnd(),
  'a heading with a table of parts': (endpoint, parts) =>
    parts.length < 2
      ? lines([`### ${endpoint}`, '', '[TBD]'])
      : lines([
          `### ${endpoint}`,
          '',
          '| Part | Content |',
          '| --- | --- |',
          ...parts.map(({ label, value }) => `| ${label} | ${value} |`),
        ]),
  'a heading with a bare marker': (endpoint) => lines([`### ${endpoint}`, '', '[TBD]']),
  'a heading with a marker in it': (endpoint) => `### ${endpoint} [TBD]`,
  'a heading alone': (endpoint) => `### ${endpoint}`,
  'an item with parts below it': (endpoint, parts, language) =>
    lines([`- ${endpoint}`, ...parts.map(({ label, value }) => `  - ${label}${colonOf(language)}${value}`)]),
  'a numbered item with parts below it': (endpoint, parts) =>
    lines([`1. **${endpoint}**`, ...parts.map(({ label, value }) => `   - ${label}: ${value}`)]),
  'an item with a marker': (endpoint) => `- ${endpoint}: [TBD]`,
  'a bold line with parts': (endpoint, parts) => lines([`**${endpoint}**`, '', ...parts.map(({ label, value }) => `- ${label}: ${value}`)]),
  'a row of an inventory': (endpoint) => {
    const [method = '', path = ''] = endpoint.split(' ');
    return lines(['| Method | Path | Content |', '| --- | --- | --- |', `| ${method} | ${path} | [TBD] |`]);
  },
  'a row with columns for its parts': (endpoint) => {
    const [method = '', path = ''] = endpoint.split(' ');
    return lines([
      '| Method | Path | Request | Response | Errors |',
      '| --- | --- | --- | --- | --- |',
      `| ${method} | ${path} | [TBD] | [TBD] | [TBD] |`,
    ]);
  },
};

/** A skeleton with one endpoint between two others, so that what is lost or moved shows. */
export function skeleton(form: Form, endpoint: string, states: PartStates, language: Language): string {
  const parts = PARTS.filter((part) => states[part] !== 'missing').map((part) => ({
    label: TEXTS[language][part].label,
    value: states[part] === 'open' ? '[TBD]' : TEXTS[language][part].text,
  }));
  return `# API\n\nCommon words.\n\n## Lockers\n\n${form(endpoint, parts, language)}\n\n## Notes\n\nNothing else.\n`;
}
