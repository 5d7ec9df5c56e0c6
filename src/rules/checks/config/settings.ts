import { SETTINGS } from '../../../python/framework-classes.ts';
import { MARKERS } from '../../../python/markers.ts';
import type { ClassFacts, Scope } from '../../../python/module-facts.ts';
import type { Module } from '../../../python/project.ts';
import type { CallExpression } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';

const CACHES = /^functools\.(lru_cache|cache)$/;

/** Where a Settings class is made into an object that code uses. */
interface Instance {
  readonly className: string;
  readonly call: CallExpression;
  readonly scope: Scope;
}

/** config/single-settings: more than one Settings class in use, or one that no cached get_settings() gives out. */
export const singleSettings: Check = (context) => {
  if (!MARKERS.settings.test(context.facts.text)) return;
  const instances = instancesOf(context);
  const [first, ...others] = instances;
  if (first === undefined) return;
  const other = others.find((each) => each.className !== first.className);
  if (other !== undefined) {
    context.report({
      span: other.call,
      message: `\`${other.className}\` is a second Settings class beside \`${first.className}\`.`,
      fix: 'Make it a field of the one `Settings` class, and read it through `get_settings()`.',
    });
  }
  const elsewhere = settingsModuleBefore(context);
  if (elsewhere !== undefined) {
    context.report({
      span: first.call,
      message: `\`${first.className}\` is a second Settings class: \`${elsewhere.className}\` stands in ${elsewhere.path}.`,
      fix: 'Make it a field of that class, and read it through `get_settings()`.',
    });
  }
  const uncached = instances.find(({ scope }) => /^get_\w*(settings|config)$/.test(scope.owner?.node.name ?? ''));
  if (uncached !== undefined && !hasCachedGetter(context)) {
    context.report({
      span: uncached.call,
      message: `\`${uncached.scope.owner?.node.name}\` makes a new \`${uncached.className}\` at every call.`,
      fix: 'Decorate it with `@lru_cache`.',
    });
    return;
  }
  const exposed = instances.find((each) => each.scope.kind === 'module');
  if (exposed === undefined || hasCachedGetter(context)) return;
  context.report({
    span: exposed.call,
    message: `\`${exposed.className}\` is made when the module is imported, not by a cached \`get_settings()\`: tests cannot replace it.`,
    fix: `Write \`@lru_cache def get_settings() -> ${exposed.className}: return ${exposed.className}()\` and inject it.`,
  });
};

/** The objects made of this file's Settings classes, outside class bodies: those are parts of another Settings class. */
function instancesOf(context: RuleContext): Instance[] {
  const classes = new Map<ClassFacts['node'], string>();
  for (const facts of context.facts.classes)
    if (context.derivesFrom(context.classOf(facts), SETTINGS)) classes.set(facts.node, facts.node.name);
  return context.facts.calls.flatMap(({ node, scope }) => {
    if (scope.kind === 'class' || scope.kind === 'inner' || context.isInMainGuard(node)) return [];
    const made = context.resolve(scope, node.func);
    const className = made?.kind === 'class' ? classes.get(made.node) : undefined;
    return className === undefined ? [] : [{ className, call: node, scope }];
  });
}

/** Another module of the same package tree that makes a Settings object, and comes first by path. */
function settingsModuleBefore(context: RuleContext): { path: string; className: string } | undefined {
  const top = context.path.split('/')[0] ?? '';
  for (const file of context.project.files.filesWith('settings')) {
    if (file >= context.path) return undefined;
    if (!file.startsWith(`${top}/`) || /(^|\/)(tests?|scripts?|examples?|docs)\//.test(file)) continue;
    const module = context.project.found(file);
    const className = module === undefined ? undefined : madeSettings(context, module);
    if (className !== undefined) return { path: file, className };
  }
  return undefined;
}

function madeSettings(context: RuleContext, module: Module): string | undefined {
  for (const { node, scope } of module.facts.calls) {
    const made = context.resolver.resolve(module, scope, node.func);
    if (made?.kind === 'class' && made.module.path === module.path && context.derivesFrom(made, SETTINGS)) return made.node.name;
  }
  for (const owner of module.facts.functions) {
    if (!isCached(context, module, owner.definedIn, owner.node.decorators) || owner.node.returns === undefined) continue;
    const given = context.resolver.annotatedClass(module, owner.definedIn, owner.node.returns);
    if (given?.kind === 'class' && given.module.path === module.path && context.derivesFrom(given, SETTINGS)) return given.node.name;
  }
  return undefined;
}

function hasCachedGetter(context: RuleContext): boolean {
  return context.facts.functions.some((owner) => isCached(context, context.module, owner.definedIn, owner.node.decorators));
}

function isCached(context: RuleContext, module: Module, scope: Scope, decorators: readonly CallExpression['func'][]): boolean {
  return decorators.some((decorator) => {
    const target = decorator.kind === 'call' ? decorator.func : decorator;
    return CACHES.test(context.resolver.externalName(module, scope, target) ?? '');
  });
}
