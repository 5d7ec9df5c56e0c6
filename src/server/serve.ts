import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Logger } from 'pino';
import { createServer, type ServerOptions } from './server.ts';

/** After this the process ends whatever is still running, in milliseconds. */
const HARD_EXIT_MS = 5_000;

/** Serves over standard input and output until the client goes away or a signal arrives; then ends the process. */
export async function serve(options: ServerOptions): Promise<void> {
  const server = createServer(options);
  const { logger } = options;
  let isEnding = false;
  const end = (reason: string): void => {
    if (isEnding) return;
    isEnding = true;
    logger.info({ reason }, 'ending');
    setTimeout(() => process.exit(0), HARD_EXIT_MS).unref();
    server.close().then(
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
  surviveFaults(logger);
  await server.server.connect(new StdioServerTransport());
}

/** A fault in one call must not take the others down; it is logged and the loop goes on. */
function surviveFaults(logger: Logger): void {
  process.on('uncaughtException', (error) => logger.error(error, 'uncaught exception'));
  process.on('unhandledRejection', (reason) => logger.error({ reason }, 'unhandled rejection'));
  // At a limit of file sizes the write fails and is answered for; the library that locks files would end the process for the signal.
  process.on('SIGXFSZ', () => logger.warn('the limit of file sizes is reached'));
}
