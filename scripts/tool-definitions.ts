import { writeFileSync } from 'node:fs';
import { ListToolsResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { toolDefinition } from '../src/server/tool-definitions.ts';
import { offeredTools } from '../src/tools/all-tools.ts';

// A step of the build: dist/tool-definitions.json holds what `tools/list` answers.

const listed = (readOnly: boolean) => {
  const list = { tools: offeredTools(readOnly).map(toolDefinition) };
  ListToolsResultSchema.parse(list);
  return list;
};
writeFileSync('dist/tool-definitions.json', JSON.stringify({ all: listed(false), readOnly: listed(true) }));
