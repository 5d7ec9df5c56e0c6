import { collectFacts, type ModuleFacts } from '../python/module-facts.ts';
import { enclosingFunction } from '../python/names.ts';
import { type PythonParser, TooComplex, type TreeNode } from '../python/parser.ts';
import { type CallExpression, type Expression, isConstant, keywordArgument } from '../python/syntax.ts';
import { buildModule } from '../python/syntax-builder.ts';

/** What the file of an Alembic migration does. */
export interface MigrationFile {
  /** What `upgrade()` does, in order: `add_column loans.due_on`. */
  readonly operations: readonly string[];
  /** What in `upgrade()` may lose data or fail on rows that exist. */
  readonly dangers: readonly string[];
  readonly hasDowngrade: boolean;
}

/** Operations that take something away for good. */
const LOSING = new Set(['drop_table', 'drop_column']);
const LOSING_SQL = /\b(?:drop\s+(?:table|column|schema|type)|truncate|delete\s+from)\b/i;

/** Reads the operations of a migration. */
export function readMigrationFile(text: string, parser: PythonParser): MigrationFile {
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  let tree: TreeNode;
  try {
    tree = parser.parse(source, 'whole');
  } catch (error) {
    if (!(error instanceof TooComplex)) throw error;
    return { operations: [], dangers: ['it is too complex to be read: nobody has looked at what it does'], hasDowngrade: false };
  }
  const facts = collectFacts(source, buildModule(tree, source));
  const upgrade = operationsIn(facts, 'upgrade');
  return {
    operations: upgrade.map(({ name, target }) => (target === '' ? name : `${name} ${target}`)),
    dangers: upgrade.flatMap(dangersOf),
    hasDowngrade: operationsIn(facts, 'downgrade').length > 0,
  };
}

interface Operation {
  readonly name: string;
  readonly target: string;
  readonly call: CallExpression;
}

function operationsIn(facts: ModuleFacts, name: 'upgrade' | 'downgrade'): Operation[] {
  return facts.calls.flatMap(({ node, scope }) => {
    if (enclosingFunction(scope)?.node.name !== name || node.func.kind !== 'attribute' || node.func.object.kind !== 'name') return [];
    if (!/^(?:op|batch_op|batch)$/.test(node.func.object.id) || /^(?:get_bind|get_context|f|batch_alter_table)$/.test(node.func.name))
      return [];
    const words = node.args.flatMap(({ keyword, value }) => (keyword === undefined ? textOf(value) : []));
    const added = node.args.find(({ value }) => value.kind === 'call' && value.args[0]?.value.kind === 'string')?.value;
    const column = node.func.name === 'add_column' && added?.kind === 'call' ? textOf(added.args[0]?.value) : [];
    return [{ name: node.func.name, target: [...words.slice(0, 2), ...column].join('.').slice(0, 80), call: node }];
  });
}

function dangersOf({ name, target, call }: Operation): string[] {
  if (LOSING.has(name)) return [`${name} ${target} loses what is stored in it`];
  if (name === 'alter_column') {
    const type = keywordArgument(call.args, 'type_') === undefined ? [] : [`alter_column ${target} changes the type: values may not fit`];
    const isRequired = isConstant(keywordArgument(call.args, 'nullable'), 'False');
    return isRequired ? [...type, `alter_column ${target} forbids NULL: it fails where rows have it`] : type;
  }
  if (name === 'add_column') {
    const column = call.args.find(({ value }) => value.kind === 'call')?.value;
    if (column?.kind !== 'call' || !isConstant(keywordArgument(column.args, 'nullable'), 'False')) return [];
    const hasDefault = keywordArgument(column.args, 'server_default') !== undefined;
    return hasDefault ? [] : [`add_column ${target} is NOT NULL without a server default: it fails where the table has rows`];
  }
  return name === 'execute' && LOSING_SQL.test(target) ? [`execute: ${target}`] : [];
}

function textOf(value: Expression | undefined): string[] {
  return value?.kind === 'string' && value.interpolations.length === 0 ? [value.value] : [];
}
