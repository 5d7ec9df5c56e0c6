import type { Scope } from '../../python/module-facts.ts';
import { enclosingFunction, spelled } from '../../python/names.ts';
import { type Expression, walkExpression } from '../../python/syntax.ts';
import { CONFIG_PATH, parseWorkflowConfig } from '../../workspace/config.ts';
import type { Check, RuleContext } from '../context.ts';

const UPGRADE = 'alembic.command.upgrade';
const PROCESSES =
  /^(subprocess\.(run|call|check_call|check_output|Popen)|os\.(system|popen)|asyncio\.create_subprocess_(exec|shell)|anyio\.run_process|alembic\.config\.main)$/;

/** database/no-alembic-bootstrap: code that brings the database to `head` where the DBA's script creates it. */
export const noAlembicBootstrap: Check = (context) => {
  const upgrades = context.facts.calls.filter(({ node, scope }) => {
    const name = context.external(scope, node.func);
    if (name === UPGRADE) return node.args.some((argument) => isHead(scope, argument.value));
    return name !== undefined && PROCESSES.test(name) && isUpgradeCommand(context, node);
  });
  if (upgrades.length === 0) return;
  const config = parseWorkflowConfig(context.project.files.text(CONFIG_PATH));
  if (config.dbApproach.value !== 'database-first') return;
  for (const { node, scope } of upgrades) {
    const owner = enclosingFunction(scope)?.node.name ?? 'The module';
    context.report({
      // Outside a workspace of this workflow nobody said that a DBA's script is the authority.
      severity: config.present ? 'error' : 'warning',
      span: node.func,
      message: `\`${owner}\` runs \`alembic upgrade head\` (\`${spelled(node.func)}\`): in a database-first project the database is created by db-init.sql.`,
    });
  }
};

/** `"head"`, or a parameter that is `"head"` unless somebody says otherwise. */
function isHead(scope: Scope, value: Expression): boolean {
  const given = value.kind === 'name' ? scope.owner?.node.parameters.find((parameter) => parameter.name === value.id)?.defaultValue : value;
  return given?.kind === 'string' && /^heads?$/.test(given.value);
}

/** `["alembic", "upgrade", "head"]` or `"alembic upgrade head"`, with whatever options between. */
function isUpgradeCommand(context: RuleContext, node: RuleContext['facts']['calls'][number]['node']): boolean {
  const words = node.args.flatMap((argument) =>
    [...walkExpression(argument.value)].flatMap((part) => (part.kind === 'string' ? part.value.split(/\s+/) : [])),
  );
  return context.facts.text.includes('alembic') && words.includes('upgrade') && words.some((word) => word === 'head' || word === 'heads');
}
