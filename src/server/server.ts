import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ElicitResultSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { Logger } from 'pino';
import { z } from 'zod';
import { ContractEngine } from '../contract/engine.ts';
import { DatabaseEngine } from '../database/engine.ts';
import { CheckEngine } from '../rules/engine/engine.ts';
import { loadRuleDefinitions } from '../skill/rule-pages.ts';
import { loadSkill } from '../skill/skill-files.ts';
import { offeredTools } from '../tools/all-tools.ts';
import { CONTRACT_VIEW, contractView } from '../tools/check-contract.ts';
import { type PersonAnswer, type Question, Session } from '../tools/phase/session.ts';
import type { AnyTool, ToolCall } from '../tools/tool.ts';
import { Refusal } from '../workspace/refusal.ts';
import { withVisibleControls } from '../workspace/text.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { clearAbandonedWrites } from '../workspace/write.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { openRoot } from './root.ts';
import { SKILLS_CAPABILITY, serveSkills } from './skills-extension.ts';

/** What the SDK gives with a request. */
type CallContext = Parameters<Parameters<Server['setRequestHandler']>[1]>[1];

/** How long a person may take to answer a question that is asked directly, in milliseconds. */
const ANSWER_TIME_MS = 5 * 60 * 1000;
const ROOTS_TIME_MS = 5_000;
/** The error code the protocol gives to a resource that is not there. */
const RESOURCE_NOT_FOUND = -32002;

export interface ServerOptions {
  readonly version: string;
  readonly root: string | undefined;
  readonly readOnly: boolean;
  readonly logger: Logger;
}

/** An MCP server that is ready to be connected, and the way to end what it started. */
export interface RunningServer {
  readonly server: Server;
  close(): Promise<void>;
}

/** Builds the server. Nothing is read from disk and no thread starts before a client has connected. */
export function createServer(options: ServerOptions): RunningServer {
  const engine = new CheckEngine();
  const contracts = new ContractEngine();
  const database = new DatabaseEngine();
  const server = new Server(
    { name: 'python-engineer-mcp', title: 'Python Engineer', version: options.version },
    {
      instructions: INSTRUCTIONS,
      capabilities: { tools: {}, resources: {}, prompts: {}, extensions: { [SKILLS_CAPABILITY]: { directoryRead: true } } },
    },
  );
  const workspace = new WorkspaceOpener(server, options);
  const session = new Session({
    openWorkspace: () => workspace.open(),
    engine,
    contracts,
    database,
    rules: loadRuleDefinitions,
    ask: (question) => askPerson(server, question, options.logger),
    now: () => new Date(),
  });
  serveTools(server, offeredTools(options.readOnly), session, options.logger);
  serveResources(server, session);
  serveSkills(server);
  servePrompts(server);
  let isClosing = false;
  server.oninitialized = () => {
    // After the handshake, so that starting stays quick and a client that only probes costs nothing.
    engine.warmUp('').catch((error: unknown) => {
      if (!isClosing) options.logger.error(error, 'warm-up failed');
    });
  };
  return {
    server,
    close: async () => {
      isClosing = true;
      await server.close();
      await Promise.all([engine.close(), contracts.close(), database.close()]);
    },
  };
}

/** Opens the workspace on first use and keeps it until the client says that its roots changed. */
class WorkspaceOpener {
  private readonly server: Server;
  private readonly options: ServerOptions;
  private current: Promise<Workspace> | undefined;

  constructor(server: Server, options: ServerOptions) {
    this.server = server;
    this.options = options;
  }

  open(): Promise<Workspace> {
    this.current ??= this.openOnce().catch((error: unknown) => {
      // A folder that is missing now may be there for the next call.
      this.current = undefined;
      throw error;
    });
    return this.current;
  }

  private async openOnce(): Promise<Workspace> {
    const workspace = await openRoot({
      argument: this.options.root,
      environment: process.env.PYTHON_ENGINEER_ROOT,
      clientRoots: () => this.clientRoots(),
      workingFolder: process.cwd(),
    });
    const removed = this.options.readOnly ? 0 : await clearAbandonedWrites(workspace.realRoot);
    this.options.logger.info({ root: workspace.root, removedTemporaryFiles: removed }, 'workspace opened');
    return workspace;
  }

  private async clientRoots(): Promise<readonly string[]> {
    // Without the capability the request would go out all the same and wait for its time limit.
    if (this.server.getClientCapabilities()?.roots === undefined) return [];
    try {
      const { roots } = await this.server.listRoots(undefined, { timeout: ROOTS_TIME_MS });
      return roots.map((root) => root.uri);
    } catch (error) {
      this.options.logger.warn(error, 'the client announced roots but did not list them');
      return [];
    }
  }
}

function serveTools(server: Server, tools: readonly AnyTool[], session: Session, logger: Logger): void {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(toolDefinition) }));
  server.setRequestHandler(CallToolRequestSchema, async (request, extra): Promise<CallToolResult> => {
    const tool = byName.get(request.params.name);
    if (tool === undefined)
      return failure(`There is no tool "${request.params.name}".`, `The tools are: ${[...byName.keys()].join(', ')}.`);
    try {
      const { text, structured } = await tool.call(request.params.arguments, { session, signal: extra.signal, ...progressOf(extra) });
      return { content: text.map((each) => ({ type: 'text', text: withVisibleControls(each) })), structuredContent: structured };
    } catch (error) {
      if (error instanceof Refusal) return failure(error.message, error.remedy);
      if (extra.signal.aborted) return failure('The call was cancelled.', 'Nothing more was done.');
      logger.error({ tool: tool.name, error }, 'a tool failed');
      return failure(
        `${tool.name} failed inside the server: ${error instanceof Error ? error.message : String(error)}.`,
        'This is a fault of the server: please report it with its log (stderr or --log-file).',
      );
    }
  });
}

function failure(message: string, remedy: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text: withVisibleControls(`${message}\n→ ${remedy}`) }] };
}

/** Sends progress to a client that asked for it; a client that is gone gets none. */
function progressOf({ _meta, sendNotification }: CallContext): Pick<ToolCall, 'progress'> {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return {};
  return {
    progress: (progress, total, message) => {
      sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total, message } }).catch(() => undefined);
    },
  };
}

/** A tool as `tools/list` shows it. */
function toolDefinition(tool: AnyTool): {
  name: string;
  title: string;
  description: string;
  inputSchema: ObjectSchema;
  outputSchema: ObjectSchema;
  annotations: AnyTool['hints'];
  _meta?: Record<string, unknown>;
} {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: objectSchema(tool.input, 'input'),
    outputSchema: objectSchema(tool.output, 'output'),
    annotations: tool.hints,
    ...(tool.view === undefined ? {} : { _meta: { ui: { resourceUri: tool.view } } }),
  };
}

const objectSchemaShape = z.looseObject({ type: z.literal('object') });
type ObjectSchema = z.output<typeof objectSchemaShape>;

function objectSchema(schema: z.ZodObject, io: 'input' | 'output'): ObjectSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema, path }) => {
      // zod writes the range of safe integers to every integer: noise that each client pays for in tokens.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      delete jsonSchema.propertyNames;
      // No model needs to be told that nothing is left empty or negative, that what is left out is not there, nor how a cursor is
      // made; the server says so to the one that errs.
      delete jsonSchema.pattern;
      if (jsonSchema.minLength === 1) delete jsonSchema.minLength;
      if (jsonSchema.minItems === 1) delete jsonSchema.minItems;
      if (jsonSchema.minimum === 0 || jsonSchema.minimum === 1) delete jsonSchema.minimum;
      if (['false', '[]', '""'].includes(JSON.stringify(jsonSchema.default))) delete jsonSchema.default;
      if (path.length > 0) delete jsonSchema.additionalProperties;
      // An output is for reading: its keys and their types are enough, and every client's model pays for the rest. What is in a
      // list or object explains itself; spelt out, the outputs of all tools would cost a thousand tokens.
      if (io === 'output') {
        delete jsonSchema.additionalProperties;
        delete jsonSchema.required;
        if (path.length > 0) {
          delete jsonSchema.properties;
          delete jsonSchema.items;
          delete jsonSchema.enum;
        }
      }
    },
  });
  return objectSchemaShape.parse(rest);
}

/** The media type of a page that a client with MCP Apps shows as a view. */
const VIEW_TYPE = 'text/html;profile=mcp-app';

const skillHead = z.looseObject({ name: z.string(), description: z.string() });

/** The skill's files, and the review page of the workspace's contract. */
function serveResources(server: Server, session: Session): void {
  server.setRequestHandler(ListResourcesRequestSchema, async () => {
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
    if (uri === CONTRACT_VIEW) return { contents: [{ uri, mimeType: VIEW_TYPE, text: await viewText(session) }] };
    const file = (await loadSkill()).files.get(uri);
    if (file === undefined) throw new McpError(RESOURCE_NOT_FOUND, `There is no resource ${uri}.`);
    return { contents: [{ uri, mimeType: 'text/markdown', text: file.text }] };
  });
}

async function viewText(session: Session): Promise<string> {
  try {
    return await contractView(session);
  } catch (error) {
    if (error instanceof Refusal) throw new McpError(RESOURCE_NOT_FOUND, `${error.message} ${error.remedy}`);
    throw error;
  }
}

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

function servePrompts(server: Server): void {
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

const answerContent = z.object({
  choice: z.enum(['run_contract_phase', 'use_specification', 'go_on']).default('go_on'),
  details: z.string().default(''),
});

/** Asks the person through the client where it can; undefined when it cannot or the person declines. */
async function askPerson(server: Server, question: Question, logger: Logger): Promise<PersonAnswer | undefined> {
  if (server.getClientCapabilities()?.elicitation === undefined) return undefined;
  const details = { type: 'string', title: 'Your answer', description: 'The task in your words, or the path of a specification' } as const;
  const choice = {
    type: 'string',
    title: 'What should happen?',
    enum: ['run_contract_phase', 'use_specification', 'go_on'],
    enumNames: ['Define the contract first (phase 5a)', 'Use an existing specification', 'Go on without a contract'],
  } as const;
  try {
    const isContractQuestion = question.id === 'missing_contract';
    // Not elicitInput: it would validate with ajv, which the bundle leaves out; the answer is parsed below.
    const result = await server.request(
      {
        method: 'elicitation/create',
        params: {
          message: question.text,
          requestedSchema: isContractQuestion
            ? {
                type: 'object',
                properties: { choice: { ...choice, enum: [...choice.enum], enumNames: [...choice.enumNames] }, details },
                required: ['choice'],
              }
            : { type: 'object', properties: { details }, required: ['details'] },
        },
      },
      ElicitResultSchema,
      { timeout: ANSWER_TIME_MS },
    );
    const content = answerContent.safeParse(result.content);
    return result.action === 'accept' && content.success ? content.data : undefined;
  } catch (error) {
    logger.warn(error, 'the question could not be asked directly');
    return undefined;
  }
}
