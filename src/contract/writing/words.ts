import { inLanguage } from '../../documents/in-language.ts';

/** The fixed words of a contract in one language. */
export interface ContractWords {
  readonly auth: string;
  readonly parameters: string;
  /** Where the usual label stands for the body. */
  readonly otherParameters: string;
  readonly request: string;
  readonly response: string;
  readonly errors: string;
  readonly validation: string;
  readonly models: string;
  readonly none: string;
  readonly noBody: string;
  readonly seeBelow: string;
  readonly required: string;
  readonly optional: string;
  readonly yes: string;
  readonly no: string;
  readonly parameterColumns: readonly [string, string, string, string, string];
  readonly errorColumns: readonly [string, string, string];
  /** With the space that follows it. */
  readonly colon: string;
  /** For the review page. */
  readonly ready: string;
  readonly open: string;
  readonly points: string;
}

const ENGLISH: ContractWords = {
  auth: 'Authentication',
  parameters: 'Parameters',
  otherParameters: 'Other parameters',
  request: 'Request',
  response: 'Response',
  errors: 'Errors',
  validation: 'Validation rules',
  models: 'Data models',
  none: 'none',
  noBody: 'no body',
  seeBelow: 'specified below',
  required: 'required',
  optional: 'optional',
  yes: 'yes',
  no: 'no',
  parameterColumns: ['Name', 'In', 'Type', 'Required', 'Description'],
  errorColumns: ['Status', 'Code', 'When'],
  colon: ': ',
  ready: 'Ready for review: every endpoint is decided.',
  open: 'Still open',
  points: 'Points to look at',
};

const CHINESE: ContractWords = {
  auth: '认证',
  parameters: '请求参数',
  otherParameters: '其他参数',
  request: '请求体',
  response: '响应',
  errors: '错误响应',
  validation: '校验规则',
  models: '数据模型',
  none: '无',
  noBody: '无响应体',
  seeBelow: '见下文',
  required: '必填',
  optional: '可选',
  yes: '是',
  no: '否',
  parameterColumns: ['名称', '位置', '类型', '必填', '说明'],
  errorColumns: ['状态码', '错误码', '场景'],
  colon: '：',
  ready: '可以评审：所有接口均已确定。',
  open: '尚未确定',
  points: '需要关注',
};

const JAPANESE: ContractWords = {
  auth: '認証',
  parameters: 'パラメータ',
  otherParameters: 'その他のパラメータ',
  request: 'リクエスト',
  response: 'レスポンス',
  errors: 'エラー',
  validation: 'バリデーション',
  models: 'データモデル',
  none: 'なし',
  noBody: 'ボディなし',
  seeBelow: '下記参照',
  required: '必須',
  optional: '任意',
  yes: 'はい',
  no: 'いいえ',
  parameterColumns: ['名前', '場所', '型', '必須', '説明'],
  errorColumns: ['ステータス', 'コード', '条件'],
  colon: '：',
  ready: 'レビュー可能：すべてのエンドポイントが確定しています。',
  open: '未確定',
  points: '確認が必要な点',
};

/** The words for a BCP 47 tag; English for any language without its own. */
export function contractWords(language: string): ContractWords {
  return inLanguage(language, { english: ENGLISH, chinese: CHINESE, japanese: JAPANESE });
}
