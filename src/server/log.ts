import type { Logger } from 'pino';

/** From the most to the least that is written. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The server's log. Its library loads with the first line, because an ordinary start writes none before the client is answered. */
export class ServerLog {
  private readonly level: LogLevel;
  private readonly file: string | undefined;
  private opened: Promise<Logger | undefined> | undefined;

  /** `file` is where lines go instead of standard error. */
  constructor(level: LogLevel, file: string | undefined) {
    this.level = level;
    this.file = file;
  }

  info(subject: object, message: string): void {
    this.write('info', subject, message);
  }

  warn(subject: unknown, message: string): void {
    this.write('warn', subject, message);
  }

  error(subject: unknown, message: string): void {
    this.write('error', subject, message);
  }

  /** Resolves when every line so far is written. */
  async flush(): Promise<void> {
    await this.opened;
  }

  private write(level: 'info' | 'warn' | 'error', subject: unknown, message: string): void {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(this.level)) return;
    this.opened ??= this.open();
    this.opened = this.opened.then((logger) => {
      logger?.[level](subject, message);
      return logger;
    });
  }

  private async open(): Promise<Logger | undefined> {
    try {
      const { default: pino } = await import('pino');
      return pino({ level: this.level, base: undefined }, pino.destination({ dest: this.file ?? 2, sync: true, mkdir: true }));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      process.stderr.write(`python-engineer-mcp: the log cannot be written: ${reason}\n`);
      return undefined;
    }
  }
}
