import type { ModuleFacts } from '../../python/module-facts.ts';
import type { FileRole } from '../finding.ts';
import { isMainGuard } from './main-guard.ts';

const TEST_FOLDER = /(^|_)tests?$|^(testing|e2e|fixtures)$/;
const EXAMPLE_FOLDERS = new Set(['examples', 'example', 'docs', 'docs_src', 'benchmarks', 'benches', 'scripts', 'load_testing']);
const ROUTE = /^(get|post|put|patch|delete|api_route)$/;
const REVISION_FOLDERS = new Set(['alembic', 'revisions', 'versions']);
const MIGRATION_LIBRARIES = new Set(['alembic', 'django']);
const SCRIPT_FOLDERS = new Set([
  'scripts',
  'script',
  'bin',
  'examples',
  'example',
  'docs',
  'docs_src',
  'benchmarks',
  'benches',
  'load_testing',
  'notebooks',
]);
/** Script folders at the top of a project; inside a package they are ordinary names. */
const TOP_SCRIPT_FOLDERS = new Set(['tools', 'dev', 'hooks']);
const SCRIPT_STEMS = new Set(['setup', 'noxfile', 'manage', 'fabfile', 'tasks_cli', '__main__', 'cli']);
const SETTINGS_NAME = /(^|_)(configs?|settings|conf)$/;

const LAYERS = new Set(['api', 'core', 'db', 'models', 'schemas', 'services', 'repositories', 'workers', 'pipelines', 'utils', 'routers']);
const GENERATED = /@generated|\b(auto-?generated|generated (by|from|with|code|file))\b/i;
const TEMPLATE_TAG = /\{%-?\s*\w+|\{\{-?\s*[\w.]+/;

/** True for a line that only becomes Python when a template is rendered (Jinja, cookiecutter). */
export function isTemplateLine(line: string): boolean {
  return TEMPLATE_TAG.test(line);
}

/** What kind of file this is, by its path and, for command lines, settings and generated code, by what is in it. */
export function fileRole(path: string, facts: ModuleFacts): FileRole {
  if (path.endsWith('.pyi')) return 'stubs';
  const segments = path.toLowerCase().split('/');
  const name = segments.pop() ?? '';
  const stem = name.replace(/\.py$/, '');
  if (stem === 'conftest' || segments.some((segment) => TEST_FOLDER.test(segment))) return 'tests';
  // Routes are part of the service, whatever their folder is called: `api/settings.py`, `api/notebooks/views.py`.
  if (definesRoutes(facts) && !segments.some((segment) => EXAMPLE_FOLDERS.has(segment))) return 'source';
  if (/^test_|_tests?$/.test(stem)) return 'tests';
  const modules = facts.imports.filter((imported) => imported.level === 0).map((imported) => imported.module.split('.')[0] ?? '');
  if (isRevision(facts) || segments.some((segment) => REVISION_FOLDERS.has(segment))) return 'migrations';
  if (segments.some((segment) => /^migrations?$/.test(segment)) && modules.some((module) => MIGRATION_LIBRARIES.has(module)))
    return 'migrations';
  if (isGenerated(facts)) return 'generated';
  if (segments.some((segment) => SCRIPT_FOLDERS.has(segment)) || TOP_SCRIPT_FOLDERS.has(segments[0] ?? '') || SCRIPT_STEMS.has(stem))
    return 'scripts';
  if (!modules.includes('fastapi') && (isCommandLine(facts) || (hasMain(facts) && !segments.some((segment) => LAYERS.has(segment)))))
    return 'scripts';
  if (runsAtTop(facts) && !modules.includes('fastapi') && !segments.some((segment) => LAYERS.has(segment))) return 'scripts';
  const parent = segments.at(-1) ?? '';
  const readsSettings = modules.includes('pydantic_settings') && !modules.includes('fastapi');
  return SETTINGS_NAME.test(stem) || SETTINGS_NAME.test(parent) || readsSettings ? 'settings' : 'source';
}

/** A module that works while it is imported: it loops or opens files at its top level, and defines no class. */
function runsAtTop(facts: ModuleFacts): boolean {
  const { body } = facts.syntax;
  const works = body.filter(
    (statement) =>
      statement.kind === 'for' ||
      statement.kind === 'with' ||
      (statement.kind === 'expression' && statement.value.kind === 'call' && facts.text.startsWith('print(', statement.start)),
  );
  const isMoreThanPrinting = works.some((statement) => statement.kind !== 'expression');
  return works.length >= 2 && isMoreThanPrinting && !body.some((statement) => statement.kind === 'class');
}

/** A module with endpoints on a router or application that it makes itself. */
function definesRoutes(facts: ModuleFacts): boolean {
  const makesRouter = facts.calls.some(({ node }) => node.func.kind === 'name' && /(^|[a-z])APIRouter$/.test(node.func.id));
  if (!makesRouter) return false;
  return facts.functions.some((owner) =>
    owner.node.decorators.some(
      (decorator) => decorator.kind === 'call' && decorator.func.kind === 'attribute' && ROUTE.test(decorator.func.name),
    ),
  );
}

/** A module that builds a command line, not one that only mentions such a library. */
function isCommandLine(facts: ModuleFacts): boolean {
  const decorators = facts.functions.flatMap((owner) => owner.node.decorators);
  const hasCommand = decorators.some((decorator) => {
    const target = decorator.kind === 'call' ? decorator.func : decorator;
    return target.kind === 'attribute' && (target.name === 'command' || target.name === 'group');
  });
  const usesLibrary = facts.imports.some((imported) => imported.level === 0 && /^(click|typer|cyclopts)$/.test(imported.module));
  const parsesArguments = facts.calls.some((call) => facts.text.slice(call.node.func.start, call.node.func.end).endsWith('ArgumentParser'));
  return (usesLibrary && hasCommand) || (parsesArguments && hasGuard(facts));
}

/** An Alembic revision wherever it lies: it names its revision and imports alembic. */
function isRevision(facts: ModuleFacts): boolean {
  return facts.scope.bindings.has('down_revision') && facts.imports.some((imported) => imported.module === 'alembic');
}

/** Said in the comments or the docstring at the top of the file. */
function isGenerated(facts: ModuleFacts): boolean {
  const firstStatement = facts.syntax.body[0];
  const isDocstring = firstStatement?.kind === 'expression' && firstStatement.value.kind === 'string';
  const next = facts.syntax.body[isDocstring ? 1 : 0];
  const headEnd = next?.start ?? facts.text.length;
  return GENERATED.test(facts.text.slice(0, Math.min(headEnd, 4000)));
}

/** A module that runs itself and has a `main` function is a script. */
function hasMain(facts: ModuleFacts): boolean {
  return hasGuard(facts) && facts.scope.bindings.has('main');
}

function hasGuard(facts: ModuleFacts): boolean {
  return facts.syntax.body.some(isMainGuard);
}
