import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { LOG_LEVELS, type LogLevel, ServerLog } from './server/log.ts';
import { serve } from './server/serve.ts';
import { productVersion } from './version.ts';

const USAGE = `python-engineer-mcp: an MCP server that holds any agent to the rules of a senior Python backend engineer.

Usage: python-engineer-mcp [options]          serve over stdio
       python-engineer-mcp check [paths]      check code (see check --help)

  --root <folder>       the project (default: PYTHON_ENGINEER_ROOT, the client's roots, the working folder)
  --read-only           offer only the tools that change nothing
  --log-file <file>     write the log there instead of standard error
  --log-level <level>   debug, info (default), warn, error
  --version, --help
`;

/** Runs the command line; returns when serving has begun or the program has nothing more to do. */
export async function main(args: readonly string[]): Promise<void> {
  // Optimising Ruff's ten megabytes of WebAssembly costs five seconds of processor time and 300 MB, and never pays that back.
  setFlagsFromString('--liftoff-only');
  if (args[0] === 'check') {
    const { runCheck } = await import('./cli/check.ts');
    process.exitCode = await runCheck(args.slice(1), productVersion());
    return;
  }
  const { values } = parseOptions(args);
  if (values.help === true) return print(USAGE);
  if (values.version === true) return print(`${productVersion()}\n`);
  const level = values['log-level'] ?? 'info';
  if (!isLogLevel(level)) return fail(`--log-level must be one of ${LOG_LEVELS.join(', ')}`);
  const log = new ServerLog(level, values['log-file']);
  await serve({ version: productVersion(), root: values.root, readOnly: values['read-only'] === true, log });
}

function parseOptions(args: readonly string[]): ReturnType<typeof parseKnown> {
  try {
    return parseKnown(args);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function parseKnown(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      root: { type: 'string' },
      'read-only': { type: 'boolean' },
      'log-file': { type: 'string' },
      'log-level': { type: 'string' },
      version: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function isLogLevel(text: string): text is LogLevel {
  return LOG_LEVELS.some((level) => level === text);
}

/** Only for --help and --version: no client is connected then. */
function print(text: string): void {
  process.stdout.write(text);
}

function fail(message: string): never {
  process.stderr.write(`python-engineer-mcp: ${message}\n\n${USAGE}`);
  process.exit(2);
}
