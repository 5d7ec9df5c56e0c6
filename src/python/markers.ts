/** Words in a module's text that questions about the whole project start from. */
export const MARKERS = {
  routes:
    /\bFastAPI\b|APIRouter|\binclude_router\(|\badd_api_route\(|^[ \t]*@[\w.]{1,200}\.(get|post|put|patch|delete|head|options|trace|api_route)\(/m,
  handlers: /exception_handlers?\b/,
  includes: /\binclude_router\(/,
  mounts: /\.mount\(/,
  settings: /\bBaseSettings\b/,
  models: /\b(__tablename__|__table__|__mapper_args__|mapped_column|declared_attr|Mapped)\b|\b(Column|Table)\(|\btable\s*=\s*True\b/,
  queries: /\b(select|text|insert)\(|\b(update|delete)\((?=[A-Z])|\.(fetch\w*|execute\w*|exec_driver_sql|scalars?|query)\(/,
  commits: /\.(commit|begin|begin_nested)\(|\bautocommit\b/i,
} as const;
export type Marker = keyof typeof MARKERS;

/** The markers that occur in a text. */
export function markersIn(text: string): Marker[] {
  const all: readonly Marker[] = ['routes', 'handlers', 'includes', 'mounts', 'settings', 'models', 'queries', 'commits'];
  return all.filter((marker) => MARKERS[marker].test(text));
}

/** True for tests and what they are made of: fixtures, factories, a `conftest.py`. */
export function isTestFile(path: string): boolean {
  return isTestModule(path) || /(^|\/)(conftest\.py$|tests?\/)/.test(path);
}

/** True for the modules that pytest collects. */
export function isTestModule(path: string): boolean {
  return /(^|\/)(test_[^/]*|[^/]*_test)\.py$/.test(path);
}
