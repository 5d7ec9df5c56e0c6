import { existsSync } from 'node:fs';

const SECRET_NAME =
  /(?:^|_)(?:pass|pwd|pw|secrets?|tokens?|auth|private|credentials?)(?:_|$)|passw(?:or)?d|passphrase|secret(?!s_dir)|credential|token$|key$/i;
/** Folders that shells keep. */
const NO_SECRET_NAME = /^(?:old)?pwd$/i;
const NO_SECRET = /^(?:true|false|yes|no|on|off|none|null|\d{1,8})$/i;
const WORDS = 'pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key';
const IN_URL = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/'"]{0,300}@/gi;
const IN_SETTING = new RegExp(
  String.raw`([\w-]{0,40}(?:${WORDS})\w{0,40}["']?\s{0,3}(?:[=:]|->|["'],)\s{0,3})(?:"[^"\n]{0,300}"|'[^'\n]{0,300}'|[^\s"']{1,300})`,
  'gi',
);
const IN_HEADER = /\b(bearer|basic)\s+[\w.~+/=-]{6,300}/gi;
/** A shorter value stands everywhere. */
const SHORTEST = 4;

/** A text without credentials: those in addresses and settings, and the values of environment variables that hold secrets. */
export function withoutSecrets(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  return secretValuesMask(environment)(text).replace(IN_URL, '$1***@').replace(IN_SETTING, '$1***').replace(IN_HEADER, '$1 ***');
}

/** Takes the values of environment variables that hold secrets out of texts; what they say of credentials otherwise stays. */
export function secretValuesMask(environment: NodeJS.ProcessEnv = process.env): (text: string) => string {
  const secrets = secretsIn(environment);
  return (text) => secrets.reduce((safe, secret) => safe.replaceAll(secret, '***'), text);
}

/** The values of variables whose names speak of secrets, and the passwords in the addresses of the others. */
function secretsIn(environment: NodeJS.ProcessEnv): string[] {
  const found = new Set<string>();
  for (const [name, value = ''] of Object.entries(environment)) {
    if (SECRET_NAME.test(name) && !NO_SECRET_NAME.test(name) && !NO_SECRET.test(value) && !isPath(value)) found.add(value);
    const password = /:\/\/[^\s/:@]*:(.+)@[^@]*$/.exec(value)?.[1];
    if (password === undefined) continue;
    found.add(password);
    found.add(decoded(password));
  }
  // The longest first: one may be a part of another.
  return [...found].filter((value) => value.length >= SHORTEST).sort((one, other) => other.length - one.length);
}

/** Where a secret lies is none. */
function isPath(value: string): boolean {
  return /^(?:\/|[A-Za-z]:\\)/.test(value) && existsSync(value);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
