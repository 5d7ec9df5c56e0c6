import { endpointKey, endpointName, type ParameterPlace, pathParameters } from '../../api/endpoint.ts';
import { mapShape, type Shape } from '../../api/shape.ts';
import type { CodeBlock } from '../../documents/markdown.ts';
import type { ShapeReader } from '../../fastapi/shapes.ts';
import type { ClassStatement, Statement } from '../../python/syntax.ts';
import type { Contract, ContractEndpoint, ListedEndpoint } from '../contract.ts';
import { isOpenText, leadingEndpoint } from '../document/endpoint-text.ts';
import { type ContractModels, modelSite } from '../document/models.ts';
import { typeInWords } from '../document/words.ts';

/** What an agent says about one endpoint. Types are Python type expressions over the contract's models. */
export interface EndpointDefinition {
  /** `METHOD /path`. */
  readonly endpoint: string;
  readonly summary?: string | undefined;
  readonly auth?: string | undefined;
  readonly parameters: readonly ParameterDefinition[];
  /** The type of the body; undefined where there is none. */
  readonly request?: string | undefined;
  /** Of the request; JSON unless said. */
  readonly mediaType?: string | undefined;
  readonly responses: readonly { readonly status: number; readonly model?: string | undefined; readonly meaning?: string | undefined }[];
  readonly errors: readonly { readonly status: number; readonly code: string; readonly when: string }[];
  readonly validation: readonly string[];
}

export interface ParameterDefinition {
  readonly name: string;
  readonly in: ParameterPlace;
  readonly type: string;
  readonly required?: boolean | undefined;
  readonly defaultValue?: string | number | boolean | undefined;
  readonly description?: string | undefined;
}

/** What is wrong with a definition, and what to do. Only errors keep it out of the contract. */
export interface DefinitionProblem {
  readonly severity: 'error' | 'warning';
  /** `METHOD /path`, or `models`. */
  readonly endpoint: string;
  readonly message: string;
  readonly fix: string;
}

/** What definitions are checked against. */
export interface DefinitionContext {
  readonly contract: Contract;
  readonly wbs: readonly ListedEndpoint[];
  /** The contract's classes with those of the call. */
  readonly models: ContractModels;
  /** The classes of the call alone. */
  readonly given: readonly ClassStatement[];
  readonly body: readonly Statement[];
  readonly shapes: ShapeReader;
  /** A person agreed to endpoints that no document names. */
  readonly isApproved: boolean;
}

/** Words of type expressions that are no types. */
const TYPE_WORDS =
  /^(None|True|False|Annotated|Optional|Union|Literal|List|Dict|Set|Tuple|Sequence|Field|Query|Path|Header|Cookie|StringConstraints|Decimal|and|or)$/;
const BODILESS = new Set([204, 205, 304]);

/** The method and path of a definition; undefined when it names none, or several. */
export function parseEndpointName(text: string): { method: string; path: string } | undefined {
  const found = leadingEndpoint(text);
  const [method, second] = found?.methods ?? [];
  return found === undefined || method === undefined || second !== undefined ? undefined : { method, path: found.path };
}

/** Every problem of a call at once; none means that it can be written. */
export function checkDefinitions(definitions: readonly EndpointDefinition[], context: DefinitionContext): DefinitionProblem[] {
  const problems = modelProblems(context);
  const seen = new Set<string>();
  for (const definition of definitions) {
    const named = parseEndpointName(definition.endpoint);
    if (named === undefined) {
      problems.push({
        severity: 'error',
        endpoint: definition.endpoint,
        message: `"${definition.endpoint}" names no endpoint.`,
        fix: 'Write the method and the path, such as "POST /api/v1/loans".',
      });
      continue;
    }
    const key = endpointKey(named.method, named.path);
    if (seen.has(key))
      problems.push({
        severity: 'error',
        endpoint: definition.endpoint,
        message: 'It is defined twice in this call.',
        fix: 'Send it once.',
      });
    seen.add(key);
    problems.push(...new DefinitionChecker(definition, named.method, named.path, context, definitions).check());
  }
  // The same may be wrong in several parts: it is said once.
  return [...new Map(problems.map((problem) => [`${problem.endpoint}\t${problem.message}`, problem])).values()];
}

function modelProblems({ given, body, models, shapes }: DefinitionContext): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const problem = (message: string, fix: string): void => {
    problems.push({ severity: 'error', endpoint: 'models', message, fix });
  };
  for (const statement of body) {
    const isDocstring = statement.kind === 'expression' && statement.value.kind === 'string';
    if (statement.kind === 'import' || statement.kind === 'class' || isDocstring || isAlias(statement)) continue;
    const what = statement.kind === 'function' ? `the function \`${statement.name}\`` : 'a statement that is no definition';
    problem(
      `The models contain ${what}: a contract is documentation, without implementation code.`,
      'Keep only imports, model classes, enumerations and type aliases.',
    );
  }
  const names = new Map<string, number>();
  for (const node of given) {
    names.set(node.name, (names.get(node.name) ?? 0) + 1);
    if (names.get(node.name) === 2) problem(`\`${node.name}\` is defined twice.`, 'Define it once.');
    for (const statement of node.body) {
      if (statement.kind === 'function')
        problem(`\`${node.name}\` has the method \`${statement.name}\`: implementation code.`, 'Say the rule in words under "validation".');
      else if (!isField(statement))
        problem(`\`${node.name}\` contains a statement that is no field.`, 'Keep only fields, model_config and docstrings.');
    }
    const type = { kind: 'class' as const, module: models.module, node, scope: models.module.facts.scope };
    const shape = shapes.classShape(type, 'input', new Map());
    if (shape.kind === 'unknown' || !shapes.isModel(type))
      problem(`\`${node.name}\` is no Pydantic model or enumeration.`, 'Derive it from BaseModel, or from a class that does.');
    if (shape.kind === 'object')
      for (const field of shape.fields)
        if (field.shape.kind === 'unknown')
          problem(`The type of \`${node.name}.${field.name}\` is not defined in the contract.`, 'Define it, or use one that is.');
    if (shape.kind === 'object' && demandsItself(shape, node.name))
      problem(
        `\`${node.name}\` demands another \`${node.name}\` inside itself: no value can ever satisfy it.`,
        'Make the inner one optional, or a list.',
      );
  }
  return problems;
}

/** A type variable, a type alias or a constant. */
function isAlias(statement: Statement): boolean {
  if (statement.kind !== 'assign' || statement.operator !== undefined || statement.value === undefined) return false;
  const { value } = statement;
  if (value.kind === 'call')
    return /^(TypeVar|NewType|TypeAliasType|ParamSpec|StrEnum|Enum|IntEnum|con\w+)$/.test(
      value.func.kind === 'name' ? value.func.id : value.func.kind === 'attribute' ? value.func.name : '',
    );
  return ['name', 'attribute', 'subscript', 'binary', 'string', 'number', 'constant'].includes(value.kind);
}

function isField(statement: Statement): boolean {
  if (statement.kind === 'assign' || statement.kind === 'pass' || statement.kind === 'class') return true;
  return statement.kind === 'expression' && (statement.value.kind === 'string' || statement.value.kind === 'constant');
}

/** True when a required field leads back to the model itself, without a list or null on the way. */
function demandsItself(shape: Shape, name: string): boolean {
  if (shape.kind === 'reference') return shape.name === name;
  return shape.kind === 'object' && shape.fields.some((field) => field.required === true && demandsItself(field.shape, name));
}

class DefinitionChecker {
  private readonly definition: EndpointDefinition;
  private readonly method: string;
  private readonly path: string;
  private readonly context: DefinitionContext;
  private readonly others: readonly EndpointDefinition[];
  private readonly problems: DefinitionProblem[] = [];

  constructor(
    definition: EndpointDefinition,
    method: string,
    path: string,
    context: DefinitionContext,
    others: readonly EndpointDefinition[],
  ) {
    this.definition = definition;
    this.method = method;
    this.path = path;
    this.context = context;
    this.others = others;
  }

  check(): DefinitionProblem[] {
    this.checkKnown();
    this.checkTexts();
    this.checkParameters();
    this.checkRequest();
    this.checkResponses();
    this.checkErrors();
    return this.problems;
  }

  private problem(message: string, fix: string): void {
    this.problems.push({ severity: 'error', endpoint: this.definition.endpoint, message, fix });
  }

  private remark(message: string, fix: string): void {
    this.problems.push({ severity: 'warning', endpoint: this.definition.endpoint, message, fix });
  }

  /** phase/role-boundary: no endpoint that no document names. */
  private checkKnown(): void {
    const { contract, wbs, isApproved } = this.context;
    const key = endpointKey(this.method, this.path);
    const known = [...contract.endpoints, ...contract.listed, ...wbs];
    const isNamed = known.some((each) => {
      const other = endpointKey(each.method, each.path);
      const suffix = other.slice(each.method.length + 1);
      return other === key || (each.method === this.method && suffix.length > 1 && key.endsWith(suffix));
    });
    if (isNamed || isApproved) return;
    const spelled = known.find((each) => each.method === this.method && similar(each.path, this.path));
    this.problem(
      `${this.method} ${this.path} is neither in the contract's skeleton nor in the WBS: a new endpoint is the user's decision.`,
      spelled === undefined
        ? 'Ask the user; with their agreement send it again with approved: "<their words>".'
        : `Did you mean ${endpointName(spelled)}? Otherwise ask the user, and send it again with approved: "<their words>".`,
    );
  }

  private checkTexts(): void {
    const { summary, auth, validation, errors, responses } = this.definition;
    const texts = [
      summary,
      auth,
      ...validation,
      ...errors.flatMap((error) => [error.code, error.when]),
      ...responses.map((response) => response.meaning),
    ];
    if (texts.some((text) => text !== undefined && isOpenText(text)))
      this.problem('It still contains a [TBD].', 'Decide it, or leave the endpoint out of this call.');
    if (texts.some((text) => text !== undefined && /[\r\n]/.test(text)))
      this.problem('A text has several lines.', 'Keep each text on one line.');
  }

  private checkParameters(): void {
    const { parameters } = this.definition;
    const inPath = pathParameters(this.path);
    const named = new Set<string>();
    for (const parameter of parameters) {
      const key = `${parameter.in} ${parameter.name}`;
      if (named.has(key)) this.problem(`The parameter \`${parameter.name}\` stands twice.`, 'Send it once.');
      named.add(key);
      if (parameter.in === 'path' && !inPath.includes(parameter.name))
        this.problem(
          `\`${parameter.name}\` is a path parameter, but the path has no \`{${parameter.name}}\`.`,
          `Spell it as in the path (${inPath.map((name) => `{${name}}`).join(', ') || 'none'}), or make it a query parameter.`,
        );
      if (parameter.defaultValue !== undefined && (parameter.in === 'path' || parameter.required === true))
        this.problem(
          `The ${parameter.in === 'path' ? 'path ' : ''}parameter \`${parameter.name}\` must be given: it has no default.`,
          'Leave out "default", or "required".',
        );
      if (parameter.in === 'path' && parameter.required === false)
        this.problem(`The path parameter \`${parameter.name}\` cannot be optional.`, 'Leave out "required".');
      this.checkType(parameter.type, `the parameter \`${parameter.name}\``);
      this.checkNaming(parameter.in === 'query' ? [parameter.name] : []);
    }
    const described =
      this.existing()?.parameters.filter((parameter) => parameter.in === 'path' && parameter.shape.kind !== 'unknown') ?? [];
    for (const name of inPath)
      if (described.length < inPath.length && !parameters.some((parameter) => parameter.in === 'path' && parameter.name === name))
        this.problem(
          `The path parameter \`${name}\` is not described.`,
          `Add {"name": "${name}", "in": "path", "type": "int"} (or its type) to parameters.`,
        );
  }

  /** What the contract says of the endpoint already. */
  private existing(): ContractEndpoint | undefined {
    const key = endpointKey(this.method, this.path);
    return this.context.contract.endpoints.find((endpoint) => endpointKey(endpoint.method, endpoint.path) === key);
  }

  private checkRequest(): void {
    const { request, mediaType } = this.definition;
    if (request === undefined && mediaType !== undefined)
      this.problem(`The media type ${mediaType} is given without a request.`, 'Say the type of the body in "request" too.');
    if (request === undefined) return;
    if (this.method === 'GET' || this.method === 'HEAD') {
      this.problem(`${this.method} has no request body.`, 'Describe query parameters instead.');
      return;
    }
    const shape = this.checkType(request, 'the request');
    if (shape === undefined) return;
    if (isUntyped(shape)) this.problem('The request is a bare mapping: its keys have no types.', 'Define a Pydantic model for it.');
    this.checkNaming(fieldNames(shape));
    const name = modelName(shape);
    if (name === undefined) return;
    const returned = [
      ...this.definition.responses.map((response) => ({ model: response.model, by: this.definition.endpoint })),
      ...this.others.flatMap((other) => other.responses.map((response) => ({ model: response.model, by: other.endpoint }))),
    ];
    const output =
      returned.find((each) => each.model !== undefined && modelName(this.shapeOf(each.model) ?? { kind: 'unknown' }) === name)?.by ??
      this.documentUse((endpoint) => endpoint.responseModels, name);
    if (output !== undefined)
      this.problem(
        `\`${name}\` is the request here and the response of ${output}.`,
        'Use separate models for input and output: `…Create` or `…Update`, and `…Response`.',
      );
    this.checkCreateUpdate(name);
  }

  /** pydantic/separate-schemas: creation and change take different models. */
  private checkCreateUpdate(name: string): void {
    const isCreation = this.method === 'POST';
    if (!isCreation && this.method !== 'PATCH' && this.method !== 'PUT') return;
    const counterpart = isCreation ? /^(PATCH|PUT)$/ : /^POST$/;
    const clash = [
      ...this.others.flatMap((other) => {
        const named = parseEndpointName(other.endpoint);
        const shape = other.request === undefined ? undefined : this.shapeOf(other.request);
        return named !== undefined && shape !== undefined && modelName(shape) === name ? [named] : [];
      }),
      ...this.context.contract.endpoints.filter(
        (endpoint) => endpoint.request !== undefined && endpoint.request !== 'none' && modelName(endpoint.request.shape) === name,
      ),
    ].find((other) => counterpart.test(other.method));
    if (clash !== undefined)
      this.problem(
        `\`${name}\` is also the request of ${endpointName(clash)}.`,
        'Use one model for creation (`…Create`) and another for changes (`…Update`).',
      );
  }

  private documentUse(models: (endpoint: ContractEndpoint) => readonly string[], name: string): string | undefined {
    const key = endpointKey(this.method, this.path);
    const found = this.context.contract.endpoints.find(
      (endpoint) =>
        endpointKey(endpoint.method, endpoint.path) !== key &&
        models(endpoint).includes(name) &&
        endpoint.responses.some(({ content }) => content !== undefined && content !== 'none' && modelName(content.shape) === name),
    );
    return found === undefined ? undefined : endpointName(found);
  }

  private checkResponses(): void {
    const { responses } = this.definition;
    if (responses.length === 0 && (this.existing()?.responses.length ?? 0) === 0)
      this.problem('It has no success response.', 'Add its status and model to responses.');
    const statuses = new Set<number>();
    for (const { status, model } of responses) {
      if (status < 200 || status >= 400) {
        this.problem(`${status} is no success.`, 'Put errors under "errors"; responses hold 2xx and 3xx.');
        continue;
      }
      if (statuses.has(status)) this.problem(`The status ${status} stands twice.`, 'Use a union type, or one response.');
      statuses.add(status);
      if (BODILESS.has(status) && model !== undefined)
        this.problem(`${status} has no body, but a model is given.`, 'Leave the model out, or answer 200.');
      if ((status === 201 || status === 202) && model === undefined)
        this.problem(`${status} needs a body that shows what was created.`, 'Name its model, or answer 204 without a body.');
      if (status === 201 && /^(GET|HEAD|DELETE)$/.test(this.method))
        this.problem(`${this.method} creates nothing: 201 does not fit.`, 'Answer 200, or 204 without a body.');
      if (status === 204 && /^(GET|HEAD)$/.test(this.method))
        this.problem(`${this.method} is asked for something: 204 does not fit.`, 'Answer 200 with a body.');
      const shape = model === undefined ? undefined : this.checkType(model, `the response ${status}`);
      if (shape !== undefined && isUntyped(shape))
        this.problem(`The response ${status} is a bare mapping: its keys have no types.`, 'Define a Pydantic model for it.');
      if (shape !== undefined) this.checkNaming(fieldNames(shape));
    }
    if (this.isCreation() && !statuses.has(201) && !statuses.has(202) && statuses.size > 0)
      this.problem(
        `${this.method} ${this.path} creates a resource, but does not answer 201 or 202.`,
        'Answer 201 with the created resource, or 202 when it is created later.',
      );
  }

  /** A POST to a collection of which single items have endpoints. */
  private isCreation(): boolean {
    if (this.method !== 'POST') return false;
    const paths = [
      ...this.context.contract.endpoints.map((each) => each.path),
      ...this.others.map((other) => parseEndpointName(other.endpoint)?.path ?? ''),
    ];
    return paths.some((path) => path.startsWith(`${this.path}/`) && /^\/\{[^}]+\}$/.test(path.slice(this.path.length)));
  }

  private checkErrors(): void {
    const { errors } = this.definition;
    const common = [...this.context.contract.conventions.errors, ...(errors.length === 0 ? (this.existing()?.errors ?? []) : [])];
    if (errors.length === 0 && common.length === 0)
      this.remark('It names no error response.', 'Add each error with status, code and when it happens.');
    const isTaking = pathParameters(this.path).length > 0;
    if (errors.length === 0 && common.length > 0 && isTaking && !common.some((error) => error.status === 404))
      this.remark('It names no 404 for what the path may not find.', 'Add {"status": 404, "code": …, "when": …} to errors.');
    for (const { status, code, when } of errors) {
      if (status < 400 || status > 599)
        this.problem(`${status} is no error status.`, 'Errors have 4xx or 5xx; successes go under "responses".');
      if (code.trim() === '' && when.trim() === '')
        this.problem(`The error ${status} is not named.`, 'Give it a code and say when it happens.');
    }
  }

  private checkType(text: string, what: string): Shape | undefined {
    const shape = this.shapeOf(text);
    if (shape === undefined && /[^=<>!]=[^=]/.test(text.replace(/\([^()]*\)/g, ''))) {
      this.problem(
        `\`${text}\` of ${what} holds a default, which is no part of the type.`,
        'Give the type alone, and the default as "default" of the parameter.',
      );
      return undefined;
    }
    if (shape === undefined) {
      this.problem(`\`${text}\` of ${what} is no Python type.`, 'Write a type such as `LoanResponse`, `list[LoanResponse]` or `int`.');
      return undefined;
    }
    const missing = this.undefinedNames(text);
    if (missing.length > 0) {
      this.problem(
        `${missing.map((name) => `\`${name}\``).join(', ')} of ${what} ${missing.length > 1 ? 'are' : 'is'} not defined.`,
        missing.every((name) => typeInWords(name) !== undefined)
          ? 'Write the types as Python does: `str`, `int`, `bool`, `list[…]`, `dict[str, …]`, `datetime`.'
          : 'Send the class in "models", or name one that the contract defines.',
      );
      return undefined;
    }
    return shape;
  }

  private shapeOf(text: string): Shape | undefined {
    const { models, shapes } = this.context;
    const annotation = models.parseType(text);
    if (annotation === undefined) return undefined;
    return shapes.shapeOf(modelSite(models), annotation, 'input');
  }

  private undefinedNames(text: string): string[] {
    const bare = text.replace(/(?:\b[rbfuRBFU]{1,2})?(?:"[^"]*"|'[^']*')/g, '').replace(/\b\w+\s*=(?!=)/g, '');
    const names = [...bare.matchAll(/(?<![\w.])[A-Za-z_]\w*/g)].map((match) => match[0]);
    return [...new Set(names)].filter((name) => !TYPE_WORDS.test(name) && this.shapeOf(name)?.kind === 'unknown' && !this.isModule(name));
  }

  /** `datetime` of `datetime.date`. */
  private isModule(name: string): boolean {
    return this.context.models.module.facts.imports.some(
      (imported) => imported.name === undefined && (imported.alias ?? imported.module) === name,
    );
  }

  private checkNaming(names: readonly string[]): void {
    const { naming } = this.context.contract.conventions;
    if (naming === undefined) return;
    const bad = names.filter((name) => (naming === 'snake_case' ? /[a-z][A-Z]/.test(name) : /[a-z]_[a-z]/.test(name)));
    if (bad.length > 0)
      this.problem(`${bad.map((name) => `\`${name}\``).join(', ')}: the contract's convention is ${naming}.`, 'Follow the convention.');
  }
}

/** True for a body that says nothing of what is in it. */
function isUntyped(shape: Shape): boolean {
  return shape.kind === 'any' || (shape.kind === 'map' && (shape.values.kind === 'any' || shape.values.kind === 'unknown'));
}

function fieldNames(shape: Shape): string[] {
  const names: string[] = [];
  mapShape(shape, (each) => {
    if (each.kind === 'object') names.push(...each.fields.map((field) => field.name));
    return each;
  });
  return [...new Set(names)];
}

/** The model a body is, or is a list of. */
function modelName(shape: Shape): string | undefined {
  if (shape.kind === 'object') return shape.name;
  return shape.kind === 'array' ? modelName(shape.items) : undefined;
}

/** True for paths that differ in a plural, a slash or how parameters are called. */
function similar(a: string, b: string): boolean {
  const fold = (path: string): string =>
    path
      .toLowerCase()
      .replace(/\{[^}]*\}/g, '{}')
      .replace(/s(?=\/|$)/g, '')
      .replace(/\/+$/, '');
  return fold(a) === fold(b) || fold(a).endsWith(fold(b)) || fold(b).endsWith(fold(a));
}

/** The Python of a call as a block of its own. */
export function blockOf(source: string): CodeBlock {
  return { kind: 'code', start: 0, end: source.length, line: 0, language: 'python', value: source, contentLine: 1, isClosed: true };
}
