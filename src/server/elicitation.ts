import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { PersonAnswer, Question } from '../tools/phase/session.ts';
import type { ServerLog } from './log.ts';

/** How long a person may take to answer a question that is asked directly, in milliseconds. */
const ANSWER_TIME_MS = 5 * 60 * 1000;

const answerContent = z.object({
  choice: z.enum(['run_contract_phase', 'use_specification', 'go_on']).default('go_on'),
  details: z.string().default(''),
});

/** Asks the person through the client where it can; undefined when it cannot or the person declines. */
export async function askPerson(server: Server, question: Question, log: ServerLog): Promise<PersonAnswer | undefined> {
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
    log.warn(error, 'the question could not be asked directly');
    return undefined;
  }
}
