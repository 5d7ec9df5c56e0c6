import { type ChildProcess, spawn } from 'node:child_process';
import { BIN } from '../test/support/connect.ts';

const ANSWER_MS = 5_000;

/** A server that gets lines as they are, where a client would only send what the protocol allows. */
export class RawServer {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<string, () => void>();
  private readonly stray: string[] = [];
  private rest = '';
  private pings = 0;

  private constructor(child: ChildProcess) {
    this.child = child;
    child.stdin?.on('error', () => undefined);
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (this.rest + chunk.toString()).split('\n');
      this.rest = lines.pop() ?? '';
      for (const line of lines) this.take(line);
    });
  }

  /** Starts one on a workspace (absolute) and shakes hands. */
  static async start(root: string): Promise<RawServer> {
    const child = spawn(process.execPath, [BIN, '--root', root, '--log-level', 'silent'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const server = new RawServer(child);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
    await server.request({ id: 'first', method: 'initialize', params });
    server.send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
    return server;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Sends a text as a line of its own and then a ping; true when the ping is answered. */
  sendAndPing(text: string): Promise<boolean> {
    this.send(text);
    this.pings += 1;
    return this.request({ id: `ping-${this.pings}`, method: 'ping' });
  }

  /** Lines on standard output that are no protocol. */
  strayLines(): readonly string[] {
    return this.stray;
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  private send(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  private request(message: { id: string; method: string; params?: object }): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ANSWER_MS);
      this.waiting.set(message.id, () => {
        clearTimeout(timer);
        resolve(true);
      });
      this.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
    });
  }

  private take(line: string): void {
    try {
      const { jsonrpc, id }: { jsonrpc?: string; id?: string } = JSON.parse(line);
      if (jsonrpc !== '2.0') this.stray.push(line);
      this.waiting.get(String(id))?.();
    } catch {
      this.stray.push(line);
    }
  }
}
