/** Why something was refused; stable words that scripted clients may match on. */
export type RefusalCode =
  | 'no_root'
  | 'path_invalid'
  | 'path_outside'
  | 'path_protected'
  | 'not_found'
  | 'not_a_file'
  | 'too_large'
  | 'binary'
  | 'encoding'
  | 'stale'
  | 'already_exists'
  | 'unreadable'
  | 'unsupported'
  | 'not_writable'
  | 'invalid_input'
  | 'no_match'
  | 'gate'
  | 'rule'
  | 'question';

/**
 * A request that the caller can mend. `message` says what is wrong, `remedy` what to do about it;
 * both are shown to the agent and to people as they are.
 */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly remedy: string;

  constructor(code: RefusalCode, message: string, remedy: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.remedy = remedy;
  }
}

/** The errno code of a Node system error ("ENOENT"), or undefined for any other value. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
