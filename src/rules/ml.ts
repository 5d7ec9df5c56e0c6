import type { CallFacts } from '../python/module-facts.ts';
import { enclosingFunction, spelled } from '../python/resolver.ts';
import type { Check, RuleContext } from './context.ts';
import { isEndpoint } from './endpoints.ts';
import { layersOf } from './layers.ts';
import { MODEL_LOADERS } from './model-loading.ts';

/** ml/cached-model: a model that is loaded while a request is served. */
export const cachedModel: Check = (context) => {
  for (const { node, scope } of context.facts.calls) {
    const owner = enclosingFunction(scope);
    if (owner === undefined || !isEndpoint(context, owner)) continue;
    const name = context.external(scope, node.func);
    if (name === undefined || !MODEL_LOADERS.test(name)) continue;
    context.report({
      rule: 'ml/cached-model',
      span: node.func,
      message: `Endpoint \`${owner.node.name}\` loads a model for every request: \`${spelled(node.func)}\`.`,
    });
  }
};

/** ml/isolated: a model loaded in a router. */
export const isolated: Check = (context) => {
  if (!layersOf(context.path).includes('api')) return;
  for (const { node, scope } of context.facts.calls) {
    const name = context.external(scope, node.func);
    if (name === undefined || !MODEL_LOADERS.test(name)) continue;
    const owner = enclosingFunction(scope);
    context.report({
      rule: 'ml/isolated',
      span: node.func,
      message: `${owner === undefined ? 'The router module' : `\`${owner.node.name}\``} loads a model in the api layer: \`${spelled(node.func)}\`.`,
    });
  }
};

/** Classes and loaders whose objects compute for long, and the methods that do it; `call` is calling the object itself. */
const INFERENCE: readonly { readonly types: RegExp; readonly methods: ReadonlySet<string> }[] = [
  {
    types: /^sentence_transformers\.(SentenceTransformer|CrossEncoder)/,
    methods: new Set(['encode', 'predict', 'rank', 'encode_multi_process']),
  },
  { types: /^transformers\.(pipeline$|.*[Pp]ipeline$)/, methods: new Set(['call']) },
  { types: /^transformers\.\w*Model\w*(\.from_pretrained)?$/, methods: new Set(['call', 'generate', 'forward']) },
  {
    types: /^(joblib\.load|pickle\.load|sklearn\.|xgboost\.|lightgbm\.|catboost\.)/,
    methods: new Set(['predict', 'predict_proba', 'decision_function', 'fit', 'fit_transform', 'fit_predict']),
  },
  { types: /^(tensorflow\.)?keras(\.\w+)*\.(load_model|Model|Sequential)$/, methods: new Set(['predict', 'fit', 'evaluate', 'call']) },
  { types: /^torch\.(load|jit\.load|nn\.\w+)$/, methods: new Set(['call', 'forward']) },
  { types: /^onnxruntime\.InferenceSession$/, methods: new Set(['run']) },
  { types: /^spacy\.(load|language\.Language)$/, methods: new Set(['call', 'pipe']) },
  { types: /^(whisper\.load_model|faster_whisper\.WhisperModel)$/, methods: new Set(['transcribe']) },
  { types: /^ultralytics\.YOLO$/, methods: new Set(['call', 'predict', 'track']) },
];

/** How a call computes on a model; undefined for any other call. */
export function inferenceCall(context: RuleContext, call: CallFacts): string | undefined {
  const { func } = call.node;
  const isMethod = func.kind === 'attribute' && METHOD_NAMES.has(func.name);
  const receiver = isMethod ? func.object : func;
  const type = context.typeOf(call.scope, receiver);
  if (type === undefined) return undefined;
  const method = isMethod ? func.name : 'call';
  for (const name of type.kind === 'external' ? [type.name] : context.ancestry(type)) {
    if (INFERENCE.some((entry) => entry.types.test(name) && entry.methods.has(method))) return spelled(func);
  }
  return undefined;
}

const METHOD_NAMES = new Set(INFERENCE.flatMap((entry) => [...entry.methods]));

/** ml/executor: inference that holds the event loop. */
export const executor: Check = (context) => {
  for (const call of context.facts.calls) {
    const owner = enclosingFunction(call.scope);
    if (owner?.node.isAsync !== true || call.isAwaited) continue;
    const called = inferenceCall(context, call);
    if (called === undefined) continue;
    context.report({
      rule: 'ml/executor',
      span: call.node.func,
      message: `\`${owner.node.name}\` computes on the event loop: \`${called}\` stops every other request until it returns.`,
      fix: `Write \`await asyncio.to_thread(${called}, ...)\`, or \`run_in_executor\` with a pool of its own.`,
    });
  }
};
