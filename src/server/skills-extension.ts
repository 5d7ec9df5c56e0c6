import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { Skill } from '../skill/skill-files.ts';

/** The capability under which the Skills extension (SEP-2640) is announced. */
export const SKILLS_CAPABILITY = 'io.modelcontextprotocol/skills';

const params = z.looseObject({}).optional();
const uriParams = z.looseObject({ uri: z.string() });

/** Answers `skills/list`, `skills/get` and `resources/directory/read`. */
export function serveSkills(server: Server): void {
  server.setRequestHandler(z.object({ method: z.literal('skills/list'), params }), async () => ({ skills: [describe(await loadSkill())] }));
  server.setRequestHandler(z.object({ method: z.literal('skills/get'), params }), async (request) => {
    const uri = uriOf(request.params);
    const skill = await loadSkill();
    if (uri !== skill.uri) throw new McpError(ErrorCode.InvalidParams, `There is no skill ${uri}.`);
    return { skill: describe(skill) };
  });
  server.setRequestHandler(z.object({ method: z.literal('resources/directory/read'), params }), async (request) => ({
    resources: await children(uriOf(request.params)),
  }));
}

/** The skill; what reads it is loaded when a client asks for it. */
async function loadSkill(): Promise<Skill> {
  const files = await import('../skill/skill-files.ts');
  return files.loadSkill();
}

function uriOf(raw: unknown): string {
  const parsed = uriParams.safeParse(raw);
  if (!parsed.success) throw new McpError(ErrorCode.InvalidParams, 'The parameter "uri" is missing.');
  return parsed.data.uri;
}

function describe(skill: Skill): {
  uri: string;
  frontmatter: Record<string, unknown>;
  resources: { uri: string; digest: string; size: number }[];
} {
  return {
    uri: skill.uri,
    frontmatter: skill.frontmatter,
    resources: [...skill.files.values()].map(({ uri, digest, size }) => ({ uri, digest, size })),
  };
}

/** The direct children of a folder of the skill. */
async function children(folderUri: string): Promise<{ uri: string; name: string; mimeType: string }[]> {
  const prefix = `${folderUri.replace(/\/+$/, '')}/`;
  const found = new Map<string, { uri: string; name: string; mimeType: string }>();
  for (const uri of (await loadSkill()).files.keys()) {
    if (!uri.startsWith(prefix)) continue;
    const [name = '', ...below] = uri.slice(prefix.length).split('/');
    found.set(name, { uri: `${prefix}${name}`, name, mimeType: below.length > 0 ? 'inode/directory' : 'text/markdown' });
  }
  if (found.size === 0) throw new McpError(ErrorCode.InvalidParams, `${folderUri} is no folder of a skill.`);
  return [...found.values()];
}
