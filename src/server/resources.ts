import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { ListResourcesRequestSchema, McpError, ReadResourceRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { Session } from '../tools/phase/session.ts';
import { Refusal } from '../workspace/refusal.ts';

/** The error code the protocol gives to a resource that is not there. */
const RESOURCE_NOT_FOUND = -32002;
/** The media type of a page that a client with MCP Apps shows as a view. */
const VIEW_TYPE = 'text/html;profile=mcp-app';

const skillHead = z.looseObject({ name: z.string(), description: z.string() });

/** Serves the skill's files and the review page of the workspace's contract; what reads them is loaded when a client asks. */
export function serveResources(server: Server, session: () => Promise<Session>): void {
  server.setRequestHandler(ListResourcesRequestSchema, async () => {
    const { CONTRACT_VIEW } = await import('../tools/contract-view.ts');
    const { loadSkill } = await import('../skill/skill-files.ts');
    const skill = await loadSkill();
    const { name, description } = skillHead.parse(skill.frontmatter);
    const resources = [...skill.files.values()].map((file) => ({
      uri: file.uri,
      mimeType: 'text/markdown',
      size: file.size,
      // The extension gives SKILL.md the name and description of the skill.
      ...(file.uri === skill.uri ? { name, description } : { name: file.path, description: `Part of the skill: ${file.path}` }),
    }));
    const view = {
      uri: CONTRACT_VIEW,
      name: 'contract',
      mimeType: VIEW_TYPE,
      description: 'The API contract as a page to read and search',
    };
    return { resources: [...resources, view] };
  });
  server.setRequestHandler(ReadResourceRequestSchema, async (request) => {
    const { uri } = request.params;
    const { CONTRACT_VIEW } = await import('../tools/contract-view.ts');
    if (uri === CONTRACT_VIEW) return { contents: [{ uri, mimeType: VIEW_TYPE, text: await viewText(await session()) }] };
    const { loadSkill } = await import('../skill/skill-files.ts');
    const file = (await loadSkill()).files.get(uri);
    if (file === undefined) throw new McpError(RESOURCE_NOT_FOUND, `There is no resource ${uri}.`);
    return { contents: [{ uri, mimeType: 'text/markdown', text: file.text }] };
  });
}

async function viewText(session: Session): Promise<string> {
  const { contractView } = await import('../tools/contract-view.ts');
  try {
    return await contractView(session);
  } catch (error) {
    if (error instanceof Refusal) throw new McpError(RESOURCE_NOT_FOUND, `${error.message} ${error.remedy}`);
    throw error;
  }
}
