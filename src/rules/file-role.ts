import type { ModuleFacts } from '../python/module-facts.ts';
import { walkExpression } from '../python/syntax.ts';
import type { FileRole } from './finding.ts';

const TEST_FOLDER = /(^|_)tests?$|^(testing|e2e|fixtures)$/;
const MIGRATION_FOLDERS = new Set(['migrations', 'alembic', 'migration', 'revisions']);
const SCRIPT_FOLDERS = new Set([
  'scripts',
  'script',
  'bin',
  'tools',
  'examples',
  'example',
  'docs',
  'docs_src',
  'benchmarks',
  'notebooks',
  'cli',
  'commands',
  'dev',
]);
const SCRIPT_STEMS = new Set(['setup', 'noxfile', 'manage', 'fabfile', 'tasks_cli', '__main__', 'cli']);
const SETTINGS_NAME = /(^|_)(configs?|settings|conf)$/;
const CLI_MODULES = new Set(['argparse', 'click', 'typer', 'fire', 'cyclopts']);

const LAYERS = new Set(['api', 'core', 'db', 'models', 'schemas', 'services', 'repositories', 'workers', 'pipelines', 'utils', 'routers']);
const GENERATED = /@generated|\b(auto-?generated|generated (by|from|with|code|file))\b/i;
const TEMPLATE_TAG = /\{%-?\s*\w+|^\s*\{\{[^{}]*\}\}\s*$/m;

/** True for a template that only becomes Python when it is rendered (Jinja, cookiecutter). */
export function isTemplate(text: string): boolean {
  return TEMPLATE_TAG.test(text);
}

/** What kind of file this is, by its path and, for command lines, settings and generated code, by what is in it. */
export function fileRole(path: string, facts: ModuleFacts): FileRole {
  if (path.endsWith('.pyi')) return 'stubs';
  const segments = path.toLowerCase().split('/');
  const name = segments.pop() ?? '';
  const stem = name.replace(/\.py$/, '');
  if (/^test_|_tests?$/.test(stem) || stem === 'conftest' || segments.some((segment) => TEST_FOLDER.test(segment))) return 'tests';
  if (segments.some((segment) => MIGRATION_FOLDERS.has(segment)) || isRevision(facts)) return 'migrations';
  if (isGenerated(facts)) return 'generated';
  if (segments.some((segment) => SCRIPT_FOLDERS.has(segment)) || SCRIPT_STEMS.has(stem)) return 'scripts';
  const modules = facts.imports.map((imported) => imported.module.split('.')[0] ?? '');
  if (modules.some((module) => CLI_MODULES.has(module)) && !modules.includes('fastapi')) return 'scripts';
  if (!modules.includes('fastapi') && hasMain(facts) && !segments.some((segment) => LAYERS.has(segment))) return 'scripts';
  const parent = segments.at(-1) ?? '';
  const isSettings = SETTINGS_NAME.test(stem) || SETTINGS_NAME.test(parent) || modules.includes('pydantic_settings');
  return isSettings ? 'settings' : 'source';
}

/** An Alembic revision wherever it lies: it names its revision and imports alembic. */
function isRevision(facts: ModuleFacts): boolean {
  return facts.scope.bindings.has('down_revision') && facts.imports.some((imported) => imported.module === 'alembic');
}

/** Said in the comments or the docstring at the top of the file. */
function isGenerated(facts: ModuleFacts): boolean {
  const firstStatement = facts.syntax.body[0];
  const isDocstring = firstStatement?.kind === 'expression' && firstStatement.value.kind === 'string';
  const headEnd = firstStatement === undefined ? facts.text.length : isDocstring ? firstStatement.end : firstStatement.start;
  return GENERATED.test(facts.text.slice(0, Math.min(headEnd, 1000)));
}

/** A module that runs itself and has a `main` function is a script. */
function hasMain(facts: ModuleFacts): boolean {
  const runsItself = facts.syntax.body.some(
    (statement) =>
      statement.kind === 'if' &&
      statement.branches.some((branch) => [...walkExpression(branch.test)].some((each) => each.kind === 'name' && each.id === '__name__')),
  );
  return runsItself && facts.scope.bindings.has('main');
}
