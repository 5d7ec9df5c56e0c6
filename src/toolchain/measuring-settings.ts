import path from 'node:path';
import type { Workspace } from '../workspace/workspace.ts';

/** What a project's configuration of pytest and coverage means for measuring from outside. */
export interface MeasuringSettings {
  /** Options of pytest that keep its own plugins from getting in the way. */
  readonly options: readonly string[];
  /** The project says itself how its coroutines and threads are measured. */
  readonly hasOwnConcurrency: boolean;
}

const FILES = ['pytest.ini', '.pytest.ini', 'pyproject.toml', 'tox.ini', 'setup.cfg', '.coveragerc'];
/** No configuration is longer, in characters. */
const MAX_LENGTH = 50_000;
const ADDED_OPTIONS = /^[ \t]*addopts[ \t]*=\s{0,200}(?:\[[^\]]{0,4000}\]|"""[\s\S]{0,4000}?"""|.*(?:\n[ \t]+.*)*)/gm;

/** Reads the configuration in a package's folder (workspace-relative), and the options in the server's own environment. */
export async function readMeasuringSettings(
  workspace: Workspace,
  folder: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<MeasuringSettings> {
  const texts = await Promise.all(
    FILES.map(async (name) => {
      const file = await workspace.readTextIfExists(path.posix.join(folder, name)).catch(() => undefined);
      return file?.text.slice(0, MAX_LENGTH) ?? '';
    }),
  );
  const options = [...texts.flatMap((text) => text.match(ADDED_OPTIONS) ?? []), environment.PYTEST_ADDOPTS ?? ''].join('\n');
  return {
    options: [
      // pytest-cov would take the measuring over.
      ...(/--cov\b/.test(options) ? ['--no-cov'] : []),
      // The workers of pytest-xdist are not measured.
      ...(/(?:^|[\s"'=])(?:-n[\s"',]*\w|--numprocesses)/m.test(options) ? ['-n0'] : []),
    ],
    hasOwnConcurrency: texts.some((text) => /^[ \t]*concurrency[ \t]*=/m.test(text)),
  };
}
