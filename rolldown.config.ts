import { copyFileSync, mkdirSync } from 'node:fs';
import { defineConfig } from 'rolldown';

// WebAssembly loaders and the worker pool find their own files next to their code: they stay outside the bundle.
const external = [/^node:/, 'web-tree-sitter', '@astral-sh/ruff-wasm-nodejs', 'tinypool'];

// The SDK's server loads ajv, a third of the start-up code, only for its elicitInput method. src/server/server.ts asks
// through a plain request and parses the answer itself, so ajv is left out.
const withoutAjv = {
  name: 'without-ajv',
  resolveId(id: string): string | undefined {
    return id.endsWith('/validation/ajv-provider.js') ? '\0no-ajv' : undefined;
  },
  load(id: string): string | undefined {
    return id === '\0no-ajv' ? 'export class AjvJsonSchemaValidator {}' : undefined;
  },
};

const copyGrammar = {
  name: 'copy-grammar',
  writeBundle(): void {
    mkdirSync('dist', { recursive: true });
    const from = 'node_modules/@vscode/tree-sitter-wasm';
    copyFileSync(`${from}/wasm/tree-sitter-python.wasm`, 'dist/tree-sitter-python.wasm');
    copyFileSync(`${from}/LICENSE`, 'dist/tree-sitter-python.LICENSE');
  },
};

export default defineConfig([
  {
    input: {
      bin: 'src/bin.ts',
      'ruff-worker': 'src/python/ruff-worker.ts',
      'analysis-worker': 'src/rules/analysis-worker.ts',
    },
    platform: 'node',
    external,
    plugins: [withoutAjv, copyGrammar],
    // gray-matter can run JavaScript front matter; src/workspace/front-matter.ts refuses it.
    checks: { eval: false },
    output: { dir: 'dist', format: 'esm', chunkFileNames: 'chunk-[name].js', cleanDir: true, minify: true },
  },
  {
    input: { demo: 'scripts/demo.ts', bench: 'bench/bench.ts' },
    platform: 'node',
    external,
    output: { dir: 'build', format: 'esm', chunkFileNames: 'chunk-[name].js', cleanDir: true },
  },
]);
