import data from '../../../data/model-libraries.json';
import type { CallFacts } from '../../python/module-facts.ts';
import { spelled } from '../../python/names.ts';
import type { Module } from '../../python/project.ts';
import type { Resolver } from '../../python/resolver.ts';
import { wholly } from '../../workspace/vocabulary.ts';

/** Calls that load a model's weights, by their full dotted name. */
export const MODEL_LOADERS = wholly(data.entries.loaders);

/** Classes and loaders whose objects compute for long, and the methods that do it; `call` is calling the object itself. */
const INFERENCE = data.entries.inference.map(({ types, methods }) => ({ types: new RegExp(types), methods: new Set(methods) }));

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
