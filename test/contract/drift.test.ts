import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startClient, workspaceWith } from '../support/client.ts';
import { addFiles, type ToolResult } from '../support/connect.ts';
import { applyDrift, contractWorkspace, driftOf, FIXTURES, folded } from '../support/contract.ts';

const place = z.object({ path: z.string(), line: z.number() });
const difference = z.object({
  kind: z.string(),
  endpoint: z.string(),
  detail: z.string(),
  contract: place.optional(),
  code: place.optional(),
});
const shape = z.object({
  endpoints: z.object({ contract: z.number(), code: z.number(), matched: z.number() }),
  differences: z.array(difference),
  global: z.array(difference),
  undecided: z.array(z.string()),
  next_cursor: z.string(),
});

function resultOf(result: ToolResult): z.output<typeof shape> {
  expect(result.isError, result.text).toBe(false);
  return shape.parse(result.structured);
}

describe.each(FIXTURES)('%s', (name) => {
  it('has no difference where the code follows the contract', async () => {
    const { call } = await startClient({ args: ['--root', await contractWorkspace(name)] });
    const result = await call('check_contract', { mode: 'develop' });
    const { endpoints, differences, global } = resultOf(result);
    expect(differences).toEqual([]);
    expect(endpoints.matched).toBe(endpoints.contract);
    // Spellings of path parameters are mentioned once, and count for nothing.
    expect(global.map((each) => each.kind)).toEqual(['parameter']);
    expect(result.text).toMatch(/^The code follows the contract: \d+ of \d+ endpoints/);
  });

  it('finds twenty planted differences and nothing else, with both places', async () => {
    const root = await contractWorkspace(name);
    const drift = await driftOf(name);
    await applyDrift(root, drift);
    const { call } = await startClient({ args: ['--root', root] });
    const { differences } = resultOf(await call('check_contract', { mode: 'develop', limit: 500 }));
    expect(new Set(differences.map(folded))).toEqual(new Set(drift.expected.map(folded)));
    for (const each of differences) {
      if (each.kind !== 'extra_in_code') expect(each.contract?.line, each.detail).toBeGreaterThan(1);
      if (each.kind !== 'missing_in_code') expect(each.code?.path, each.detail).toMatch(/\.py$/);
      expect(each.detail.length).toBeGreaterThan(10);
    }
  });
});

it('pages through long lists and narrows to one endpoint', async () => {
  const root = await contractWorkspace('clinic');
  await applyDrift(root, await driftOf('clinic'));
  const { call } = await startClient({ args: ['--root', root] });
  const whole = resultOf(await call('check_contract', { mode: 'develop', limit: 500 })).differences;
  const paged: unknown[] = [];
  let cursor = '';
  do {
    const page = resultOf(await call('check_contract', { mode: 'develop', limit: 7, ...(cursor === '' ? {} : { cursor }) }));
    expect(page.differences.length).toBeLessThanOrEqual(7);
    paged.push(...page.differences);
    cursor = page.next_cursor;
  } while (cursor !== '');
  expect(paged).toEqual(whole);

  const one = resultOf(await call('check_contract', { mode: 'develop', endpoint: 'POST /api/v1/prescriptions' })).differences;
  expect(one.length).toBeGreaterThan(0);
  expect(new Set(one.map((each) => each.endpoint))).toEqual(new Set(['POST /api/v1/prescriptions']));
  const fine = await call('check_contract', { mode: 'develop', endpoint: 'GET /api/v1/auth/me' });
  expect(fine.text).toContain('GET /api/v1/auth/me: no difference between contract and code.');
  expect(fine.structured).toMatchObject({ ready: false, differences: [], undecided: [] });
  const unknown = await call('check_contract', { endpoint: 'POST /api/v1/unicorns' });
  expect(unknown.isError).toBe(true);
  expect(unknown.text).toContain('The contract has no endpoint "POST /api/v1/unicorns"');
  expect(unknown.text).toContain('POST /api/v1/prescriptions');
});

const NOTES_CONTRACT = `# Notes API

### POST /api/v1/notes

**Request**: \`NoteCreate\`

**Response**: 201 \`NoteResponse\`

**Errors**

| Status | Code | When |
| --- | --- | --- |
| 409 | NOTE_EXISTS | the title is taken |

### GET /api/v1/notes/{note_id}

**Response**: 200 \`NoteResponse\`

**Errors**

| Status | Code | When |
| --- | --- | --- |
| 404 | NOTE_NOT_FOUND | there is no such note |

### DELETE /api/v1/notes/{note_id}

**Response**: 204

**Errors**

| Status | Code | When |
| --- | --- | --- |
| 404 | NOTE_NOT_FOUND | there is no such note |

## Models

\`\`\`python
class NoteCreate(BaseModel):
    title: Annotated[str, Field(min_length=1, max_length=80)]
    text: str = ""


class NoteResponse(BaseModel):
    id: int
    title: str
    text: str
    created_at: datetime
\`\`\`
`;

const NOTES_SCHEMAS = `from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field


class NoteCreate(BaseModel):
    title: Annotated[str, Field(min_length=1, max_length=80)]
    text: str = ""


class NoteResponse(BaseModel):
    id: int
    title: str
    text: str
    created_at: datetime
`;

const NOTES_ROUTER = `from fastapi import APIRouter, HTTPException

from app.schemas import NoteCreate, NoteResponse

router = APIRouter(prefix="/notes")


@router.post("", response_model=NoteResponse, status_code=201)
async def create_note(data: NoteCreate):
    if data.title in TITLES:
        raise HTTPException(409, detail={"code": "NOTE_EXISTS", "message": "taken"})
    return await save(data)


@router.get("/{id}", response_model=NoteResponse)
async def read_note(id: int):
    note = TITLES.get(id)
    if note is None:
        raise HTTPException(status_code=404, detail={"code": "NOTE_NOT_FOUND"})
    return note


@router.delete("/{id}", status_code=204)
async def delete_note(id: int) -> None:
    if id not in TITLES:
        raise HTTPException(status_code=404, detail={"code": "NOTE_NOT_FOUND"})


TITLES = {}


async def save(data: NoteCreate):
    return data
`;

const main = (include: string): string => `from fastapi import FastAPI\n\nfrom app import notes\n\napp = FastAPI()\n${include}\n`;
const INCLUDE = 'app.include_router(notes.router, prefix="/api/v1")';

async function notesWorkspace(files: Record<string, string> = {}): Promise<string> {
  return workspaceWith({
    '.ai/temp/api-contract.md': NOTES_CONTRACT,
    'app/__init__.py': '',
    'app/main.py': main(INCLUDE),
    'app/notes.py': NOTES_ROUTER,
    'app/schemas.py': NOTES_SCHEMAS,
    ...files,
  });
}

async function driftIn(files: Record<string, string>): Promise<string[]> {
  const { call } = await startClient({ args: ['--root', await notesWorkspace(files)] });
  const { differences, global } = resultOf(await call('check_contract', { mode: 'develop' }));
  return [...differences, ...global.filter((each) => each.kind !== 'parameter')].map(
    ({ kind, endpoint, detail }) => `${kind} ${endpoint}: ${detail}`,
  );
}

describe('the forms that FastAPI code takes', () => {
  const cases: Record<string, Record<string, string>> = {
    'an application factory': {
      'app/main.py': `from fastapi import FastAPI\n\nfrom app import notes\n\n\ndef create_app() -> FastAPI:\n    app = FastAPI()\n    ${INCLUDE}\n    return app\n`,
    },
    'a helper that is handed the application': {
      'app/main.py': `from fastapi import FastAPI\n\nfrom app.routes import register\n\napp = FastAPI()\nregister(app)\n`,
      'app/routes.py': `from fastapi import FastAPI\n\nfrom app import notes\n\n\ndef register(app: FastAPI) -> None:\n    ${INCLUDE}\n`,
    },
    'a loop over routers and prefixes': {
      'app/main.py': main('for router, prefix in [(notes.router, "/api/v1")]:\n    app.include_router(router, prefix=prefix)'),
    },
    'a mounted application': { 'app/main.py': main('api = FastAPI()\napi.include_router(notes.router)\napp.mount("/api/v1", api)') },
    add_api_route: {
      'app/notes.py': NOTES_ROUTER.replace('@router.delete("/{id}", status_code=204)\n', '').concat(
        '\n\nrouter.add_api_route("/{id}", delete_note, methods=["DELETE"], status_code=204)\n',
      ),
    },
    'a router that a factory makes': {
      'app/notes.py': NOTES_ROUTER.replace(
        'router = APIRouter(prefix="/notes")',
        'def make_router() -> APIRouter:\n    made = APIRouter(prefix="/notes")\n    return made\n\n\nrouter = make_router()',
      ),
    },
    'a generic envelope that both sides have': {
      '.ai/temp/api-contract.md': NOTES_CONTRACT.replace('# Notes API\n', '# Notes API\n\nEvery body is `{code, message, data}`.\n'),
      'app/schemas.py': `${NOTES_SCHEMAS}\n\nclass Body[T](BaseModel):\n    code: int = 0\n    message: str = "ok"\n    data: T\n`,
      'app/notes.py': NOTES_ROUTER.replaceAll('response_model=NoteResponse', 'response_model=Body[NoteResponse]').replace(
        'NoteCreate, NoteResponse',
        'Body, NoteCreate, NoteResponse',
      ),
    },
    'named constants for statuses': {
      'app/notes.py': NOTES_ROUTER.replace('import APIRouter, HTTPException', 'import APIRouter, HTTPException, status')
        .replace('status_code=201', 'status_code=status.HTTP_201_CREATED')
        .replace('status_code=204', 'status_code=HTTPStatus.NO_CONTENT')
        .replace('from fastapi', 'from http import HTTPStatus\n\nfrom fastapi'),
    },
    'helpers that are handed one of two applications': {
      'app/main.py': [
        'from fastapi import FastAPI\n\nfrom app import notes\nfrom app.routes import register, register_admin\n',
        'app = FastAPI()\nregister(app)\nadmin = FastAPI()\nregister_admin(admin)\napp.mount("/admin", admin)\n',
      ].join('\n'),
      'app/routes.py': [
        'from fastapi import FastAPI\n\nfrom app import admin, notes\n\n',
        `def register(app: FastAPI) -> None:\n    ${INCLUDE}\n\n`,
        'def register_admin(app: FastAPI) -> None:\n    app.include_router(admin.router, include_in_schema=False)\n',
      ].join('\n'),
      'app/admin.py':
        'from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n@router.get("/api/v1/reports")\nasync def reports() -> list[str]:\n    return []\n',
    },
    'the default of a query parameter': {
      '.ai/temp/api-contract.md': NOTES_CONTRACT.replace(
        '**Response**: 200',
        '**Parameters**: `size` (query, integer, optional, default 20)<br>`full` (query, boolean, optional)\n\n**Response**: 200',
      ),
      'app/notes.py': NOTES_ROUTER.replace('read_note(id: int)', 'read_note(id: int, size: int = 20, full: bool = False)'),
    },
    'a dependency whose signature is made at run time': {
      '.ai/temp/api-contract.md': NOTES_CONTRACT.replace(
        '**Response**: 200',
        '**Parameters**: `page` (query, integer, optional)\n\n**Response**: 200',
      ),
      'app/notes.py': NOTES_ROUTER.replace('read_note(id: int)', 'read_note(id: int, page: dict = Depends(made(dict)))')
        .replace('import APIRouter,', 'import APIRouter, Depends,')
        .replace(
          'router = ',
          'def made(cls):\n    def make(*args, **kwargs):\n        return cls(*args, **kwargs)\n\n    make.__signature__ = signature(cls)\n    return make\n\n\nrouter = ',
        ),
    },
    'models in tables of the contract': {
      '.ai/temp/api-contract.md': NOTES_CONTRACT.replace(
        /## Models[\s\S]*/,
        [
          '## Models\n\n### NoteCreate\n\n| Field | Type | Required | Rules |\n|---|---|---|---|',
          '| title | string | yes | 1 to 80 characters |\n| text | string | no | |\n',
          '### NoteResponse\n\n- `id` (integer)\n- `title` (string)\n- `text` (string)\n- `created_at` (datetime)\n',
        ].join('\n'),
      ),
    },
    'the form of the OAuth2 password flow': {
      '.ai/temp/api-contract.md': NOTES_CONTRACT.replace(
        '`NoteCreate`',
        'form data: `username` (string, required), `password` (string, required)',
      ),
      'app/notes.py': NOTES_ROUTER.replace(
        'create_note(data: NoteCreate)',
        'create_note(data: OAuth2PasswordRequestForm = Depends())',
      ).replace(
        'from fastapi import APIRouter,',
        'from fastapi.security import OAuth2PasswordRequestForm\nfrom fastapi import APIRouter, Depends,',
      ),
    },
    'a model in another spelling': {
      'app/schemas.py': NOTES_SCHEMAS.replace('import BaseModel, Field', 'import BaseModel as Model, Field').replaceAll(
        '(BaseModel)',
        '(Model)',
      ),
    },
  };
  it.each(Object.entries(cases))('reads %s', async (_name, files) => {
    expect(await driftIn(files)).toEqual([]);
  });
});

describe('single differences', () => {
  const cases: [string, Record<string, string>, string][] = [
    [
      'a lost limit',
      {
        'app/schemas.py': NOTES_SCHEMAS.replace(
          'Annotated[str, Field(min_length=1, max_length=80)]',
          'Annotated[str, Field(min_length=1)]',
        ),
      },
      'request POST /api/v1/notes: `title` of the request has another maximum length: 80 in the contract, not set in the code',
    ],
    [
      'another type',
      { 'app/schemas.py': NOTES_SCHEMAS.replace('    id: int', '    id: str') },
      'response POST /api/v1/notes: `id` of the response is an integer in the contract, a string in the code',
    ],
    [
      'a router that is included nowhere',
      { 'app/main.py': main('') },
      'missing_in_code POST /api/v1/notes: `create_note` is written, but no application includes its router',
    ],
    [
      'an error under another status',
      { 'app/notes.py': NOTES_ROUTER.replace('HTTPException(409', 'HTTPException(400') },
      'error POST /api/v1/notes: `NOTE_EXISTS` is answered with 409 in the contract, 400 in the code',
    ],
    [
      'another error code',
      { 'app/notes.py': NOTES_ROUTER.replace('"NOTE_EXISTS"', '"TITLE_TAKEN"') },
      'error POST /api/v1/notes: the code answers 409 with `TITLE_TAKEN`, the contract with `NOTE_EXISTS`',
    ],
    [
      'a prefix that everything differs in',
      { 'app/main.py': main('app.include_router(notes.router, prefix="/v2")') },
      'missing_in_code every endpoint: paths begin with `/api/v1` in the contract and with `/v2` in the code',
    ],
    [
      'another default of a parameter',
      {
        '.ai/temp/api-contract.md': NOTES_CONTRACT.replace(
          '**Response**: 200',
          '**Parameters**\n\n| Name | In | Type | Default |\n|---|---|---|---|\n| size | query | integer | 20 |\n\n**Response**: 200',
        ),
        'app/notes.py': NOTES_ROUTER.replace('read_note(id: int)', 'read_note(id: int, size: int = 50)'),
      },
      'parameter GET /api/v1/notes/{note_id}: the query parameter `size` defaults to 20 in the contract, 50 in the code',
    ],
    [
      'a field that a table of the contract requires',
      {
        '.ai/temp/api-contract.md': NOTES_CONTRACT.replace(
          /## Models[\s\S]*/,
          '## Models\n\n### NoteCreate\n\n| Field | Type | Required |\n|---|---|---|\n| title | string | yes |\n| text | string | yes |\n',
        ).replaceAll('`NoteResponse`', ''),
      },
      'request POST /api/v1/notes: `text` of the request is required in the contract, optional in the code',
    ],
    [
      'a body that the contract leaves out',
      { '.ai/temp/api-contract.md': NOTES_CONTRACT.replace('**Request**: `NoteCreate`\n\n', '') },
      'request POST /api/v1/notes: the code demands a body, the contract names none',
    ],
    [
      'authentication that a class of routers brings',
      {
        '.ai/temp/api-contract.md': NOTES_CONTRACT.replaceAll('**Errors**', '**Authentication**: none\n\n**Errors**'),
        'app/notes.py': NOTES_ROUTER.replace(
          'router = APIRouter(prefix="/notes")',
          [
            'def current_user(token: str = Depends(OAuth2PasswordBearer(tokenUrl="token"))) -> str:\n    return token\n\n',
            'class UserRouter(APIRouter):\n    def __init__(self, prefix: str) -> None:',
            '        super().__init__(prefix=prefix, dependencies=[Depends(current_user)])\n\n',
            'router = UserRouter(prefix="/notes")',
          ].join('\n'),
        ).replace(
          'from fastapi import APIRouter,',
          'from fastapi.security import OAuth2PasswordBearer\nfrom fastapi import APIRouter, Depends,',
        ),
      },
      'auth every endpoint: the contract leaves it open to everyone, the code demands authentication',
    ],
  ];
  it.each(cases)('says %s', async (_name, files, expected) => {
    expect(await driftIn(files)).toContain(expected);
  });
});

it('leaves open what cannot be known from the source', async () => {
  const root = await notesWorkspace({
    'app/notes.py': NOTES_ROUTER.replace('response_model=NoteResponse, status_code=201', 'status_code=201').replace(
      'return await save(data)',
      'return await external(data)',
    ),
  });
  const { call } = await startClient({ args: ['--root', root] });
  const { differences, undecided } = resultOf(await call('check_contract', { mode: 'develop' }));
  expect(differences).toEqual([]);
  expect(undecided.join('\n')).toContain('POST /api/v1/notes: what `create_note` returns cannot be read from the source (app/notes.py:');
});

describe('what cannot be known', () => {
  const cases: [string, Record<string, string>, string][] = [
    [
      'an exception of a library, which may bring its own handler',
      {
        'app/notes.py': NOTES_ROUTER.replaceAll(
          'raise HTTPException(status_code=404, detail={"code": "NOTE_NOT_FOUND"})',
          'raise NotFound()',
        ).replace('from fastapi', 'from somewhere.errors import NotFound\nfrom fastapi'),
      },
      'GET /api/v1/notes/{note_id}: whether the code answers 404 cannot be read: `NotFound()`',
    ],
    [
      'a handler that computes the status',
      {
        'app/main.py': main(INCLUDE).concat(
          'from app.errors import AppError\nfrom fastapi.responses import JSONResponse\n\n\n',
          '@app.exception_handler(AppError)\nasync def answer(request, error):\n',
          '    if error.fatal:\n        return JSONResponse({}, status_code=500)\n    return JSONResponse({}, status_code=error.given)\n',
        ),
        'app/errors.py': 'class AppError(Exception):\n    pass\n',
        'app/notes.py': NOTES_ROUTER.replaceAll(
          'raise HTTPException(status_code=404, detail={"code": "NOTE_NOT_FOUND"})',
          'raise AppError()',
        ).replace('from app.schemas', 'from app.errors import AppError\nfrom app.schemas'),
      },
      'GET /api/v1/notes/{note_id}: whether the code answers 404 cannot be read: `AppError()`',
    ],
    [
      'authentication in a dependency of a library',
      {
        '.ai/temp/api-contract.md': NOTES_CONTRACT.replaceAll('**Errors**', '**Authentication**: Bearer\n\n**Errors**'),
        'app/notes.py': NOTES_ROUTER.replace(
          'APIRouter(prefix="/notes")',
          'APIRouter(prefix="/notes", dependencies=[Depends(checked)])',
        ).replace('from fastapi import APIRouter,', 'from somewhere import checked\nfrom fastapi import APIRouter, Depends,'),
      },
      'POST /api/v1/notes and 2 more: whether the code asks who is calling cannot be read',
    ],
    [
      'a request that the contract describes in prose',
      { '.ai/temp/api-contract.md': NOTES_CONTRACT.replace('**Request**: `NoteCreate`', '**Request**: the note, as on the form') },
      'POST /api/v1/notes: what the contract says of the request (.ai/temp/api-contract.md:3) is not understood as a body.',
    ],
  ];
  it.each(cases)('leaves open %s', async (_name, files, expected) => {
    const { call } = await startClient({ args: ['--root', await notesWorkspace(files)] });
    const { differences, global, undecided } = resultOf(await call('check_contract', { mode: 'develop' }));
    expect([...differences, ...global.filter((each) => each.kind !== 'parameter')]).toEqual([]);
    expect(undecided.join('\n')).toContain(expected);
  });
});

it('sees at once what changed in the code and in the contract', async () => {
  const root = await notesWorkspace();
  const { call } = await startClient({ args: ['--root', root] });
  const drift = async (): Promise<number> => resultOf(await call('check_contract', { mode: 'develop' })).differences.length;
  expect(await drift()).toBe(0);
  await addFiles(root, { 'app/schemas.py': NOTES_SCHEMAS.replace('    created_at: datetime\n', '') });
  expect(await drift()).toBe(2);
  await writeFile(path.join(root, '.ai/temp/api-contract.md'), NOTES_CONTRACT.replace('    created_at: datetime\n', ''));
  expect(await drift()).toBe(0);
});
