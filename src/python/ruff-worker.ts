import { PositionEncoding, Workspace } from '@astral-sh/ruff-wasm-nodejs';
import { z } from 'zod';
import { THREAD_IS_SPENT } from '../workspace/thread.ts';
import { neutraliseSuppressions, type RuffDiagnostic, type RuffResult, type RuffSettings, type RuffTask, SAFELY_FIXED } from './ruff.ts';

const location = z.object({ row: z.number(), column: z.number() });
const edit = z.object({ location, end_location: location, content: z.string().nullable() });
const diagnosticList = z.array(
  z.object({
    code: z.string().nullable(),
    message: z.string(),
    start_location: location,
    end_location: location,
    fix: z.object({ edits: z.array(edit) }).nullable(),
  }),
);

const linters = new Map<string, Workspace>();

/** Runs in the one long-lived Ruff thread. */
export default function run(task: RuffTask): RuffResult {
  return task.kind === 'check'
    ? { kind: 'check', diagnostics: check(task.text, task.settings, task.codes) }
    : { kind: 'format', text: format(task.text, task.settings) };
}

function check(text: string, settings: RuffSettings, codes: readonly string[]): RuffDiagnostic[] {
  try {
    const found = diagnosticList.parse(linter(settings, codes).check(neutraliseSuppressions(text)));
    return found.map((each) => ({
      code: each.code ?? 'invalid-syntax',
      message: each.message,
      start: each.start_location,
      end: each.end_location,
      edits: SAFELY_FIXED.has(each.code ?? '')
        ? (each.fix?.edits ?? []).map(({ location: start, end_location: end, content }) => ({ start, end, text: content ?? '' }))
        : [],
    }));
  } catch (error) {
    throw isExhausted(error) ? new Error(THREAD_IS_SPENT) : error;
  }
}

/** True when source nested thousands of levels deep has exhausted the stack: this instance of Ruff never recovers. */
function isExhausted(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.name === 'RuntimeError');
}

function format(text: string, settings: RuffSettings): string | undefined {
  try {
    return linter(settings, []).format(text);
  } catch (error) {
    if (isExhausted(error)) throw new Error(THREAD_IS_SPENT);
    return undefined;
  }
}

function linter(settings: RuffSettings, codes: readonly string[]): Workspace {
  const key = JSON.stringify([settings, codes]);
  let workspace = linters.get(key);
  if (workspace === undefined) {
    workspace = new Workspace(
      {
        'target-version': settings.targetVersion,
        'line-length': settings.lineLength,
        format: { 'quote-style': settings.quoteStyle, 'indent-style': settings.indentStyle },
        lint: {
          select: codes,
          pydocstyle: { convention: 'google' },
          'flake8-annotations': { 'suppress-dummy-args': true, 'mypy-init-return': true },
          'flake8-tidy-imports': { 'banned-api': BANNED },
        },
      },
      PositionEncoding.Utf16,
    );
    linters.set(key, workspace);
  }
  return workspace;
}

const BANNED = { 'unittest.mock.patch': { msg: 'Use the mocker fixture of pytest-mock.' } };
