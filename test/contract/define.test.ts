import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { validate } from '@readme/openapi-parser';
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startClient, workspaceWith } from '../support/client.ts';
import type { TestClient } from '../support/connect.ts';
import { chineseSkeleton, englishSkeleton, LIBRARY_ENDPOINTS, LIBRARY_MODELS, libraryDefinitions } from '../support/library-api.ts';

const CONTRACT = '.ai/temp/api-contract.md';
const stateShape = z.object({
  written: z.array(z.string()),
  endpoints: z.array(z.object({ endpoint: z.string(), state: z.string(), open: z.array(z.string()) })),
  next: z.string(),
});
const openApiShape = z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

interface Workspace extends TestClient {
  readonly root: string;
  contract(): Promise<string>;
}

async function contractMode(skeleton: string, files: Record<string, string> = {}): Promise<Workspace> {
  const root = await workspaceWith({ [CONTRACT]: skeleton, ...files });
  const client = await startClient({ args: ['--root', root] });
  await client.call('read_context', { mode: 'contract' });
  return { ...client, root, contract: () => readFile(path.join(root, CONTRACT), 'utf8') };
}

/** The classes that a definition needs, out of the library's: the first call of a journey sends them all. */
async function defineAll({ call }: Workspace, language: 'zh' | 'en'): Promise<void> {
  for (const [index, definition] of libraryDefinitions(language).entries()) {
    const result = await call('define_contract', { endpoints: [definition], models: index === 0 ? LIBRARY_MODELS : '' });
    expect(result.isError, result.text).toBe(false);
    const { endpoints, next } = stateShape.parse(result.structured);
    expect(endpoints.filter((endpoint) => endpoint.state === 'done')).toHaveLength(index + 1);
    expect(next).toBe(LIBRARY_ENDPOINTS[index + 1] ?? '');
  }
}

/** Writes the OpenAPI document and has it judged by two validators. */
async function validOpenApi({ call, root }: Workspace): Promise<z.output<typeof openApiShape>> {
  const result = await call('check_contract', { mode: 'contract', export: 'openapi' });
  expect(result.isError, result.text).toBe(false);
  const file = path.join(root, z.string().parse(result.structured.exported));
  const json: unknown = JSON.parse(await readFile(file, 'utf8'));
  const document = openApiShape.parse(json);
  const first = await new Validator().validate(structuredClone(document));
  expect(first.valid, JSON.stringify(first.errors)).toBe(true);
  const second = await validate(file);
  expect(second.valid, JSON.stringify(second)).toBe(true);
  return document;
}

describe.each([
  ['a numbered list in Chinese', chineseSkeleton(), 'zh', 'zh-CN'],
  ['headings in English', englishSkeleton(), 'en', 'en-US'],
] as const)('%s', (_name, skeleton, language, tag) => {
  it('goes from all open to ready for review, with a valid OpenAPI document', async () => {
    const workspace = await contractMode(skeleton, { '.ai/context/workflow-config.md': `## output_language\n\n${tag}\n` });
    const open = await workspace.call('check_contract', { mode: 'contract' });
    expect(open.structured).toMatchObject({ ready: false, progress: { done: 0, partly: 0, open: 16 } });
    expect(open.text).toContain('Next: define GET /api/v1/books with define_contract.');

    await defineAll(workspace, language);
    const ready = await workspace.call('check_contract', { mode: 'contract' });
    expect(ready.structured, ready.text).toMatchObject({ ready: true, progress: { done: 16, partly: 0, open: 0 } });
    expect(ready.text).toMatch(/^Ready for review: 16 endpoints, nothing open\./);

    const text = await workspace.contract();
    expect(text).not.toMatch(/TBD/);
    // Nothing of the skeleton is lost but its markers.
    let at = 0;
    for (const line of skeleton.split('\n').filter((each) => each.trim() !== '' && each.trim() !== '[TBD]')) {
      const kept = line.replace(/`\[TBD\]`/, '');
      const found = text.indexOf(kept, at);
      expect(found, line).toBeGreaterThanOrEqual(at);
      at = found + kept.length;
    }

    const document = await validOpenApi(workspace);
    const operations = Object.entries(document.paths).flatMap(([url, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${url}`),
    );
    expect(operations.sort()).toEqual([...LIBRARY_ENDPOINTS].sort());
    expect(document).toMatchObject({
      paths: {
        '/api/v1/books': {
          get: {
            security: [],
            parameters: [{ name: 'page', in: 'query', schema: { type: 'integer', minimum: 1 } }, { name: 'keyword' }, { name: 'category' }],
          },
          post: {
            security: [{ auth: [] }],
            requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/BookCreate' } } } },
            responses: { 201: { content: { 'application/json': { schema: { $ref: '#/components/schemas/BookResponse' } } } }, 409: {} },
          },
        },
        '/api/v1/books/{book_id}': { delete: { responses: { 204: {} } } },
      },
      components: {
        schemas: {
          BookCreate: {
            required: ['isbn', 'title', 'category'],
            properties: { isbn: { pattern: '^\\d{13}$' }, title: { minLength: 1, maxLength: 200 }, copies: { minimum: 1, maximum: 100 } },
          },
          Category: { enum: ['novel', 'science'] },
        },
        securitySchemes: { auth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
    });
  });

  it('writes nothing when the same is sent again, in one call', async () => {
    const workspace = await contractMode(skeleton, { '.ai/context/workflow-config.md': `## output_language\n\n${tag}\n` });
    await defineAll(workspace, language);
    const before = await workspace.contract();
    const again = await workspace.call('define_contract', { endpoints: libraryDefinitions(language), models: LIBRARY_MODELS });
    expect(again.isError, again.text).toBe(false);
    expect(again.structured).toMatchObject({ written: [], next: '' });
    expect(await workspace.contract()).toBe(before);
  });
});

it('writes labels, headings and columns in the output language', async () => {
  const [borrow] = libraryDefinitions('zh').filter((definition) => definition.endpoint === 'POST /api/v1/loans');
  const words = {
    'zh-CN': ['**认证**：', '**请求参数**：', '| 状态码 | 错误码 | 场景 |', '## 数据模型'],
    'ja-JP': ['**認証**：', '**パラメータ**：', '| ステータス | コード | 条件 |', '## データモデル'],
  };
  for (const [tag, expected] of Object.entries(words)) {
    const workspace = await contractMode('# 契约\n\n### POST /api/v1/loans\n\n[TBD]\n', {
      '.ai/context/workflow-config.md': `## output_language\n\n${tag}\n`,
    });
    const result = await workspace.call('define_contract', { endpoints: [borrow], models: LIBRARY_MODELS });
    expect(result.isError, result.text).toBe(false);
    const text = await workspace.contract();
    for (const each of expected) expect(text).toContain(each);
  }
});

describe('where the document keeps its details', () => {
  const definition = {
    endpoint: 'POST /api/v1/notes',
    summary: 'Write a note',
    request: 'NoteCreate',
    responses: [{ status: 201, model: 'NoteResponse', meaning: 'written' }],
    errors: [{ status: 409, code: 'NOTE_EXISTS', when: 'the title is taken' }],
  };
  const models = 'class NoteCreate(BaseModel):\n    title: str\n\n\nclass NoteResponse(BaseModel):\n    id: int\n    title: str\n';
  const body =
    '**Request**: `NoteCreate`\n\n**Response**: 201 `NoteResponse` — written\n\n**Errors**:\n\n| Status | Code | When |\n| --- | --- | --- |\n| 409 | `NOTE_EXISTS` | the title is taken |';
  // What stands alone is whole Python.
  const fence = `\`\`\`python\nfrom pydantic import BaseModel\n\n\n${models.trim()}\n\`\`\``;
  const cases: Record<string, [skeleton: string, expected: string]> = {
    'a marker below a heading': [
      `# A\n\n### POST /api/v1/notes\n\n[TBD]\n\n## B\n\nx\n`,
      `# A\n\n### POST /api/v1/notes\n\nWrite a note\n\n${body}\n\n## B\n\nx\n\n## Data models\n\n${fence}\n`,
    ],
    'labels with markers, line by line': [
      '### POST /api/v1/notes\n**Request body:** [TBD]\n**Response:** [TBD]\n**Errors:** [TBD]\n',
      `### POST /api/v1/notes\n\nWrite a note\n**Request body:** \`NoteCreate\`\n**Response:** 201 \`NoteResponse\` — written\n**Errors:**\n\n| Status | Code | When |\n| --- | --- | --- |\n| 409 | \`NOTE_EXISTS\` | the title is taken |\n\n### Data models\n\n${fence}\n`,
    ],
    'headings for the parts': [
      '## POST /api/v1/notes\n\n### Request\n\n[TBD]\n\n### Response\n\n[TBD]\n\n### Errors\n\n[TBD]\n',
      `## POST /api/v1/notes\n\nWrite a note\n\n### Request\n\n\`NoteCreate\`\n\n### Response\n\n201 \`NoteResponse\` — written\n\n### Errors\n\n| Status | Code | When |\n| --- | --- | --- |\n| 409 | \`NOTE_EXISTS\` | the title is taken |\n\n## Data models\n\n${fence}\n`,
    ],
    'a section for models that is still open': [
      `### POST /api/v1/notes\n\n[TBD]\n\n## Schemas\n\n[TBD]\n\n## End\n`,
      `### POST /api/v1/notes\n\nWrite a note\n\n${body}\n\n## Schemas\n\n${fence}\n\n## End\n`,
    ],
    'a block of models that has some already': [
      '### POST /api/v1/notes\n\n[TBD]\n\n## Schemas\n\n```python\nclass Tag(BaseModel):\n    name: str\n```\n\nThat is all.\n',
      `### POST /api/v1/notes\n\nWrite a note\n\n${body}\n\n## Schemas\n\n\`\`\`python\nfrom pydantic import BaseModel\n\n\nclass Tag(BaseModel):\n    name: str\n\n\n${models.trim()}\n\`\`\`\n\nThat is all.\n`,
    ],
    'a table that lists the endpoints': [
      '# A\n\n| Method | Path | Detail |\n|---|---|---|\n| POST | /api/v1/notes | [TBD] |\n| GET | /api/v1/notes | [TBD] |\n\n## B\n',
      `# A\n\n| Method | Path | Detail |\n|---|---|---|\n| POST | /api/v1/notes | specified below |\n| GET | /api/v1/notes | [TBD] |\n\n## POST /api/v1/notes\n\nWrite a note\n\n${body}\n\n## B\n\n## Data models\n\n${fence}\n`,
    ],
    'a document with CRLF and without a final line break': [
      '# A\r\n\r\n- `POST /api/v1/notes`\r\n  - Request: [TBD]\r\n\r\nend',
      `# A\n\n- \`POST /api/v1/notes\` — Write a note\n  - Request: \`NoteCreate\`\n  - Response: 201 \`NoteResponse\` — written\n  - Errors:\n    - 409 \`NOTE_EXISTS\`: the title is taken\n\nend\n\n## Data models\n\n${fence}\n`.replaceAll(
        '\n',
        '\r\n',
      ),
    ],
  };
  it.each(Object.entries(cases))('fills %s', async (_name, [skeleton, expected]) => {
    const workspace = await contractMode(skeleton);
    const result = await workspace.call('define_contract', { endpoints: [definition], models });
    expect(result.isError, result.text).toBe(false);
    expect(await workspace.contract()).toBe(expected);
    const again = await workspace.call('define_contract', { endpoints: [definition], models });
    expect(again.structured).toMatchObject({ written: [] });
    expect(await workspace.contract()).toBe(expected);
  });

  it('keeps what is defined already, unless it is told to replace it', async () => {
    const workspace = await contractMode('### POST /api/v1/notes\n\n[TBD]\n');
    await workspace.call('define_contract', { endpoints: [definition], models });
    const before = await workspace.contract();
    const changed = { ...definition, responses: [{ status: 202, model: 'NoteResponse' }] };
    const longer = models.replace('    title: str\n\n', '    title: str\n    text: str\n\n');
    const refused = await workspace.call('define_contract', { endpoints: [changed], models: longer });
    expect(refused.isError).toBe(true);
    expect(refused.text).toContain('"Response" is defined already (.ai/temp/api-contract.md:7) and says something else.');
    expect(refused.text).toContain('`NoteCreate` is defined already (.ai/temp/api-contract.md:');
    expect(await workspace.contract()).toBe(before);
    const replaced = await workspace.call('define_contract', { endpoints: [changed], models: longer, replace: true });
    expect(replaced.isError, replaced.text).toBe(false);
    const after = before
      .replace('201 `NoteResponse` — written', '202 `NoteResponse`')
      .replace('    title: str\n\n\nclass NoteResponse', '    title: str\n    text: str\n\n\nclass NoteResponse');
    expect(await workspace.contract()).toBe(after);
  });
});

describe('what it refuses', () => {
  const good = {
    endpoint: 'GET /api/v1/notes/{note_id}',
    parameters: [{ name: 'note_id', in: 'path', type: 'int' }],
    responses: [{ status: 200, model: 'Note' }],
    errors: [{ status: 404, code: 'NOTE_NOT_FOUND', when: 'none' }],
  };
  const model = 'class Note(BaseModel):\n    id: int\n';
  const skeleton =
    '# A\n\n- `GET /api/v1/notes/{note_id}`: [TBD]\n- `POST /api/v1/notes`: [TBD]\n- `PATCH /api/v1/notes/{note_id}`: [TBD]\n';
  const post = {
    ...good,
    endpoint: 'POST /api/v1/notes',
    parameters: [],
    request: 'NoteCreate',
    responses: [{ status: 201, model: 'Note' }],
  };
  const both = `${model}\n\nclass NoteCreate(BaseModel):\n    title: str\n`;
  const cases: Record<string, [args: Record<string, unknown>, ...expected: string[]]> = {
    'a new requirement': [
      { endpoints: [{ ...good, endpoint: 'GET /api/v1/tags', parameters: [] }], models: model },
      "GET /api/v1/tags is neither in the contract's skeleton nor in the WBS",
      'Ask the user',
    ],
    'a misspelled endpoint': [
      { endpoints: [{ ...good, endpoint: 'GET /api/v1/note/{note_id}' }], models: model },
      'Did you mean GET /api/v1/notes/{note_id}?',
    ],
    'no endpoint at all': [{ endpoints: [{ ...good, endpoint: 'notes' }], models: model }, '"notes" names no endpoint.'],
    'implementation code': [
      {
        endpoints: [good],
        models: `${model}\n    def shout(self) -> str:\n        return "!"\n\n\ndef load(note_id: int) -> Note:\n    return Note(id=note_id)\n`,
      },
      '`Note` has the method `shout`: implementation code.',
      'the function `load`',
    ],
    'models that do not parse': [
      { endpoints: [good], models: 'class Note(BaseModel:\n    id int\n' },
      'models line 1: The file does not parse',
    ],
    'models of Pydantic v1': [
      { endpoints: [good], models: `${model}\n    class Config:\n        orm_mode = True\n` },
      'models line 4: `class Config` in `Note` is Pydantic v1',
    ],
    'a class that is no model': [
      { endpoints: [good], models: 'class Note:\n    id: int\n' },
      '`Note` is no Pydantic model or enumeration.',
    ],
    'a model nobody defines': [
      { endpoints: [{ ...good, responses: [{ status: 200, model: 'list[Memo]' }] }], models: model },
      '`Memo` of the response 200 is not defined.',
    ],
    'a type that is none': [
      { endpoints: [{ ...good, responses: [{ status: 200, model: 'a note' }] }], models: model },
      '`a note` of the response 200 is no Python type.',
    ],
    'one model for both ways': [
      { endpoints: [{ ...post, request: 'Note' }], models: model },
      '`Note` is the request here and the response of POST /api/v1/notes.',
    ],
    'one model for creation and change': [
      { endpoints: [post, { ...good, endpoint: 'PATCH /api/v1/notes/{note_id}', request: 'NoteCreate' }], models: both },
      '`NoteCreate` is also the request of PATCH /api/v1/notes/{note_id}.',
    ],
    'a creation without 201': [
      { endpoints: [{ ...post, responses: [{ status: 200, model: 'Note' }] }], models: both },
      'creates a resource, but does not answer 201 or 202',
    ],
    'a body of 204': [
      { endpoints: [{ ...good, responses: [{ status: 204, model: 'Note' }] }], models: model },
      '204 has no body, but a model is given.',
      '204 does not fit',
    ],
    'a 201 without body': [{ endpoints: [{ ...post, responses: [{ status: 201 }] }], models: both }, '201 needs a body'],
    'a GET with a body': [{ endpoints: [{ ...good, request: 'Note' }], models: model }, 'GET has no request body.'],
    'a path parameter that is not in the path': [
      { endpoints: [{ ...good, parameters: [{ name: 'id', in: 'path', type: 'int' }] }], models: model },
      'the path has no `{id}`',
      'The path parameter `note_id` is not described.',
    ],
    'errors among the successes': [
      { endpoints: [{ ...good, responses: [{ status: 404 }], errors: [{ status: 200 }] }], models: model },
      '404 is no success.',
      '200 is no error status.',
      'The error 200 is not named.',
    ],
    'a marker that is still open': [{ endpoints: [{ ...good, summary: '[TBD]' }], models: model }, 'It still contains a [TBD].'],
  };
  it.each(Object.entries(cases))('refuses %s and leaves the file alone', async (_name, [args, ...expected]) => {
    const workspace = await contractMode(skeleton);
    const result = await workspace.call('define_contract', args);
    expect(result.isError, result.text).toBe(true);
    expect(result.text).toMatch(/^Nothing was written: \d+ problems?\./);
    for (const each of expected) expect(result.text).toContain(each);
    expect(await workspace.contract()).toBe(skeleton);
  });

  it.each([
    [
      'constraints in the default',
      { endpoints: [good], models: 'class Note(BaseModel):\n    id: int = Field(ge=1)\n' },
      'puts its constraints (ge) into the default value',
    ],
    ['no errors', { endpoints: [{ ...good, errors: [] }], models: model }, 'It names no error response.'],
  ])('warns of %s, and writes', async (_name, args, expected) => {
    const workspace = await contractMode(skeleton);
    const result = await workspace.call('define_contract', args);
    expect([result.isError, result.text]).toEqual([false, expect.stringContaining(expected)]);
    expect(result.text).toContain('warning: ');
    expect(await workspace.contract()).not.toBe(skeleton);
  });

  it('says all problems at once', async () => {
    const workspace = await contractMode(skeleton);
    const result = await workspace.call('define_contract', {
      endpoints: [
        { ...good, parameters: [], errors: [] },
        { ...post, request: 'Nothing', responses: [{ status: 204, model: 'Note' }] },
      ],
      models: model,
    });
    expect(result.text).toMatch(/^Nothing was written: [4-9] problems\./);
  });

  it('takes a new endpoint with the words of the user, and models that refer to each other', async () => {
    const workspace = await contractMode(skeleton);
    const models =
      'class Note(BaseModel):\n    id: int\n    replies: list["Reply"]\n\n\nclass Reply(BaseModel):\n    text: str\n    note: Note | None = None\n';
    const result = await workspace.call('define_contract', {
      endpoints: [{ ...good, endpoint: 'GET /api/v1/threads/{note_id}' }],
      models,
      approved: 'yes, add it',
    });
    expect(result.isError, result.text).toBe(false);
    expect(await workspace.contract()).toContain('- `GET /api/v1/threads/{note_id}`\n  - Parameters:\n');
    const exported = await workspace.call('check_contract', { mode: 'contract', export: 'openapi' });
    expect(exported.isError, exported.text).toBe(false);
  });
});

describe('contracts that are hard to read', () => {
  const definition = {
    endpoint: 'GET /a',
    responses: [{ status: 200, model: 'int' }],
    errors: [{ status: 404, code: 'NONE', when: 'none' }],
  };

  it("asks the skill's question where there is no contract, or an empty one", async () => {
    const question =
      'The API contract file (.ai/temp/api-contract.md) is missing. Should I run Phase 5a contract definition first, or do you have an existing specification to reference?';
    const cases: Record<string, string>[] = [{ 'pyproject.toml': '' }, { [CONTRACT]: '  \n' }];
    for (const files of cases) {
      const { call } = await startClient({ args: ['--root', await workspaceWith({ '.ai/temp/wbs.md': '- T1 GET /a\n', ...files })] });
      for (const [tool, args] of [
        ['check_contract', {}],
        ['check_contract', { mode: 'contract' }],
      ] as const) {
        const result = await call(tool, args);
        expect(result.isError).toBe(true);
        expect(result.text).toContain(question);
      }
      await call('read_context', { mode: 'contract' });
      expect((await call('define_contract', { endpoints: [definition] })).text).toContain(question);
    }
  });

  it('refuses a contract of 5 MB in a moment', async () => {
    const workspace = await contractMode(`# A\n\n${'x '.repeat(2_600_000)}\n`);
    for (const result of [
      await workspace.call('check_contract', {}),
      await workspace.call('define_contract', { endpoints: [definition] }),
    ]) {
      expect(result.isError).toBe(true);
      expect(result.text).toContain('is 5.0 MB; a contract document is read up to 1 MB.');
    }
  });

  const broken: Record<string, [text: string, expected: RegExp]> = {
    'an open fence': ['### GET /a\n\n[TBD]\n\n```json\n{ "a": 1,\n\n### GET /b\n', /code fence of line 5 is never closed/],
    'Python that does not parse': [
      '### GET /a\n\n[TBD]\n\n```python\nclass A(BaseModel:\n  x\n```\n',
      /Python of this block does not parse/,
    ],
    'one path for two endpoints': [
      '### GET /a/{id}\n\n**Response**: 200 int\n\n### GET /a/{other}\n\n**Response**: 200 str\n',
      /GET \/a\/\{other\} is specified twice: here and on line 1/,
    ],
    'no endpoint at all': ['# Ideas\n\nWe could have an API.\n', /names no endpoint that could be read/],
    'models that are used and not defined': [
      '### GET /a\n\n**Response**: 200 `NoteResponse`\n\n**Errors**: 404 NONE\n',
      /`NoteResponse` is used by GET \/a and defined nowhere/,
    ],
    'nothing but markers and rules': ['---\n\n***\n\n[TBD]\n\n| |\n|-|\n| [TBD] |\n', /names no endpoint that could be read/],
  };
  it.each(Object.entries(broken))('says what is wrong with %s', async (_name, [text, expected]) => {
    const workspace = await contractMode(text);
    const result = await workspace.call('check_contract', { mode: 'contract' });
    expect(result.isError, result.text).toBe(false);
    expect(result.structured).toMatchObject({ ready: false });
    expect(result.text).toMatch(expected);
    expect(await workspace.contract()).toBe(text);
  });

  it('reads endpoints of the work breakdown that the contract lacks, and those it only lists', async () => {
    const workspace = await contractMode(
      '### GET /api/v1/a\n\n**Response**: 200 int\n\n**Errors**: 404 NONE\n\n## Tasks\n\n| Task | Endpoint |\n|---|---|\n| T1 | GET /api/v1/a |\n| T2 | GET /api/v1/b |\n',
      {
        '.ai/temp/wbs.md': '| T1 | GET /a |\n| T3 | `POST /c` |\n',
      },
    );
    const { text } = await workspace.call('check_contract', { mode: 'contract' });
    expect(text).toContain('.ai/temp/wbs.md:2: error: POST /c stands in the work breakdown, but not in the contract.');
    expect(text).toContain('warning: GET /api/v1/b is listed, but specified nowhere.');
    expect(text).not.toContain('GET /a stands');
  });
});

it('never writes over a file that somebody else made', async () => {
  const workspace = await contractMode('### GET /a\n\n[TBD]\n', {
    '.ai/temp/api-contract.openapi.json': '{}',
    '.ai/temp/api-contract.review.html': '<p>mine</p>',
  });
  for (const kind of ['openapi', 'review']) {
    const result = await workspace.call('check_contract', { export: kind, mode: 'contract' });
    expect(result.isError).toBe(true);
    expect(result.text).toContain('was not made by this tool');
  }
  expect(await readFile(path.join(workspace.root, '.ai/temp/api-contract.openapi.json'), 'utf8')).toBe('{}');
});

it('refuses a contract that changes while it is being filled in, and loses nothing', async () => {
  const skeleton = '### GET /a\n\n[TBD]\n\n### GET /b\n\n[TBD]\n';
  const workspace = await contractMode(skeleton);
  const other = await startClient({ args: ['--root', workspace.root] });
  await other.call('read_context', { mode: 'contract' });
  const definition = (endpoint: string) => ({
    endpoints: [{ endpoint, responses: [{ status: 200, model: 'int' }], errors: [{ status: 404, code: 'NONE', when: 'none' }] }],
  });
  const results = await Promise.all([
    workspace.call('define_contract', definition('GET /a')),
    other.call('define_contract', definition('GET /b')),
  ]);
  for (const result of results)
    if (result.isError) expect(result.text).toMatch(/changed since you read it|being written by another process/);
  await workspace.call('define_contract', definition('GET /a'));
  await workspace.call('define_contract', definition('GET /b'));
  expect(await workspace.contract()).not.toContain('TBD');
});

it('leaves every byte outside of an endpoint alone, whatever stands there', async () => {
  const workspace = await contractMode('# A\n');
  const definition = {
    summary: 'Sum',
    request: 'int',
    responses: [{ status: 201, model: 'str' }],
    errors: [{ status: 409, code: 'TAKEN', when: 'taken' }],
    parameters: [{ name: 'q', in: 'query', type: 'str | None' }],
  };
  const noise = fc.constantFrom(
    'Plain prose with `code`, **bold** and a [link](x).',
    '## Überschrift — 标题',
    'Title\n=====',
    '- item\n  - nested\n\n    paragraph',
    '| a | b |\n|---|:-:|\n| `x\\|y` | [TBD] |',
    '```json\n# no heading\n{ "a": ... }\n```',
    '~~~\nPOST /api/v1/samples\n~~~',
    '> quote\n> ### GET /quoted',
    '<!-- comment\nPOST /api/v1/samples -->',
    '━━━━━━━━\n☑ 通过',
    '### GET /api/v1/other\n\n**响应 200**：\n\n```json\n{"id": 1} // 编号\n```',
    '1. `DELETE /api/v1/other`\n   - Request: [TBD]',
    '\ttab\ttext  ',
    '&amp; \\* ﻿',
  );
  const skeleton = fc.constantFrom(
    '### POST /api/v1/things\n\n[TBD]',
    '### 3.2 `POST /api/v1/things` create\n\n**Request**: [TBD]\n\n**Response**: [TBD]\n\n**Errors**: [TBD]',
    '**POST /api/v1/things**\n\n**请求**：[TBD]\n**响应**：[TBD]',
    '#### POST /api/v1/things\n\n##### Request\n\n[TBD]\n\n##### Response\n\n[TBD]',
    '### POST /api/v1/things\n\n- 请求 Schema：`[TBD]`\n- 成功响应 Schema：`[TBD]`\n- 错误响应 Schema：`[TBD]`',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(noise, { maxLength: 4 }),
      skeleton,
      fc.array(noise, { maxLength: 4 }),
      fc.boolean(),
      async (before, entry, after, isCrlf) => {
        const text = (part: string): string => (isCrlf ? part.replaceAll('\n', '\r\n') : part);
        const head = text(before.map((part) => `${part}\n\n`).join(''));
        const tail = text(`\n\n## End\n\n${after.map((part) => `${part}\n\n`).join('')}`);
        await writeFile(path.join(workspace.root, CONTRACT), head + text(entry) + tail);
        const result = await workspace.call('define_contract', { endpoints: [{ endpoint: 'POST /api/v1/things', ...definition }] });
        const written = await workspace.contract();
        expect(result.isError, result.text).toBe(false);
        expect(written.startsWith(head)).toBe(true);
        expect(written.endsWith(tail)).toBe(true);
        const filled = written.slice(head.length, written.length - tail.length);
        expect(filled).not.toContain('TBD');
        expect(filled.replaceAll('\r\n', '').includes('\n')).toBe(!isCrlf);
        const again = await workspace.call('define_contract', { endpoints: [{ endpoint: 'POST /api/v1/things', ...definition }] });
        expect(again.structured).toMatchObject({ written: [] });
        expect(await workspace.contract()).toBe(written);
      },
    ),
    { numRuns: 60 },
  );
});
