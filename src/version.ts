import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { packageFile } from './workspace/package-root.ts';

const manifest = z.object({ name: z.string(), version: z.string() });

/** The product's version, from its package.json. */
export function productVersion(): string {
  return manifest.parse(JSON.parse(readFileSync(packageFile('package.json'), 'utf8'))).version;
}
