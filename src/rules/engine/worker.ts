import { loadParser } from '../../python/parser.ts';
import type { Judgement } from '../finding.ts';
import { Analyser, type FileResult, type SourceFile } from './analyse.ts';

/** What an analysis thread is asked. */
export interface AnalysisTask {
  /** Absolute, links resolved. */
  readonly root: string;
  readonly file: SourceFile;
  readonly judgement: Judgement;
}

const analysers = new Map<string, Analyser>();

/** Runs in each analysis thread. */
export default async function run(task: AnalysisTask): Promise<FileResult | undefined> {
  let analyser = analysers.get(task.root);
  if (analyser === undefined) {
    analyser = new Analyser(await loadParser(), task.root);
    analysers.set(task.root, analyser);
  }
  return analyser.analyse(task.file, task.judgement);
}
