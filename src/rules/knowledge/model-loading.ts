/** Calls that load a model's weights, by their full dotted name. */
export const MODEL_LOADERS =
  /^(sentence_transformers\.(SentenceTransformer|CrossEncoder)|transformers\.pipeline|transformers\.(Auto|[A-Z])\w*\.from_pretrained|torch\.(load|jit\.load)|joblib\.load|spacy\.load|whisper\.load_model|onnxruntime\.InferenceSession|tensorflow\.keras\.models\.load_model|keras\.models\.load_model)$/;
