import type { Check } from '../../context.ts';
import { isEndpoint } from '../../knowledge/endpoints.ts';
import { isTable } from '../../knowledge/tables.ts';

/** A module longer than this has more than one reason to exist, whatever it does. */
const MAX_LINES = 1000;

/** code/single-responsibility: a module of great length, or one that holds both endpoints and tables. */
export const singleResponsibility: Check = (context) => {
  const { lineCount } = context.facts.lines;
  if (lineCount > MAX_LINES) {
    context.report({
      span: { start: 0, end: 0 },
      message: `The module has ${lineCount - 1} lines; over ${MAX_LINES} it has more than one responsibility.`,
      fix: 'Split it by what changes together: one resource, one job or one integration a module.',
    });
  }
  const endpoint = context.facts.functions.find((owner) => isEndpoint(context, owner));
  const table = context.facts.classes.find((facts) => isTable(context, context.classOf(facts)));
  if (endpoint === undefined || table === undefined) return;
  context.report({
    span: table.node.nameSpan,
    message: `The module holds both the table \`${table.node.name}\` and the endpoint \`${endpoint.node.name}\`: two layers in one file.`,
    fix: 'Move the model to `models/` and the endpoint to `api/`, with a service and a repository between them.',
  });
};
