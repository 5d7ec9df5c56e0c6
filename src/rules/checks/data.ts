import type { FunctionFacts, Scope } from '../../python/module-facts.ts';
import { spelled } from '../../python/names.ts';
import type { Expression } from '../../python/syntax.ts';
import type { Check, RuleContext } from '../context.ts';
import { layerOf } from '../knowledge/layers.ts';

const FRAME =
  /^(pandas(\.core\.frame)?\.(DataFrame|read_\w+|concat|merge)|polars(\.\w+)*\.(DataFrame|LazyFrame|read_\w+|scan_\w+|concat))$/;
const PANDAS_FRAME = /^pandas(\.core\.frame)?\.(DataFrame|read_(?!sql_query_iter)\w+|concat|merge)$/;
const FRAME_NAME = /^(df|frame|lf|ldf|dataframe|.*_(df|lf|frame|dataframe))$/;
const UNTYPED = new Set(['typing.Any', 'builtins.object', 'builtins.dict', 'builtins.list']);
/** Libraries that want pandas frames. */
const PANDAS_USERS =
  /^(sklearn|statsmodels|xgboost|lightgbm|catboost|seaborn|matplotlib|plotly|prophet|geopandas|yfinance|openpyxl|xlrd|great_expectations|pandera)(\.|$)/;
const TRANSFORMATIONS = new Set(['groupby', 'merge', 'apply', 'pivot_table', 'pivot', 'join', 'melt', 'transform', 'agg', 'aggregate']);
/** Where Polars is imported too, only these tell whose frame it is. */
const PANDAS_ONLY = new Set(['groupby', 'merge', 'apply', 'pivot_table', 'melt']);
const EAGER_READERS = new Set(['polars.read_parquet', 'polars.read_csv', 'polars.read_ipc', 'polars.read_ndjson', 'polars.read_json']);
const READER = /^(pandas|polars)\.read_\w+$/;
/** Methods of a frame that give a frame again. */
const FRAME_METHODS = new Set([
  ...['filter', 'with_columns', 'select', 'sort', 'drop', 'drop_nulls', 'rename', 'join', 'collect', 'lazy', 'head', 'tail', 'unique'],
  ...['dropna', 'fillna', 'assign', 'merge', 'reset_index', 'set_index', 'sort_values', 'query', 'astype', 'drop_duplicates', 'explode'],
]);

/** data/prefer-polars: a pipeline that transforms with pandas where nothing asks for pandas. */
export const preferPolars: Check = (context) => {
  if (layerOf(context.path) !== 'pipelines') return;
  const imports = context.facts.imports.filter((imported) => imported.level === 0);
  const pandas = imports.find((imported) => imported.module === 'pandas' || imported.module.startsWith('pandas.'));
  if (pandas === undefined || imports.some((imported) => PANDAS_USERS.test(imported.module))) return;
  const hasPolars = imports.some((imported) => imported.module === 'polars');
  const readsLegacySource = context.facts.calls.some(({ node, scope }) =>
    /^pandas\.read_(excel|sas|spss|stata|html|fwf|hdf)$/.test(context.external(scope, node.func) ?? ''),
  );
  const transformation = context.facts.calls.find(
    ({ node }) => node.func.kind === 'attribute' && (hasPolars ? PANDAS_ONLY : TRANSFORMATIONS).has(node.func.name),
  );
  if (readsLegacySource || transformation === undefined) return;
  context.report({
    span: pandas,
    message: `The pipeline transforms with pandas (\`${spelled(transformation.node.func)}\`), eagerly and in one thread.`,
    fix: 'Use Polars: `pl.scan_...` for the source, expressions for the steps, `.collect()` at the end.',
  });
};

/** data/typed-frames: a function that takes or returns a frame without saying so. */
export const typedFrames: Check = (context) => {
  const usesFrames = context.facts.imports.some((imported) => imported.level === 0 && /^(pandas|polars)(\.|$)/.test(imported.module));
  if (!usesFrames) return;
  for (const owner of context.facts.functions) {
    if (owner.parentFunction !== undefined) continue;
    for (const parameter of owner.node.parameters) {
      if (parameter.form !== 'plain' || !FRAME_NAME.test(parameter.name) || !isUntyped(context, owner.definedIn, parameter.annotation))
        continue;
      context.report({
        span: parameter,
        message: `Parameter \`${parameter.name}\` of \`${owner.node.name}\` is a frame without a type.`,
        fix: `Write \`${parameter.name}: ${frameType(context)}\`.`,
      });
    }
    const returned = owner.returns.find((statement) => statement.value !== undefined && isFrame(context, owner, statement.value));
    if (returned === undefined || !isUntyped(context, owner.definedIn, owner.node.returns)) continue;
    context.report({
      span: owner.node.nameSpan,
      message: `\`${owner.node.name}\` returns a frame but does not say so.`,
      fix: `Annotate the return type: \`-> ${frameType(context)}\`.`,
    });
  }
};

function isUntyped(context: RuleContext, scope: Scope, annotation: Expression | undefined): boolean {
  if (annotation === undefined) return true;
  const name = context.external(scope, annotation);
  return name !== undefined && UNTYPED.has(name);
}

function isFrame(context: RuleContext, owner: FunctionFacts, value: Expression): boolean {
  let inner = value;
  while (inner.kind === 'call' && inner.func.kind === 'attribute' && FRAME_METHODS.has(inner.func.name)) inner = inner.func.object;
  const type = context.typeOf(owner.scope, inner);
  if (type?.kind === 'external' && FRAME.test(type.name)) return true;
  return value.kind === 'name' && FRAME_NAME.test(value.id);
}

function frameType(context: RuleContext): string {
  return context.facts.imports.some((imported) => imported.module === 'polars') ? 'pl.DataFrame' : 'pd.DataFrame';
}

/** data/immutable: assigning into the result of a selection, which may be a copy. */
export const immutable: Check = (context) => {
  if (!context.facts.imports.some((imported) => imported.level === 0 && imported.module.split('.')[0] === 'pandas')) return;
  for (const { target, scope } of context.facts.assignments) {
    const frame = chainedSelection(target);
    if (frame === undefined || !isPandasFrame(context, scope, frame)) continue;
    context.report({
      span: target,
      message: `\`${context.source(target)}\` assigns to a selection of \`${spelled(frame)}\`: pandas may change a copy and lose the value.`,
      fix: 'Use `.assign(...)` with a condition, or `.loc[rows, column]` on a frame of your own.',
    });
  }
};

/** The frame of `df[a][b] = …`, `df[a].loc[b] = …` and `df.loc[a][b] = …`; undefined for a single selection. */
function chainedSelection(target: Expression): Expression | undefined {
  if (target.kind !== 'subscript') return undefined;
  const outer = withoutIndexer(target.value);
  if (outer.kind !== 'subscript') return undefined;
  return withoutIndexer(outer.value);
}

function withoutIndexer(expression: Expression): Expression {
  const isIndexer = expression.kind === 'attribute' && ['loc', 'iloc', 'at', 'iat'].includes(expression.name);
  return isIndexer ? expression.object : expression;
}

function isPandasFrame(context: RuleContext, scope: Scope, frame: Expression): boolean {
  const type = context.typeOf(scope, frame);
  if (type !== undefined) return type.kind === 'external' && PANDAS_FRAME.test(type.name);
  return frame.kind === 'name' && /^(df|.*_df)$/.test(frame.id);
}

/** data/streaming: many files read into memory at once. */
export const streaming: Check = (context) => {
  for (const { node, scope } of context.facts.calls) {
    const name = context.external(scope, node.func);
    if (name === undefined) continue;
    const [source] = node.args;
    if (EAGER_READERS.has(name) && source?.value.kind === 'string' && /[*]/.test(source.value.value)) {
      context.report({
        span: node.func,
        message: `\`${spelled(node.func)}\` reads every file of \`${source.value.value}\` into memory at once.`,
        fix: `Use \`pl.scan_${name.split('read_')[1] ?? 'parquet'}(...)\` and collect with \`engine="streaming"\`, or sink to a file.`,
      });
    }
    const [given] = node.args;
    if ((name !== 'pandas.concat' && name !== 'polars.concat') || given === undefined) continue;
    const named = given.value.kind === 'name' ? context.resolve(scope, given.value) : undefined;
    const parts = named?.kind === 'variable' ? named.value : given.value;
    if (parts?.kind !== 'comprehension') continue;
    const reader = parts.parts.find((part) => part.kind === 'call' && READER.test(context.external(scope, part.func) ?? ''));
    if (reader === undefined) continue;
    context.report({
      span: node.func,
      message: 'Every file is read into memory before the first row is used.',
      fix: 'Scan them lazily with Polars (`pl.scan_csv("folder/*.csv")`) and collect with `engine="streaming"`.',
    });
  }
  for (const { node } of context.facts.calls) {
    if (node.func.kind !== 'attribute' || node.func.name !== 'collect') continue;
    const old = node.args.find((argument) => argument.keyword === 'streaming');
    if (old === undefined) continue;
    context.report({
      span: node.func,
      message: '`collect(streaming=True)` was replaced in Polars 1.',
      fix: 'Write `.collect(engine="streaming")`.',
    });
  }
};
