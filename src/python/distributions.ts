import data from '../../data/distributions.json';

const { companions, importNames, wellKnown } = data.entries;
/** Import names whose distribution is called something else; the first is the one to recommend. */
const DISTRIBUTIONS: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(importNames));
/** What comes with a library, or is the skill's own way to use it, and is imported beside it as a matter of course. */
const COMES_WITH: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(companions));
/** Libraries whose import names mean nothing else: nobody calls a module of their own so and still imports the library. */
const WELL_KNOWN: ReadonlySet<string> = new Set([
  ...DISTRIBUTIONS.keys(),
  ...[...COMES_WITH.keys()].map((name) => name.replaceAll('-', '_')),
  ...wellKnown,
]);

/** True for an import name that certainly means the library. */
export function isWellKnown(importName: string): boolean {
  return WELL_KNOWN.has(importName);
}

/** One spelling for a distribution's name (PEP 503). */
export function normaliseDistribution(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** The distributions that a top-level import may come from, the likeliest first. */
export function distributionsOf(importName: string): readonly string[] {
  return [...(DISTRIBUTIONS.get(importName) ?? []), normaliseDistribution(importName)];
}

/** The declared distributions and what comes with them. */
export function withCompanions(declared: Iterable<string>): Set<string> {
  const all = new Set(declared);
  // Additions are visited too: what comes with a companion comes as well.
  for (const name of all) for (const companion of COMES_WITH.get(name) ?? []) all.add(companion);
  return all;
}
