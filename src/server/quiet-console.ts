import { Console } from 'node:console';

// Standard output carries the protocol alone. This module is the first import of the program, so that nothing a
// dependency prints while it loads, or later, can end up between two messages.
globalThis.console = new Console({ stdout: process.stderr, stderr: process.stderr });
