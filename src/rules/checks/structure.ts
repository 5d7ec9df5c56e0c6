import type { FunctionFacts } from '../../python/module-facts.ts';
import { enclosingFunction, spelled } from '../../python/names.ts';
import type { Span } from '../../python/syntax.ts';
import type { Check, RuleContext } from '../context.ts';
import { blockingFunction, blockingMethod } from '../knowledge/blocking-calls.ts';
import { readsMemory } from '../knowledge/blocking-effect.ts';
import { databaseWork } from '../knowledge/data-access.ts';
import { isEndpoint } from '../knowledge/endpoints.ts';
import { type Layer, layersOf } from '../knowledge/layers.ts';
import { isTable } from '../knowledge/tables.ts';
import { taskDecorator } from '../knowledge/tasks.ts';

/** Where each kind of code may lie; a path that names none of these layers, but another one, is the wrong place. */
const HOMES = {
  endpoint: { allowed: ['api', 'core'], home: 'api' },
  table: { allowed: ['models', 'db', 'repositories', 'core', 'schemas'], home: 'models' },
  task: { allowed: ['workers', 'pipelines', 'core'], home: 'workers' },
} as const satisfies Record<string, { allowed: readonly Layer[]; home: Layer }>;
const NETWORK_CLIENTS =
  /^(httpx\.(Async)?Client|aiohttp\.ClientSession|aiofiles\.open|anyio\.open_file|boto3\.(client|resource)|smtplib\.SMTP(_SSL)?|redis(\.asyncio)?\.Redis)$/;

/** structure/layers: code that lies in a layer it does not belong to, and I/O in `utils`. */
export const layers: Check = (context) => {
  const named = layersOf(context.path);
  const [layer] = named;
  if (layer === undefined) return;
  const isHome = (kind: keyof typeof HOMES): boolean => HOMES[kind].allowed.some((allowed) => named.includes(allowed));
  if (!isHome('endpoint')) {
    const endpoint = context.facts.functions.find((owner) => isEndpoint(context, owner));
    if (endpoint !== undefined) misplaced(context, endpoint.node.nameSpan, `Endpoint \`${endpoint.node.name}\``, layer, 'endpoint');
  }
  if (!isHome('table')) {
    for (const facts of context.facts.classes) {
      if (facts.definedIn.kind === 'module' && isTable(context, context.classOf(facts)) && isDeclared(facts.node.body))
        misplaced(context, facts.node.nameSpan, `Table \`${facts.node.name}\``, layer, 'table');
    }
  }
  if (!isHome('task')) {
    for (const owner of context.facts.functions)
      if (taskDecorator(context, owner) !== undefined)
        misplaced(context, owner.node.nameSpan, `Celery task \`${owner.node.name}\``, layer, 'task');
  }
  if (layer === 'utils') reportInputOutput(context);
};

function misplaced(context: RuleContext, span: Span, what: string, layer: Layer, kind: keyof typeof HOMES): void {
  context.report({
    span,
    message: `${what} is defined in the ${layer} layer.`,
    fix: `Move it to \`${HOMES[kind].home}/\`.`,
  });
}

/** A class with fields of its own, not a mere base. */
function isDeclared(body: RuleContext['facts']['classes'][number]['node']['body']): boolean {
  return body.some((statement) => statement.kind === 'assign');
}

function reportInputOutput(context: RuleContext): void {
  const reported = new Set<FunctionFacts>();
  for (const call of context.facts.calls) {
    const owner = enclosingFunction(call.scope);
    if (owner === undefined || reported.has(owner)) continue;
    const { func } = call.node;
    const name = context.external(call.scope, func);
    const type = func.kind === 'attribute' ? context.typeOf(call.scope, func.object) : undefined;
    const isInputOutput =
      (name !== undefined &&
        ((blockingFunction(name) !== undefined && !readsMemory(context.resolver, context.module, call)) || NETWORK_CLIENTS.test(name))) ||
      (func.kind === 'attribute' && type?.kind === 'external' && blockingMethod(type.name, func.name) !== undefined) ||
      databaseWork(context, call) !== undefined;
    if (!isInputOutput) continue;
    reported.add(owner);
    context.report({
      span: func,
      message: `\`${owner.node.name}\` does I/O in \`utils/\`, which is for pure functions: \`${spelled(func)}\`.`,
      fix: 'Move the function to a service or repository, or let its caller do the I/O and pass the data in.',
    });
  }
}
