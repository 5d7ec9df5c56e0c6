import { isTestFile } from '../../../python/markers.ts';
import type { CallFacts, FunctionFacts } from '../../../python/module-facts.ts';
import { spelled } from '../../../python/names.ts';
import { rootCall } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';
import { databaseWork } from '../../knowledge/data-access.ts';
import { isEndpoint } from '../../knowledge/endpoints.ts';
import { layerOf, layersOf } from '../../knowledge/layers.ts';

/** sqlalchemy/repository-only: a query in a service, or in a router's helper. */
export const repositoryOnly: Check = (context) => {
  const named = layersOf(context.path);
  const [layer] = named;
  if ((layer !== 'services' && layer !== 'api' && layer !== 'workers') || named.includes('repositories')) return;
  const byFunction = new Map<FunctionFacts, CallFacts[]>();
  for (const call of context.facts.calls) {
    const { owner } = call.scope;
    if (owner === undefined || databaseWork(context, call) !== 'query') continue;
    // What an endpoint does itself is judged by fastapi/thin-router.
    if (isEndpoint(context, owner) || isRepositoryClass(owner)) continue;
    byFunction.set(owner, [...(byFunction.get(owner) ?? []), call]);
  }
  for (const [owner, [first, ...more]] of byFunction) {
    if (first === undefined) continue;
    const others = more.length > 0 ? ` and ${more.length} more` : '';
    context.report({
      span: first.node.func,
      message: `\`${owner.node.name}\` queries the database in the ${layer} layer: \`${spelled(first.node.func)}\`${others}.`,
      fix: 'Move the query to a repository method with a name from the domain, and call that.',
    });
  }
};

/** A class such as `UserRepository` that lies beside its service. */
function isRepositoryClass(owner: FunctionFacts): boolean {
  const name = owner.parentClass?.node.name ?? '';
  return /(Repository|Repo|Dao|DAO|Crud|CRUD|Gateway)(Base)?$/.test(name);
}

const WRITES = new Set(['add', 'add_all', 'delete', 'merge']);
const WRITE_STATEMENTS = /^(sqlalchemy(\.sql|\.dialects\.\w+(\.\w+)?)?|sqlmodel)\.(insert|update|delete)$/;

/** sqlalchemy/begin: a repository that writes in a project where nothing ever commits. */
export const begin: Check = (context) => {
  if (layerOf(context.path) !== 'repositories') return;
  const reported = new Set<FunctionFacts>();
  for (const call of context.facts.calls) {
    const { owner } = call.scope;
    if (owner === undefined || reported.has(owner) || !isWrite(context, call)) continue;
    reported.add(owner);
    if (context.project.files.filesWith('commits').some((file) => !isTestFile(file))) return;
    context.report({
      span: call.node.func,
      message: `\`${owner.node.name}\` writes, but nothing in the project commits or begins a transaction: the change is lost.`,
    });
  }
};

function isWrite(context: RuleContext, call: CallFacts): boolean {
  if (databaseWork(context, call) !== 'query' || call.node.func.kind !== 'attribute') return false;
  if (WRITES.has(call.node.func.name)) return true;
  const [first] = call.node.args;
  return first !== undefined && isWriteStatement(context, call, first.value);
}

/** `insert(Order).values(...)`: the call at the root of the chain, also behind a local name. */
function isWriteStatement(context: RuleContext, call: CallFacts, expression: CallFacts['node']['func']): boolean {
  const local = expression.kind === 'name' ? context.resolve(call.scope, expression) : undefined;
  const root = rootCall(local?.kind === 'variable' && local.value !== undefined ? local.value : expression);
  return root !== undefined && WRITE_STATEMENTS.test(context.external(call.scope, root.func) ?? '');
}
