import path from 'node:path';
import { Refusal } from './refusal.ts';

/** How a path may be used: `read` refuses secrets and `.git`, `write` also what belongs to other tools. */
export type PathUse = 'read' | 'write';

const RELATIVE_HINT = 'Use a path relative to the workspace root, such as src/api/v1/users.py.';
// Also the superscript digits that Windows reads as COM1..3 and LPT1..3.
const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])$/;
const SECRET_NAMES = new Set([
  '.netrc',
  '_netrc',
  '.pypirc',
  '.pgpass',
  '.htpasswd',
  '.git-credentials',
  'id_rsa',
  'id_dsa',
  'id_ecdsa',
  'id_ed25519',
]);
const SECRET_EXTENSIONS = /\.(pem|key|p12|pfx|keystore|jks)$/;
const SECRET_FOLDERS = new Set(['.ssh', '.gnupg', '.aws', '.kube']);
const ENV_SAMPLE = /^\.env\.(example|sample|template|dist)$/;
const TOOL_FOLDERS = new Set(['.venv', 'venv', 'site-packages', 'node_modules', '__pycache__', '.claude', '.cursor', '.vscode']);

/**
 * Turns what a caller wrote as a path into workspace-relative segments joined by `/` (`.` for the root itself).
 * Purely lexical, the same on every platform but for what counts as absolute (`flavour`).
 * An absolute path is accepted when it lies below one of `roots`.
 * @throws Refusal `path_invalid` or `path_outside`
 */
export function toRelativePath(input: string, roots: readonly string[], flavour: path.PlatformPath = path): string {
  if (input.trim() === '') throw new Refusal('path_invalid', 'The path is empty.', RELATIVE_HINT);
  if (hasControlCharacter(input)) {
    throw new Refusal('path_invalid', 'The path contains a NUL, control or direction character.', RELATIVE_HINT);
  }
  let relative = input;
  if (flavour.isAbsolute(input)) {
    const inside = roots.map((root) => flavour.relative(root, input)).find((rel) => isInside(rel, flavour));
    if (inside === undefined) {
      throw new Refusal('path_outside', `"${input}" lies outside the workspace.`, RELATIVE_HINT);
    }
    relative = inside;
  }
  relative = relative.replaceAll('\\', '/');
  if (relative.startsWith('/')) {
    throw new Refusal('path_outside', `"${input}" lies outside the workspace.`, RELATIVE_HINT);
  }
  const segments = relative.split('/').filter((segment) => segment !== '' && segment !== '.');
  for (const segment of segments) checkSegment(segment, input);
  return segments.length === 0 ? '.' : segments.join('/');
}

function isInside(relative: string, flavour: path.PlatformPath): boolean {
  return relative !== '..' && !relative.startsWith(`..${flavour.sep}`) && !flavour.isAbsolute(relative);
}

/**
 * True for characters that steer a terminal, end a line or turn the direction of the text around them: a name with one shows as
 * another than it is.
 */
export function hasControlCharacter(text: string): boolean {
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(text);
}

function checkSegment(segment: string, input: string): void {
  if (segment === '..') {
    throw new Refusal('path_outside', `"${input}" climbs with "..".`, RELATIVE_HINT);
  }
  if (segment.includes(':')) {
    throw new Refusal('path_invalid', `"${input}" contains ":" (a drive, a stream or a URL).`, RELATIVE_HINT);
  }
  if (segment.startsWith('~')) {
    throw new Refusal('path_invalid', `"${input}" starts a part with "~", which is not expanded.`, RELATIVE_HINT);
  }
  if (/[. ]$/.test(segment)) {
    throw new Refusal('path_invalid', `"${input}" has a part that ends with a dot or space.`, RELATIVE_HINT);
  }
  const stem = (segment.split('.')[0] ?? '').trimEnd().toLowerCase();
  if (WINDOWS_DEVICE.test(stem)) {
    throw new Refusal('path_invalid', `"${input}" names a Windows device (${stem}).`, 'Choose another name.');
  }
  if (Buffer.byteLength(segment) > 255) {
    throw new Refusal('path_invalid', 'A part of the path is longer than 255 bytes.', 'Choose a shorter name.');
  }
}

/**
 * Refuses what no tool may touch, by the workspace-relative path. Case, compatibility forms and the invisible
 * characters that some file systems drop are folded first, so `.GIT` and `.g<ZWNJ>it` are `.git`.
 * @throws Refusal `path_protected`
 */
export function refuseProtected(relative: string, use: PathUse): void {
  const segments = foldForComparison(relative).split('/');
  const name = segments.at(-1) ?? '';
  for (const segment of segments) {
    if (segment === '.git' || segment === 'git~1') {
      throw new Refusal('path_protected', `"${relative}" belongs to git.`, 'Change it with git itself.');
    }
    if (SECRET_FOLDERS.has(segment)) {
      throw new Refusal('path_protected', `"${relative}" lies in a folder of secrets.`, 'Ask the user for what you need.');
    }
    if (use === 'write' && TOOL_FOLDERS.has(segment)) {
      throw new Refusal(
        'path_protected',
        `"${relative}" lies in "${segment}", which other tools manage.`,
        'Write to the project itself; ask the user to change tool settings or installed packages.',
      );
    }
  }
  const isEnvironmentFile = (name === '.env' || name.startsWith('.env.')) && !ENV_SAMPLE.test(name);
  if (isEnvironmentFile || SECRET_NAMES.has(name) || SECRET_EXTENSIONS.test(name)) {
    throw new Refusal(
      'path_protected',
      `"${relative}" holds secrets.`,
      'Describe the variables in .env.example and read them through a Settings class; the user fills in the values.',
    );
  }
  if (use === 'write' && name === '.mcp.json') {
    throw new Refusal('path_protected', `"${relative}" configures the agent itself.`, 'Ask the user to change it.');
  }
}

/** One spelling for names that a case-insensitive or normalising file system would take for the same. */
export function foldForComparison(relative: string): string {
  return relative
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase();
}
