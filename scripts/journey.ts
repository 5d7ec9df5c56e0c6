import { readFile } from 'node:fs/promises';
import path from 'node:path';

// A whole piece of work on the sample workspace: what an agent passes to the tools, from an open contract to finished code.

const FINISHED = 'examples/library-service-finished';

/** Where the contract stands in the workspace. */
export const CONTRACT_PATH = '.ai/temp/api-contract.md';

/** The contract as the architect leaves it. */
export const OPEN_CONTRACT = `# API contract

Errors have the body \`{"code": "...", "message": "..."}\`.

### POST /api/v1/loans/{loan_id}/renew

[TBD]
`;

/** Arguments of define_contract. */
export const DEFINITION = {
  endpoints: [
    {
      endpoint: 'POST /api/v1/loans/{loan_id}/renew',
      summary: 'Renews a loan',
      parameters: [{ name: 'loan_id', in: 'path', type: 'int', required: true, description: 'The loan' }],
      responses: [{ status: 200, model: 'LoanResponse', meaning: 'The renewed loan' }],
      errors: [
        { status: 404, code: 'LOAN_NOT_FOUND', when: 'there is no such loan' },
        { status: 409, code: 'LOAN_NOT_RENEWABLE', when: 'overdue, renewed before, or reserved' },
      ],
    },
  ],
  models: 'class LoanResponse(BaseModel):\n    id: int\n    due_on: date\n    renewals: int\n',
};

/** Arguments of write_work_log at the end of the contract phase. */
export const CONTRACT_LOG = {
  summary: 'The contract of loan renewal is defined.',
  changes: [{ task: 'T1.2 Loan router', description: 'Request, response and errors.', files: [CONTRACT_PATH] }],
};

/** The files of the develop phase, in the order in which they are written: what is imported comes first. */
export const FILES = [
  'pyproject.toml',
  'src/core/errors.py',
  'src/repositories/loans.py',
  'src/repositories/reservations.py',
  'src/services/loans.py',
  'src/api/dependencies.py',
  'src/api/loans.py',
  'src/main.py',
  'tests/conftest.py',
  'tests/test_loans.py',
];

/** Arguments of write_work_log at the end of the develop phase. */
export const DEVELOP_LOG = {
  summary: 'Loans can be renewed.',
  changes: [
    {
      task: 'T1.1 Loan renewal service',
      description: 'Service and repositories.',
      files: ['src/services/loans.py', 'tests/test_loans.py'],
    },
    { task: 'T1.2 Loan router', description: 'The endpoint and its errors.', files: ['src/api/loans.py', 'src/main.py'] },
  ],
};

/** The finished text of one of {@link FILES}. */
export function finishedFile(file: string): Promise<string> {
  return readFile(path.join(FINISHED, file), 'utf8');
}
