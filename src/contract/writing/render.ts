import type { ColumnName } from '../document/columns.ts';
import type { Role } from '../document/labels.ts';
import type { EntryStyle } from '../document/slots.ts';
import type { EndpointDefinition, ParameterDefinition } from './definition.ts';
import type { ContractWords } from './words.ts';

/** What goes into a slot: text behind the label, and lines below it. */
export interface Rendered {
  readonly value: string;
  readonly block: readonly string[];
}

/** The parts an endpoint always gets, in the order in which they are added. */
export const WRITTEN_ROLES = ['auth', 'parameters', 'request', 'response', 'errors', 'validation'] as const;
export type WrittenRole = (typeof WRITTEN_ROLES)[number];

/** One part of a definition as it stands in an entry of this style; undefined for parts a definition does not have. */
export function renderRole(
  role: Role,
  definition: EndpointDefinition,
  words: ContractWords,
  style: EntryStyle,
  labelStatuses: readonly number[] = [],
): Rendered | undefined {
  switch (role) {
    case 'summary':
      return definition.summary === undefined ? undefined : inline(definition.summary);
    case 'auth':
      return definition.auth === undefined ? undefined : inline(definition.auth);
    case 'request':
      return inline(requestText(definition, words));
    case 'media_type':
      return inline(definition.mediaType ?? 'application/json');
    case 'response':
      return responses(definition, words, labelStatuses);
    case 'errors':
      return errors(definition, words, style);
    case 'status':
      return inline([...definition.responses, ...definition.errors].map(({ status }) => status).join(', '));
    case 'validation':
      return definition.validation.length === 0
        ? undefined
        : style === 'row'
          ? inline(definition.validation.join('; '))
          : { value: '', block: definition.validation.map((rule) => `- ${rule}`) };
    case 'parameters':
      return parameters(definition, words, style, ['path', 'query', 'header', 'cookie']);
    case 'path_parameters':
      return parameters(definition, words, style, ['path']);
    case 'query_parameters':
      return parameters(definition, words, style, ['query']);
    case 'headers':
      return parameters(definition, words, style, ['header', 'cookie']);
    default:
      return undefined;
  }
}

function inline(value: string): Rendered {
  return { value, block: [] };
}

function requestText({ request, mediaType }: EndpointDefinition, words: ContractWords): string {
  if (request === undefined) return words.none;
  return mediaType === undefined || mediaType === 'application/json' ? `\`${request}\`` : `\`${request}\` (${mediaType})`;
}

function responses({ responses: all }: EndpointDefinition, words: ContractWords, labelStatuses: readonly number[]): Rendered {
  const text = ({ status, model, meaning }: EndpointDefinition['responses'][number], isInLabel: boolean): string =>
    [
      isInLabel ? '' : `${status} `,
      model === undefined ? words.noBody : `\`${model}\``,
      meaning === undefined || meaning === '' ? '' : ` — ${meaning}`,
    ].join('');
  const [first, second] = all;
  if (first !== undefined && second === undefined) return inline(text(first, labelStatuses.includes(first.status)));
  return { value: '', block: all.map((response) => `- ${text(response, false)}`) };
}

function errors({ errors: all }: EndpointDefinition, words: ContractWords, style: EntryStyle): Rendered {
  if (all.length === 0) return inline(words.none);
  const text = ({ status, code, when }: EndpointDefinition['errors'][number]): string =>
    `${status}${code === '' ? '' : ` \`${code}\``}${when === '' ? '' : `: ${when}`}`;
  if (style === 'row') return inline(all.map(text).join('; '));
  if (style === 'item') return { value: '', block: all.map((error) => `- ${text(error)}`) };
  return {
    value: '',
    block: table(
      words.errorColumns,
      all.map(({ status, code, when }) => [String(status), code === '' ? '-' : `\`${code}\``, when]),
    ),
  };
}

function parameters(definition: EndpointDefinition, words: ContractWords, style: EntryStyle, places: readonly string[]): Rendered {
  const all = definition.parameters.filter((parameter) => places.includes(parameter.in));
  if (all.length === 0) return inline(words.none);
  const isRequired = (parameter: (typeof all)[number]): boolean => parameter.in === 'path' || parameter.required === true;
  const bullet = (parameter: (typeof all)[number]): string =>
    `\`${parameter.name}\`: ${parameter.in}, \`${parameter.type}\`, ${isRequired(parameter) ? words.required : words.optional}${defaultText(parameter, words, ', ')}${parameter.description === undefined ? '' : ` — ${parameter.description}`}`;
  if (style === 'row') return inline(all.map(bullet).join('; '));
  if (style === 'item') return { value: '', block: all.map((parameter) => `- ${bullet(parameter)}`) };
  const rows = all.map((parameter) => [
    parameter.name,
    parameter.in,
    `\`${parameter.type}\``,
    isRequired(parameter) ? words.yes : words.no,
    described(parameter, words),
  ]);
  return { value: '', block: table(words.parameterColumns, rows) };
}

function defaultText({ defaultValue }: ParameterDefinition, words: ContractWords, before = ''): string {
  return defaultValue === undefined ? '' : `${before}${words.default} \`${defaultValue}\``;
}

/** What a column of texts says of a parameter: its default first. */
function described(parameter: ParameterDefinition, words: ContractWords): string {
  return [defaultText(parameter, words), parameter.description ?? ''].filter((text) => text !== '').join('; ');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}

/** The rows of a table that the document has already, in its own columns; undefined where a column that is needed is missing. */
export function rowsInColumns(
  role: Role,
  definition: EndpointDefinition,
  words: ContractWords,
  columns: readonly ColumnName[],
): string[] | undefined {
  if (role === 'errors') {
    if (!columns.includes('status') || !columns.includes('code')) return undefined;
    return inColumns(
      columns,
      definition.errors.map(({ status, code, when }) => ({ status: String(status), code: code === '' ? '-' : `\`${code}\``, text: when })),
    );
  }
  const places: Partial<Record<Role, readonly string[]>> = {
    parameters: ['path', 'query', 'header', 'cookie'],
    path_parameters: ['path'],
    query_parameters: ['query'],
    headers: ['header', 'cookie'],
  };
  const wanted = places[role];
  if (wanted === undefined || !columns.includes('name') || !columns.includes('type') || !columns.includes('required')) return undefined;
  const all = definition.parameters.filter((parameter) => wanted.includes(parameter.in));
  // Without a column for the place, only what a reader takes for granted can be told.
  const isClear =
    columns.includes('in') || wanted.length === 1 || all.every((parameter) => parameter.in === 'query' || parameter.in === 'path');
  if (!isClear) return undefined;
  return inColumns(
    columns,
    all.map((parameter) => ({
      name: parameter.name,
      in: parameter.in,
      type: `\`${parameter.type}\``,
      required: parameter.in === 'path' || parameter.required === true ? words.yes : words.no,
      // Where the table has a column for it, the default stands there.
      text: columns.includes('default') ? (parameter.description ?? '') : described(parameter, words),
      default: parameter.defaultValue === undefined ? '' : `\`${parameter.defaultValue}\``,
    })),
  );
}

function inColumns(columns: readonly ColumnName[], rows: readonly Partial<Record<ColumnName, string>>[]): string[] {
  return rows.map((row) => {
    const used = new Set<ColumnName>();
    const cells = columns.map((column) => {
      const cell = used.has(column) ? '' : (row[column] ?? '');
      used.add(column);
      return cell.replaceAll('|', '\\|');
    });
    return `| ${cells.join(' | ')} |`;
  });
}
