import { SYNC_SESSIONS } from '../../python/framework-classes.ts';
import type { CallFacts } from '../../python/module-facts.ts';
import type { Module } from '../../python/project.ts';
import type { Resolver } from '../../python/resolver.ts';
import { blockingFunction, blockingMethod, isBrief, syncDriverCall } from './blocking-calls.ts';
import { inferenceCall } from './inference.ts';

/** How a call holds its thread. */
export interface Effect {
  readonly kind: 'sleep' | 'driver' | 'orm' | 'io' | 'inference';
  /** What to do instead, without a full stop. */
  readonly instead: string;
  /** A look at the local file system: worth a word where it stands, not at the end of a chain of calls. */
  readonly isBrief: boolean;
}

const SESSION_WORK = new Set([
  ...['query', 'execute', 'scalars', 'scalar', 'get', 'get_one', 'add', 'add_all', 'commit', 'flush', 'refresh', 'delete', 'merge'],
  ...['rollback', 'exec', 'bulk_save_objects', 'bulk_insert_mappings'],
]);

/** How a call blocks the thread it runs in; undefined when it does not, or cannot be known to. */
export function blockingEffect(resolver: Resolver, module: Module, call: CallFacts): Effect | undefined {
  const { func } = call.node;
  const name = resolver.externalName(module, call.scope, func);
  if (name === 'time.sleep') return { kind: 'sleep', instead: 'Await `asyncio.sleep(seconds)`', isBrief: false };
  const driver = name === undefined ? undefined : syncDriverCall(name);
  if (driver !== undefined) return { kind: 'driver', instead: driver.instead, isBrief: false };
  const direct = name === undefined ? undefined : blockingFunction(name);
  if (name !== undefined && direct !== undefined && !readsMemory(resolver, module, call))
    return { kind: 'io', instead: direct.instead, isBrief: isBrief(name) };
  if (inferenceCall(resolver, module, call) !== undefined)
    return { kind: 'inference', instead: 'Hand the computation to `asyncio.to_thread`', isBrief: false };
  if (func.kind !== 'attribute') return undefined;
  const type = resolver.typeOf(module, call.scope, func.object);
  if (type === undefined) return undefined;
  if (SESSION_WORK.has(func.name) && resolver.derivesFrom(type, SYNC_SESSIONS))
    return { kind: 'orm', instead: 'Take an `AsyncSession` from `sqlalchemy.ext.asyncio` and await the call', isBrief: false };
  const method = type.kind === 'external' ? blockingMethod(type.name, func.name) : undefined;
  return method === undefined ? undefined : { kind: 'io', instead: method.instead, isBrief: isBrief(`pathlib.Path.${func.name}`) };
}

/** `Image.open(BytesIO(data))`: the "file" is in memory. */
export function readsMemory(resolver: Resolver, module: Module, call: CallFacts): boolean {
  const [first] = call.node.args;
  const type = first === undefined ? undefined : resolver.typeOf(module, call.scope, first.value);
  return type?.kind === 'external' && (type.name === 'io.BytesIO' || type.name === 'io.StringIO');
}
