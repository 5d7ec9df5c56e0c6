import type { z } from 'zod';
import { Refusal } from '../workspace/refusal.ts';
import type { Session } from './phase/session.ts';

/** What a tool gives back: text that is enough by itself, and a small structured result. */
export interface ToolAnswer<T> {
  /** One block, or several where the last ones are raw content of files. */
  readonly text: string | readonly string[];
  readonly structured: T;
}

/** The four hints clients show or act on. */
export interface ToolHints {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

/** A tool as plain data; the server turns it into MCP. */
export interface Tool<I extends z.ZodObject = z.ZodObject, O extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly hints: ToolHints;
  readonly input: I;
  readonly output: O;
  /** The resource that clients with MCP Apps show beside the result. */
  readonly view?: string;
  /** @throws Refusal for what the caller can mend */
  run(input: z.output<I>, call: ToolCall): Promise<ToolAnswer<z.output<O>>>;
}

/** One call of a tool. */
export interface ToolCall {
  readonly session: Session;
  readonly signal: AbortSignal;
  /** Tells the client how far the call is; undefined where it did not ask. */
  readonly progress?: (done: number, total: number, message: string) => void;
}

/** A tool whose types are forgotten, so that tools of different inputs stand in one list. */
export interface AnyTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly hints: ToolHints;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  readonly view: string | undefined;
  /** Parses the input, runs the tool, and parses its result. */
  call(input: unknown, call: ToolCall): Promise<{ text: readonly string[]; structured: Record<string, unknown> }>;
}

/** Checks a tool's types and wraps it for the list of tools. */
export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(tool: Tool<I, O>): AnyTool {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    hints: tool.hints,
    input: tool.input,
    output: tool.output,
    view: tool.view,
    async call(input, call) {
      const answer = await tool.run(parseInput(tool.input, input), call);
      const text = typeof answer.text === 'string' ? [answer.text] : answer.text;
      return { text, structured: tool.output.parse(answer.structured) };
    },
  };
}

/** Hints of a tool that only looks. */
export const READ_ONLY: ToolHints = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

function parseInput<I extends z.ZodObject>(schema: I, input: unknown): z.output<I> {
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  throw invalidInput(parsed.error.issues, Object.keys(schema.shape));
}

function invalidInput(issues: readonly z.core.$ZodIssue[], known: readonly string[]): Refusal {
  const problems = issues.map((issue) => {
    if (issue.code === 'unrecognized_keys')
      return `unknown argument ${issue.keys.map((key) => `"${key}"`).join(', ')} (known: ${known.join(', ')})`;
    return `${issue.path.join('.') || 'input'}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
  });
  return new Refusal('invalid_input', `The arguments do not fit: ${problems.join('; ')}.`, 'Call again with corrected arguments.');
}
