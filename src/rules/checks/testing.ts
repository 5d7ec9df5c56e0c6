import { parse as parseToml } from 'smol-toml';
import { isTestModule } from '../../python/markers.ts';
import type { FunctionFacts } from '../../python/module-facts.ts';
import { spelled } from '../../python/names.ts';
import type { Expression } from '../../python/syntax.ts';
import { type WordIndex, wordHash } from '../../python/word-index.ts';
import type { Check, RuleContext } from '../context.ts';
import { isEndpoint } from '../knowledge/endpoints.ts';
import { layerOf } from '../knowledge/layers.ts';

const FORM = /^test_\w{1,200}?_should_\w{1,200}?_when_\w+$/;
const SYNC_CLIENTS = new Set(['fastapi.testclient.TestClient', 'starlette.testclient.TestClient']);

/** testing/name: a test whose name does not say what is expected, and when. */
export const name: Check = (context) => {
  for (const owner of testFunctions(context)) {
    if (FORM.test(owner.node.name)) continue;
    const subject = owner.node.name.replace(/^test_?/, '') || 'function';
    context.report({
      span: owner.node.nameSpan,
      message: `\`${owner.node.name}\` does not say what should happen, and when.`,
      fix: `Name it \`test_${subject}_should_<expected>_when_<condition>\`.`,
    });
  }
};

/** testing/anyio: an async test that no plugin is told to run. */
export const anyio: Check = (context) => {
  const untold = testFunctions(context).filter((owner) => owner.node.isAsync && !isUnittest(context, owner));
  if (untold.length === 0 || isModuleMarked(context) || runsAsyncTestsByItself(context)) return;
  const forAsyncio: FunctionFacts[] = [];
  for (const owner of untold) {
    const marks = marksOf(context, owner);
    if (marks.some((mark) => /\banyio\b/.test(mark))) continue;
    if (marks.some((mark) => /\b(asyncio|trio)\b/.test(mark))) forAsyncio.push(owner);
    else
      context.report({
        span: owner.node.nameSpan,
        message: `Async test \`${owner.node.name}\` has no \`@pytest.mark.anyio\`: pytest skips it or fails.`,
      });
  }
  const [first, ...more] = forAsyncio;
  if (first === undefined) return;
  const others = more.length === 0 ? '' : ` (and ${more.length} more in this file)`;
  context.report({
    // It does run, on asyncio alone; whole suites are written so, and one word about it is enough.
    severity: 'warning',
    span: first.node.nameSpan,
    message: `Async test \`${first.node.name}\`${others} is marked for pytest-asyncio instead of anyio.`,
  });
};

function marksOf(context: RuleContext, owner: FunctionFacts): string[] {
  const marks = [...owner.node.decorators, ...(owner.parentClass?.node.decorators ?? []), ...classMarks(owner)];
  return marks.map((mark) => context.source(mark));
}

/** The functions that pytest collects. */
function testFunctions(context: RuleContext): FunctionFacts[] {
  if (!isTestModule(context.path)) return [];
  return context.facts.functions.filter((owner) => {
    if (!/^test(_|[A-Z0-9]|$)/.test(owner.node.name) || owner.parentFunction !== undefined) return false;
    const isFixture = owner.node.decorators.some((decorator) => /\bfixture\b/.test(context.source(decorator)));
    return !isFixture && (owner.parentClass === undefined || isCollected(context, owner));
  });
}

function isCollected(context: RuleContext, owner: FunctionFacts): boolean {
  if (isUnittest(context, owner)) return true;
  // pytest does not collect classes that are constructed.
  return owner.parentClass?.node.name.startsWith('Test') === true && !owner.parentClass.scope.bindings.has('__init__');
}

/** A method of a `unittest` case, which runs coroutines itself. */
function isUnittest(context: RuleContext, owner: FunctionFacts): boolean {
  if (owner.parentClass === undefined) return false;
  if (owner.parentClass.node.bases.length === 0) return false;
  const ancestry = [...context.ancestry(context.classOf(owner.parentClass))];
  return ancestry.length === 0 || ancestry.some((each) => /TestCase$/.test(each));
}

function classMarks(owner: FunctionFacts): Expression[] {
  return (owner.parentClass?.node.body ?? []).flatMap((statement) =>
    statement.kind === 'assign' && statement.targets.some((target) => target.kind === 'name' && target.id === 'pytestmark')
      ? (statement.value ?? [])
      : [],
  );
}

function isModuleMarked(context: RuleContext): boolean {
  return context.facts.assignments.some(
    ({ target, scope, value }) =>
      scope.kind === 'module' &&
      target.kind === 'name' &&
      target.id === 'pytestmark' &&
      value !== undefined &&
      /\banyio\b|\basyncio\b/.test(context.source(value)),
  );
}

/** `asyncio_mode = "auto"` or `anyio_mode = "auto"` in a configuration above the file, or a hook in a conftest that marks tests. */
function runsAsyncTestsByItself(context: RuleContext): boolean {
  const segments = context.path.split('/').slice(0, -1);
  for (let depth = segments.length; depth >= 0; depth--) {
    const folder = segments.slice(0, depth).join('/');
    const read = (file: string): string => context.project.files.text(folder === '' ? file : `${folder}/${file}`) ?? '';
    if (['pytest.ini', 'tox.ini', 'setup.cfg', '.pytest.ini'].some((file) => /^\s*(asyncio|anyio)_mode\s*=\s*auto/m.test(read(file))))
      return true;
    if (isAutoInManifest(read('pyproject.toml'))) return true;
    if (/pytest_collection_modifyitems[\s\S]*\b(anyio|asyncio)\b/.test(read('conftest.py'))) return true;
  }
  return false;
}

function isAutoInManifest(text: string): boolean {
  if (!/_mode\s*=/.test(text)) return false;
  try {
    return /"(asyncio|anyio)_mode":"auto"/.test(JSON.stringify(parseToml(text).tool ?? {}));
  } catch {
    // A broken manifest is reported by the project's own tools.
    return true;
  }
}

/** testing/integration: the synchronous test client, or the form of httpx that is no more. */
export const integration: Check = (context) => {
  for (const { node, scope } of context.facts.calls) {
    const called = context.external(scope, node.func);
    if (called === undefined) continue;
    if (SYNC_CLIENTS.has(called)) {
      context.report({
        span: node.func,
        message: '`TestClient` runs the application on a loop of its own, apart from async fixtures and sessions.',
        fix: 'Use `httpx.AsyncClient(transport=ASGITransport(app=app), base_url="http://test")`.',
      });
    }
    const app = called === 'httpx.AsyncClient' ? node.args.find((argument) => argument.keyword === 'app') : undefined;
    if (app === undefined) continue;
    context.report({
      span: node.func,
      message: '`AsyncClient(app=...)` was removed in httpx 0.28.',
      fix: `Write \`AsyncClient(transport=ASGITransport(app=${spelled(app.value)}), ...)\`.`,
    });
  }
};

/** Names that many classes share: a test that only mentions the name may test something else. */
const COMMON_NAMES = new Set([
  'get',
  'list',
  'create',
  'update',
  'delete',
  'remove',
  'add',
  'save',
  'find',
  'run',
  'execute',
  'process',
  'handle',
  'send',
  'search',
  'count',
  'close',
  'start',
  'stop',
]);

/** testing/service-covered: a service function that no test names; where it was measured, one that no test runs. */
export const serviceCovered: Check = (context) => {
  if (layerOf(context.path) !== 'services') return;
  const words = testWords(context);
  for (const owner of context.facts.functions) {
    if (!isPublicService(context, owner)) continue;
    const own = owner.node.name;
    const className = owner.parentClass?.node.name;
    const shown = className === undefined ? own : `${className}.${own}`;
    if (context.tested?.run.includes(shown)) continue;
    const isMissed = context.tested?.missed.includes(shown) === true;
    const stem = context.path.split('/').at(-1)?.replace(/\.py$/, '') ?? '';
    const name = wordHash(own);
    const companions = [stem, className ?? stem, instanceName(className) || stem].map(wordHash);
    const isNamed = words.some((file) => file.has(name) && (!COMMON_NAMES.has(own) || companions.some((each) => file.has(each))));
    if (isNamed && !isMissed) continue;
    context.report({
      span: owner.node.nameSpan,
      message: `No test ${isMissed ? 'runs' : 'calls'} \`${shown}\`.`,
      fix: `Write \`test_${own}_should_<expected>_when_<condition>\`, with its repositories and clients mocked.`,
    });
  }
};

/** The identifiers of every test file, each file apart. */
function testWords(context: RuleContext): WordIndex[] {
  const { files } = context.project;
  return files.testFiles().map((file) => files.wordsOf(file));
}

/** `user_service` for `UserService`: what an instance is called. */
function instanceName(className: string | undefined): string {
  return (className ?? '').replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
}

/** Nothing but a docstring, `pass`, `...` or a refusal: there is nothing to test. */
function isEmpty(body: FunctionFacts['node']['body']): boolean {
  return body.every(
    (statement) =>
      statement.kind === 'pass' ||
      statement.kind === 'raise' ||
      (statement.kind === 'expression' && (statement.value.kind === 'string' || statement.value.kind === 'constant')),
  );
}

function isPublicService(context: RuleContext, owner: FunctionFacts): boolean {
  const { node, parentClass } = owner;
  if (node.name.startsWith('_') || owner.parentFunction !== undefined || isEmpty(node.body) || isEndpoint(context, owner)) return false;
  if (parentClass === undefined)
    return node.decorators.length === 0 || !node.decorators.some((decorator) => /fixture|overload/.test(context.source(decorator)));
  if (parentClass.node.name.startsWith('_') || parentClass.definedIn.kind !== 'module') return false;
  if (
    node.decorators.some((decorator) =>
      /property|abstractmethod|overload|setter|validator|serializer|computed_field/.test(context.source(decorator)),
    )
  )
    return false;
  // Protocols, models, exceptions and enumerations are no services.
  return [...context.ancestry(context.classOf(parentClass))].every(
    (each) => !/(Protocol|BaseModel|BaseSettings|Exception|Error|Enum|TypedDict|NamedTuple)$/.test(each),
  );
}
