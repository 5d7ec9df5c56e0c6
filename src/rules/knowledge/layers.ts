import data from '../../../data/layers.json';

const { names } = data.entries;
/** The layers of a service, by the folder names the skill uses. */
export type Layer = keyof typeof names;
const LAYERS = [
  'api',
  'core',
  'db',
  'models',
  'schemas',
  'services',
  'repositories',
  'workers',
  'pipelines',
  'utils',
] as const satisfies readonly Layer[];

/** `user_service.py` is a service; `api_key.py` is no api. */
const STEM_SUFFIX = /_(services?|repository|repositories|repo|crud|dao|router|routes|endpoints|schemas?)$/;
const layersByName = new Map<string, Layer>();
for (const layer of LAYERS) for (const name of names[layer]) layersByName.set(name, layer);

/** True when a path segment or file stem is the name of a layer. */
export function isLayerName(name: string): boolean {
  return layersByName.has(name.toLowerCase());
}

/**
 * The layers that a module's path names, nearest first: its file name (`service.py`, `user_repository.py`), then the
 * folders above it. Empty where no name tells.
 */
export function layersOf(path: string): readonly Layer[] {
  const [stem = '', ...folders] = path
    .toLowerCase()
    .replace(/\.pyi?$/, '')
    .split('/')
    .reverse();
  const own = stem === '__init__' ? undefined : (layersByName.get(stem) ?? layersByName.get(STEM_SUFFIX.exec(stem)?.[1] ?? ''));
  return [own, ...folders.map((name) => layersByName.get(name))].filter((layer) => layer !== undefined);
}

/** The nearest layer of a path: where a by-domain layout puts `orders/repository.py`, and the others `repositories/orders.py`. */
export function layerOf(path: string): Layer | undefined {
  return layersOf(path)[0];
}
