import { collectFacts, interfaceOf, type ModuleFacts } from './module-facts.ts';
import { loadParser, type PythonParser } from './parser.ts';
import { Project } from './project.ts';
import { Resolver } from './resolver.ts';
import { interfaceSyntax, type ModuleSyntax } from './syntax.ts';
import { buildModule } from './syntax-builder.ts';

/** The project below `root` (absolute, links resolved), its modules parsed by `parser`. */
export function openProject(parser: PythonParser, root: string): Project {
  return new Project(root, (text, extent, enclosing) => {
    const syntax = buildModule(parser.parse(text, extent), text);
    return extent === 'interface' ? visibleFacts(text, syntax) : collectFacts(text, syntax, enclosing);
  });
}

/** What a project is read with. */
export interface ProjectTools {
  readonly parser: PythonParser;
  readonly project: Project;
  readonly resolver: Resolver;
}

const opened = new Map<string, ProjectTools>();

/**
 * The project below `root` as it is now, kept open from one call to the next; `roots` are further folders that modules are
 * imported from.
 */
export async function currentProject(root: string, roots: readonly string[]): Promise<ProjectTools> {
  let tools = opened.get(root);
  if (tools === undefined) {
    const parser = await loadParser();
    const project = openProject(parser, root);
    tools = { parser, project, resolver: new Resolver(project) };
    opened.set(root, tools);
  }
  tools.project.refresh();
  tools.project.files.useRoots(roots);
  tools.resolver.refresh();
  return tools;
}

/** What other modules can see of a module. */
export function visibleFacts(text: string, syntax: ModuleSyntax): ModuleFacts {
  return interfaceOf(collectFacts(text, interfaceSyntax(syntax)));
}
