import { inLanguage } from './in-language.ts';

/** The fixed words of a work log in one language. */
export interface LogHeadings {
  readonly title: string;
  readonly version: string;
  readonly date: string;
  readonly phase: string;
  readonly summary: string;
  readonly changes: string;
  readonly contract: string;
  readonly decisions: string;
  readonly openPoints: string;
  readonly none: string;
}

const ENGLISH: LogHeadings = {
  title: 'Python engineer work log',
  version: 'Version',
  date: 'Date',
  phase: 'Phase',
  summary: 'Summary',
  changes: 'Changes',
  contract: 'Contract',
  decisions: 'Decisions',
  openPoints: 'Open points',
  none: 'None.',
};

const CHINESE: LogHeadings = {
  title: 'Python 工程师工作日志',
  version: '版本',
  date: '日期',
  phase: '阶段',
  summary: '摘要',
  changes: '变更',
  contract: '接口契约',
  decisions: '决策',
  openPoints: '待解决问题',
  none: '无。',
};

const JAPANESE: LogHeadings = {
  title: 'Python エンジニア作業ログ',
  version: 'バージョン',
  date: '日付',
  phase: 'フェーズ',
  summary: '概要',
  changes: '変更',
  contract: 'API 契約',
  decisions: '決定事項',
  openPoints: '未解決事項',
  none: 'なし。',
};

/** The words for a BCP 47 tag; English for any language without its own. */
export function logHeadings(language: string): LogHeadings {
  return inLanguage(language, { english: ENGLISH, chinese: CHINESE, japanese: JAPANESE });
}
