import { type Registration, registrationsIn } from '../../fastapi/registrations.ts';
import { isRouter } from '../../fastapi/router-classes.ts';
import type { FunctionFacts } from '../../python/module-facts.ts';
import { oncePerFile, type RuleContext } from '../context.ts';

/** The routes that the file registers, by the start of the function that answers. */
const routesOfFile = oncePerFile((context): ReadonlyMap<number, readonly Registration[]> => {
  const byFunction = new Map<number, Registration[]>();
  for (const registration of registrationsIn(context.resolver, context.module)) {
    const { target, scope, receiver } = registration;
    if (target?.path !== context.path || !isRouter(context.resolver, context.module, scope, receiver)) continue;
    byFunction.set(target.start, [...(byFunction.get(target.start) ?? []), registration]);
  }
  return byFunction;
});

/** The routes of a function of the file; none when it is no endpoint, or its router cannot be told to be FastAPI's. */
export function routesOf(context: RuleContext, owner: FunctionFacts): readonly Registration[] {
  return routesOfFile(context).get(owner.node.start) ?? [];
}

/** True for functions that FastAPI calls for a request. */
export function isEndpoint(context: RuleContext, owner: FunctionFacts): boolean {
  return routesOf(context, owner).length > 0;
}
