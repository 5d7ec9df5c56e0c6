import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Backend } from './backend.ts';
import { INSTRUCTIONS } from './instructions.ts';
import type { ServerLog } from './log.ts';
import { servePrompts } from './prompts.ts';
import { serveResources } from './resources.ts';
import { SKILLS_CAPABILITY, serveSkills } from './skills-extension.ts';
import { serveTools } from './tools.ts';

export interface ServerOptions {
  readonly version: string;
  readonly root: string | undefined;
  readonly readOnly: boolean;
  readonly log: ServerLog;
}

/** An MCP server that is ready to be connected, and the way to end what it started. */
export interface RunningServer {
  readonly server: Server;
  close(): Promise<void>;
}

/**
 * Builds the server. Until a client has its list of tools nothing of the workspace is read, no thread starts, and the code of the tools
 * is not loaded: starting stays quick, and a client that only probes costs nothing.
 */
export function createServer(options: ServerOptions): RunningServer {
  const server = new Server(
    { name: 'python-engineer-mcp', title: 'Python Engineer', version: options.version },
    {
      instructions: INSTRUCTIONS,
      capabilities: { tools: {}, resources: {}, prompts: {}, extensions: { [SKILLS_CAPABILITY]: { directoryRead: true } } },
    },
  );
  let loading: Promise<Backend> | undefined;
  let isClosing = false;
  const backend = (): Promise<Backend> => {
    loading ??= import('./backend.ts').then((module) => new module.Backend(server, options));
    return loading;
  };
  const warmUp = async (): Promise<void> => {
    if (isClosing) return;
    try {
      await (await backend()).warmUp();
    } catch (error) {
      if (!isClosing) options.log.error(error, 'warm-up failed');
    }
  };
  // Not before the answer is on its way.
  const listed = (): void => void setImmediate(warmUp);
  serveTools(server, { readOnly: options.readOnly, log: options.log, backend, listed });
  serveResources(server, async () => (await backend()).session);
  serveSkills(server);
  servePrompts(server);
  return {
    server,
    close: async () => {
      isClosing = true;
      await server.close();
      await (await loading)?.close();
    },
  };
}
