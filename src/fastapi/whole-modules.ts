import type { Place } from '../api/endpoint.ts';
import type { FunctionFacts } from '../python/module-facts.ts';
import type { Module, Project } from '../python/project.ts';

/** The modules of a project with the bodies of their functions: the project itself keeps only what others can see of them. */
export class WholeModules {
  private readonly project: Project;
  private readonly modules = new Map<string, Module | undefined>();

  constructor(project: Project) {
    this.project = project;
  }

  /** A module with the bodies of its functions; kept, because routes of one module are read again and again. */
  whole(file: string): Module | undefined {
    if (!this.modules.has(file)) this.modules.set(file, this.project.whole(file));
    return this.modules.get(file);
  }

  /** The facts of a function that a name resolved to, with its body. */
  functionOf(path: string, start: number): { module: Module; owner: FunctionFacts } | undefined {
    const module = this.whole(path);
    const owner = module?.facts.functions.find((each) => each.node.start === start);
    return module === undefined || owner === undefined ? undefined : { module, owner };
  }

  /** Makes a module the one that names are looked up from. */
  enter(module: Module): void {
    this.project.use(module);
  }

  /** The same for a module that was read before; nothing for others. */
  enterFile(path: string): void {
    const module = this.modules.get(path);
    if (module !== undefined) this.enter(module);
  }

  placeOf(module: Module, offset: number): Place {
    // A module that was parsed whole knows its lines; of the others the text is looked at again.
    const whole = this.modules.get(module.path);
    const line = whole === undefined ? this.project.lineOf(module.path, offset) : whole.facts.lines.positionAt(offset).line;
    return { path: module.path, line };
  }
}
