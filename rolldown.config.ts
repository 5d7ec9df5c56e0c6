import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { defineConfig } from 'rolldown';

// WebAssembly loaders and the worker pool find their own files next to their code: they stay outside the bundle.
const external = [/^node:/, 'web-tree-sitter', '@astral-sh/ruff-wasm-nodejs', 'tinypool', 'libpg-query'];

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

// The viewer of the review page, in one file. Its logo is the only thing it would fetch.
const copyViewer = {
  name: 'copy-viewer',
  writeBundle(): void {
    const from = 'node_modules/redoc/bundles/redoc.standalone.js';
    const logo = 'https://cdn.redoc.ly/redoc/logo-mini.svg';
    const viewer = readFileSync(from, 'utf8');
    if (!viewer.includes(logo) || viewer.includes('</script')) throw new Error('the bundle of redoc has changed: look at it again');
    writeFileSync('dist/redoc.standalone.js', viewer.replaceAll(logo, 'data:,').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
    const licences = [readFileSync('node_modules/redoc/LICENSE', 'utf8'), readFileSync(`${from}.LICENSE.txt`, 'utf8')];
    writeFileSync('dist/redoc.standalone.LICENSE', licences.join('\n'));
  },
};

export default defineConfig([
  {
    input: {
      bin: 'src/bin.ts',
      'ruff-worker': 'src/python/ruff-worker.ts',
      'analysis-worker': 'src/rules/analysis-worker.ts',
      'contract-worker': 'src/contract/contract-worker.ts',
      'database-worker': 'src/database/database-worker.ts',
    },
    platform: 'node',
    external,
    plugins: [withoutAjv, copyGrammar, copyViewer],
    // Its `main` is a UMD file that hides what it requires from bundlers.
    resolve: { alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' } },
    // gray-matter can run JavaScript front matter; src/workspace/front-matter.ts refuses it.
    checks: { eval: false },
    output: { dir: 'dist', format: 'esm', chunkFileNames: 'chunk-[name].js', cleanDir: true, minify: true },
  },
  {
    input: {
      kill: 'stress/kill.ts',
      fuzz: 'stress/fuzz.ts',
      load: 'stress/load.ts',
      demo: 'scripts/demo.ts',
      bench: 'bench/bench.ts',
      truncation: 'bench/truncation.ts',
    },
    platform: 'node',
    external,
    output: { dir: 'build', format: 'esm', chunkFileNames: 'chunk-[name].js', cleanDir: true },
  },
]);
