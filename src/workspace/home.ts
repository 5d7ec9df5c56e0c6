import os from 'node:os';

/** The user's home folder; undefined for a user without one, as containers have. */
export function homeFolder(): string | undefined {
  try {
    return os.homedir();
  } catch {
    return undefined;
  }
}
