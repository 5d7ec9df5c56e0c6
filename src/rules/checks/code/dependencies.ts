import { CONSTRAINT_PATHS, type Constraint, parseConstraints } from '../../../documents/architect-constraint.ts';
import { distributionsOf, isWellKnown, normaliseDistribution, withCompanions } from '../../../python/distributions.ts';
import { STANDARD_LIBRARY } from '../../../python/standard-library.ts';
import type { ImportedName } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';
import { isMainGuard } from '../../knowledge/main-guard.ts';

/** A shorter import name may be part of any distribution's name by accident. */
const SHORTEST_TELLING = 3;
/** A shorter distribution name may begin any import name by accident. */
const SHORTEST_STEM = 6;
/** A constraint document that names fewer libraries than this does not declare a whole stack. */
const WHOLE_STACK = 4;

/** code/declared-dependencies: an import that nobody declared, or that the architect prohibits. */
export const declaredDependencies: Check = (context) => {
  const constraint = readConstraint(context);
  const manifest = readManifests(context);
  if ((constraint === undefined && manifest === undefined) || context.path.includes('{{')) return;
  const prohibited = new Map(named(constraint, 'prohibited'));
  const allowed = withCompanions(named(constraint, 'allowed').map(([name]) => name));
  const declared = withCompanions(manifest ?? []);
  const reported = new Set<string>();
  for (const imported of context.facts.imports) {
    const top = imported.module.split('.')[0] ?? '';
    if (imported.level > 0 || top === '' || reported.has(top) || isOwn(context, top)) continue;
    const candidates = distributionsOf(top);
    const banned = candidates.map((name) => prohibited.get(name)).find((entry) => entry !== undefined);
    if (banned !== undefined && constraint !== undefined) {
      reported.add(top);
      report(
        context,
        imported,
        `\`${top}\` is prohibited by ${constraint.path} (line ${banned.line}).`,
        'Use what the architect decided instead, or ask the architect.',
      );
      continue;
    }
    if (isOptional(context, imported) || /\bimportorskip\b|\bsys\.path\b/.test(context.facts.text)) continue;
    if (isDeclared(candidates, allowed)) continue;
    const isInManifest = isDeclared(candidates, declared);
    const declaresStack = constraint !== undefined && named(constraint, 'allowed').length >= WHOLE_STACK;
    if (isInManifest && !declaresStack) continue;
    // A constraint document alone, with a line or two, says what matters to it and not everything that is used.
    if (manifest === undefined && !declaresStack) continue;
    if (!isInManifest && context.project.files.hasName(top)) continue;
    reported.add(top);
    const distribution = candidates[0] ?? top;
    if (isInManifest) {
      const where = constraint?.path ?? '';
      report(
        context,
        imported,
        `\`${top}\` is installed, but ${where} does not declare ${distribution}.`,
        `Ask the architect to declare ${distribution}, or use what is declared.`,
        'warning',
      );
    } else {
      const where = manifest === undefined ? (constraint?.path ?? 'the constraints') : 'the project';
      report(
        context,
        imported,
        `\`${top}\` is not declared by ${where}: ${distribution} is no dependency.`,
        `Use a declared library. If ${distribution} is really needed, ask the architect, then add it to the manifest.`,
        // An import name that few know may come from a distribution of any name.
        isWellKnown(top) ? 'error' : 'warning',
      );
    }
  }
};

function report(context: RuleContext, imported: ImportedName, message: string, fix: string, severity: 'error' | 'warning' = 'error'): void {
  context.report({ span: imported, severity, message, fix });
}

interface ConstraintDocument {
  readonly path: string;
  readonly constraints: readonly Constraint[];
}

function readConstraint(context: RuleContext): ConstraintDocument | undefined {
  for (const path of CONSTRAINT_PATHS) {
    const text = context.project.files.text(path);
    if (text !== undefined) return { path, constraints: parseConstraints(text) };
  }
  return undefined;
}

function named(document: ConstraintDocument | undefined, kind: Constraint['kind']): [string, Constraint][] {
  return (document?.constraints ?? [])
    .filter((constraint) => constraint.kind === kind)
    .map((constraint) => [normaliseDistribution(constraint.name.replaceAll(' ', '-')), constraint]);
}

/** What the manifests of every folder from the file up to the root declare together: members of a monorepo share their root's. */
function readManifests(context: RuleContext): ReadonlySet<string> | undefined {
  const all = new Set<string>();
  let hasManifest = false;
  const folders = context.path.split('/').slice(0, -1);
  for (let depth = folders.length; depth >= 0; depth--) {
    const folder = folders.slice(0, depth).join('/') || '.';
    for (const each of [folder, folder === '.' ? 'requirements' : `${folder}/requirements`]) {
      const declared = context.project.files.manifest(each);
      if (declared === undefined) continue;
      hasManifest = true;
      for (const name of declared) all.add(name);
    }
  }
  return hasManifest ? all : undefined;
}

function isOwn(context: RuleContext, top: string): boolean {
  return STANDARD_LIBRARY.has(top) || top.startsWith('_') || context.project.files.isImportable(top, context.path);
}

function isDeclared(candidates: readonly string[], declared: ReadonlySet<string>): boolean {
  if (candidates.some((name) => declared.has(name))) return true;
  // `opentelemetry` comes from opentelemetry-api, `ratelimit` from asgi-ratelimit, `types_boto3_s3` from types-boto3: what a
  // name hides in cannot be excluded.
  const own = (candidates.at(-1) ?? '').replaceAll('-', '');
  for (const name of declared) {
    const other = name.replaceAll('-', '');
    if (own.length >= SHORTEST_TELLING && other.includes(own)) return true;
    if (other.length >= SHORTEST_STEM && own.startsWith(other)) return true;
  }
  return false;
}

/** Imported below `try` or `if`, or after a test that skips without it: the code does without it. */
function isOptional(context: RuleContext, imported: ImportedName): boolean {
  return context.facts.statements.some(({ statement }) => {
    if (statement.start > imported.start || imported.end > statement.end) return false;
    if (statement.kind === 'try') return statement.handlers.length > 0;
    return statement.kind === 'if' && !isMainGuard(statement);
  });
}
