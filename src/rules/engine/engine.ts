import { randomUUID } from 'node:crypto';
import type { PythonSettings } from '../../python/python-settings.ts';
import type { RuffResult, RuffSettings, RuffTask } from '../../python/ruff.ts';
import { Refusal } from '../../workspace/refusal.ts';
import { toLf } from '../../workspace/text.ts';
import { SpentThread, Thread } from '../../workspace/thread.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { Judgement } from '../finding.ts';
import type { FileResult } from './analyse.ts';
import type { AnalysisTask } from './worker.ts';

/** The analysis threads, told apart: each keeps the modules it parsed, so that neighbouring files belong in one of them. */
export const LANES = [0, 1] as const;
export type Lane = (typeof LANES)[number];

/** Checks and formats Python in worker threads: one for Ruff, the others for the rules. Nothing starts before it is used. */
export class CheckEngine {
  private readonly ruff = new Thread('dist/ruff-worker.js', 384);
  private readonly analysis: Readonly<Record<Lane, Thread>> = {
    0: new Thread('dist/analysis-worker.js', 384),
    1: new Thread('dist/analysis-worker.js', 384),
  };

  /** Starts the threads and compiles their WebAssembly, so that the first real check is quick. */
  async warmUp(root: string): Promise<void> {
    const judgement: Judgement = { rules: [], roots: [] };
    const file = { path: 'warm_up.py', text: 'pass\n', diagnostics: [], generation: '', isOnDisk: false };
    await Promise.all([
      this.runRuff({
        kind: 'format',
        text: 'pass\n',
        settings: { targetVersion: 'py312', lineLength: 88, quoteStyle: 'double', indentStyle: 'space' },
      }),
      this.runAnalysis({ root, file, judgement }, 0),
    ]);
  }

  /**
   * The findings of one Python text. `path` (workspace-relative) decides which rules apply and how imports resolve;
   * the file need not exist. Any line endings, with or without byte order mark. Calls with a
   * `run` check files as they are on disk; those of one generation see one state of it.
   * @throws Refusal `too_large` for a text that cannot be checked
   */
  async check(
    workspace: Workspace,
    path: string,
    text: string,
    judgement: Judgement,
    settings: PythonSettings,
    run?: { readonly generation: string; readonly lane: Lane },
  ): Promise<FileResult> {
    const source = toLf(text.replace(/^\uFEFF/, ''));
    // Ruff reports syntax errors always, under a name that cannot be selected.
    const codes = [...new Set(judgement.rules.flatMap((rule) => rule.ruff))].filter((code) => code !== 'invalid-syntax').sort();
    const result = await this.runRuff({ kind: 'check', text: source, settings: await settings.forFile(path), codes });
    if (result === undefined) throw notChecked(path);
    const diagnostics = result.kind === 'check' ? result.diagnostics : [];
    const analysed = await this.runAnalysis(
      {
        root: workspace.realRoot,
        file: { path, text: source, diagnostics, generation: run?.generation ?? randomUUID(), isOnDisk: run !== undefined },
        judgement,
      },
      run?.lane ?? 0,
    );
    if (analysed === undefined) throw notChecked(path);
    return analysed;
  }

  /** The text as Ruff formats it, with LF line endings; undefined when it does not parse or is nested too deeply. */
  async format(text: string, settings: RuffSettings): Promise<string | undefined> {
    const result = await this.runRuff({ kind: 'format', text: toLf(text), settings });
    return result?.kind === 'format' ? result.text : undefined;
  }

  /** Ends every thread. */
  async close(): Promise<void> {
    await Promise.all([this.ruff, ...Object.values(this.analysis)].map((thread) => thread.close()));
  }

  /** What Ruff answers; undefined where the text is nested so deeply that its thread had to be ended. */
  private async runRuff(task: RuffTask): Promise<RuffResult | undefined> {
    try {
      return await this.ruff.run<RuffResult>(task, 'The source');
    } catch (error) {
      if (error instanceof SpentThread) return undefined;
      throw error;
    }
  }

  private runAnalysis(task: AnalysisTask, lane: Lane): Promise<FileResult | undefined> {
    return this.analysis[lane].run<FileResult | undefined>(task, `"${task.file.path}"`);
  }
}

/** Neither right nor wrong: nothing is known of such a file, and nothing of it may be remembered. */
function notChecked(path: string): Refusal {
  return new Refusal(
    'too_large',
    `"${path}" could not be checked: its source is nested more deeply than any that people write, or broken so that it cannot be parsed in time.`,
    'Split the deepest expression into named parts, or mend the syntax.',
  );
}
