import type { Check } from './context.ts';

/**
 * The check of every rule that Ruff alone does not decide, by rule id. Nothing is registered by hand: what a module below `checks/` exports
 * is a check, the folder or file says its topic and the name of the export the rule, so that `noTimeSleep` of `checks/async.ts` is
 * `async/no-time-sleep`.
 */
export const CHECKS: ReadonlyMap<string, Check> = new Map(
  Object.entries(import.meta.glob<Readonly<Record<string, Check>>>('./checks/**/*.ts', { eager: true })).flatMap(([path, module]) =>
    Object.entries(module).map(([name, check]): [string, Check] => [ruleId(path, name), check]),
  ),
);

function ruleId(path: string, name: string): string {
  const topic = /^\.\/checks\/([a-z]+)/.exec(path)?.[1] ?? '';
  return `${topic}/${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
