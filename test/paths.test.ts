import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { refuseProtected, toRelativePath } from '../src/workspace/paths.ts';
import { Refusal } from '../src/workspace/refusal.ts';

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

describe('attacks are refused', () => {
  it.each([
    ['', 'path_invalid'],
    ['   ', 'path_invalid'],
    ['../secrets', 'path_outside'],
    ['src/../../secrets', 'path_outside'],
    ['src\\..\\..\\secrets', 'path_outside'],
    ['a/..', 'path_outside'],
    ['/etc/passwd', 'path_outside'],
    ['/home/ada/shop-other/a.py', 'path_outside'],
    ['\\\\server\\share\\a.py', 'path_outside'],
    ['//server/share/a.py', 'path_outside'],
    ['\\\\?\\C:\\a.py', 'path_outside'],
    ['C:a.py', 'path_invalid'],
    ['c:/windows/a.py', 'path_invalid'],
    ['a.py:stream', 'path_invalid'],
    ['file:///etc/passwd', 'path_invalid'],
    ['~/a.py', 'path_invalid'],
    ['src/a.py\0.txt', 'path_invalid'],
    ['src/a\n.py', 'path_invalid'],
    ['NUL', 'path_invalid'],
    ['src/con.py', 'path_invalid'],
    ['src/COM1', 'path_invalid'],
    ['src/lpt¹.txt', 'path_invalid'],
    ['src/aux .py', 'path_invalid'],
    ['src/a.py.', 'path_invalid'],
    ['src /a.py', 'path_invalid'],
    ['a'.repeat(300), 'path_invalid'],
  ])('%j on POSIX: %s', (input, code) => {
    expect(codeOf(() => toRelativePath(input, POSIX_ROOT, path.posix))).toBe(code);
  });

  it.each([
    ['C:\\Windows\\system32', 'path_outside'],
    ['D:\\Users\\ada\\shop\\a.py', 'path_outside'],
    ['C:\\Users\\ada\\shop\\..\\other', 'path_outside'],
    ['\\\\?\\C:\\Users\\ada\\other', 'path_outside'],
    ['C:a.py', 'path_invalid'],
    ['\\Windows', 'path_outside'],
  ])('%j on Windows: %s', (input, code) => {
    expect(codeOf(() => toRelativePath(input, WINDOWS_ROOT, path.win32))).toBe(code);
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
