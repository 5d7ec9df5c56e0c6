import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { secretValuesMask } from './secrets.ts';

/** A program to run. It is started without a shell. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Absolute. */
  readonly folder: string;
  /** Added to the environment of the server. */
  readonly environment?: Readonly<Record<string, string>>;
  /** In milliseconds. */
  readonly timeLimit: number;
  readonly signal: AbortSignal;
  /** Gets what the program prints as it comes, as it is. */
  readonly onOutput?: (chunk: string) => void;
  /** An absolute path that gets all of it. */
  readonly logFile?: string;
  /** At the time limit it is asked to stop first, as by Ctrl-C. */
  readonly isInterruptible?: boolean;
}

/** How a program ended. */
export interface ProcessResult {
  /** `failed_to_start`: there is no such program. */
  readonly end: 'exited' | 'timed_out' | 'cancelled' | 'failed_to_start';
  /** Undefined unless it exited by itself. */
  readonly code: number | undefined;
  /** The signal that something else ended it with. */
  readonly killedBy: NodeJS.Signals | undefined;
  /** Output and errors as they came, without colours; the middle is left out of what is too long. */
  readonly output: string;
}

const MAX_OUTPUT = 256 * 1024;
const MAX_LOG = 8 * 1024 * 1024;
/** How long a program may take to end after it was asked to, and its pipes to close after it ended, in milliseconds. */
const GRACE_MS = 1_000;
/** How long one may take that is asked to report what it has, in milliseconds. */
const REPORT_MS = 5_000;
/** Marks everything that a program starts, so that it can be found again. */
const MARK = 'PYTHON_ENGINEER_RUN';
// Sequences that move the cursor or set colours, and other characters that no reader can see.
const CONTROL = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** Runs a program to its end, its time limit or a cancellation, and ends everything it started. */
export function runProcess(command: Command): Promise<ProcessResult> {
  return new Promise((resolve) => {
    const { signal, timeLimit } = command;
    const output = new LimitedText();
    const mark = randomUUID();
    const child = spawn(command.program, [...command.args], {
      cwd: command.folder,
      env: { ...process.env, PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8', ...command.environment, [MARK]: mark },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what the program starts can be ended with it.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    const endWatch = watchOver(child.pid);
    let end: ProcessResult['end'] = 'exited';
    const stop = (reason: 'timed_out' | 'cancelled') => (): void => {
      if (end !== 'exited') return;
      end = reason;
      const isAsked = reason === 'timed_out' && command.isInterruptible === true && process.platform !== 'win32';
      if (isAsked) child.kill('SIGINT');
      else endTree(child.pid, mark, 'SIGTERM');
      setTimeout(() => endTree(child.pid, mark, 'SIGKILL'), isAsked ? REPORT_MS : GRACE_MS).unref();
    };
    const onAbort = stop('cancelled');
    const timer = setTimeout(stop('timed_out'), timeLimit);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const log = command.logFile === undefined ? undefined : new LogFile(command.logFile);
    const take = (chunk: Buffer): void => {
      output.add(chunk);
      log?.add(chunk);
      command.onOutput?.(chunk.toString());
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    let isFinished = false;
    const finish = (code: number | null, killedBy?: NodeJS.Signals | null): void => {
      if (isFinished) return;
      isFinished = true;
      endWatch();
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      // What the program left running holds no result.
      endTree(child.pid, mark, 'SIGKILL');
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      log?.close();
      resolve({
        end,
        code: end === 'exited' ? (code ?? undefined) : undefined,
        killedBy: end === 'exited' ? (killedBy ?? undefined) : undefined,
        output: output.text(),
      });
    };
    child.once('error', () => {
      end = 'failed_to_start';
      finish(null);
    });
    child.once('close', finish);
    // Something it started may keep the pipes open for ever.
    child.once('exit', (code, killedBy) => setTimeout(finish, GRACE_MS, code, killedBy).unref());
  });
}

/**
 * Ends a program's group when this server ends without being able to, as by SIGKILL: a shell waits for the pipe from here to close.
 * Returns what ends the watch.
 */
function watchOver(pid: number | undefined): () => void {
  if (pid === undefined || process.platform === 'win32') return () => undefined;
  const watch = spawn('/bin/sh', ['-c', 'read -r _; kill -s KILL -- "-$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell nothing is lost but the watch.
  watch.on('error', () => undefined);
  watch.stdin.on('error', () => undefined);
  watch.unref();
  return () => watch.kill('SIGKILL');
}

/** The end of an output: at most `count` lines of at most `width` characters. */
export function lastLines(output: string, count: number, width: number): string {
  const lines = output.trimEnd().split('\n').slice(-count);
  return lines.map((line) => line.slice(0, width)).join('\n');
}

/** Ends a program, its group, and what has left the group. */
function endTree(pid: number | undefined, mark: string, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => undefined);
    return;
  }
  for (const target of [-pid, ...marked(mark)]) {
    try {
      process.kill(target, signal);
    } catch {
      // It has ended already.
    }
  }
}

/** The processes that carry the mark in their environment, where the system shows it. */
function marked(mark: string): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && carries(name, mark))
      .map(Number);
  } catch {
    return [];
  }
}

function carries(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`).includes(`${MARK}=${mark}`);
  } catch {
    // Another user's, or gone.
    return false;
  }
}

/** The whole output of a program, up to a size that nobody reads through. */
class LogFile {
  private readonly file: number;
  private readonly mask = secretValuesMask();
  private size = 0;

  constructor(path: string) {
    this.file = openSync(path, 'w', 0o600);
  }

  add(chunk: Buffer): void {
    const part = chunk.subarray(0, Math.max(0, MAX_LOG - this.size));
    this.size += part.length;
    if (part.length > 0) writeSync(this.file, this.mask(part.toString().replace(CONTROL, '')));
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Keeps the beginning and the end of a text that may be endless. */
class LimitedText {
  private readonly head: Buffer[] = [];
  private headLength = 0;
  private tail: Buffer = Buffer.alloc(0);
  private dropped = 0;

  add(chunk: Buffer): void {
    const room = MAX_OUTPUT / 2 - this.headLength;
    const first = chunk.subarray(0, Math.max(0, room));
    if (first.length > 0) this.head.push(Buffer.from(first));
    this.headLength += first.length;
    if (first.length === chunk.length) return;
    const joined = Buffer.concat([this.tail, chunk.subarray(first.length)]);
    // Copies: a part would keep the whole alive.
    const kept = Buffer.from(joined.subarray(Math.max(0, joined.length - MAX_OUTPUT / 2)));
    this.dropped += joined.length - kept.length;
    this.tail = kept;
  }

  text(): string {
    const middle = this.dropped === 0 ? '' : `\n… ${this.dropped} bytes left out …\n`;
    return (Buffer.concat(this.head).toString() + middle + this.tail.toString()).replace(/\r\n?/g, '\n').replace(CONTROL, '');
  }
}
