import { readFileSync } from 'node:fs';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, type CallToolResult, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { ToolCall } from '../tools/tool.ts';
import { packageFile } from '../workspace/package-root.ts';
import { Refusal } from '../workspace/refusal.ts';
import { withVisibleControls } from '../workspace/text.ts';
import type { Backend } from './backend.ts';
import type { ServerLog } from './log.ts';

/** What the SDK gives with a request. */
type CallContext = Parameters<Parameters<Server['setRequestHandler']>[1]>[1];

/** The build checks the rest: at a start, the protocol's own schema would cost six milliseconds more. */
const listShape = z.looseObject({
  tools: z.array(z.looseObject({ name: z.string(), inputSchema: z.looseObject({ type: z.literal('object') }) })),
});
/** The file that the build makes of all tool definitions. */
const definitionsShape = z.strictObject({ all: listShape, readOnly: listShape });

export interface ToolService {
  readonly readOnly: boolean;
  readonly log: ServerLog;
  backend(): Promise<Backend>;
  /** Called when a client has been sent the list of tools. */
  listed(): void;
}

/** Answers `tools/list` from the definitions that the build made, and hands calls to the tools. */
export function serveTools(server: Server, service: ToolService): void {
  server.setRequestHandler(ListToolsRequestSchema, () => {
    const definitions = definitionsShape.parse(JSON.parse(readFileSync(packageFile('dist/tool-definitions.json'), 'utf8')));
    service.listed();
    return service.readOnly ? definitions.readOnly : definitions.all;
  });
  server.setRequestHandler(CallToolRequestSchema, async (request, extra): Promise<CallToolResult> => {
    const { name, arguments: given } = request.params;
    const { tools, session } = await service.backend();
    const tool = tools.get(name);
    if (tool === undefined) return failure(`There is no tool "${name}".`, `The tools are: ${[...tools.keys()].join(', ')}.`);
    try {
      const { text, structured } = await tool.call(given, { session, signal: extra.signal, ...progressOf(extra) });
      return { content: text.map((each) => ({ type: 'text', text: withVisibleControls(each) })), structuredContent: structured };
    } catch (error) {
      if (error instanceof Refusal) return failure(error.message, error.remedy);
      if (extra.signal.aborted) return failure('The call was cancelled.', 'Nothing more was done.');
      service.log.error({ tool: name, error }, 'a tool failed');
      return failure(
        `${name} failed inside the server: ${error instanceof Error ? error.message : String(error)}.`,
        'This is a fault of the server: please report it with its log (stderr or --log-file).',
      );
    }
  });
}

function failure(message: string, remedy: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text: withVisibleControls(`${message}\n→ ${remedy}`) }] };
}

/** Sends progress to a client that asked for it; a client that is gone gets none. */
function progressOf({ _meta, sendNotification }: CallContext): Pick<ToolCall, 'progress'> {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return {};
  return {
    progress: (progress, total, message) => {
      sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total, message } }).catch(() => undefined);
    },
  };
}
