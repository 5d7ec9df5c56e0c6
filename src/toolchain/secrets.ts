const SECRET_NAME = /pass(?:word|wd)?|secret|token|api_?key|private|credential|dsn/i;
const IN_URL = /([a-z][a-z0-9+.-]*:\/\/)[^\s/:@'"]*:[^\s@'"]*@/gi;
const IN_SETTING = /\b(password|passwd|pwd|secret|token|api_?key)(["']?\s*[=:]\s*["']?)[^\s"',;&]+/gi;
/** A shorter value stands everywhere. */
const SHORTEST = 6;

/** A text without credentials: those in addresses and settings, and the values of environment variables that hold secrets. */
export function withoutSecrets(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  let safe = text.replace(IN_URL, '$1***@').replace(IN_SETTING, '$1$2***');
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && value.length >= SHORTEST && SECRET_NAME.test(name)) safe = safe.replaceAll(value, '***');
  return safe;
}
