import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'rolldown';
import { viteImportGlobPlugin } from 'rolldown/experimental';

// WebAssembly loaders and the worker pool find their own files next to their code: they stay outside the bundle.
const external = [/^node:/, 'web-tree-sitter', '@astral-sh/ruff-wasm-nodejs', 'tinypool', 'libpg-query', '@anthropic-ai/mcpb'];

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

// The code of other packages that goes into the bundle takes its licences along.
const listLicences = {
  name: 'list-licences',
  generateBundle(_options: unknown, bundle: Record<string, { readonly type: string; readonly moduleIds?: readonly string[] }>): void {
    const modules = Object.values(bundle).flatMap((chunk) => chunk.moduleIds ?? []);
    const folders = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []));
    const texts = [...folders].sort().map((folder) => {
      const manifest: { name: string; version: string; license?: string; licenses?: { type: string }[] } = JSON.parse(
        readFileSync(path.join(folder, 'package.json'), 'utf8'),
      );
      const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
      const text = file === undefined ? '' : readFileSync(path.join(folder, file), 'utf8').trim();
      return `${manifest.name} ${manifest.version} (${manifest.license ?? manifest.licenses?.[0]?.type ?? 'unknown'})\n\n${text}`;
    });
    if (!existsSync('dist')) mkdirSync('dist');
    writeFileSync('dist/LICENSES.txt', `Code of these packages is part of this one.\n\n${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
  },
};

export default defineConfig([
  {
    input: {
      bin: 'src/bin.ts',
      'ruff-worker': 'src/python/ruff-worker.ts',
      'analysis-worker': 'src/rules/engine/worker.ts',
      'contract-worker': 'src/contract/worker.ts',
      'database-worker': 'src/database/worker.ts',
      'listing-worker': 'src/workspace/listing-worker.ts',
      'markdown-worker': 'src/documents/markdown-worker.ts',
      'search-worker': 'src/workspace/search-worker.ts',
    },
    platform: 'node',
    external,
    plugins: [viteImportGlobPlugin(), withoutAjv, copyGrammar, copyViewer, listLicences],
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
      bundle: 'scripts/bundle.ts',
      docs: 'scripts/docs.ts',
      'new-rule': 'scripts/new-rule.ts',
      'tool-definitions': 'scripts/tool-definitions.ts',
      demo: 'scripts/demo.ts',
      bench: 'bench/bench.ts',
      truncation: 'bench/truncation.ts',
    },
    platform: 'node',
    external,
    checks: { eval: false },
    output: { dir: 'build', format: 'esm', chunkFileNames: 'chunk-[name].js', cleanDir: true },
  },
]);
