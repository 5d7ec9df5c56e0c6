import { describe, expect, it } from 'vitest';
import type { Field, Shape } from '../../src/api/shape.ts';

import type { Contract, ContractEndpoint } from '../../src/contract/contract.ts';
import { readContract } from '../../src/contract/document/read-contract.ts';
import { openProject } from '../../src/python/open-project.ts';
import { loadParser } from '../../src/python/parser.ts';
import { Resolver } from '../../src/python/resolver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const parser = await loadParser();
const project = openProject(parser, await temporaryFolder());
const resolver = new Resolver(project);

async function read(text: string): Promise<Contract> {
  return (await readContract([{ path: 'api-contract.md', text }], { parser, project, resolver })).contract;
}

async function only(text: string): Promise<ContractEndpoint> {
  const { endpoints } = await read(text);
  expect(endpoints.map((endpoint) => `${endpoint.method} ${endpoint.path}`)).toHaveLength(1);
  const [endpoint] = endpoints;
  if (endpoint === undefined) throw new Error('no endpoint');
  return endpoint;
}

/** A shape in short: `{id: int, tags: [string]}`. */
function short(shape: Shape): string {
  const limits =
    'constraints' in shape && Object.keys(shape.constraints).length > 0 ? JSON.stringify(shape.constraints).replaceAll('"', '') : '';
  switch (shape.kind) {
    case 'object':
      return `{${shape.fields.map(fieldShort).join(', ')}${shape.isOpen ? ', …' : ''}}`;
    case 'array':
      return `[${short(shape.items)}]${limits}`;
    case 'union':
      return shape.options.map(short).join(' | ');
    case 'number':
      return `${shape.isInteger ? 'int' : 'number'}${limits}`;
    case 'string':
      return `${shape.format ?? 'string'}${limits}`;
    case 'enum':
      return shape.values.join('/');
    case 'map':
      return `map of ${short(shape.values)}`;
    default:
      return shape.kind;
  }
}

function fieldShort(field: Field): string {
  return `${field.name}${field.required === undefined ? '' : field.required ? '!' : '?'}: ${short(field.shape)}`;
}

function request(endpoint: ContractEndpoint): string | undefined {
  return endpoint.request === undefined || endpoint.request === 'none' ? endpoint.request : short(endpoint.request.shape);
}

function responses(endpoint: ContractEndpoint): string[] {
  return endpoint.responses.map(
    ({ status, content }) =>
      `${status ?? '?'} ${content === undefined || content === 'none' ? (content ?? 'unsaid') : short(content.shape)}`,
  );
}

function errors(endpoint: ContractEndpoint): string[] {
  return endpoint.errors.map(({ status, code }) => `${status} ${code}`.trim());
}

const MODELS =
  '\n\n## Models\n\n```python\nclass LoanCreate(BaseModel):\n    days: Annotated[int, Field(ge=1, le=30)] = 14\n\n\nclass LoanResponse(BaseModel):\n    id: int\n    due_on: date | None = None\n```\n';

describe('where an endpoint stands', () => {
  const cases: Record<string, string> = {
    'a heading': '### POST /api/loans',
    'a numbered heading with a title': '### 2.1 Borrow a book: `POST /api/loans`',
    'a heading with full-width brackets': '### 创建借阅（POST /api/loans）',
    'a setext heading': 'POST /api/loans\n---------------',
    'a numbered list': '3. `POST /api/loans`\n   - Request: [TBD]',
    'a list below a bullet': '- Loans\n  - **POST** `/api/loans` — borrow',
    'a checkbox': '- [ ] POST /api/loans',
    'a bold line': '**POST /api/loans**\n\n**Request**: [TBD]',
    'a bold line with marks around the path': '**`POST`** `/api/loans`',
    'a table with a column for each': '| Method | Path | Note |\n|---|---|---|\n| POST | `/api/loans` | [TBD] |',
    'a table with one column for both': '| 接口 | 说明 |\n|---|---|\n| `POST /api/loans` | [TBD] |',
    'labels for method and path': '### Borrow a book\n\n- Method: POST\n- Path: `/api/loans`',
    'labels in Chinese': '### 借书\n\n**请求方法**：POST\n\n**路径**：/api/loans',
    'the first line of a section': '### Borrow a book\n\n`POST /api/loans`\n\n#### Request\n\n[TBD]',
    'a signature in a fence': '### Borrow a book\n\n```http\nPOST /api/loans\n```\n\n**Response**: 201',
    'an address with a host': '### POST https://library.example/api/loans?dry=1',
    'an address with a variable for the host': '- `POST {{baseUrl}}/api/loans`',
  };
  it.each(Object.entries(cases))('reads %s', async (_name, text) => {
    const endpoint = await only(`# API\n\n${text}\n`);
    expect(`${endpoint.method} ${endpoint.path}`).toBe('POST /api/loans');
  });

  const names: Record<string, [string, string[]]> = {
    'path parameters in all spellings': [
      '- GET /a/:id\n- GET /b/<int:id>\n- GET /c/{id:int}\n- GET /d/{ id }\n',
      ['GET /a/{id}', 'GET /b/{id}', 'GET /c/{id}', 'GET /d/{id}'],
    ],
    'several methods at once': ['### PUT / PATCH /loans/{id}\n', ['PUT /loans/{id}', 'PATCH /loans/{id}']],
    'a stated base path': ['Base URL: `/api/v1`\n\n### GET /loans\n\n### GET /api/v1/books\n', ['GET /api/v1/loans', 'GET /api/v1/books']],
    'no prose, samples or comments': [
      'Call GET /loans to see them.\n\n- Sample: `GET /loans?page=1`\n\n## Pagination\n\n```\nGET /loans?page=2&size=10\n```\n\n<!-- GET /x -->\n',
      [],
    ],
    'sections after an endpoint that the document begins with': [
      '# API\n\n**POST /a**\n\n**Request**: [TBD]\n\n## More\n\n### GET /b\n\n**Response**: 200 int\n',
      ['POST /a', 'GET /b'],
    ],
    'sub-items of a two-digit list': ['9. `GET /a`\n   - Response: [TBD]\n10. `GET /b`\n   - Response: [TBD]\n', ['GET /a', 'GET /b']],
  };
  it.each(Object.entries(names))('reads %s', async (_name, [text, expected]) => {
    expect((await read(text)).endpoints.map((endpoint) => `${endpoint.method} ${endpoint.path}`)).toEqual(expected);
  });

  it('counts an endpoint of a task table once, and says when it is specified nowhere', async () => {
    const contract = await read(
      '### GET /loans/{loan_id}\n\n**Response**: 200 int\n\n## Tasks\n\n| Task | Endpoint |\n|---|---|\n| T1.1 | `GET /loans/{id}` |\n| T1.2 | `GET /fines` |\n',
    );
    expect(contract.endpoints).toHaveLength(1);
    expect(contract.listed).toEqual([{ method: 'GET', path: '/fines', place: { path: 'api-contract.md', line: 10 } }]);
  });
});

describe('what is open', () => {
  const cases: Record<string, [text: string, progress: string, open: string[]]> = {
    'nothing below a heading': ['### GET /a\n', 'open', ['everything']],
    'a marker of its own': ['### GET /a\n\n[TBD]\n', 'open', ['everything']],
    'a marker in the title': ['- `GET /a`: TBD\n', 'open', ['everything']],
    'a marker in Chinese': ['### GET /a\n\n**响应**：待定\n\n**错误**：[需要决策]\n', 'open', ['响应', '错误']],
    'some parts': ['### GET /a\n\n**Response**: 200 int\n\n**Errors**: `[TBD]`\n', 'partly', ['Errors']],
    'a marker in a list below a label': ['- `GET /a`\n  - Response: 200 int\n  - Errors:\n    - 404: [TBD]\n', 'partly', ['Errors']],
    'nothing at all': ['### GET /a\n\n**Response**: 200 int\n\n**Errors**: 404 NONE\n', 'done', []],
  };
  it.each(Object.entries(cases))('sees %s', async (_name, [text, progress, open]) => {
    const endpoint = await only(text);
    expect([endpoint.progress, endpoint.open]).toEqual([progress, open]);
  });
});

describe('requests and responses', () => {
  const cases: Record<string, [text: string, request: string | undefined, responses: string[]]> = {
    'names of models': [
      '**Request**: `LoanCreate`\n\n**Response 201**: `list[LoanResponse]`',
      '{days?: int{ge:1,le:30}}',
      ['201 [{id!: int, due_on?: date | null}]'],
    ],
    'names in brackets and with a meaning': [
      '**请求体**：LoanCreate\n\n**响应（201）**：LoanResponse — 已借出',
      '{days?: int{ge:1,le:30}}',
      ['201 {id!: int, due_on?: date | null}'],
    ],
    'lists by status': [
      '- Request: none\n- Responses:\n  - 200: `LoanResponse`\n  - 202: no body\n  - 404: LOAN_NOT_FOUND',
      'none',
      ['200 {id!: int, due_on?: date | null}', '202 none'],
    ],
    'a JSON example with comments': [
      '**Request**:\n```json\n{ "days": 14, // int, required, min=1, max=30\n  "note": null } // optional, nullable\n```\n**Response 200**:\n```json\n{ "id": 7, "book": {...}, "tags": ["a"] }\n```',
      '{days!: int{ge:1,le:30}, note?: unknown | null}',
      ['200 {id: int, book: {, …}, tags: [string]}'],
    ],
    'a table of fields': [
      '**Request**\n\n| Field | Type | Required | Description |\n|---|---|---|---|\n| days | integer | yes | 1-30 |\n| address.city | string | no | max length 50 |\n| tags[] | string | no | |\n\n**Response**: 204',
      '{days!: int{ge:1,le:30}, address: {city?: string{max_length:50}}, tags?: [unknown]}',
      ['204 none'],
    ],
    'a table in Chinese': [
      '**请求**：\n\n| 字段 | 类型 | 必填 | 说明 |\n|---|---|---|---|\n| days | 整数 | 是 | 范围 1-30 |\n| note | 字符串 | 否 | 长度不超过 200 字符 |\n\n**响应 200**：列表：\n\n| 字段 | 类型 |\n|---|---|\n| id | int |',
      '{days!: int{ge:1,le:30}, note?: string{max_length:200}}',
      ['200 [{id: int}]'],
    ],
    bullets: [
      '- Request:\n  - `days`: int, required, 1-30\n  - `kind` (enum: short, long): optional\n- Response: 201 `LoanResponse`',
      '{days!: int{ge:1,le:30}, kind?: short/long}',
      ['201 {id!: int, due_on?: date | null}'],
    ],
    'a form': [
      '**Request**: `multipart/form-data`\n\n| Field | Type | Required |\n|---|---|---|\n| file | file | yes |\n\n**Response 200**: `text/csv`',
      '{file!: binary}',
      ['200 string'],
    ],
    'rules beside an example': [
      '**请求**：\n```json\n{"days": 14}\n```\n**校验规则**：\n- `days`：必填，1-30\n**响应 200**：无',
      '{days!: int{ge:1,le:30}}',
      ['200 none'],
    ],
  };
  it.each(Object.entries(cases))('reads %s', async (_name, [text, expectedRequest, expectedResponses]) => {
    const endpoint = await only(`### POST /api/loans\n\n${text}\n${MODELS}`);
    expect(request(endpoint)).toEqual(expectedRequest);
    expect(responses(endpoint)).toEqual(expectedResponses);
  });

  it('follows models through inheritance, generics, enumerations, aliases and circles', async () => {
    const { models } = await read(
      '```python\nT = TypeVar("T")\n\nclass Kind(StrEnum):\n    A = "a"\n    B = auto()\n\nclass Base(BaseModel):\n    model_config = ConfigDict(alias_generator=to_camel)\n    created_at: datetime\n\nclass Page(BaseModel, Generic[T]):\n    items: list[T]\n    next: str | None\n\nclass Node(Base):\n    kind: Kind\n    parent: "Node | None" = None\n    price: Decimal\n    extra: dict[str, int] = Field(default_factory=dict)\n    secret: str = Field(exclude=True)\n\nclass Nodes(Page[Node]):\n    total: PositiveInt\n```\n'.replace(
        'alias_generator=to_camel',
        'alias_generator=to_camel, populate_by_name=True',
      ),
    );
    const shapes = Object.fromEntries(models.map((model) => [model.name, short(model.shape)]));
    expect(shapes.Kind).toBe('a/b');
    expect(shapes.Node).toBe(
      '{createdAt!: date-time, kind!: a/b, parent?: reference | null, price!: decimal, extra?: map of int, secret!: string}',
    );
    expect(shapes.Nodes).toContain('items!: [{createdAt!: date-time');
    expect(shapes.Nodes).toContain('total!: int{gt:0}');
  });
});

describe('errors and parameters', () => {
  const listed: Record<string, [string, string[]]> = {
    'a table': [
      '| 状态码 | 场景 | 错误信息 |\n|---|---|---|\n| 403 | not a member | "Members only" |\n| 409 | taken | LOAN_EXISTS |',
      ['403', '409 LOAN_EXISTS'],
    ],
    'a table with codes': [
      '| Status | Code | When |\n|---|---|---|\n| 404 | `NOT_FOUND` | gone |\n| 409 | `TAKEN` | taken |',
      ['404 NOT_FOUND', '409 TAKEN'],
    ],
    'bullets with JSON': [
      '- 409 CONFLICT：`{"code":"CONFLICT","message":"..."}`\n- 404：`{"code": 40411, "message": "x"}`',
      ['409 CONFLICT', '404 40411'],
    ],
    'bullets in words': ['- 404 `LOAN_NOT_FOUND`: no such loan\n- 401/403: not allowed', ['404 LOAN_NOT_FOUND', '401', '403']],
  };
  it.each(Object.entries(listed))('reads errors from %s', async (_name, [text, expected]) => {
    expect(errors(await only(`### GET /a\n\n**Errors**:\n\n${text}\n`))).toEqual(expected);
    expect(errors(await only(`### GET /a\n\n#### 错误响应\n\n${text}\n`))).toEqual(expected);
  });

  it('reads errors in one line', async () => {
    expect(errors(await only('### GET /a\n\n**Errors**: 404 NOT_FOUND, 409 TAKEN\n'))).toEqual(['404 NOT_FOUND', '409 TAKEN']);
  });

  it('reads parameters from tables, bullets and paths', async () => {
    const text =
      '### GET /loans/{loan_id}\n\n**Parameters**\n\n| Name | In | Type | Required | Description |\n|---|---|---|---|---|\n| loan_id | path | `int` | yes | |\n| page | query | `Annotated[int, Field(ge=1)]` | no | page |\n\n**Headers**\n\n- `X-Trace`: string, required\n\n**查询参数**：`size`\n';
    const { parameters } = await only(text);
    expect(parameters.map((parameter) => `${parameter.in} ${fieldShort(parameter)}`)).toEqual([
      'path loan_id!: int',
      'query page?: int{ge:1}',
      'header X-Trace!: string',
      'query size: unknown',
    ]);
  });

  it('reads what is said of authentication', async () => {
    const auth = async (text: string) => (await only(`### GET /a\n\n${text}\n\n**Response**: 200 int\n`)).auth;
    expect(await auth('**Authentication**: Bearer JWT')).toBe('required');
    expect(await auth('**认证**：需要登录')).toBe('required');
    expect(await auth('**認証**：不要')).toBe('none');
    expect(await auth('**Auth**: none')).toBe('none');
    expect(await auth('**Auth**: [TBD]')).toBeUndefined();
    expect(await auth('A description.')).toBeUndefined();
    expect((await only('### GET /a\n\n**Auth**: Bearer\n\nAnother paragraph.\n')).authText).toBe('Bearer');
  });

  it('reads several parameters of one cell, with their defaults', async () => {
    const { parameters } = await only(
      '| Method | Path | Parameters |\n|---|---|---|\n| GET | `/a` | `size` (query, integer, optional, default 20)<br>`tag` (query, list of string or null)<br/>`full` (query, boolean, default: false) |\n',
    );
    expect(parameters.map((parameter) => `${fieldShort(parameter)} = ${parameter.defaultValue}`)).toEqual([
      'size?: int = 20',
      'tag: [string] | null = undefined',
      'full?: boolean = false',
    ]);
  });

  it('takes a form for a form, whatever words say so', async () => {
    const { request: body } = await only('### POST /login\n\n**Request**: form data: `name` (string, required), `age` (int)\n');
    expect(body).toMatchObject({ mediaType: 'application/x-www-form-urlencoded', basis: 'words' });
    expect(body === undefined || body === 'none' ? body : short(body.shape)).toBe('{name!: string, age: int}');
  });

  it('takes tables and lists below a name for models, in any order', async () => {
    const endpoint = await only(
      [
        '### POST /a\n\n**Request**: `OrderCreate`\n\n**Response**: 201 list of `Line`\n\n## Models\n',
        '### OrderCreate\n\n| Field | Type | Required |\n|---|---|---|\n| lines | list of `Line` | yes |\n',
        '**Line**\n\n- `sku`: string, required\n- `note`: string or null\n',
      ].join('\n'),
    );
    expect(request(endpoint)).toBe('{lines!: [{sku!: string, note: string | null}]}');
    expect(responses(endpoint)).toEqual(['201 [{sku!: string, note: string | null}]']);
    const page = await only(
      '### GET /a\n\n**Response**: 200 `Page[Line]`\n\n## Page[T]\n\n| Field | Type |\n|---|---|\n| items | list of T |\n| total | int |\n',
    );
    expect(responses(page)).toEqual(['200 {items: [unknown], total: int}']);
  });
});

it('reads the conventions of the preamble', async () => {
  const { conventions } = await read(
    '# API\n\n- 协议：HTTP\n- 命名：字段使用 snake_case\n- 基础路径：`/api/v1`\n\n## 统一响应\n\n```json\n{ "code": 0, "message": "ok", "data": {} }\n```\n\n## 错误码\n\n| HTTP | 错误码 | 含义 |\n|---|---|---|\n| 400 | 40001 | 参数校验失败 |\n| 401 | 40101 | 未登录 |\n\n## Authentication\n\nAll endpoints need a bearer token.\n\n### GET /loans\n\n[TBD]\n',
  );
  expect(conventions).toMatchObject({
    basePath: '/api/v1',
    naming: 'snake_case',
    auth: 'required',
    validationStatus: 400,
    envelope: { fields: ['code', 'message', 'data'], payload: 'data' },
  });
  expect(conventions.errors.map(({ status, code }) => `${status} ${code}`)).toEqual(['400 40001', '401 40101']);
});

it('merges a later change into the endpoint it changes', async () => {
  const endpoint = await only(
    `### POST /api/loans\n\n**Request**: \`LoanCreate\`\n\n**Response**: 200 \`LoanResponse\`\n\n## v1.1\n\n### POST /api/loans\n\n**变更**：now created later\n\n**Response**: 202 \`LoanResponse\`\n${MODELS}`,
  );
  expect(responses(endpoint)).toEqual(['202 {id!: int, due_on?: date | null}']);
  expect(request(endpoint)).toBe('{days?: int{ge:1,le:30}}');
});
