import type { CallFacts } from '../../python/module-facts.ts';
import type { Module } from '../../python/project.ts';
import { type Resolver, spelled } from '../../python/resolver.ts';

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
export function inferenceCall(resolver: Resolver, module: Module, call: CallFacts): string | undefined {
  const { func } = call.node;
  const isMethod = func.kind === 'attribute' && METHOD_NAMES.has(func.name);
  const receiver = isMethod ? func.object : func;
  const type = resolver.typeOf(module, call.scope, receiver);
  if (type === undefined) return undefined;
  const method = isMethod ? func.name : 'call';
  for (const name of type.kind === 'external' ? [type.name] : resolver.ancestry(type)) {
    if (INFERENCE.some((entry) => entry.types.test(name) && entry.methods.has(method))) return spelled(func);
  }
  return undefined;
}

const METHOD_NAMES = new Set(INFERENCE.flatMap((entry) => [...entry.methods]));
