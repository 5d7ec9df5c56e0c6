import type { Field, Shape } from '../../api/shape.ts';
import type { Block } from '../../documents/markdown.ts';
import type { ShapeReader } from '../../fastapi/shapes.ts';
import { plainText } from './endpoint-text.ts';
import { FieldReader, nested } from './fields.ts';
import { roleOf, splitLabel } from './labels.ts';
import type { ContractModels } from './models.ts';
import type { DocumentSections, Section } from './sections.ts';

/** Models may name each other in any order: after so many rounds each has seen the others. */
const ROUNDS = 3;
/** `3.1 LoanCreate (request)`, `Page[T]`: what a generic model is given is left open. */
const TITLE = /^(?:\d+(?:\.\d+)*[.)、]?\s+)?([A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*)(?:\[\w+\]|<\w+>)?(?:\s{0,20}[（(].*[）)])?$/;

/**
 * The models that a contract describes in a table or list below their name instead of in Python, by name. Their fields are only as
 * certain as words are.
 */
export function describedModels(documents: readonly DocumentSections[], models: ContractModels, shapes: ShapeReader): Map<string, Shape> {
  const inPython = new Set(models.definitions.map(({ name }) => name));
  const titled = documents.flatMap(({ others }) => others.flatMap(modelsIn));
  let found = new Map<string, Shape>();
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Map<string, Shape>();
    for (const { name, blocks } of titled) {
      if (inPython.has(name) || next.has(name)) continue;
      const reader = new FieldReader({ ...models, described: found }, shapes);
      const fields: Field[] = [
        ...blocks.flatMap((block) => (block.kind === 'table' ? reader.tableFields(block, 'input') : [])),
        ...reader.bulletFields(blocks, 'input'),
      ].map(({ in: _in, ...field }) => field);
      const shape = nested(fields);
      if (fields.length > 0 && shape.kind === 'object') next.set(name, { ...shape, name });
    }
    found = next;
  }
  return found;
}

/** What stands below each name in a section: its heading, or a label in bold. */
function modelsIn(section: Section): { name: string; blocks: Block[] }[] {
  const found: { name: string; blocks: Block[] }[] = [];
  let current = nameIn(section.heading?.text ?? '');
  let blocks: Block[] = [];
  const close = (): void => {
    if (current !== undefined && blocks.length > 0) found.push({ name: current, blocks });
    blocks = [];
  };
  for (const block of section.body) {
    const label = block.kind === 'line' ? splitLabel(block.text) : undefined;
    if (label?.isBold === true) {
      close();
      current = nameIn(label.title);
    } else blocks.push(block);
  }
  close();
  return found;
}

function nameIn(title: string): string | undefined {
  const name = TITLE.exec(plainText(title))?.[1];
  // One word such as "Errors" announces a part; `LicenseKeyValidate` is a name.
  const isPart = name !== undefined && !/[a-z][A-Z]/.test(name) && roleOf(name) !== undefined;
  return isPart ? undefined : name;
}
