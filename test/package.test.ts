import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { z } from 'zod';

const lockShape = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ resolved: z.string().optional(), hasInstallScript: z.boolean().optional(), dev: z.boolean().optional() }),
  ),
});

it('locks every package without naming a registry, and none runs a script when it is installed', async () => {
  const { packages } = lockShape.parse(JSON.parse(await readFile('package-lock.json', 'utf8')));
  expect(Object.keys(packages).length).toBeGreaterThan(100);
  expect(Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  expect(Object.entries(packages).filter(([, entry]) => entry.hasInstallScript === true && entry.dev !== true)).toEqual([]);
});
