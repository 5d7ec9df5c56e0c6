import type { Cell } from '../../documents/markdown.ts';
import { plainText } from './endpoint-text.ts';

/** What a column of a table about fields, parameters or errors holds. */
export type ColumnName = 'name' | 'type' | 'required' | 'text' | 'in' | 'status' | 'code' | 'default';

interface Column {
  readonly name: ColumnName;
  readonly pattern: RegExp;
}

/** The first that fits decides. */
const COLUMNS: readonly Column[] = [
  { name: 'status', pattern: /status|http|状态码|ステータス/i },
  {
    name: 'name',
    pattern:
      /^(field|name|key|property|attribute|parameter|param|query|header|字段|字段名|名称|参数|参数名|属性|フィールド|フィールド名|項目|項目名|名前|パラメータ|パラメータ名)$|field name|parameter name/i,
  },
  { name: 'type', pattern: /type|类型|型/i },
  { name: 'required', pattern: /required|mandatory|必填|必须|必需|必須|可选|optional/i },
  { name: 'default', pattern: /default|默认|デフォルト|既定/i },
  { name: 'in', pattern: /^(in|location|place|位置|参数位置|来源|場所|種別)$/i },
  { name: 'code', pattern: /code|错误码|业务码|コード/i },
  { name: 'text', pattern: /.*/ },
];

/** What each column of a table holds. */
export function columnsOf(header: readonly Cell[]): ColumnName[] {
  return header.map((cell) => COLUMNS.find(({ pattern }) => pattern.test(plainText(cell.text)))?.name ?? 'text');
}
