import { Refusal } from './refusal.ts';

const MAX_FRONT_MATTER = 64 * 1024;

function refuseEngine(): never {
  throw new Refusal('invalid_input', 'Front matter must be YAML.', 'Start the file with "---" and plain YAML.');
}

/**
 * Splits a Markdown text into its YAML front matter and the rest. Other front matter languages are refused:
 * gray-matter would run JavaScript.
 * @throws Refusal `invalid_input` when the front matter is malformed or too large
 */
export async function parseFrontMatter(text: string, name: string): Promise<{ data: unknown; content: string }> {
  const block = /^---[^\n]*\n[\s\S]*?\n---/.exec(text)?.[0] ?? '';
  if (block.length > MAX_FRONT_MATTER)
    throw new Refusal('invalid_input', `The front matter of "${name}" is too large.`, 'Keep it under 64 kB.');
  try {
    // Loaded on first use: the YAML parser would double the time the server takes to answer its client.
    const { default: matter } = await import('gray-matter');
    const refuse = { parse: refuseEngine };
    const { data, content } = matter(text, { language: 'yaml', engines: { js: refuse, javascript: refuse, json: refuse, coffee: refuse } });
    return { data, content };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new Refusal(
      'invalid_input',
      `The front matter of "${name}" cannot be read: ${reason}`,
      'Correct the YAML between the "---" lines.',
    );
  }
}
