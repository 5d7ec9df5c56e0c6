import { z } from 'zod';
import type { AnyTool } from '../tools/tool.ts';

/** A tool as `tools/list` shows it. */
export interface ToolDefinition {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  readonly annotations: AnyTool['hints'];
  readonly _meta?: Record<string, unknown>;
}

/** What `tools/list` says of a tool. Made when the product is built: a start has no time for schemas. */
export function toolDefinition(tool: AnyTool): ToolDefinition {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: objectSchema(tool.input, 'input'),
    outputSchema: objectSchema(tool.output, 'output'),
    annotations: tool.hints,
    ...(tool.view === undefined ? {} : { _meta: { ui: { resourceUri: tool.view } } }),
  };
}

const objectSchemaShape = z.looseObject({ type: z.literal('object') });
type ObjectSchema = z.output<typeof objectSchemaShape>;

function objectSchema(schema: z.ZodObject, io: 'input' | 'output'): ObjectSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema, path }) => {
      // zod writes the range of safe integers to every integer: noise that each client pays for in tokens.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      delete jsonSchema.propertyNames;
      // No model needs to be told that nothing is left empty or negative, that what is left out is not there, nor how a cursor is
      // made; the server says so to the one that errs.
      delete jsonSchema.pattern;
      if (jsonSchema.minLength === 1) delete jsonSchema.minLength;
      if (jsonSchema.minItems === 1) delete jsonSchema.minItems;
      if (jsonSchema.minimum === 0 || jsonSchema.minimum === 1) delete jsonSchema.minimum;
      if (['false', '[]', '""'].includes(JSON.stringify(jsonSchema.default))) delete jsonSchema.default;
      if (path.length > 0) delete jsonSchema.additionalProperties;
      // An output is for reading: its keys and their types are enough, and every client's model pays for the rest. What is in a
      // list or object explains itself; spelt out, the outputs of all tools would cost a thousand tokens.
      if (io === 'output') {
        delete jsonSchema.additionalProperties;
        delete jsonSchema.required;
        if (path.length > 0) {
          delete jsonSchema.properties;
          delete jsonSchema.items;
          delete jsonSchema.enum;
        }
      }
    },
  });
  return objectSchemaShape.parse(rest);
}
