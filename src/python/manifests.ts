import { parse as parseToml } from 'smol-toml';
import { normaliseDistribution } from './distributions.ts';

/** Reads a workspace file, or undefined when there is none. */
export type ReadText = (path: string) => string | undefined;

/** No requirement is longer, in characters. */
const MAX_LINE = 2_000;
/** Name, extras. */
const REQUIREMENT = /^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*(?:[<>=!~;@(]|$)/;

/**
 * The distributions that the manifests and lock files of one folder declare, normalised: pyproject.toml (PEP 621,
 * dependency groups, Poetry, PDM, uv, Hatch), requirements files, setup.cfg, setup.py, Pipfile, environment.yml, and the
 * lock files of uv, Poetry and PDM. `files` are the names in the folder. Undefined when the folder has no manifest.
 */
export function declaredIn(folder: string, files: readonly string[], read: ReadText): ReadonlySet<string> | undefined {
  const at = (name: string): string => read(folder === '.' ? name : `${folder}/${name}`) ?? '';
  const names: string[] = [];
  let hasManifest = false;
  for (const file of files) {
    const isListed = /(^|\/)requirements$/.test(folder) && /\.(txt|in)$/.test(file);
    const found = isListed ? fromRequirements(at(file)) : fromFile(file, () => at(file));
    if (found === undefined) continue;
    hasManifest ||= found.length > 0;
    names.push(...found);
  }
  return hasManifest ? new Set(names.map(normaliseDistribution)) : undefined;
}

function fromFile(file: string, text: () => string): string[] | undefined {
  if (file === 'pyproject.toml') return fromPyproject(text());
  if (/(requirements|constraints)[\w.-]*\.(txt|in)$/.test(file)) return fromRequirements(text());
  if (file === 'Pipfile') return fromPipfile(text());
  if (file === 'setup.cfg') return fromRequirements(text().replace(/^[^\s].*$/gm, ''));
  if (file === 'setup.py')
    return [...text().matchAll(/["']([A-Za-z0-9][\w.-]{0,100})\s{0,9}(?:\[[^[\]]{0,300}\])?\s{0,9}[<>=!~;"']/g)].map(
      (match) => match[1] ?? '',
    );
  if (/^(environment|conda)[\w.-]*\.ya?ml$/.test(file))
    return [...text().matchAll(/^[ \t]*-[ \t]+(?:[\w-]+::)?([A-Za-z0-9][\w.-]*)/gm)].map((match) => match[1] ?? '');
  if (/^(uv|poetry|pdm|pylock)\.(lock|toml)$/.test(file))
    return [...text().matchAll(/^name\s*=\s*"([^"]+)"/gm)].map((match) => match[1] ?? '');
  return undefined;
}

/** The distribution of a requirement, and its extras: `dramatiq[redis]` brings redis. */
function namesIn(requirement: string): string[] {
  const match = REQUIREMENT.exec(requirement);
  if (match?.[1] === undefined) return [];
  return [match[1], ...(match[2] ?? '').split(',').map((extra) => extra.trim())].filter((name) => name !== '');
}

function fromRequirements(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    if (line.length > MAX_LINE || /^\s*(#|-)/.test(line)) return [];
    return namesIn(line.replace(/\s+#.*$/, ''));
  });
}

function fromPipfile(text: string): string[] {
  const tables = parsed(text);
  return ['packages', 'dev-packages'].flatMap((key) => keysOf(tables[key]));
}

function fromPyproject(text: string): string[] {
  const table = parsed(text);
  const project = asTable(table.project);
  const tool = asTable(table.tool);
  const poetry = asTable(tool.poetry);
  const own = typeof project.name === 'string' ? [project.name] : [];
  return [
    ...own,
    ...requirements(project.dependencies),
    ...Object.values(asTable(project['optional-dependencies'])).flatMap(requirements),
    ...Object.values(asTable(table['dependency-groups'])).flatMap(requirements),
    ...keysOf(poetry.dependencies),
    ...keysOf(poetry['dev-dependencies']),
    ...Object.values(asTable(poetry.group)).flatMap((group) => keysOf(asTable(group).dependencies)),
    ...Object.values(asTable(asTable(tool.pdm)['dev-dependencies'])).flatMap(requirements),
    ...requirements(asTable(tool.uv)['dev-dependencies']),
    ...requirements(asTable(tool.rye)['dev-dependencies']),
    ...keysOf(asTable(tool.uv).sources),
    ...Object.values(asTable(asTable(tool.hatch).envs)).flatMap((env) => [
      ...requirements(asTable(env).dependencies),
      ...requirements(asTable(env)['extra-dependencies']),
    ]),
  ];
}

/** A broken manifest declares nothing here; the project's own tools report it. */
function parsed(text: string): Record<string, unknown> {
  try {
    return parseToml(text);
  } catch {
    return {};
  }
}

function asTable(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function keysOf(value: unknown): string[] {
  return Object.keys(asTable(value));
}

function requirements(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: unknown) => (typeof each === 'string' ? namesIn(each) : []));
}
