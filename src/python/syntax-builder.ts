import type { TreeNode } from './parser.ts';
import { parseQuotedAnnotation } from './quoted-annotation.ts';
import type {
  Argument,
  Comment,
  DictEntry,
  ExceptHandler,
  Expression,
  IfStatement,
  ImportedName,
  ModuleSyntax,
  Parameter,
  Span,
  Statement,
  StringExpression,
  WithItem,
} from './syntax.ts';

/** Turns tree-sitter's tree of `text` into the syntax the rules read. */
export function buildModule(root: TreeNode, text: string): ModuleSyntax {
  const comments: Comment[] = [];
  collectComments(root, text, comments);
  return { body: new SyntaxBuilder(text).block(root), comments };
}

/** Comments may stand anywhere in the tree, so they are collected apart from it. */
function collectComments(node: TreeNode, text: string, into: Comment[]): void {
  if (node.type === 'comment') into.push({ start: node.start, end: node.end, text: text.slice(node.start, node.end) });
  for (const child of node.children) collectComments(child, text, into);
}

const COMPOUND_BLOCKS = new Set(['block', 'else_clause', 'finally_clause', 'elif_clause', 'case_clause']);

class SyntaxBuilder {
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The statements below a module, block or clause. */
  block(node: TreeNode): Statement[] {
    const statements: Statement[] = [];
    for (const child of node.children) {
      if (!child.isNamed || child.type === 'comment') continue;
      if (child.type === 'ERROR') statements.push(...this.block(child));
      else if (child.type === 'block') statements.push(...this.block(child));
      else statements.push(this.statement(child));
    }
    return statements;
  }

  /** An annotation; one in quotes is read as what it says. */
  private annotation(node: TreeNode): Expression {
    const expression = this.expression(node);
    if (expression.kind !== 'string' || expression.isBytes || expression.interpolations.length > 0) return expression;
    const written = this.source(expression);
    const quote = /^(["'])(?!\1)/.exec(written);
    return (quote === null ? undefined : parseQuotedAnnotation(written.slice(1, -1), expression.start + 1)) ?? expression;
  }

  private source(node: Span): string {
    return this.text.slice(node.start, node.end);
  }

  private statement(node: TreeNode): Statement {
    switch (node.type) {
      case 'function_definition':
        return this.functionDefinition(node, []);
      case 'class_definition':
        return this.classDefinition(node, []);
      case 'decorated_definition':
        return this.decorated(node);
      case 'expression_statement':
        return this.expressionStatement(node);
      case 'import_statement':
      case 'import_from_statement':
      case 'future_import_statement':
        return { kind: 'import', ...span(node), names: this.importedNames(node) };
      case 'return_statement': {
        const value = this.namedChildren(node)[0];
        return { kind: 'return', ...span(node), value: value && this.expression(value) };
      }
      case 'raise_statement':
        return { kind: 'raise', ...span(node), values: this.expressions(node) };
      case 'global_statement':
        return { kind: 'global', ...span(node), names: this.namedChildren(node).map((child) => this.source(child)) };
      case 'delete_statement':
        return { kind: 'delete', ...span(node), targets: this.expressions(node) };
      case 'pass_statement':
        return { kind: 'pass', ...span(node) };
      case 'type_alias_statement':
        return this.typeAlias(node);
      case 'if_statement':
        return this.ifStatement(node);
      case 'try_statement':
        return this.tryStatement(node);
      case 'with_statement':
        return this.withStatement(node);
      case 'for_statement':
        return this.forStatement(node);
      default:
        return this.anyStatement(node);
    }
  }

  /** while, match, assert, type aliases and what the grammar may add: expressions and blocks, without more detail. */
  private anyStatement(node: TreeNode): Statement {
    const blocks: Statement[][] = [];
    const expressions: Expression[] = [];
    for (const child of this.namedChildren(node)) {
      if (COMPOUND_BLOCKS.has(child.type)) {
        blocks.push(this.clauseBody(child));
        expressions.push(...this.clauseExpressions(child));
      } else expressions.push(this.expression(child));
    }
    return blocks.length > 0 ? { kind: 'block', ...span(node), expressions, blocks } : { kind: 'other', ...span(node), expressions };
  }

  private clauseBody(clause: TreeNode): Statement[] {
    if (clause.type === 'block') return this.block(clause);
    return this.namedChildren(clause)
      .filter((child) => child.type === 'block' || child.type === 'case_clause')
      .flatMap((child) => (child.type === 'block' ? this.block(child) : this.clauseBody(child)));
  }

  private clauseExpressions(clause: TreeNode): Expression[] {
    if (clause.type === 'block') return [];
    return this.namedChildren(clause)
      .filter((child) => child.type !== 'block')
      .map((child) => this.expression(child));
  }

  private decorated(node: TreeNode): Statement {
    const decorators = node.children.filter((child) => child.type === 'decorator').flatMap((child) => this.expressions(child));
    const definition = node.children.find((child) => child.field === 'definition');
    if (definition === undefined) return { kind: 'other', ...span(node), expressions: decorators };
    return definition.type === 'class_definition'
      ? this.classDefinition(definition, decorators)
      : this.functionDefinition(definition, decorators);
  }

  private functionDefinition(node: TreeNode, decorators: readonly Expression[]): Statement {
    const name = field(node, 'name');
    const parameters = field(node, 'parameters');
    const returns = field(node, 'return_type');
    return {
      kind: 'function',
      ...span(node),
      name: name === undefined ? '' : this.source(name),
      nameSpan: span(name ?? node),
      isAsync: node.children.some((child) => child.type === 'async'),
      parameters: parameters === undefined ? [] : this.parameters(parameters),
      returns: returns && this.annotation(returns),
      decorators,
      body: this.body(node),
    };
  }

  private classDefinition(node: TreeNode, decorators: readonly Expression[]): Statement {
    const name = field(node, 'name');
    const superclasses = field(node, 'superclasses');
    const args = superclasses === undefined ? [] : this.callArguments(superclasses);
    return {
      kind: 'class',
      ...span(node),
      name: name === undefined ? '' : this.source(name),
      nameSpan: span(name ?? node),
      typeParameters: this.typeParameters(node),
      bases: args.filter((argument) => argument.keyword === undefined).map((argument) => argument.value),
      keywords: args.filter((argument) => argument.keyword !== undefined),
      decorators,
      body: this.body(node),
    };
  }

  /** `class Page[T, U: int]`: T and U. */
  private typeParameters(node: TreeNode): string[] {
    const list = field(node, 'type_parameters');
    return list === undefined ? [] : this.namedChildren(list).map((child) => /^\w*/.exec(this.source(child))?.[0] ?? '');
  }

  /** `type Name = X` is read as `Name = X`. */
  private typeAlias(node: TreeNode): Statement {
    const left = field(node, 'left');
    const right = field(node, 'right');
    const name = left === undefined ? '' : (/^\w*/.exec(this.source(left))?.[0] ?? '');
    const target: Expression = { kind: 'name', start: left?.start ?? node.start, end: (left?.start ?? node.start) + name.length, id: name };
    return {
      kind: 'assign',
      ...span(node),
      targets: [target],
      annotation: undefined,
      value: right && this.annotation(right),
      operator: undefined,
    };
  }

  private body(node: TreeNode): Statement[] {
    const body = field(node, 'body');
    return body === undefined ? [] : this.block(body);
  }

  private parameters(node: TreeNode): Parameter[] {
    return this.namedChildren(node).flatMap((child) => this.parameter(child));
  }

  private parameter(node: TreeNode): Parameter[] {
    const annotation = field(node, 'type');
    const value = field(node, 'value');
    const inner = this.namedChildren(node)[0];
    const rest = {
      ...span(node),
      annotation: annotation && this.annotation(annotation),
      defaultValue: value && this.expression(value),
    };
    switch (node.type) {
      case 'identifier':
        return [{ ...rest, name: this.source(node), form: 'plain' }];
      case 'default_parameter':
      case 'typed_default_parameter': {
        const name = field(node, 'name');
        return name === undefined ? [] : [{ ...rest, name: this.source(name), form: 'plain' }];
      }
      case 'list_splat_pattern':
        return [{ ...rest, name: this.source(node).slice(1), form: 'args' }];
      case 'dictionary_splat_pattern':
        return [{ ...rest, name: this.source(node).slice(2), form: 'kwargs' }];
      case 'typed_parameter': {
        if (inner === undefined) return [];
        return this.parameter(inner).map((parameter) => ({ ...parameter, ...rest }));
      }
      default:
        return [];
    }
  }

  private expressionStatement(node: TreeNode): Statement {
    const child = this.namedChildren(node)[0];
    if (child === undefined) return { kind: 'other', ...span(node), expressions: [] };
    if (child.type === 'assignment') return this.assignment(child);
    if (child.type === 'augmented_assignment') {
      const operator = field(child, 'operator');
      return {
        kind: 'assign',
        ...span(child),
        targets: this.fieldExpressions(child, 'left'),
        annotation: undefined,
        value: this.fieldExpressions(child, 'right')[0],
        operator: operator === undefined ? '+=' : this.source(operator),
      };
    }
    const children = this.namedChildren(node);
    if (children.length === 1) return { kind: 'expression', ...span(node), value: this.expression(child) };
    const items = children.map((item) => this.expression(item));
    return { kind: 'expression', ...span(node), value: { kind: 'tuple', ...span(node), items } };
  }

  private assignment(node: TreeNode): Statement {
    const targets = this.fieldExpressions(node, 'left');
    const type = field(node, 'type');
    const annotation = type && this.annotation(type);
    const right = field(node, 'right');
    if (right?.type === 'assignment') {
      const inner = this.assignment(right);
      if (inner.kind === 'assign') return { ...inner, ...span(node), targets: [...targets, ...inner.targets] };
    }
    return { kind: 'assign', ...span(node), targets, annotation, value: right && this.expression(right), operator: undefined };
  }

  private importedNames(node: TreeNode): ImportedName[] {
    const moduleNode = field(node, 'module_name');
    let module = '';
    let level = 0;
    if (node.type === 'future_import_statement') module = '__future__';
    else if (moduleNode !== undefined) {
      const written = this.source(moduleNode).replace(/\s+/g, '');
      level = /^\.*/.exec(written)?.[0].length ?? 0;
      module = written.slice(level);
    }
    const isFrom = node.type !== 'import_statement';
    const names: ImportedName[] = [];
    for (const child of this.namedChildren(node)) {
      if (child === moduleNode) continue;
      if (child.type === 'wildcard_import') {
        names.push({ ...span(child), name: '*', alias: undefined, module, level });
        continue;
      }
      const nameNode = child.type === 'aliased_import' ? field(child, 'name') : child;
      const aliasNode = child.type === 'aliased_import' ? field(child, 'alias') : undefined;
      if (nameNode === undefined) continue;
      const written = this.source(nameNode).replace(/\s+/g, '');
      const alias = aliasNode && this.source(aliasNode);
      names.push(
        isFrom
          ? { ...span(child), name: written, alias, module, level }
          : { ...span(child), name: undefined, alias, module: written, level: 0 },
      );
    }
    return names;
  }

  private ifStatement(node: TreeNode): Statement {
    const branches: IfStatement['branches'][number][] = [];
    let orElse: Statement[] | undefined;
    const test = field(node, 'condition');
    const consequence = field(node, 'consequence');
    if (test !== undefined) {
      branches.push({ test: this.expression(test), body: consequence === undefined ? [] : this.block(consequence) });
    }
    for (const child of this.namedChildren(node)) {
      if (child.type === 'elif_clause') {
        const elifTest = field(child, 'condition');
        if (elifTest !== undefined) branches.push({ test: this.expression(elifTest), body: this.clauseBody(child) });
      } else if (child.type === 'else_clause') orElse = this.clauseBody(child);
    }
    return { kind: 'if', ...span(node), branches, orElse };
  }

  private tryStatement(node: TreeNode): Statement {
    const handlers: ExceptHandler[] = [];
    const rest: Statement[][] = [];
    for (const child of this.namedChildren(node)) {
      if (child.type === 'except_clause' || child.type === 'except_group_clause') handlers.push(this.handler(child));
      else if (child.type === 'else_clause' || child.type === 'finally_clause') rest.push(this.clauseBody(child));
    }
    return { kind: 'try', ...span(node), body: this.body(node), handlers, rest };
  }

  private handler(node: TreeNode): ExceptHandler {
    const types: Expression[] = [];
    let name: string | undefined;
    let body: Statement[] = [];
    for (const child of this.namedChildren(node)) {
      if (child.type === 'block') body = this.block(child);
      else if (child.type === 'as_pattern') {
        const [value, alias] = this.namedChildren(child);
        if (value !== undefined) types.push(this.expression(value));
        if (alias !== undefined) name = this.source(alias);
      } else types.push(this.expression(child));
    }
    const [first] = types;
    const type: Expression | undefined =
      types.length > 1 && first !== undefined ? { kind: 'tuple', start: first.start, end: first.end, items: types } : first;
    return { ...span(node), type, name, body };
  }

  private withStatement(node: TreeNode): Statement {
    const items = this.namedChildren(node)
      .filter((child) => child.type === 'with_clause')
      .flatMap((clause) => this.namedChildren(clause))
      .flatMap((item) => this.withItem(item));
    return {
      kind: 'with',
      ...span(node),
      isAsync: node.children.some((child) => child.type === 'async'),
      items,
      body: this.body(node),
    };
  }

  private withItem(node: TreeNode): WithItem[] {
    const value = node.type === 'with_item' ? field(node, 'value') : node;
    if (value === undefined) return [];
    if (value.type === 'as_pattern') {
      const [context, alias] = this.namedChildren(value);
      const target = alias && this.namedChildren(alias)[0];
      return context === undefined ? [] : [{ value: this.expression(context), target: target && this.expression(target) }];
    }
    return [{ value: this.expression(value), target: undefined }];
  }

  private forStatement(node: TreeNode): Statement {
    const target = field(node, 'left');
    const iterable = field(node, 'right');
    if (target === undefined || iterable === undefined) return this.anyStatement(node);
    const blocks = [this.body(node)];
    for (const child of this.namedChildren(node)) if (child.type === 'else_clause') blocks.push(this.clauseBody(child));
    return {
      kind: 'for',
      ...span(node),
      isAsync: node.children.some((child) => child.type === 'async'),
      target: this.expression(target),
      iterable: this.expression(iterable),
      blocks,
    };
  }

  private namedChildren(node: TreeNode): TreeNode[] {
    return node.children.filter((child) => child.isNamed && child.type !== 'comment' && child.type !== 'line_continuation');
  }

  private expressions(node: TreeNode): Expression[] {
    return this.namedChildren(node).map((child) => this.expression(child));
  }

  private fieldExpressions(node: TreeNode, name: string): Expression[] {
    return node.children.filter((child) => child.field === name && child.isNamed).map((child) => this.expression(child));
  }

  private expression(node: TreeNode): Expression {
    switch (node.type) {
      case 'identifier':
        return { kind: 'name', start: node.start, end: node.end, id: this.source(node) };
      case 'dotted_name':
      case 'member_type':
        return this.dottedName(node);
      case 'attribute': {
        const object = field(node, 'object');
        const name = field(node, 'attribute');
        if (object === undefined || name === undefined) return this.other(node);
        return { kind: 'attribute', ...span(node), object: this.expression(object), name: this.source(name) };
      }
      case 'call': {
        const func = field(node, 'function');
        const args = field(node, 'arguments');
        if (func === undefined) return this.other(node);
        return { kind: 'call', ...span(node), func: this.expression(func), args: args === undefined ? [] : this.callArguments(args) };
      }
      case 'subscript': {
        const value = field(node, 'value');
        if (value === undefined) return this.other(node);
        return { kind: 'subscript', ...span(node), value: this.expression(value), index: this.fieldExpressions(node, 'subscript') };
      }
      case 'generic_type':
        return this.genericType(node);
      case 'union_type': {
        const [left, right] = this.expressions(node);
        return left === undefined || right === undefined ? this.other(node) : { kind: 'binary', ...span(node), operator: '|', left, right };
      }
      case 'type':
      case 'parenthesized_expression':
      case 'format_expression': {
        const [inner] = this.namedChildren(node);
        return inner === undefined ? this.other(node) : this.expression(inner);
      }
      case 'string':
        return this.string(node);
      case 'concatenated_string':
        return this.concatenatedString(node);
      case 'integer':
      case 'float':
        return { kind: 'number', ...span(node), text: this.source(node) };
      case 'none':
        return { kind: 'constant', ...span(node), value: 'None' };
      case 'true':
        return { kind: 'constant', ...span(node), value: 'True' };
      case 'false':
        return { kind: 'constant', ...span(node), value: 'False' };
      case 'ellipsis':
        return { kind: 'constant', ...span(node), value: '...' };
      case 'list':
      case 'list_pattern':
        return { kind: 'list', ...span(node), items: this.expressions(node) };
      case 'set':
        return { kind: 'set', ...span(node), items: this.expressions(node) };
      case 'tuple':
      case 'expression_list':
      case 'pattern_list':
      case 'tuple_pattern':
        return { kind: 'tuple', ...span(node), items: this.expressions(node) };
      case 'dictionary':
        return { kind: 'dict', ...span(node), entries: this.namedChildren(node).map((child) => this.dictEntry(child)) };
      case 'list_comprehension':
      case 'set_comprehension':
      case 'dictionary_comprehension':
      case 'generator_expression':
        return this.comprehension(node);
      case 'lambda': {
        const parameters = field(node, 'parameters');
        const body = field(node, 'body');
        if (body === undefined) return this.other(node);
        return {
          kind: 'lambda',
          ...span(node),
          parameters: parameters === undefined ? [] : this.parameters(parameters),
          body: this.expression(body),
        };
      }
      case 'await': {
        const [value] = this.expressions(node);
        return value === undefined ? this.other(node) : { kind: 'await', ...span(node), value };
      }
      case 'list_splat':
      case 'dictionary_splat':
      case 'list_splat_pattern':
      case 'dictionary_splat_pattern': {
        const [value] = this.expressions(node);
        return value === undefined ? this.other(node) : { kind: 'starred', ...span(node), value };
      }
      case 'conditional_expression': {
        const [body, test, orElse] = this.expressions(node);
        if (body === undefined || test === undefined || orElse === undefined) return this.other(node);
        return { kind: 'conditional', ...span(node), body, test, orElse };
      }
      case 'named_expression': {
        const target = field(node, 'name');
        const value = field(node, 'value');
        if (target === undefined || value === undefined) return this.other(node);
        return { kind: 'named', ...span(node), target: this.expression(target), value: this.expression(value) };
      }
      case 'unary_operator':
      case 'not_operator':
        return this.unary(node);
      case 'binary_operator':
      case 'boolean_operator': {
        const [left, right] = this.expressions(node);
        const operator = field(node, 'operator');
        if (left === undefined || right === undefined) return this.other(node);
        return { kind: 'binary', ...span(node), operator: operator === undefined ? '' : this.source(operator), left, right };
      }
      case 'comparison_operator': {
        const parts = this.expressions(node);
        const [left, right] = parts;
        const operators = node.children.filter((child) => child.field === 'operators').map((child) => this.source(child));
        if (parts.length !== 2 || left === undefined || right === undefined) return this.other(node);
        return { kind: 'binary', ...span(node), operator: operators.join(' '), left, right };
      }
      default:
        return this.other(node);
    }
  }

  private unary(node: TreeNode): Expression {
    const [operand] = this.expressions(node);
    const operator = (['~', '-', '+', 'not'] as const).find((each) => this.source(node).startsWith(each));
    if (operand === undefined || operator === undefined) return this.other(node);
    if (operand.kind === 'number' && operator === '-') return { kind: 'number', ...span(node), text: `-${operand.text}` };
    return { kind: 'unary', ...span(node), operator, operand };
  }

  private other(node: TreeNode): Expression {
    return { kind: 'other', ...span(node), parts: this.expressions(node) };
  }

  private dottedName(node: TreeNode): Expression {
    const [first, ...rest] = this.namedChildren(node);
    if (first === undefined) return this.other(node);
    let expression = this.expression(first);
    for (const part of rest) {
      expression = { kind: 'attribute', start: node.start, end: part.end, object: expression, name: this.source(part) };
    }
    return expression;
  }

  private genericType(node: TreeNode): Expression {
    const [base, parameters] = this.namedChildren(node);
    if (base === undefined) return this.other(node);
    return {
      kind: 'subscript',
      ...span(node),
      value: this.expression(base),
      index: parameters === undefined ? [] : this.expressions(parameters),
    };
  }

  private callArguments(node: TreeNode): Argument[] {
    if (node.type === 'generator_expression') return [{ keyword: undefined, value: this.expression(node) }];
    return this.namedChildren(node).map((child) => {
      if (child.type !== 'keyword_argument') return { keyword: undefined, value: this.expression(child) };
      const name = field(child, 'name');
      const value = field(child, 'value');
      return { keyword: name && this.source(name), value: value === undefined ? this.other(child) : this.expression(value) };
    });
  }

  private dictEntry(node: TreeNode): DictEntry {
    if (node.type !== 'pair') return { key: undefined, value: this.expression(node) };
    const key = field(node, 'key');
    const value = field(node, 'value');
    return { key: key && this.expression(key), value: value === undefined ? this.other(node) : this.expression(value) };
  }

  private comprehension(node: TreeNode): Expression {
    const targets: Expression[] = [];
    const parts: Expression[] = [];
    for (const child of this.namedChildren(node)) {
      if (child.type === 'for_in_clause') {
        targets.push(...this.fieldExpressions(child, 'left'));
        parts.push(...this.fieldExpressions(child, 'right'));
      } else if (child.type === 'pair') {
        const entry = this.dictEntry(child);
        if (entry.key !== undefined) parts.push(entry.key);
        parts.push(entry.value);
      } else parts.push(this.expression(child));
    }
    const forms = { list_comprehension: 'list', set_comprehension: 'set', dictionary_comprehension: 'dict' } as const;
    const form = node.type in forms ? forms[node.type as keyof typeof forms] : 'generator';
    return { kind: 'comprehension', ...span(node), form, targets, parts };
  }

  private string(node: TreeNode): StringExpression {
    let value = '';
    let prefix = '';
    const interpolations: Expression[] = [];
    const gaps: number[] = [];
    for (const child of node.children) {
      if (child.type === 'string_start') prefix = this.source(child).toLowerCase();
      else if (child.type === 'string_content') value += this.source(child);
      else if (child.type === 'interpolation') {
        const inner = field(child, 'expression') ?? this.namedChildren(child)[0];
        if (inner === undefined) continue;
        interpolations.push(this.expression(inner));
        gaps.push(value.length);
      }
    }
    return { kind: 'string', ...span(node), value, interpolations, gaps, isBytes: prefix.includes('b') };
  }

  private concatenatedString(node: TreeNode): StringExpression {
    const parts = this.namedChildren(node)
      .filter((child) => child.type === 'string')
      .map((child) => this.string(child));
    const gaps: number[] = [];
    let length = 0;
    for (const part of parts) {
      gaps.push(...part.gaps.map((gap) => length + gap));
      length += part.value.length;
    }
    return {
      kind: 'string',
      ...span(node),
      value: parts.map((part) => part.value).join(''),
      interpolations: parts.flatMap((part) => part.interpolations),
      gaps,
      isBytes: parts.some((part) => part.isBytes),
    };
  }
}

function span(node: Span): Span {
  return { start: node.start, end: node.end };
}

function field(node: TreeNode, name: string): TreeNode | undefined {
  return node.children.find((child) => child.field === name && child.type !== 'comment');
}
