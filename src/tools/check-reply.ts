import { z } from 'zod';
import { isDocument } from '../documents/batch.ts';
import { readBatchSections } from '../documents/batch-plan.ts';
import { answerPython, PREFIX, prefixFindings, readAnswerSections, sectionFindings } from '../documents/reply/code-answer.ts';
import { echoOf } from '../documents/reply/echo.ts';
import { quoted, REPLY_KINDS, type ReplyFinding, type ReplyKind } from '../documents/reply/finding.ts';
import { namedPaths, summaryFindings } from '../documents/reply/summary.ts';
import { wordingFindings } from '../documents/reply/wording.ts';
import { Refusal } from '../workspace/refusal.ts';
import { toLf } from '../workspace/text.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Session } from './phase/session.ts';
import { plural } from './reporting/present.ts';
import { defineTool, READ_ONLY } from './tool.ts';

const MAX_CHARACTERS = 200_000;
const MAX_SHOWN = 50;
/** More than a snippet. */
const PYTHON_BLOCK = /^[ \t]*(?:`{3,}|~{3,})[ \t]*(?:python|py)\b[^\n]*\n(?:(?![ \t]*(?:`{3}|~{3}))[^\n]*\n){4}/im;
const PATH_ALONE = /^[ \t>*-]*`?\.ai\/[^\s`]+`?[ \t]*$/m;
/** Who reports a deliverable says that it is done. */
const COMPLETION =
  /(?<!\p{L})(?:complete|completed|done|finished|written|wrote|saved|stored|filled|created|updated|ready|completad[oa]|complet[oa]|terminad[oa]|guardad[oa]|list[oa]|fertig|vollständig|abgeschlossen|erstellt|gespeichert|liegt|complète?|complet|terminée?|enregistrée?|rempli)(?!\p{L})|完成|补全|补齐|補齊|写好|写入|寫入|保存|已更新|已填|完了|作成|記入|書いた|書きました|書き終え|更新した/iu;

/** `check_reply`: whether a reply may go to the user as it is. It is never rewritten here. */
export const checkReply = defineTool({
  name: 'check_reply',
  title: 'Check a reply',
  description: 'Before you send a reply: its prefix, sections, openers, filler, sources, echo of documents. Quotes what to change.',
  hints: READ_ONLY,
  input: z.strictObject({
    reply: z.string().min(1),
    kind: z.enum(REPLY_KINDS).optional().describe('Default: by its content'),
  }),
  output: z.strictObject({
    passed: z.boolean(),
    kind: z.enum(REPLY_KINDS),
    findings: z.array(
      z.strictObject({ rule: z.string(), severity: z.string(), message: z.string(), fix: z.string(), line: z.number().int() }),
    ),
  }),
  async run(input, { session }) {
    if (input.reply.length > MAX_CHARACTERS)
      throw new Refusal(
        'too_large',
        `The reply has ${input.reply.length} characters.`,
        'Write what is long into a file, and name the file.',
      );
    const workspace = await session.workspace();
    const reply = toLf(input.reply).normalize('NFC');
    const kind = input.kind ?? kindOf(reply);
    const documents = await namedDocuments(workspace, session, reply);
    const findings = [
      ...prefixFindings(reply),
      ...(kind === 'code' ? [...sectionFindings(reply), ...(await codeFindings(session, workspace, reply))] : []),
      ...(kind === 'deliverable' ? summaryFindings(substance(reply), documents.missing) : []),
      ...(kind === 'deliverable' ? await unfinishedFindings(documents.named) : []),
      ...wordingFindings(substance(reply), startLines(reply)),
      ...echoFindings(reply, documents.texts),
    ].sort((one, other) => one.line - other.line);
    const errors = findings.filter((finding) => finding.severity === 'error').length;
    return {
      text: [
        findings.length === 0
          ? `Nothing to change (judged as ${WORDS[kind]}).`
          : `${errors === 0 ? 'Good enough to send' : 'Change it before you send it'}: ${plural(errors, 'error')}, ${plural(findings.length - errors, 'warning')} (judged as ${WORDS[kind]}).`,
        ...findings
          .slice(0, MAX_SHOWN)
          .map(({ rule, severity, message, fix, line }) => `line ${line}: ${severity} ${rule}: ${message}\n  fix: ${fix}`),
      ].join('\n'),
      structured: { passed: errors === 0, kind, findings: findings.slice(0, MAX_SHOWN) },
    };
  },
});

const WORDS: Readonly<Record<ReplyKind, string>> = {
  code: 'an answer with code',
  deliverable: 'the report of a deliverable',
  other: 'neither code nor the report of a deliverable',
};

function kindOf(reply: string): ReplyKind {
  if (readAnswerSections(reply).length > 0 || PYTHON_BLOCK.test(reply)) return 'code';
  const isReport =
    namedPaths(reply).some((path) => isDocument(path) || path.startsWith('.ai/')) && (COMPLETION.test(reply) || PATH_ALONE.test(reply));
  return isReport && !/[?？]\s*$/.test(reply.trimEnd()) ? 'deliverable' : 'other';
}

/** The reply without its prefix, or what stands in its place; every character keeps its place. */
function substance(reply: string): string {
  const prefix = reply.includes(PREFIX) ? PREFIX : /^\s*\[[^\]\n]{1,60}\](?=\s*\n)/.exec(reply)?.[0];
  return prefix === undefined ? reply : reply.replace(prefix, ' '.repeat(prefix.length));
}

/** Where the substance should begin: before and behind the prefix, and in the first section. */
function startLines(reply: string): number[] {
  const at = reply.indexOf(PREFIX);
  const before = reply.slice(0, Math.max(0, at)).replace(/[\s\uFEFF*_`#]/g, '');
  const behind = reply.slice(0, at + 1).split('\n').length;
  const [first] = readAnswerSections(reply);
  return [
    ...new Set([
      ...(at === -1 || before !== '' ? [1] : []),
      ...(at === -1 ? [] : [behind]),
      ...(first === undefined ? [] : [first.line + 1]),
    ]),
  ];
}

/** The documents that a reply names, or that were read or written in this session. */
async function namedDocuments(
  workspace: Workspace,
  session: Session,
  reply: string,
): Promise<{ texts: ReadonlyMap<string, string>; named: ReadonlyMap<string, string>; missing: readonly string[] }> {
  const named = namedPaths(reply);
  const texts = new Map<string, string>();
  const missing: string[] = [];
  for (const path of new Set([...named, ...session.seen.keys()])) {
    const text = await textOf(workspace, path);
    if (text === undefined && named.includes(path)) missing.push(path);
    if (text !== undefined && isDocument(path)) texts.set(path, text);
  }
  return { texts, named: new Map([...texts].filter(([path]) => named.includes(path))), missing };
}

async function textOf(workspace: Workspace, path: string): Promise<string | undefined> {
  try {
    return (await workspace.readTextIfExists(path))?.text;
  } catch (error) {
    // Outside the workspace, protected or no text: for a reply it is not there.
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

async function unfinishedFindings(texts: ReadonlyMap<string, string>): Promise<ReplyFinding[]> {
  const findings: ReplyFinding[] = [];
  for (const [path, text] of texts) {
    const open = (await readBatchSections(path, text)).filter((section) => section.isOpen);
    const [first] = open;
    if (first !== undefined)
      findings.push({
        rule: 'reply/summary',
        severity: 'warning',
        message: `"${path}" has ${plural(open.length, 'open section')}, the first "${first.name}".`,
        fix: 'Fill them, or say that it is not complete.',
        line: 1,
      });
  }
  return findings;
}

/** code/no-placeholder and code/complete on the Python of the answer; names may come from files that are not shown. */
async function codeFindings(session: Session, workspace: Workspace, reply: string): Promise<ReplyFinding[]> {
  const project = await session.projectRules(workspace);
  const judgement = { rules: project.rules.filter((rule) => rule.id === 'code/no-placeholder'), roots: project.roots };
  const settings = session.pythonSettings(workspace);
  const findings: ReplyFinding[] = [];
  for (const block of answerPython(reply)) {
    const { findings: own } = await session.services.engine.check(workspace, 'src/services/reply.py', block.text, judgement, settings);
    findings.push(...own.map(({ rule, severity, message, fix, line }) => ({ rule, severity, message, fix, line: block.line + line - 1 })));
    if ((await session.services.engine.format(block.text, await settings.forFile('src/services/reply.py'))) === undefined)
      findings.push({
        rule: 'code/complete',
        severity: 'error',
        message: 'This code does not parse.',
        fix: 'Show the complete code, one file a block.',
        line: block.line,
      });
  }
  return findings;
}

function echoFindings(reply: string, texts: ReadonlyMap<string, string>): ReplyFinding[] {
  return [...texts].flatMap(([path, text]): ReplyFinding[] => {
    const echo = echoOf(reply, toLf(text));
    if (echo === undefined) return [];
    return [
      {
        rule: 'reply/no-echo',
        severity: 'error',
        message: `From ${quoted(echo.first)} on the reply repeats ${echo.repeated} of the ${echo.lines} lines of ${path}.`,
        fix: `Name ${path} instead, with at most five decisions.`,
        line: echo.line,
      },
    ];
  });
}
