import { isTestFile } from '../python/markers.ts';
import { callsIn, type FunctionFacts } from '../python/module-facts.ts';
import type { Module, Project } from '../python/project.ts';
import type { Resolver } from '../python/resolver.ts';
import { type Expression, keywordArgument } from '../python/syntax.ts';
import type { ApplicationReader } from './application.ts';
import type { ProjectClass, ShapeReader, Site } from './shapes.ts';
import { statusOf } from './status.ts';

/** A function that answers for an exception. */
interface Handler {
  readonly module: Module;
  readonly owner: FunctionFacts;
}

/** The names under which FastAPI's own error of a request that fails validation is registered. */
export const VALIDATION_ERROR = ['fastapi.exceptions.RequestValidationError', 'fastapi.RequestValidationError'];

/**
 * What the exception handlers of a project answer with. An exception is named by its kinds: its class and those above it, nearest
 * first, as {@link ExceptionHandlers.kindsOf} gives them, or its full name outside the project.
 */
export class ExceptionHandlers {
  private readonly application: ApplicationReader;
  private readonly resolver: Resolver;
  private readonly shapes: ShapeReader;
  private readonly statuses = new Map<string, number>();
  /** Handled with a status that is not written in the handler. */
  private readonly computed = new Set<string>();
  /** Some handler is registered for exceptions that cannot be followed. */
  private hasUnknown = false;

  /** The application must have been read. */
  constructor(application: ApplicationReader, resolver: Resolver, shapes: ShapeReader, project: Project) {
    this.application = application;
    this.resolver = resolver;
    this.shapes = shapes;
    for (const file of project.files.filesWith('handlers')) {
      const module = isTestFile(file) ? undefined : application.modules.whole(file);
      if (module !== undefined) this.scan(module);
    }
  }

  /** The status that an exception is answered with; undefined when no handler takes it, or one that computes the status. */
  statusFor(kinds: readonly string[]): number | undefined {
    return kinds.map((kind) => this.statuses.get(kind)).find((status) => status !== undefined);
  }

  /** True unless it is certain that no handler takes an exception. */
  mayHandle(kinds: readonly string[]): boolean {
    return this.hasUnknown || kinds.some((kind) => this.statuses.has(kind) || this.computed.has(kind));
  }

  /** The kinds of an exception of the project. */
  kindsOf(type: ProjectClass): readonly string[] {
    return Array.from(this.resolver.lineage(type), keyOf);
  }

  private scan(module: Module): void {
    this.application.modules.enter(module);
    for (const owner of module.facts.functions) {
      for (const decorator of owner.node.decorators) {
        if (decorator.kind !== 'call' || decorator.func.kind !== 'attribute' || decorator.func.name !== 'exception_handler') continue;
        const site: Site = { module, scope: owner.definedIn };
        const exception = decorator.args[0]?.value;
        if (exception !== undefined) this.add(site, exception, decorator.func.object, { module, owner });
      }
    }
    for (const { node, scope } of module.facts.calls) {
      if (node.args.some((argument) => argument.keyword === 'exception_handlers')) this.hasUnknown = true;
      if (node.func.kind !== 'attribute' || node.func.name !== 'add_exception_handler') continue;
      const [exception, handler] = node.args;
      const target = handler === undefined ? undefined : this.resolver.resolve(module, scope, handler.value);
      const found = target?.kind === 'function' ? this.application.modules.functionOf(target.module.path, target.node.start) : undefined;
      if (exception !== undefined) this.add({ module, scope }, exception.value, node.func.object, found);
    }
  }

  private add(site: Site, exception: Expression, application: Expression, handler: Handler | undefined): void {
    const target = this.resolver.resolve(site.module, site.scope, exception);
    const kind = target?.kind === 'class' ? keyOf(target) : target?.kind === 'external' ? target.name : undefined;
    if (kind === undefined) {
      this.hasUnknown = true;
      return;
    }
    // Handlers of an application that another one mounts do not answer for the other.
    const isAside = this.application.isMounted(site.module, site.scope, application);
    const status = handler === undefined || isAside ? undefined : this.statusIn(handler);
    if (status === undefined) this.computed.add(kind);
    else this.statuses.set(kind, status);
  }

  /** The one status that a handler writes out. */
  private statusIn({ module, owner }: Handler): number | undefined {
    const statuses = new Set<number | undefined>();
    for (const { node, scope } of callsIn(module.facts, owner)) {
      const given = keywordArgument(node.args, 'status_code');
      if (given !== undefined) statuses.add(statusOf(this.shapes, { module, scope }, given));
    }
    const [only] = statuses;
    return statuses.size === 1 ? only : undefined;
  }
}

function keyOf(type: ProjectClass): string {
  return `${type.module.path}:${type.node.start}`;
}
