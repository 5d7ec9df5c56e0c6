import type { CallFacts, FunctionFacts, ModuleFacts } from '../../python/module-facts.ts';
import { spelled } from '../../python/names.ts';
import type { Module, Project } from '../../python/project.ts';
import type { Resolved, Resolver } from '../../python/resolver.ts';
import type { FunctionStatement } from '../../python/syntax.ts';
import { blockingEffect, type Effect } from './blocking-effect.ts';

/** How many calls deep a blocking call is looked for. */
const MAX_DEPTH = 5;
/** Any other decorator may move the function to a thread, cache it or replace it. */
const TRANSPARENT_DECORATOR = /^(staticmethod|classmethod|override|typing\.override)$/;
/** A blocking call that a synchronous function of the project makes, and the way there. */
export interface Reached {
  /** The functions in between, outermost first: what is called, what that calls … */
  readonly through: readonly string[];
  readonly effect: Effect;
  /** The call as written. */
  readonly called: string;
  readonly path: string;
  /** Where in the module of that path it stands, in UTF-16 units. */
  readonly offset: number;
}

/** Follows calls through the project's own synchronous functions to what blocks. */
export class Reach {
  private readonly resolver: Resolver;
  private readonly project: Project;
  private readonly known = new Map<string, Reached | undefined>();

  constructor(resolver: Resolver, project: Project) {
    this.resolver = resolver;
    this.project = project;
  }

  /** What a call in `module` blocks on, if it is a synchronous function of the project that does. */
  from(module: Module, call: CallFacts): Reached | undefined {
    return this.follow(module, call, MAX_DEPTH);
  }

  private follow(module: Module, call: CallFacts, depth: number): Reached | undefined {
    if (depth === 0) return undefined;
    const target = this.resolver.resolve(module, call.scope, call.node.func);
    if (target?.kind !== 'function' || !isPlain(target.node)) return undefined;
    const key = `${target.module.path}:${target.node.start}`;
    if (!this.known.has(key)) {
      // Marked before the search: functions may call each other in circles.
      this.known.set(key, undefined);
      this.known.set(key, this.search(target, depth));
    }
    const reached = this.known.get(key);
    return reached === undefined ? undefined : { ...reached, through: [target.node.name, ...reached.through] };
  }

  private search({ module, node, scope }: Extract<Resolved, { kind: 'function' }>, depth: number): Reached | undefined {
    const body = this.project.functionFacts(module, node, scope);
    const owner = body?.facts.functions.find((each) => each.node.start + body.offset === node.start && each.node.name === node.name);
    if (body === undefined || owner === undefined || isGenerator(body.facts, owner)) return undefined;
    const calls = body.facts.calls.filter((call) => call.scope.owner === owner && !call.isAwaited);
    for (const call of calls) {
      const effect = blockingEffect(this.resolver, module, call);
      if (effect === undefined || effect.isBrief) continue;
      return { through: [], effect, called: spelled(call.node.func), path: module.path, offset: call.node.start + body.offset };
    }
    for (const call of calls) {
      const reached = this.follow(module, call, depth - 1);
      if (reached !== undefined) return reached;
    }
    return undefined;
  }
}

function isPlain(node: FunctionStatement): boolean {
  return !node.isAsync && node.decorators.every((decorator) => TRANSPARENT_DECORATOR.test(spelled(decorator)));
}

/** A generator does nothing when it is called; who iterates over it is another question. */
function isGenerator(facts: ModuleFacts, owner: FunctionFacts): boolean {
  return /\byield\b/.test(facts.text.slice(owner.node.start, owner.node.end));
}
