/** A tool call: the name of the tool and its arguments. */
export type Call = readonly [tool: string, args: Record<string, unknown>];

/** A call that writes, and the workspace it is made in. */
export interface Write {
  readonly name: string;
  /** Text by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Those of the files that can be run. */
  readonly programs?: readonly string[];
  /** What a session calls before. */
  readonly first: readonly Call[];
  readonly call: Call;
  /** The folder that is written to. */
  readonly folder: string;
  /** Tells a text that a call of several writes leaves after one of them. */
  readonly isStep?: (text: string) => boolean;
}

const DEVELOP: Call = ['read_context', { mode: 'develop', task: 'Add the prices.' }];
const CONTRACT: Call = ['read_context', { mode: 'contract', task: 'Define the prices.' }];

/** A module that needs no formatting, long enough for a write to take time. */
function moduleText(name: string): string {
  const functions = Array.from(
    { length: 30 },
    (_, index) => `def ${name}_${index}(amount: int) -> int:\n    """Add ${index} to an amount."""\n    return amount + ${index}\n`,
  );
  return `"""Prices, ${name}."""\n\n\n${functions.join('\n\n')}`;
}

const OPEN_CONTRACT = `# API contract

Errors have the body \`{"code": "...", "message": "..."}\`.

### GET /api/v1/prices/{price_id}

[TBD]

### DELETE /api/v1/prices/{price_id}

[TBD]
`;

const DEFINITION = {
  endpoints: [
    {
      endpoint: 'GET /api/v1/prices/{price_id}',
      summary: 'One price',
      parameters: [{ name: 'price_id', in: 'path', type: 'int', required: true }],
      responses: [{ status: 200, model: 'PriceResponse' }],
      errors: [{ status: 404, code: 'PRICE_NOT_FOUND', when: 'there is no such price' }],
    },
  ],
  models: 'class PriceResponse(BaseModel):\n    id: int\n    amount: int\n',
};

const FINISHED_CONTRACT = `# API contract

### GET /api/v1/prices

Authentication: none

- Response 200: \`PriceList\`

\`\`\`python
class PriceList(BaseModel):
    items: list[int]
\`\`\`
`;

const DOCUMENTS = {
  '.ai/temp/architect.md': '# Architecture\n\nA shop.\n',
  '.ai/temp/wbs.md': '# WBS\n\n| ID | Task |\n| --- | --- |\n| T1.1 | prices |\n',
  '.ai/temp/api-contract.md': FINISHED_CONTRACT,
};

const SECTIONS = Array.from({ length: 12 }, (_, index) => `## ${index + 1}. Part ${index + 1}\n\n[TBD]\n`).join('\n');

/** Answers as the project's Python would that runs Alembic: what is tested is what this server writes. */
const ALEMBIC = `#!/bin/sh
case "$*" in
  --version) echo "Python 3.12.3" ;;
  *"alembic current"*) cat "$0.state" 2>/dev/null || true ;;
  *"alembic upgrade"*) echo "3f2b9c1d7e4a (head)" > "$0.state" ;;
  -c*) printf '\\nrevisions:%s\\n' '[{"revision": "3f2b9c1d7e4a", "follows": [], "doc": "create prices", "path": "migrations/versions/3f2b9c1d7e4a_create_prices.py"}]' ;;
esac
`;

/** Writes of every kind. */
export const KINDS: readonly Write[] = [
  {
    name: 'new file',
    files: { ...DOCUMENTS, 'src/shop/__init__.py': '' },
    first: [DEVELOP],
    call: ['write_file', { path: 'src/shop/prices.py', content: moduleText('add') }],
    folder: 'src/shop',
  },
  {
    name: 'replaced file',
    files: { ...DOCUMENTS, 'src/shop/prices.py': moduleText('old') },
    first: [DEVELOP, ['read_file', { path: 'src/shop/prices.py' }]],
    call: ['write_file', { path: 'src/shop/prices.py', content: moduleText('add') }],
    folder: 'src/shop',
  },
  {
    name: 'edit',
    files: { ...DOCUMENTS, 'src/shop/prices.py': moduleText('add') },
    first: [DEVELOP, ['read_file', { path: 'src/shop/prices.py' }]],
    call: ['write_file', { path: 'src/shop/prices.py', edits: [{ old: 'return amount + 7\n', new: 'return amount + 77\n' }] }],
    folder: 'src/shop',
  },
  {
    name: 'section',
    files: { ...DOCUMENTS, 'docs/design.md': `# Design\n\n${SECTIONS}` },
    first: [DEVELOP],
    call: [
      'write_file',
      { path: 'docs/design.md', section: '1. Part 1', content: 'Prices are kept in cents, and never change after an order.' },
    ],
    folder: 'docs',
  },
  {
    name: 'work log',
    files: { ...DOCUMENTS, '.ai/records/python-engineer/v1/keep.txt': 'kept\n', 'src/shop/prices.py': moduleText('add') },
    first: [DEVELOP],
    call: [
      'write_work_log',
      { summary: 'Prices are added.', changes: [{ task: 'T1.1', description: 'The prices.', files: ['src/shop/prices.py'] }] },
    ],
    folder: '.ai/records/python-engineer/v1',
  },
  {
    name: 'contract',
    files: { ...DOCUMENTS, '.ai/temp/api-contract.md': OPEN_CONTRACT },
    first: [CONTRACT],
    call: ['define_contract', DEFINITION],
    folder: '.ai/temp',
    // The models are written first, below everything else, and then each endpoint.
    isStep: (text) => text.startsWith(OPEN_CONTRACT) && text.endsWith('    amount: int\n```\n'),
  },
  {
    name: 'export of the contract',
    files: DOCUMENTS,
    first: [DEVELOP],
    call: ['check_contract', { export: 'openapi' }],
    folder: '.ai/temp',
  },
  {
    name: 'migration record',
    files: {
      ...DOCUMENTS,
      '.ai/context/workflow-config.md': 'db_approach: code-first\n',
      'alembic.ini': '[alembic]\nscript_location = migrations\n',
      'migrations/versions/3f2b9c1d7e4a_create_prices.py': '"""create prices"""\n',
      '.venv/bin/python': ALEMBIC,
    },
    programs: ['.venv/bin/python'],
    first: [DEVELOP],
    call: ['migrate_database', { action: 'upgrade', purpose: 'the prices', task: 'T1.1' }],
    folder: '.ai/temp',
  },
];
