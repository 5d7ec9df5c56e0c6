import { isOpenText, plainText } from './endpoint-text.ts';

/** What a label or heading inside an endpoint's part of a contract announces. */
export const ROLES = [
  ...(['summary', 'auth', 'method', 'path', 'parameters', 'path_parameters', 'query_parameters', 'headers'] as const),
  ...(['request', 'response', 'errors', 'status', 'media_type', 'validation', 'change', 'models'] as const),
] as const;
export type Role = (typeof ROLES)[number];

/** The first that fits decides: "error response" is about errors, "request parameters" about parameters. */
const VOCABULARY: readonly (readonly [Role, RegExp])[] = [
  ['method', /^(http[- ]?)?(method|methode|méthode|método|metodo)$|^请求方法$|^方法$|^请求方式$|^http メソッド$|^メソッド$/],
  ['path', /^(path|url|uri|route|endpoint|pfad|ruta|chemin|caminho|endpunkt)$|^(请求|接口)?(路径|地址)$|^パス$|^エンドポイント$/],
  ['media_type', /content[- ]type|media type|内容类型|コンテンツタイプ/],
  ['errors', /error|erreur|erro\b|exception|failure|错误|异常|失败|エラー|例外|fehler|erreur/],
  ['validation', /validat|\bconstraints?\b|校验|验证|约束|検証|バリデーション|制約/],
  ['auth', /\bauth|认证|鉴权|授权|权限|認証|認可|権限|\bpermissions?\b|\bsecurity\b|authentifizierung|authentification|autenticación/],
  ['headers', /headers?\b|请求头|头部|ヘッダ/],
  ['query_parameters', /quer(y|ies)|查询参数|查询|クエリ/],
  ['path_parameters', /path param|路径参数|パスパラメータ/],
  ['parameters', /param|parámetro|paramètre|parâmetro|参数|パラメータ/],
  ['status', /status|状态码|ステータス/],
  ['response', /respon|\breturns?\b|响应|返回|出参|レスポンス|応答|戻り値|antwort|respuesta|réponse|^(success|成功|output|输出|出力)$/],
  ['request', /request|请求|入参|payload|\bbody\b|リクエスト|ボディ|^(input|输入|入力)$|anfrage|petición|solicitud|requête/],
  ['change', /^(change|变更|变化|修改|変更)/],
  [
    'models',
    /\b(data ?models?|models?|schemas?|data types?|daten(modelle?|typen)|modelos?|esquemas?|modelle)\b|modèles?|schémas?|模型|数据结构|データモデル|スキーマ|モデル/,
  ],
  [
    'summary',
    /^(description|summary|purpose|overview|beschreibung|zusammenfassung|zweck|descripción|resumen|résumé|descrição|描述|说明|概述|简介|用途|功能|功能描述|接口说明|概要|説明|目的)$/,
  ],
];
const LONGEST_LABEL = 48;

/** What a label announces; undefined for anything that is no known label. */
export function roleOf(title: string): Role | undefined {
  const plain = plainText(title.normalize('NFKC'))
    .replace(/^\d+(\.\d+)*[.)、]?\s*/, '')
    .toLowerCase();
  if (plain === '' || plain.length > LONGEST_LABEL) return undefined;
  const withoutNote = plain.replace(/\s*[([【].*$/, '').trim() || plain;
  return VOCABULARY.find(([, pattern]) => pattern.test(withoutNote))?.[0] ?? VOCABULARY.find(([, pattern]) => pattern.test(plain))?.[0];
}

/** A line such as `**Request body**: LoanCreate`: what stands before the colon, and where the rest begins. */
export interface Label {
  readonly title: string;
  readonly isBold: boolean;
  readonly isCode: boolean;
  readonly value: string;
  /** Where `value` begins in the line, in UTF-16 units. */
  readonly valueStart: number;
}

const BOLD = /^(?:\*\*|__)\s{0,20}([^*_].*?)\s{0,20}(?:[:：]\s{0,20})?(?:\*\*|__)\s{0,20}(?:([（(][^）)]*[）)])\s{0,20})?[:：]?\s{0,20}/;
const CODED = /^`([^`]+)`\s*(?:[（(]([^）)]*)[）)])?\s*[:：—–-]\s*/;
const PLAIN = /^([^:：|`*{}"/]{1,60}?)\s*[:：](?!\/\/)\s*/;

/** Splits a line at its label; undefined when it has none. */
export function splitLabel(text: string): Label | undefined {
  const bold = BOLD.exec(text);
  if (bold?.[1] !== undefined) {
    // `**Response** (201): ...` says the status in the label; `**Response** (TBD)` says nothing yet.
    const note = bold[2] ?? '';
    if (isOpenText(note)) {
      const valueStart = text.indexOf(note);
      return { title: bold[1], isBold: true, isCode: false, value: text.slice(valueStart), valueStart };
    }
    const title = [bold[1], note].join(' ').trim();
    return { title, isBold: true, isCode: /^`.*`$/.test(bold[1]), value: text.slice(bold[0].length), valueStart: bold[0].length };
  }
  const coded = CODED.exec(text);
  if (coded?.[1] !== undefined)
    return { title: coded[1], isBold: false, isCode: true, value: text.slice(coded[0].length), valueStart: coded[0].length };
  const plain = PLAIN.exec(text);
  if (plain?.[1] === undefined) return undefined;
  return { title: plain[1], isBold: false, isCode: false, value: text.slice(plain[0].length), valueStart: plain[0].length };
}

/** True for the ways to say that there is nothing. */
export function isNothing(text: string): boolean {
  return /^(none|no body|no request body|no content|empty|nothing|n\/a|无|无请求体|无响应体|空|なし|ボディなし|不要|-|—|–|keine?|aucune?|ninguna?o?)\b[.。]?$|^(无|空|なし|—|–|-)[.。]?$/i.test(
    plainText(text),
  );
}

/** The HTTP statuses that a text names, in order. */
export function statusesIn(text: string): number[] {
  return [...text.matchAll(/(?<![\d.#])([1-5]\d\d)(?![\d.]\d|\d)/g)].map((match) => Number(match[1]));
}
