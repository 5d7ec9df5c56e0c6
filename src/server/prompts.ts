import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { ErrorCode, GetPromptRequestSchema, ListPromptsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';

interface PromptDefinition {
  readonly title: string;
  readonly description: string;
  readonly text: string;
}

const PROMPTS: ReadonlyMap<string, PromptDefinition> = new Map([
  [
    'contract',
    {
      title: 'Define the API contract (phase 5a)',
      description: 'Fill in the API contract; documentation only',
      text: 'Work as the Python engineer in contract mode. Call read_context with mode "contract", then fill in every open endpoint of the API contract with define_contract until check_contract says that it is ready for review. No implementation code.',
    },
  ],
  [
    'develop',
    {
      title: 'Implement (phase 6b)',
      description: 'Implement against the contract and the WBS',
      text: 'Work as the Python engineer in develop mode. Call read_context with mode "develop", then implement against the API contract and the WBS, check with check_code and check_contract, and finish with write_work_log.',
    },
  ],
]);

/** Offers the two phases as prompts. */
export function servePrompts(server: Server): void {
  const task = { name: 'task', description: 'What to do, in your own words', required: false };
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: [...PROMPTS].map(([name, { title, description }]) => ({ name, title, description, arguments: [task] })),
  }));
  server.setRequestHandler(GetPromptRequestSchema, (request) => {
    const prompt = PROMPTS.get(request.params.name);
    if (prompt === undefined) throw new McpError(ErrorCode.InvalidParams, `There is no prompt "${request.params.name}".`);
    const text = prompt.text + taskText(request.params.arguments?.task);
    return { description: prompt.description, messages: [{ role: 'user', content: { type: 'text', text } }] };
  });
}

function taskText(task: string | undefined): string {
  return task === undefined || task.trim() === '' ? '' : `\nThe task: ${task}`;
}
