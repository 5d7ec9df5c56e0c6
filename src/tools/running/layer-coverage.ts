import { layersOf } from '../../rules/knowledge/layers.ts';
import type { CheckResult, FileCoverage, ToolFinding } from '../../toolchain/check.ts';

/** What the skill wants of the layers that hold decisions and data access. */
const WANTED_COVERAGE = 0.8;
const MEASURED_LAYERS = ['services', 'repositories'] as const;
const MAX_MISSING_LINES = 12;

/** How much of a layer the tests reach. */
export interface LayerCoverage {
  readonly layer: (typeof MEASURED_LAYERS)[number];
  readonly covered: number;
  readonly statements: number;
  /** One decimal, rounded down. */
  readonly percent: number;
}

/**
 * The layers that are measured and have code; nothing where coverage was not measured. `folder` is the package's, workspace-relative:
 * the names of those above it say nothing.
 */
export function coverageByLayer(results: readonly CheckResult[], folder: string): LayerCoverage[] {
  const files = filesOf(results);
  return MEASURED_LAYERS.flatMap((layer) => {
    const own = files.filter(([file]) => isIn(layer, file, folder)).map(([, each]) => each);
    const statements = own.reduce((sum, each) => sum + each.statements, 0);
    const covered = own.reduce((sum, each) => sum + each.covered, 0);
    return statements === 0 ? [] : [{ layer, covered, statements, percent: Math.floor((covered / statements) * 1000) / 10 }];
  });
}

/** testing/coverage: a layer below the limit, at its least covered file. */
export function coverageFindings(layers: readonly LayerCoverage[], results: readonly CheckResult[], folder: string): ToolFinding[] {
  const files = filesOf(results);
  return layers.flatMap(({ layer, covered, statements, percent }): ToolFinding[] => {
    if (covered / statements >= WANTED_COVERAGE) return [];
    const own = files.filter(([file, each]) => isIn(layer, file, folder) && each.missing.length > 0);
    const [worst] = own.toSorted(([, one], [, other]) => other.missing.length - one.missing.length);
    if (worst === undefined) return [];
    const [file, { missing }] = worst;
    const lines = missing.slice(0, MAX_MISSING_LINES).join(', ');
    return [
      {
        rule: 'testing/coverage',
        severity: 'error',
        message: `${percent}% of ${layer} is covered, ${WANTED_COVERAGE * 100}% is wanted; most is missing here: lines ${lines}${missing.length > MAX_MISSING_LINES ? ' …' : ''}.`,
        path: file,
        line: missing[0] ?? 1,
        column: 1,
      },
    ];
  });
}

function isIn(layer: LayerCoverage['layer'], file: string, folder: string): boolean {
  return layersOf(folder === '.' ? file : file.slice(folder.length + 1)).includes(layer);
}

function filesOf(results: readonly CheckResult[]): (readonly [string, FileCoverage])[] {
  return results.flatMap((result) => [...(result.coverage ?? [])]);
}
