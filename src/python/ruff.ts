/** Where a diagnostic stands: 1-based row, 1-based column in UTF-16 units. */
export interface RuffLocation {
  readonly row: number;
  readonly column: number;
}

export interface RuffDiagnostic {
  /** A Ruff code such as `ASYNC251`, or `invalid-syntax`. */
  readonly code: string;
  readonly message: string;
  readonly start: RuffLocation;
  readonly end: RuffLocation;
  /** What Ruff would change, where that cannot change what the code does; empty otherwise. */
  readonly edits: readonly RuffEdit[];
}

/** The text between two places is replaced. */
export interface RuffEdit {
  readonly start: RuffLocation;
  readonly end: RuffLocation;
  readonly text: string;
}

/** Codes whose fixes only add what the code says already: Ruff's WebAssembly does not tell safe fixes from unsafe ones. */
export const SAFELY_FIXED = new Set(['ANN201', 'ANN202', 'ANN204', 'ANN205', 'ANN206']);

/** Ruff's own settings for a file, from the project's configuration. */
export interface RuffSettings {
  /** Such as `py312`. */
  readonly targetVersion: string;
  readonly lineLength: number;
  readonly quoteStyle: 'double' | 'single' | 'preserve';
  readonly indentStyle: 'space' | 'tab';
}

export const DEFAULT_RUFF_SETTINGS: RuffSettings = {
  // The newest: without a declared version no valid syntax may be called an error.
  targetVersion: 'py314',
  lineLength: 88,
  quoteStyle: 'double',
  indentStyle: 'space',
};

/** What the Ruff thread is asked. Texts have LF line endings and no byte order mark. */
export type RuffTask =
  | { readonly kind: 'check'; readonly text: string; readonly settings: RuffSettings; readonly codes: readonly string[] }
  | { readonly kind: 'format'; readonly text: string; readonly settings: RuffSettings };

/** `text` is undefined when the source does not parse. */
export type RuffResult =
  | { readonly kind: 'check'; readonly diagnostics: readonly RuffDiagnostic[] }
  | { readonly kind: 'format'; readonly text: string | undefined };

/**
 * Makes suppression comments unreadable to Ruff without moving anything: findings are only ever allowed by our own
 * `# allow:` comments.
 */
export function neutraliseSuppressions(text: string): string {
  return text.replace(/#[^\n]*/g, (comment) =>
    comment.replace(/noqa/gi, 'n0qa').replace(/ruff\s*:/gi, (mark) => mark.replace(/f(\s*:)$/i, '_$1')),
  );
}
