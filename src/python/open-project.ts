import { collectFacts, interfaceOf, type ModuleFacts } from './module-facts.ts';
import type { PythonParser } from './parser.ts';
import { Project } from './project.ts';
import { interfaceSyntax, type ModuleSyntax } from './syntax.ts';
import { buildModule } from './syntax-builder.ts';

/** The project below `root` (absolute, links resolved), its modules parsed by `parser`. */
export function openProject(parser: PythonParser, root: string): Project {
  return new Project(root, (text, extent, enclosing) => {
    const syntax = buildModule(parser.parse(text, extent), text);
    return extent === 'interface' ? visibleFacts(text, syntax) : collectFacts(text, syntax, enclosing);
  });
}

/** What other modules can see of a module. */
export function visibleFacts(text: string, syntax: ModuleSyntax): ModuleFacts {
  return interfaceOf(collectFacts(text, interfaceSyntax(syntax)));
}
