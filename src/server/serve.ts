import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { InputLines, MAX_LINE_BYTES } from './input-lines.ts';
import type { ServerLog } from './log.ts';
import { createServer, type ServerOptions } from './server.ts';

/** After this the process ends whatever is still running, in milliseconds. */
const HARD_EXIT_MS = 5_000;

/** Serves over standard input and output until the client goes away or a signal arrives; then ends the process. */
export async function serve(options: ServerOptions): Promise<void> {
  const server = createServer(options);
  const { log } = options;
  let isEnding = false;
  const end = (reason: string): void => {
    if (isEnding) return;
    isEnding = true;
    log.info({ reason }, 'ending');
    setTimeout(() => process.exit(0), HARD_EXIT_MS).unref();
    server
      .close()
      .then(() => log.flush())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  // The transport does not notice that its peer is gone.
  process.stdin.once('end', () => end('stdin ended'));
  process.stdin.once('close', () => end('stdin closed'));
  process.stdout.on('error', () => end('stdout closed'));
  process.once('SIGINT', () => end('SIGINT'));
  process.once('SIGTERM', () => end('SIGTERM'));
  surviveFaults(log);
  const lines = new InputLines((id) => refuseLine(id, log));
  await server.server.connect(new StdioServerTransport(process.stdin.pipe(lines), process.stdout));
}

/** Answers a request that is too long to be read. Without its id nobody waits for the answer. */
function refuseLine(id: string | undefined, log: ServerLog): void {
  const limit = `${MAX_LINE_BYTES / 1024 / 1024} MB`;
  log.warn({ id }, `a message over ${limit} was dropped`);
  if (id === undefined) return;
  const message = `The message is over ${limit} and was not read: send the text in parts, or write_file with edits or section.`;
  const error = { code: ErrorCode.InvalidRequest, message };
  process.stdout.write(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}\n`);
}

/** A fault in one call must not take the others down; it is logged and the loop goes on. */
function surviveFaults(log: ServerLog): void {
  process.on('uncaughtException', (error) => log.error(error, 'uncaught exception'));
  process.on('unhandledRejection', (reason) => log.error({ reason }, 'unhandled rejection'));
  // At a limit of file sizes the write fails and is answered for; the library that locks files would end the process for the signal.
  process.on('SIGXFSZ', () => log.warn({}, 'the limit of file sizes is reached'));
}
