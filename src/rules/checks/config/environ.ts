import { SETTINGS } from '../../../python/framework-classes.ts';
import { spelled } from '../../../python/names.ts';
import type { Check } from '../../context.ts';

/** These read only where their result is used. */
const CHANGERS = new Set(['os.environ.setdefault', 'os.environ.pop']);
const READERS = new Set(['os.getenv', 'os.environ.get', 'os.environb.get', 'os.getenvb']);

/** config/no-environ: the environment read outside the settings module. */
export const noEnviron: Check = (context) => {
  for (const place of environmentReads(context)) {
    context.report({
      span: place.span,
      message: `\`${place.written}\` reads the environment outside the settings module.`,
      fix: 'Add a field to the Settings class in `core/config.py` and take `Annotated[Settings, Depends(get_settings)]`, or call `get_settings()`.',
    });
  }
};

/** config/base-settings: a settings module that reads the environment by hand. */
export const baseSettings: Check = (context) => {
  const hasSettingsClass = context.facts.classes.some(
    (facts) =>
      context.derivesFrom(context.classOf(facts), SETTINGS) ||
      facts.node.bases.some((base) => context.source(base).endsWith('SettingsSource')),
  );
  if (hasSettingsClass) return;
  const [first, ...more] = [...environmentReads(context)];
  if (first === undefined) return;
  const others = more.length === 0 ? '' : ` (and ${more.length} more in this file)`;
  context.report({
    span: first.span,
    message: `Settings are read by hand: \`${first.written}\`${others}. Missing and malformed values are not noticed at start.`,
    fix: 'Declare a `Settings(BaseSettings)` class from `pydantic-settings` with one typed field per variable.',
  });
};

type Context = Parameters<Check>[0];

function* environmentReads(context: Context): Generator<{ span: { start: number; end: number }; written: string }> {
  // Most files never import os: resolving every name of theirs would be most of the time of a check.
  if (!context.facts.imports.some((imported) => imported.module === 'os')) return;
  for (const reference of context.facts.references) {
    if (reference.use !== 'load' || context.isInMainGuard(reference.node)) continue;
    const name = context.external(reference.scope, reference.node);
    const isAskedFor =
      name === 'os.environ' && /\bin\s+$/.test(context.facts.text.slice(Math.max(0, reference.node.start - 8), reference.node.start));
    const isRead =
      name !== undefined &&
      (isAskedFor ||
        (reference.isCalled && (READERS.has(name) || (CHANGERS.has(name) && reference.statement.kind !== 'expression'))) ||
        (reference.isSubscripted && name === 'os.environ'));
    if (!isRead) continue;
    const written = spelled(reference.node);
    yield { span: reference.node, written: reference.isSubscripted ? `${written}[…]` : `${written}(…)` };
  }
}
