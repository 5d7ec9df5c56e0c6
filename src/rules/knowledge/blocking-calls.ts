import data from '../../../data/blocking-calls.json';

/** A blocking call and what replaces it in async code. */
export interface BlockingCall {
  readonly instead: string;
}

const { drivers, functions, methods } = data.entries;
/** What replaces a function, by its full dotted name. */
const FUNCTIONS: ReadonlyMap<string, string> = new Map(
  functions.flatMap(({ instead, names }) => names.map((name): [string, string] => [name, instead])),
);
const METHODS = methods.map((entry) => ({ ...entry, classes: new Set(entry.classes), methods: new Set(entry.methods) }));
const SYNC_DRIVERS = new Set(drivers.modules);

/** How to replace a blocking function, by its full dotted name. */
export function blockingFunction(name: string): BlockingCall | undefined {
  const instead = FUNCTIONS.get(name);
  return instead === undefined ? undefined : { instead };
}

/** How to replace a blocking method of a class, by the class's full dotted name. */
export function blockingMethod(className: string, method: string): BlockingCall | undefined {
  const found = METHODS.find((entry) => entry.classes.has(className) && (entry.methods.has('*') || entry.methods.has(method)));
  return found === undefined ? undefined : { instead: found.instead };
}

/** How to replace a call of a synchronous database driver, by the call's full dotted name. */
export function syncDriverCall(name: string): BlockingCall | undefined {
  const [driver = '', ...rest] = name.split('.');
  const isUse = rest.length > 0 && SYNC_DRIVERS.has(driver) && /^[a-z]/.test(rest.at(-1) ?? '');
  return isUse ? { instead: drivers.instead } : undefined;
}

const BRIEF =
  /^(os\.(path\.\w+|listdir|scandir|stat|remove|unlink|rename|replace|rmdir|mkdir|makedirs|removedirs)|pathlib\.Path\.(unlink|mkdir|rmdir|rename|replace|touch|iterdir|exists|is_file|is_dir|stat))$/;

/** True for calls that only look at or rearrange names of the local file system. */
export function isBrief(name: string): boolean {
  return BRIEF.test(name);
}
