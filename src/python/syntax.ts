/** A stretch of source text, in UTF-16 offsets; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Argument {
  /** The keyword's name; undefined for positional and starred arguments. */
  readonly keyword: string | undefined;
  readonly value: Expression;
}

export interface DictEntry {
  /** Undefined for `**mapping`. */
  readonly key: Expression | undefined;
  readonly value: Expression;
}

export type NameExpression = Span & { readonly kind: 'name'; readonly id: string };
export type AttributeExpression = Span & { readonly kind: 'attribute'; readonly object: Expression; readonly name: string };
export type CallExpression = Span & { readonly kind: 'call'; readonly func: Expression; readonly args: readonly Argument[] };
export type SubscriptExpression = Span & { readonly kind: 'subscript'; readonly value: Expression; readonly index: readonly Expression[] };
export type StringExpression = Span & {
  readonly kind: 'string';
  /** The literal text between the quotes as written (escapes kept), interpolations left out. */
  readonly value: string;
  /** The expressions of an f-string. */
  readonly interpolations: readonly Expression[];
  /** Where in `value` each interpolation stands, in UTF-16 units. */
  readonly gaps: readonly number[];
  readonly isBytes: boolean;
};
export type SequenceExpression = Span & { readonly kind: 'list' | 'tuple' | 'set'; readonly items: readonly Expression[] };
export type DictExpression = Span & { readonly kind: 'dict'; readonly entries: readonly DictEntry[] };
export type LambdaExpression = Span & { readonly kind: 'lambda'; readonly parameters: readonly Parameter[]; readonly body: Expression };
export type BinaryExpression = Span & {
  readonly kind: 'binary';
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
};
export type ComprehensionExpression = Span & {
  readonly kind: 'comprehension';
  readonly form: 'list' | 'set' | 'dict' | 'generator';
  /** Loop targets: names bound inside only. */
  readonly targets: readonly Expression[];
  readonly parts: readonly Expression[];
};

export type Expression =
  | NameExpression
  | AttributeExpression
  | CallExpression
  | SubscriptExpression
  | StringExpression
  | SequenceExpression
  | DictExpression
  | LambdaExpression
  | BinaryExpression
  | ComprehensionExpression
  | (Span & { readonly kind: 'number'; readonly text: string })
  | (Span & { readonly kind: 'constant'; readonly value: 'None' | 'True' | 'False' | '...' })
  | (Span & { readonly kind: 'await'; readonly value: Expression })
  | (Span & { readonly kind: 'unary'; readonly operator: '~' | '-' | '+' | 'not'; readonly operand: Expression })
  | (Span & { readonly kind: 'starred'; readonly value: Expression })
  | (Span & { readonly kind: 'conditional'; readonly test: Expression; readonly body: Expression; readonly orElse: Expression })
  | (Span & { readonly kind: 'named'; readonly target: Expression; readonly value: Expression })
  | (Span & { readonly kind: 'other'; readonly parts: readonly Expression[] });

export interface Parameter extends Span {
  readonly name: string;
  readonly form: 'plain' | 'args' | 'kwargs';
  readonly annotation: Expression | undefined;
  readonly defaultValue: Expression | undefined;
}

export type FunctionStatement = Span & {
  readonly kind: 'function';
  readonly name: string;
  readonly nameSpan: Span;
  readonly isAsync: boolean;
  readonly parameters: readonly Parameter[];
  readonly returns: Expression | undefined;
  readonly decorators: readonly Expression[];
  readonly body: readonly Statement[];
};

export type ClassStatement = Span & {
  readonly kind: 'class';
  readonly name: string;
  readonly nameSpan: Span;
  /** The names of PEP 695 type parameters. */
  readonly typeParameters: readonly string[];
  readonly bases: readonly Expression[];
  readonly keywords: readonly Argument[];
  readonly decorators: readonly Expression[];
  readonly body: readonly Statement[];
};

export type AssignStatement = Span & {
  readonly kind: 'assign';
  readonly targets: readonly Expression[];
  readonly annotation: Expression | undefined;
  readonly value: Expression | undefined;
  /** `+=` and its kin; undefined for a plain assignment. */
  readonly operator: string | undefined;
};

export interface ImportedName extends Span {
  /** The name inside the module; undefined for `import module`, `*` for a star import. */
  readonly name: string | undefined;
  readonly alias: string | undefined;
  /** Dotted module; empty for `from . import x`. */
  readonly module: string;
  /** Leading dots: 0 for an absolute import. */
  readonly level: number;
}

export type ImportStatement = Span & { readonly kind: 'import'; readonly names: readonly ImportedName[] };

export interface ExceptHandler extends Span {
  /** Undefined for a bare `except:`. */
  readonly type: Expression | undefined;
  readonly name: string | undefined;
  readonly body: readonly Statement[];
}

export type TryStatement = Span & {
  readonly kind: 'try';
  readonly body: readonly Statement[];
  readonly handlers: readonly ExceptHandler[];
  /** The `else` and `finally` blocks. */
  readonly rest: readonly (readonly Statement[])[];
};

export interface WithItem {
  readonly value: Expression;
  readonly target: Expression | undefined;
}

export type WithStatement = Span & {
  readonly kind: 'with';
  readonly isAsync: boolean;
  readonly items: readonly WithItem[];
  readonly body: readonly Statement[];
};

export type IfStatement = Span & {
  readonly kind: 'if';
  readonly branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[];
  readonly orElse: readonly Statement[] | undefined;
};

export type Statement =
  | FunctionStatement
  | ClassStatement
  | AssignStatement
  | ImportStatement
  | TryStatement
  | WithStatement
  | IfStatement
  | (Span & {
      readonly kind: 'for';
      readonly isAsync: boolean;
      readonly target: Expression;
      readonly iterable: Expression;
      readonly blocks: readonly (readonly Statement[])[];
    })
  | (Span & { readonly kind: 'block'; readonly expressions: readonly Expression[]; readonly blocks: readonly (readonly Statement[])[] })
  | (Span & { readonly kind: 'expression'; readonly value: Expression })
  | (Span & { readonly kind: 'return'; readonly value: Expression | undefined })
  | (Span & { readonly kind: 'raise'; readonly values: readonly Expression[] })
  | (Span & { readonly kind: 'global'; readonly names: readonly string[] })
  | (Span & { readonly kind: 'delete'; readonly targets: readonly Expression[] })
  | (Span & { readonly kind: 'pass' })
  | (Span & { readonly kind: 'other'; readonly expressions: readonly Expression[] });

export interface Comment extends Span {
  /** From `#` to the end of the line. */
  readonly text: string;
}

/** A parsed file. Where it does not parse, what could be read is still here. */
export interface ModuleSyntax {
  readonly body: readonly Statement[];
  readonly comments: readonly Comment[];
}

/** The expressions directly below an expression, in source order. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'name':
    case 'number':
    case 'constant':
      return [];
    case 'attribute':
      return [expression.object];
    case 'call':
      return [expression.func, ...expression.args.map((argument) => argument.value)];
    case 'subscript':
      return [expression.value, ...expression.index];
    case 'string':
      return expression.interpolations;
    case 'list':
    case 'tuple':
    case 'set':
      return expression.items;
    case 'dict':
      return expression.entries.flatMap((entry) => (entry.key === undefined ? [entry.value] : [entry.key, entry.value]));
    case 'lambda':
      return [expression.body];
    case 'binary':
      return [expression.left, expression.right];
    case 'comprehension':
      return [...expression.targets, ...expression.parts];
    case 'await':
    case 'starred':
      return [expression.value];
    case 'unary':
      return [expression.operand];
    case 'conditional':
      return [expression.body, expression.test, expression.orElse];
    case 'named':
      return [expression.target, expression.value];
    case 'other':
      return expression.parts;
  }
}

/** The value of a keyword argument; undefined where it is not given. */
export function keywordArgument(args: readonly Argument[], keyword: string): Expression | undefined {
  return args.find((argument) => argument.keyword === keyword)?.value;
}

/** The value of an argument that may be given by name or by position (0-based); undefined where it is not given. */
export function argumentOf(args: readonly Argument[], name: string, position: number): Expression | undefined {
  return keywordArgument(args, name) ?? args.filter((argument) => argument.keyword === undefined)[position]?.value;
}

/** True for one of Python's constants. */
export function isConstant(expression: Expression | undefined, value: 'None' | 'True' | 'False' | '...'): boolean {
  return expression?.kind === 'constant' && expression.value === value;
}

/** The first call of a chain: `select(Order)` of `select(Order).where(...).limit(1)`; undefined where there is none. */
export function rootCall(expression: Expression): CallExpression | undefined {
  let inner = expression;
  while (inner.kind === 'call' && inner.func.kind === 'attribute' && inner.func.object.kind === 'call') inner = inner.func.object;
  return inner.kind === 'call' ? inner : undefined;
}

/** Every expression at and below `expression`, outermost first. */
export function* walkExpression(expression: Expression): Generator<Expression> {
  const pending = [expression];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield next;
    pending.push(...childrenOf(next).toReversed());
  }
}

/** The statement lists directly below a statement; function and class bodies included. */
export function blocksOf(statement: Statement): readonly (readonly Statement[])[] {
  switch (statement.kind) {
    case 'function':
    case 'class':
    case 'with':
      return [statement.body];
    case 'try':
      return [statement.body, ...statement.handlers.map((handler) => handler.body), ...statement.rest];
    case 'if':
      return [...statement.branches.map((branch) => branch.body), ...(statement.orElse === undefined ? [] : [statement.orElse])];
    case 'for':
    case 'block':
      return statement.blocks;
    default:
      return [];
  }
}

/** The expressions that a statement itself holds, not those of its blocks. */
export function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case 'function':
      return [
        ...statement.decorators,
        ...statement.parameters.flatMap((parameter) => present(parameter.annotation, parameter.defaultValue)),
        ...present(statement.returns),
      ];
    case 'class':
      return [...statement.decorators, ...statement.bases, ...statement.keywords.map((keyword) => keyword.value)];
    case 'assign':
      return [...statement.targets, ...present(statement.annotation, statement.value)];
    case 'try':
      return statement.handlers.flatMap((handler) => present(handler.type));
    case 'with':
      return statement.items.flatMap((item) => present(item.value, item.target));
    case 'if':
      return statement.branches.map((branch) => branch.test);
    case 'for':
      return [statement.target, statement.iterable];
    case 'block':
    case 'other':
      return statement.expressions;
    case 'expression':
      return [statement.value];
    case 'return':
      return present(statement.value);
    case 'raise':
      return statement.values;
    case 'delete':
      return statement.targets;
    case 'import':
    case 'global':
    case 'pass':
      return [];
  }
}

function present(...expressions: readonly (Expression | undefined)[]): Expression[] {
  return expressions.filter((expression) => expression !== undefined);
}

/** Every statement at and below `body`, in source order. With `into` false for a statement its blocks are skipped. */
export function* walkStatements(body: readonly Statement[], into: (statement: Statement) => boolean = () => true): Generator<Statement> {
  for (const statement of body) {
    yield statement;
    if (!into(statement)) continue;
    for (const block of blocksOf(statement)) yield* walkStatements(block, into);
  }
}

/** True for statements that open a scope of their own. */
export function opensScope(statement: Statement): boolean {
  return statement.kind === 'function' || statement.kind === 'class';
}

/** What of a module others can see: of functions only their signatures, and what methods assign to `self`. */
export function interfaceSyntax(module: ModuleSyntax): ModuleSyntax {
  return { body: module.body.map(visiblePart), comments: [] };
}

function visiblePart(statement: Statement): Statement {
  switch (statement.kind) {
    case 'function':
      return { ...statement, body: statement.body.flatMap(selfAssignments) };
    case 'class':
    case 'with':
      return { ...statement, body: statement.body.map(visiblePart) };
    case 'if':
      return {
        ...statement,
        branches: statement.branches.map((branch) => ({ ...branch, body: branch.body.map(visiblePart) })),
        orElse: statement.orElse?.map(visiblePart),
      };
    case 'try':
      return {
        ...statement,
        body: statement.body.map(visiblePart),
        handlers: statement.handlers.map((handler) => ({ ...handler, body: handler.body.map(visiblePart) })),
        rest: statement.rest.map((block) => block.map(visiblePart)),
      };
    case 'for':
    case 'block':
      return { ...statement, blocks: statement.blocks.map((block) => block.map(visiblePart)) };
    default:
      return statement;
  }
}

/** The assignments to attributes of `self` in and below a statement: all that is visible of a method's body. */
function selfAssignments(statement: Statement): Statement[] {
  if (opensScope(statement)) return [];
  const isOne =
    statement.kind === 'assign' &&
    statement.targets.some((target) => target.kind === 'attribute' && target.object.kind === 'name' && target.object.id === 'self');
  return isOne ? [statement] : blocksOf(statement).flatMap((block) => block.flatMap(selfAssignments));
}
