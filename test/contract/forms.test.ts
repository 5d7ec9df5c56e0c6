import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContractEndpoint } from '../../src/contract/contract.ts';
import { toOpenApi } from '../../src/contract/openapi.ts';
import { arrangedModels } from '../../src/contract/writing/arrange-models.ts';
import { type DefineResult, define } from '../../src/contract/writing/define.ts';
import type { EndpointDefinition } from '../../src/contract/writing/definition.ts';
import { openProject } from '../../src/python/open-project.ts';
import { loadParser } from '../../src/python/parser.ts';
import { Resolver } from '../../src/python/resolver.ts';
import { FORMS, type Language, PARTS, type PartState, type PartStates, skeleton, TEXTS } from '../support/contract-forms.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const parser = await loadParser();
const project = openProject(parser, await temporaryFolder());
const tools = { parser, project, resolver: new Resolver(project) };

const MODELS = `from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")


class PickupRequest(BaseModel):
    code: str


class LockerResponse(BaseModel):
    id: int


class Page(BaseModel, Generic[T]):
    items: list[T]
`;
const ENDPOINTS = ['GET /api/v1/lockers', 'POST /api/v1/lockers/{locker_id}/pickup'] as const;
const OPTIONAL = ['summary', 'auth', 'parameters', 'errors', 'validation'] as const;

function definitionOf(endpoint: string, given: readonly string[], language: Language): EndpointDefinition {
  const texts = TEXTS[language];
  const isPickup = endpoint.startsWith('POST');
  const page = { name: 'page', in: 'query', type: 'int', required: false } as const;
  return {
    endpoint,
    summary: given.includes('summary') ? texts.summary.text : undefined,
    auth: given.includes('auth') ? 'Bearer JWT' : undefined,
    parameters: [
      ...(isPickup ? [{ name: 'locker_id', in: 'path', type: 'int' } as const] : []),
      ...(given.includes('parameters') ? [page] : []),
    ],
    request: isPickup ? 'PickupRequest' : undefined,
    responses: [{ status: 200, model: 'LockerResponse' }],
    errors: given.includes('errors') ? [{ status: 404, code: 'LOCKER_NOT_FOUND', when: texts.errors.text.split(': ')[1] ?? '' }] : [],
    validation: given.includes('validation') ? [texts.validation.text] : [],
  };
}

function defined(text: string, definition: EndpointDefinition, language: string, replace = false): Promise<DefineResult> {
  const documents = [{ path: 'api-contract.md', text }];
  return define({ documents, wbs: undefined, definitions: [definition], models: MODELS, language, replace, isApproved: false }, tools);
}

/** Fills a skeleton, checks that nothing of it is lost and that the same call again changes nothing; returns what is read back. */
async function filled(text: string, definition: EndpointDefinition, language: string): Promise<ContractEndpoint> {
  const result = await defined(text, definition, language);
  expect(result.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  const after = result.writes.at(-1)?.text ?? text;
  let at = 0;
  for (const line of text.split('\n')) {
    const kept = line.replace(/[:：]?\s*\[TBD\].*$/, '').trimEnd();
    // A marker alone, and the cells of a table that holds one, make room.
    if (kept.trim() === '' || line.includes('| [TBD]') || /^(?:\d+\.|[-*])$/.test(kept.trim())) continue;
    const found = after.indexOf(kept, at);
    expect(found, `${line}\n${after}`).toBeGreaterThanOrEqual(at);
    at = found + kept.length;
  }
  const again = await defined(after, definition, language);
  expect([again.problems.filter((problem) => problem.severity === 'error'), again.writes]).toEqual([[], []]);
  const [endpoint] = result.contract.endpoints;
  if (endpoint === undefined) throw new Error(after);
  expect([endpoint.progress, after.includes('[TBD]')], after).toEqual(['done', false]);
  expect(toOpenApi(result.contract, 'Lockers', '1.0.0')).toHaveProperty('paths');
  return endpoint;
}

describe('every form of a skeleton takes every part of a definition', () => {
  const states = fc.record(
    Object.fromEntries(PARTS.map((part) => [part, fc.constantFrom<PartState>('filled', 'open', 'open', 'missing')])),
  ) as fc.Arbitrary<PartStates>;

  it.each(Object.entries(FORMS))('%s', async (_name, form) => {
    await fc.assert(
      fc.asyncProperty(
        states,
        fc.subarray([...OPTIONAL]),
        fc.constantFrom(...ENDPOINTS),
        fc.constantFrom<Language>('en', 'zh', 'ja'),
        async (parts, given, endpoint, language) => {
          const definition = definitionOf(endpoint, given, language);
          // What is decided in other words than those of the call is a conflict, and rightly refused.
          const agreed = {
            ...parts,
            ...(endpoint.startsWith('GET') && parts.request === 'filled' ? { request: 'open' as const } : {}),
            ...(parts.parameters === 'filled' ? { parameters: 'open' as const } : {}),
          };
          await filled(skeleton(form, endpoint, agreed, language), definition, language);
        },
      ),
      { numRuns: 12, seed: 17 },
    );
  });
});

describe('what is written is read back as it was given', () => {
  const open: PartStates = {
    summary: 'open',
    auth: 'open',
    parameters: 'open',
    request: 'open',
    response: 'open',
    errors: 'open',
    validation: 'open',
  };
  const bare: PartStates = { ...open, auth: 'missing', parameters: 'missing', errors: 'missing', validation: 'missing' };
  const base = definitionOf(ENDPOINTS[1], ['errors'], 'en');
  const changes: Readonly<Record<string, Partial<EndpointDefinition>>> = {
    ...Object.fromEntries(
      ['locker_not_found', 'LockerNotFound', '40401', 'E404', 'locker.not-found'].map((code) => [
        `the error code ${code}`,
        { errors: [{ status: 404, code, when: 'the locker is GONE, or moved: 3 of 200' }] },
      ]),
    ),
    'errors without a code': {
      errors: [
        { status: 404, code: '', when: 'the header X-Id is MISSING' },
        { status: 409, code: '', when: 'taken' },
      ],
    },
    'a generic model': { responses: [{ status: 200, model: 'Page[LockerResponse]', meaning: 'all of them: by size' }] },
    'a model or null': { responses: [{ status: 200, model: 'LockerResponse | None' }] },
    'a mapping of models': { responses: [{ status: 200, model: 'dict[str, LockerResponse]' }] },
    'two responses': {
      responses: [
        { status: 200, model: 'LockerResponse' },
        { status: 202, model: 'Page[LockerResponse]', meaning: 'later' },
      ],
    },
    'no body': { responses: [{ status: 204 }] },
    'parameters of every place': {
      parameters: [
        { name: 'locker_id', in: 'path', type: 'int' },
        { name: 'page', in: 'query', type: 'Annotated[int, Query(ge=1)]', required: false, description: 'page, from 1 — counted' },
        { name: 'X-Request-Id', in: 'header', type: 'str', required: true, description: 'required: yes' },
        { name: 'size', in: 'query', type: 'Literal["s", "l"] | None', required: false },
        { name: 'sid', in: 'cookie', type: 'str' },
      ],
    },
    'a form': { request: 'PickupRequest', mediaType: 'multipart/form-data' },
  };

  it.each(Object.entries(changes))('%s', async (_name, change) => {
    const definition = { ...base, ...change };
    for (const form of Object.values(FORMS)) {
      for (const states of [open, bare]) {
        const endpoint = await filled(skeleton(form, definition.endpoint, states, 'en'), definition, 'en');
        expect(endpoint.errors.map(({ status, code }) => [status, code])).toEqual(
          definition.errors.map(({ status, code }) => [status, code]),
        );
        expect(endpoint.responses.map(({ status }) => status)).toEqual(definition.responses.map(({ status }) => status));
        const named = (all: readonly { in: string; name: string }[]): string[] => all.map((each) => `${each.in} ${each.name}`).sort();
        expect(named(endpoint.parameters)).toEqual(named(definition.parameters));
      }
    }
  });
});

describe('what a document says in words', () => {
  const states: PartStates = {
    summary: 'filled',
    auth: 'missing',
    parameters: 'missing',
    request: 'open',
    response: 'open',
    errors: 'open',
    validation: 'missing',
  };
  const bullets = FORMS['a heading with bullets'];
  if (bullets === undefined) throw new Error('the form is gone');

  it.each([
    'list the lockers',
    'List  the lockers.',
    'LIST THE LOCKERS',
  ])('is the same without case, stops and white space: %s', async (summary) => {
    const definition = { ...definitionOf(ENDPOINTS[0], ['errors'], 'en'), summary };
    expect((await defined(skeleton(bullets, ENDPOINTS[0], states, 'en'), definition, 'en')).problems).toEqual([]);
  });

  it('stays when the call says something else, which is said; replace replaces it', async () => {
    const definition = { ...definitionOf(ENDPOINTS[0], ['errors'], 'en'), summary: 'Find a locker' };
    const text = skeleton(bullets, ENDPOINTS[0], states, 'en');
    const kept = await defined(text, definition, 'en');
    expect(kept.problems).toMatchObject([{ severity: 'warning', message: expect.stringContaining('"Summary" is defined already') }]);
    expect(kept.writes.at(-1)?.text).toContain('- Summary: List the lockers');
    const replaced = await defined(text, definition, 'en', true);
    expect(replaced.writes.at(-1)?.text).toContain('- Summary: Find a locker');
  });

  it('may say that there is nothing, which a later call fills', async () => {
    const text = skeleton(bullets, ENDPOINTS[0], states, 'en');
    const without = await defined(text, definitionOf(ENDPOINTS[0], [], 'en'), 'en');
    const first = without.writes.at(-1)?.text ?? '';
    expect(first).toContain('- Errors: none');
    const later = await defined(first, definitionOf(ENDPOINTS[0], ['errors'], 'en'), 'en');
    expect(later.writes.at(-1)?.text).toContain('404 `LOCKER_NOT_FOUND`');
  });
});

describe('models that come in several calls', () => {
  it.each([
    [
      'merges imports, and drops those that nobody uses',
      'from typing import Annotated, Any\n\nfrom pydantic import BaseModel\n\n\nclass A(BaseModel):\n    x: Annotated[int, Field(ge=1)]\n\n\nfrom pydantic import BaseModel, Field\nfrom enum import StrEnum\n\n\nclass B(StrEnum):\n    ONE = "one"\n',
      'from enum import StrEnum\nfrom typing import Annotated\n\nfrom pydantic import BaseModel, Field\n\n\nclass A(BaseModel):\n    x: Annotated[int, Field(ge=1)]\n\n\nclass B(StrEnum):\n    ONE = "one"',
    ],
    [
      'puts what is used above its use',
      'from pydantic import BaseModel\n\n\nclass A(BaseModel):\n    b: list[B]\n\n\n# What is in it.\nclass B(BaseModel):\n    x: int\n',
      'from pydantic import BaseModel\n\n\n# What is in it.\nclass B(BaseModel):\n    x: int\n\n\nclass A(BaseModel):\n    b: list[B]',
    ],
    [
      'leaves quoted names where they are',
      'from pydantic import BaseModel\n\n\nclass A(BaseModel):\n    b: "list[B]"\n\n\nclass B(BaseModel):\n    x: int\n',
      undefined,
    ],
    [
      'drops a type variable that nothing uses any more',
      'from typing import TypeVar\n\nfrom pydantic import BaseModel\n\nT = TypeVar("T")\n\n\nclass A(BaseModel):\n    x: int\n',
      'from pydantic import BaseModel\n\n\nclass A(BaseModel):\n    x: int',
    ],
    [
      'leaves a program as it is',
      '"""Models."""\nimport datetime\nfrom pydantic import BaseModel\nclass A(BaseModel):\n    x: datetime.date\n',
      undefined,
    ],
    ['leaves what does not parse', 'class A(:\n', undefined],
  ])('%s', (_name, source, expected) => {
    expect(arrangedModels(source, '', parser)).toBe(expected ?? source);
    expect(arrangedModels(expected ?? source, '', parser)).toBe(expected ?? source);
  });
});
