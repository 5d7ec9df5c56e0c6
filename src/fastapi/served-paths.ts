import { isTestFile } from '../python/markers.ts';
import { spelled } from '../python/names.ts';
import type { Project } from '../python/project.ts';
import type { Resolver } from '../python/resolver.ts';
import type { Argument, CallExpression } from '../python/syntax.ts';
import { Includes, type RouterObject } from './includes.ts';
import { registrationsIn } from './registrations.ts';
import { joined, TextValues } from './text-values.ts';

const MAX_DEPTH = 8;

/** An endpoint as it is reached through a chain of routers. */
export interface ServedEndpoint {
  /** Upper case. */
  readonly method: string;
  /** The path through every prefix; undefined where one of them cannot be known. */
  readonly path: string | undefined;
  /** The call that registers it. */
  readonly call: CallExpression;
  /** False when the endpoint, its router or an include leaves it out of the documentation. */
  readonly isDocumented: boolean;
}

/** Follows single routers up and down through `include_router` and prefixes, for rules, which look at one file at a time. */
export class ServedPaths {
  private readonly resolver: Resolver;
  private readonly project: Project;
  private readonly texts: TextValues;
  /** What single calls of `include_router` include. */
  readonly includes: Includes;

  constructor(resolver: Resolver, project: Project) {
    this.resolver = resolver;
    this.project = project;
    this.texts = new TextValues(resolver);
    this.includes = new Includes(resolver, this.texts);
  }

  /** The endpoints of a router and of every router it includes, under `prefix` (undefined: not known). */
  endpointsOf(router: RouterObject, prefix: string | undefined, depth = MAX_DEPTH): ServedEndpoint[] {
    if (depth === 0) return [];
    const own = joined(prefix, this.texts.argument(router.module, router.scope, router.made, 'prefix'));
    const isDocumented = !isHidden(router.made.args);
    const found: ServedEndpoint[] = [];
    for (const { module, scope, receiver, call, methods, path } of registrationsIn(this.resolver, router.module)) {
      if (!isSame(this.includes.routerOf(module, scope, receiver), router)) continue;
      const full = path === undefined ? undefined : joined(own, this.texts.text(module, scope, path));
      const isShown = isDocumented && !isHidden(call.args);
      found.push(...methods.map((method) => ({ method, path: full, call, isDocumented: isShown })));
    }
    for (const include of this.includesOf(router)) {
      const below = this.endpointsOf(include.router, joined(own, include.prefix), depth - 1);
      found.push(...below.map((each) => ({ ...each, isDocumented: each.isDocumented && isDocumented && !isHidden(include.call.args) })));
    }
    return found;
  }

  /**
   * True when a router's endpoints are pages or internal: it, or whatever includes it anywhere in the project, answers with
   * another class than JSON or leaves the endpoints out of the documentation.
   */
  isServedAsPages(router: RouterObject, depth = MAX_DEPTH): boolean {
    if (givesPages(router.made.args)) return true;
    if (depth === 0) return false;
    return this.includersOf(router).some(
      ({ call, includer }) => givesPages(call.args) || (includer !== undefined && this.isServedAsPages(includer, depth - 1)),
    );
  }

  /** True when an application is mounted below another one somewhere in the project. */
  isMounted(application: RouterObject): boolean {
    return this.project.files.filesWith('mounts').some((file) => {
      const module = this.project.whole(file);
      return module?.facts.calls.some(
        ({ node, scope }) =>
          node.func.kind === 'attribute' &&
          node.func.name === 'mount' &&
          node.args.some((argument) => isSame(this.includes.routerOf(module, scope, argument.value), application)),
      );
    });
  }

  private includersOf(router: RouterObject): { call: CallExpression; includer: RouterObject | undefined }[] {
    const files = this.project.files.filesWith('includes').filter((file) => !isTestFile(file));
    return files.flatMap((file) => {
      const module = this.project.whole(file);
      if (module === undefined) return [];
      return module.facts.calls.flatMap(({ node, scope }) => {
        const { func } = node;
        if (func.kind !== 'attribute' || !this.includes.included(module, scope, node).some((include) => isSame(include.router, router)))
          return [];
        return [{ call: node, includer: this.includes.routerOf(module, scope, func.object) }];
      });
    });
  }

  private includesOf(router: RouterObject): { router: RouterObject; prefix: string | undefined; call: CallExpression }[] {
    return router.module.facts.calls.flatMap(({ node, scope }) => {
      const includes = this.includes.included(router.module, scope, node);
      if (includes.length === 0 || node.func.kind !== 'attribute') return [];
      if (!isSame(this.includes.routerOf(router.module, scope, node.func.object), router)) return [];
      return includes.flatMap((include) => (isSame(include.router, router) ? [] : [{ ...include, call: node }]));
    });
  }
}

/** A module may have been parsed twice, for its interface and as a whole. */
function isSame(a: RouterObject | undefined, b: RouterObject): boolean {
  return a?.module.path === b.module.path && a.made.start === b.made.start;
}

function givesPages(args: readonly Argument[]): boolean {
  if (isHidden(args)) return true;
  const given = args.find((argument) => argument.keyword === 'default_response_class' || argument.keyword === 'response_class')?.value;
  return given !== undefined && !/JSON/i.test(spelled(given));
}

function isHidden(args: readonly Argument[]): boolean {
  return args.some(
    (argument) => argument.keyword === 'include_in_schema' && !(argument.value.kind === 'constant' && argument.value.value === 'True'),
  );
}
