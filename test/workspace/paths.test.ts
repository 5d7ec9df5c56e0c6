import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refuseProtected, toRelativePath } from '../../src/workspace/paths.ts';
import { Refusal } from '../../src/workspace/refusal.ts';

const POSIX_ROOT = ['/home/ada/shop'];
const WINDOWS_ROOT = ['C:\\Users\\ada\\shop'];

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return 'accepted';
}

/** What a caller may try, and what becomes of it where a path is POSIX's and where it is Windows'. */
const ATTACKS: readonly (readonly [attack: string, input: string, posix: string, win32: string])[] = [
  ['nothing', '', 'path_invalid', 'path_invalid'],
  ['blanks', '   ', 'path_invalid', 'path_invalid'],
  ['dots', '../secrets', 'path_outside', 'path_outside'],
  ['dots inside', 'src/../../secrets', 'path_outside', 'path_outside'],
  ['dots with backslashes', 'src\\..\\..\\secrets', 'path_outside', 'path_outside'],
  ['dots with both', 'src/..\\../secrets', 'path_outside', 'path_outside'],
  ['dots that come back', 'a/..', 'path_outside', 'path_outside'],
  ['dots behind dots', './.././secrets', 'path_outside', 'path_outside'],
  ['three dots', 'src/.../a.py', 'path_invalid', 'path_invalid'],
  ['dots and a blank', '.. /secrets', 'path_invalid', 'path_invalid'],
  ['dots and NUL', '..\0/secrets', 'path_invalid', 'path_invalid'],
  ['absolute', '/etc/passwd', 'path_outside', 'path_outside'],
  ['absolute, twice', '//etc/passwd', 'path_outside', 'path_outside'],
  ['absolute beside the root', '/home/ada/shop-other/a.py', 'path_outside', 'path_outside'],
  ['absolute through the root', '/home/ada/shop/../.ssh/id_rsa', 'path_outside', 'path_outside'],
  ['absolute by a process', '/proc/self/environ', 'path_outside', 'path_outside'],
  ['absolute with backslashes', '\\Windows\\win.ini', 'path_outside', 'path_outside'],
  ['UNC', '\\\\server\\share\\a.py', 'path_outside', 'path_outside'],
  ['UNC with slashes', '//server/share/a.py', 'path_outside', 'path_outside'],
  ['UNC of this machine', '\\\\localhost\\C$\\Users\\ada\\shop\\a.py', 'path_outside', 'path_outside'],
  ['verbatim', '\\\\?\\C:\\a.py', 'path_outside', 'path_outside'],
  ['verbatim below the root', '\\\\?\\C:\\Users\\ada\\shop\\..\\other', 'path_outside', 'path_outside'],
  ['verbatim UNC', '\\\\?\\UNC\\server\\share\\a.py', 'path_outside', 'path_outside'],
  ['device namespace', '\\\\.\\PhysicalDrive0', 'path_outside', 'path_outside'],
  ['device namespace with slashes', '//./C:/a.py', 'path_outside', 'path_outside'],
  ['object namespace', '\\??\\C:\\a.py', 'path_outside', 'path_outside'],
  ['drive-relative', 'C:a.py', 'path_invalid', 'path_invalid'],
  ['drive-relative climb', 'C:..\\secrets', 'path_invalid', 'path_invalid'],
  ['another drive', 'D:\\Users\\ada\\shop\\a.py', 'path_invalid', 'path_outside'],
  ['the drive', 'C:\\Windows\\system32', 'path_invalid', 'path_outside'],
  ['the drive through the root', 'C:\\Users\\ada\\shop\\..\\other', 'path_invalid', 'path_outside'],
  ['drive in the middle', 'src/C:/a.py', 'path_invalid', 'path_invalid'],
  ['stream', 'a.py:stream', 'path_invalid', 'path_invalid'],
  ['stream by type', 'a.py::$DATA', 'path_invalid', 'path_invalid'],
  ['URL', 'file:///etc/passwd', 'path_invalid', 'path_invalid'],
  ['home', '~/a.py', 'path_invalid', 'path_invalid'],
  ['home of another', '~root/a.py', 'path_invalid', 'path_invalid'],
  ['NUL', 'src/a.py\0.txt', 'path_invalid', 'path_invalid'],
  ['line break', 'src/a\n.py', 'path_invalid', 'path_invalid'],
  ['escape', 'src/\u001b[2Ja.py', 'path_invalid', 'path_invalid'],
  ['C1 control', 'src/a\u009b2J.py', 'path_invalid', 'path_invalid'],
  ['line separator', 'src/a\u2028.py', 'path_invalid', 'path_invalid'],
  ['turned direction', 'src/a\u202eyp.py', 'path_invalid', 'path_invalid'],
  ['device', 'NUL', 'path_invalid', 'path_invalid'],
  ['device with an extension', 'src/con.py', 'path_invalid', 'path_invalid'],
  ['device with two', 'src/aux.tar.gz', 'path_invalid', 'path_invalid'],
  ['device as a folder', 'prn/a.py', 'path_invalid', 'path_invalid'],
  ['serial port', 'src/COM1', 'path_invalid', 'path_invalid'],
  ['serial port 0', 'src/com0.txt', 'path_invalid', 'path_invalid'],
  ['parallel port by superscript', 'src/lpt¹.txt', 'path_invalid', 'path_invalid'],
  ['device and a blank', 'src/aux .py', 'path_invalid', 'path_invalid'],
  ['console', 'CONIN$', 'path_invalid', 'path_invalid'],
  ['dot at the end', 'src/a.py.', 'path_invalid', 'path_invalid'],
  ['blank at the end', 'src/a.py ', 'path_invalid', 'path_invalid'],
  ['blank at the end of a folder', 'src /a.py', 'path_invalid', 'path_invalid'],
  ['dots at the end of a folder', 'src../a.py', 'path_invalid', 'path_invalid'],
  ['long name', 'a'.repeat(300), 'path_invalid', 'path_invalid'],
  ['long name in bytes', '需'.repeat(100), 'path_invalid', 'path_invalid'],
];

describe('attacks are refused', () => {
  it.each(ATTACKS)('%s: %j', (_attack, input, posix, win32) => {
    expect(codeOf(() => toRelativePath(input, POSIX_ROOT, path.posix))).toBe(posix);
    expect(codeOf(() => toRelativePath(input, WINDOWS_ROOT, path.win32))).toBe(win32);
  });

  // No file system decodes these: they are names like any other, and stay inside.
  it.each([
    '%2e%2e/secrets',
    '..%2fsecrets',
    '%252e%252e/secrets',
    '．．/secrets',
    '‥/secrets',
    '\u2024\u2024/secrets',
    '..\u2215secrets',
    '..;/secrets',
    'ａ.py',
  ])('%j stays inside', (input) => {
    for (const [roots, flavour] of [
      [POSIX_ROOT, path.posix],
      [WINDOWS_ROOT, path.win32],
    ] as const) {
      const relative = toRelativePath(input, roots, flavour);
      const root = roots[0] ?? '';
      expect(flavour.resolve(root, relative).startsWith(root + flavour.sep)).toBe(true);
    }
  });

  it('never leads outside, whatever is sent', () => {
    const part = fc.oneof(
      fc.constantFrom('..', '.', '', '/', '\\', 'C:', '~', '%2e%2e', '\0', ' ', '...', '\\\\?\\', 'shop', 'home', 'a.py', '．．'),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    const input = fc.array(fc.tuple(part, fc.constantFrom('/', '\\', '')), { maxLength: 8 }).map((parts) => parts.flat().join(''));
    fc.assert(
      fc.property(input, fc.boolean(), (text, isWindows) => {
        const [roots, flavour] = isWindows ? ([WINDOWS_ROOT, path.win32] as const) : ([POSIX_ROOT, path.posix] as const);
        const root = roots[0] ?? '';
        let relative: string;
        try {
          relative = toRelativePath(text, roots, flavour);
        } catch (error) {
          if (error instanceof Refusal) return true;
          throw error;
        }
        const absolute = flavour.resolve(root, relative);
        return absolute === root || absolute.startsWith(root + flavour.sep);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    '.git/config',
    '.GIT/hooks/pre-commit',
    'sub/.git/HEAD',
    '.g\u200cit/config',
    '.ｇit/config',
    'git~1/config',
    '.env',
    '.env.local',
    'deploy/.ENV',
    'keys/server.pem',
    'id_rsa',
    '.ssh/config',
    '.netrc',
    'ſub/.git/config',
    '.env\u200b',
    'keys/SERVER.PEM',
    'keys/server.ｐｅｍ',
    'ID_RSA',
  ])('%j is protected from reading', (input) => {
    expect(codeOf(() => refuseProtected(input, 'read'))).toBe('path_protected');
  });

  it.each([
    '.venv/lib/a.py',
    'node_modules/x/index.js',
    'src/__pycache__/a.py',
    '.mcp.json',
    '.claude/settings.json',
  ])('%j is protected from writing', (input) => {
    expect(codeOf(() => refuseProtected(input, 'write'))).toBe('path_protected');
    expect(codeOf(() => refuseProtected(input, 'read'))).toBe('accepted');
  });
});

it.each([
  ['src/api/users.py', 'src/api/users.py'],
  ['./src//api/users.py', 'src/api/users.py'],
  ['src\\api\\users.py', 'src/api/users.py'],
  ['/home/ada/shop/src/a.py', 'src/a.py'],
  ['/home/ada/shop', '.'],
  ['.', '.'],
  ['.ai/temp/需求.md', '.ai/temp/需求.md'],
  ['src/console.py', 'src/console.py'],
])('%j is accepted as %j', (input, relative) => {
  expect(toRelativePath(input, POSIX_ROOT, path.posix)).toBe(relative);
});

it('accepts absolute Windows paths below the root, in any case', () => {
  expect(toRelativePath('c:\\users\\ADA\\shop\\src\\a.py', WINDOWS_ROOT, path.win32)).toBe('src/a.py');
});

it('lets sample environment files be written', () => {
  expect(codeOf(() => refuseProtected('.env.example', 'write'))).toBe('accepted');
});
