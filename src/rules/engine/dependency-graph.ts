import { createHash } from 'node:crypto';

/**
 * One hash a node over everything that can be reached from it, itself included. Nodes of a cycle reach the same things,
 * and share theirs. `own` gives what a node is by itself; `next` what it leads to.
 */
export function closureHashes(
  nodes: Iterable<string>,
  own: (node: string) => string,
  next: (node: string) => Iterable<string>,
): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const component of components(nodes, next)) {
    const members = new Set(component);
    const parts = new Set<string>();
    for (const member of component) {
      parts.add(`${member} ${own(member)}`);
      // Components come after those they lead to: what lies outside this one is known already.
      for (const target of next(member)) if (!members.has(target)) parts.add(hashes.get(target) ?? '');
    }
    const hash = createHash('sha1')
      .update([...parts].sort().join('\n'))
      .digest('base64');
    for (const member of component) hashes.set(member, hash);
  }
  return hashes;
}

interface Visit {
  readonly node: string;
  readonly targets: Iterator<string>;
}

/** The strongly connected components (Tarjan), each after the ones it leads to. Without recursion: chains may be long. */
function* components(nodes: Iterable<string>, next: (node: string) => Iterable<string>): Generator<string[]> {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  for (const root of nodes) {
    if (order.has(root)) continue;
    const visits: Visit[] = [];
    const enter = (node: string): void => {
      lowest.set(node, order.size);
      order.set(node, order.size);
      open.push(node);
      isOpen.add(node);
      visits.push({ node, targets: next(node)[Symbol.iterator]() });
    };
    const lower = (node: string, to: number): void => {
      lowest.set(node, Math.min(lowest.get(node) ?? to, to));
    };
    enter(root);
    for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
      const step = visit.targets.next();
      if (step.done !== true) {
        if (!order.has(step.value)) enter(step.value);
        else if (isOpen.has(step.value)) lower(visit.node, order.get(step.value) ?? 0);
        continue;
      }
      visits.pop();
      const parent = visits.at(-1);
      if (parent !== undefined) lower(parent.node, lowest.get(visit.node) ?? 0);
      if (lowest.get(visit.node) !== order.get(visit.node)) continue;
      const component = open.splice(open.lastIndexOf(visit.node));
      for (const member of component) isOpen.delete(member);
      yield component;
    }
  }
}
