// Preloaded into a server (`node --import`): writes down, a JSON line each, what the server loads and touches while it starts.
import fs from 'node:fs';
import module, { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

const record = fs.openSync(process.env.START_PROBE_FILE, 'a');
const write = fs.writeSync;
const note = (kind, what) => write(record, `${JSON.stringify({ kind, what })}\n`);

const hooks = `
import fs from 'node:fs';
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (url.startsWith('file:')) {
    const bytes = fs.statSync(new URL(url)).size;
    fs.appendFileSync(process.env.START_PROBE_FILE, JSON.stringify({ kind: 'code', what: url, bytes }) + '\\n');
  }
  return loaded;
}`;
module.register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const send = process.stdout.write;
process.stdout.write = (...args) => {
  if (String(args[0]).includes('"tools":[')) note('answer', 'tools/list');
  return send.apply(process.stdout, args);
};
for (const name of ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']) {
  const original = WebAssembly[name];
  WebAssembly[name] = (...args) => {
    note('webassembly', name);
    return original(...args);
  };
}
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    note('thread', String(args[0]));
    super(...args);
  }
};
for (const owner of [fs, fs.promises]) {
  for (const [name, original] of Object.entries(owner)) {
    if (typeof original !== 'function' || !/^(open|read|stat|lstat|realpath|access|exists|write|mkdir)/.test(name)) continue;
    const watched = (...args) => {
      if (typeof args[0] === 'string' && args[0].startsWith(process.env.START_PROBE_WORKSPACE)) note('workspace', `${name} ${args[0]}`);
      return original.apply(owner, args);
    };
    owner[name] = Object.assign(watched, original);
  }
}
syncBuiltinESMExports();
