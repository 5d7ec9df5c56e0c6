import { type CodeSite, literalValue } from '../../python/literals.ts';
import type { Project } from '../../python/project.ts';
import type { Resolver } from '../../python/resolver.ts';
import { type Argument, type CallExpression, type Expression, isConstant, keywordArgument } from '../../python/syntax.ts';
import type { Check, Index, Place, PrimaryKey, Expression as SqlExpression } from '../schema.ts';
import type { ColumnReader, ForeignKeyDraft } from './columns.ts';
import { libraryName } from './library-names.ts';
import type { ColumnNames, ModelSql } from './sql.ts';
import { onlyReturn, positional, type TypeSource } from './types.ts';

/** A foreign key over several columns. */
export interface CompositeKeyDraft extends Omit<ForeignKeyDraft, 'target'> {
  readonly columns: readonly string[];
  readonly targets: readonly Expression[];
}

/** What `__table_args__` or the arguments of `Table()` add to the columns. */
export interface TableArguments {
  readonly schema: string | undefined;
  readonly primaryKey: PrimaryKey | undefined;
  readonly foreignKeys: readonly CompositeKeyDraft[];
  readonly checks: readonly Check[];
  readonly indexes: readonly Index[];
  /** What could not be read, as sentences. */
  readonly unread: readonly string[];
}

const MAX_DEPTH = 6;

/** Reads constraints and indexes that stand beside the columns. */
export class TableArgumentReader {
  private readonly resolver: Resolver;
  private readonly project: Project;
  private readonly sql: ModelSql;
  private readonly columns: ColumnReader;

  constructor(resolver: Resolver, project: Project, sql: ModelSql, columns: ColumnReader) {
    this.resolver = resolver;
    this.project = project;
    this.sql = sql;
    this.columns = columns;
  }

  /** The value of `__table_args__`: a dict, or a tuple that may end with one. */
  read(source: TypeSource, names: ColumnNames): TableArguments {
    const parts = this.parts(source, MAX_DEPTH);
    const all = parts.flatMap((part) => ('unread' in part ? [] : [part]));
    const unread = parts.flatMap((part) => ('unread' in part ? [part.unread] : []));
    const found = this.constraints(all, names);
    return { ...found, unread: [...unread, ...found.unread] };
  }

  /** Constraints given as arguments, each with its place. */
  constraints(parts: readonly TypeSource[], names: ColumnNames): TableArguments {
    let schema: string | undefined;
    let primaryKey: PrimaryKey | undefined;
    const foreignKeys: CompositeKeyDraft[] = [];
    const checks: Check[] = [];
    const indexes: Index[] = [];
    const unread: string[] = [];
    for (const { site, expression } of parts) {
      if (expression.kind === 'dict') schema = this.schemaOf(site, expression) ?? schema;
      if (expression.kind !== 'call') continue;
      if (this.resolver.externalName(site.module, site.scope, expression.func) === 'builtins.dict') {
        schema = this.word(site, expression, 'schema') ?? schema;
        continue;
      }
      const name = libraryName(this.resolver, site, expression.func);
      const place = this.place(site, expression);
      switch (name) {
        case 'PrimaryKeyConstraint':
          primaryKey = this.primaryKey(site, expression, names) ?? primaryKey;
          break;
        case 'UniqueConstraint': {
          const keys = this.columnNames(site, expression, names);
          indexes.push({
            name: this.word(site, expression, 'name'),
            place,
            keys,
            isUnique: true,
            method: 'btree',
            where: undefined,
            isConstraint: true,
          });
          break;
        }
        case 'CheckConstraint': {
          const check = this.check(site, expression, place, names);
          if (check === undefined) unread.push(`the check on line ${place.line} of ${place.path} is computed`);
          else checks.push(check);
          break;
        }
        case 'ForeignKeyConstraint':
          foreignKeys.push(...this.foreignKey(site, expression, place, names));
          break;
        case 'Index': {
          const index = this.index(site, expression, names);
          if (index === undefined) unread.push(`the index on line ${place.line} of ${place.path} is computed`);
          else indexes.push(index);
          break;
        }
        case undefined:
          unread.push(`what line ${place.line} of ${place.path} adds to the table is made by a function`);
          break;
        default:
      }
    }
    return { schema, primaryKey, foreignKeys, checks, indexes, unread };
  }

  /** An `Index(...)`; undefined where its keys or predicate are computed. */
  index(site: CodeSite, call: CallExpression, names: ColumnNames): Index | undefined {
    const [first, ...rest] = positional(call.args);
    const name = first === undefined ? undefined : literalValue(this.resolver, site, first);
    const isNamed = typeof name === 'string' || (first !== undefined && isConstant(first, 'None'));
    const expressions = isNamed || first === undefined ? rest : [first, ...rest];
    const keys = expressions.map((each) => this.sql.indexKey(site, each, names));
    if (keys.length === 0 || keys.some((key) => key === undefined) || hasStar(call.args)) return undefined;
    const predicate = keywordArgument(call.args, 'postgresql_where');
    const where = predicate === undefined || isConstant(predicate, 'None') ? undefined : this.sql.textOrExpression(site, predicate, names);
    if (predicate !== undefined && !isConstant(predicate, 'None') && where === undefined) return undefined;
    return {
      name: typeof name === 'string' ? name : undefined,
      place: this.place(site, call),
      keys: keys.flatMap((key) => (key === undefined ? [] : [key])),
      isUnique: isConstant(keywordArgument(call.args, 'unique'), 'True'),
      method: this.word(site, call, 'postgresql_using') ?? 'btree',
      where,
      isConstraint: false,
    };
  }

  /** Without columns it only adds options to the key that the columns make. */
  private primaryKey(site: CodeSite, call: CallExpression, names: ColumnNames): PrimaryKey | undefined {
    const columns = this.columnNames(site, call, names);
    return columns.length === 0 ? undefined : { name: this.word(site, call, 'name'), place: this.place(site, call), columns };
  }

  private parts({ site, expression }: TypeSource, depth: number): (TypeSource | { readonly unread: string })[] {
    const line = this.place(site, expression).line;
    if (depth === 0) return [{ unread: `the table arguments on line ${line} of ${site.module.path} cannot be followed` }];
    switch (expression.kind) {
      case 'tuple':
      case 'list':
        return expression.items.flatMap((item) =>
          item.kind === 'starred' ? this.parts({ site, expression: item.value }, depth - 1) : [{ site, expression: item }],
        );
      case 'dict':
      case 'constant':
        return [{ site, expression }];
      case 'binary':
        if (expression.operator === '+')
          return [expression.left, expression.right].flatMap((side) => this.parts({ site, expression: side }, depth - 1));
        break;
      case 'call': {
        const name = this.resolver.externalName(site.module, site.scope, expression.func);
        // `dict(schema="x")` is the dict at the end.
        if (name === 'builtins.dict') return [{ site, expression }];
        if (libraryName(this.resolver, site, expression.func) !== undefined) return [{ site, expression }];
        const target = this.resolver.resolve(site.module, site.scope, expression.func);
        const returned = target?.kind === 'function' ? onlyReturn(this.project, target, { site, args: expression.args }) : undefined;
        if (returned !== undefined) return this.parts(returned, depth - 1);
        break;
      }
      case 'name':
      case 'attribute': {
        const resolved = this.resolver.resolve(site.module, site.scope, expression);
        if (resolved?.kind === 'variable' && resolved.value !== undefined && resolved.value !== expression)
          return this.parts({ site: resolved, expression: resolved.value }, depth - 1);
        const returned = resolved?.kind === 'function' ? onlyReturn(this.project, resolved) : undefined;
        if (returned !== undefined) return this.parts(returned, depth - 1);
        break;
      }
      default:
    }
    return [{ unread: `the table arguments on line ${line} of ${site.module.path} are computed` }];
  }

  private schemaOf(site: CodeSite, dict: Extract<Expression, { kind: 'dict' }>): string | undefined {
    const entry = dict.entries.find(({ key }) => key?.kind === 'string' && key.value === 'schema');
    const value = entry === undefined ? undefined : literalValue(this.resolver, site, entry.value);
    return typeof value === 'string' ? value : undefined;
  }

  private columnNames(site: CodeSite, call: CallExpression, names: ColumnNames): string[] {
    return positional(call.args).flatMap((each) => this.columnName(site, each, names) ?? []);
  }

  private columnName(site: CodeSite, expression: Expression, names: ColumnNames): string | undefined {
    const text = literalValue(this.resolver, site, expression);
    if (typeof text === 'string') return text;
    if (expression.kind === 'name') return names(expression.id);
    return expression.kind === 'attribute' ? names(expression.name) : undefined;
  }

  private check(site: CodeSite, call: CallExpression, place: Place, names: ColumnNames): Check | undefined {
    const given = positional(call.args)[0] ?? keywordArgument(call.args, 'sqltext');
    const expression: SqlExpression | undefined = given === undefined ? undefined : this.sql.textOrExpression(site, given, names);
    return expression === undefined ? undefined : { name: this.word(site, call, 'name'), place, expression };
  }

  private foreignKey(site: CodeSite, call: CallExpression, place: Place, names: ColumnNames): CompositeKeyDraft[] {
    const [own, target] = positional(call.args);
    const columns = own ?? keywordArgument(call.args, 'columns');
    const targets = target ?? keywordArgument(call.args, 'refcolumns');
    if (columns === undefined || targets === undefined || !('items' in columns) || !('items' in targets)) return [];
    return [
      {
        site,
        columns: columns.items.flatMap((each) => this.columnName(site, each, names) ?? []),
        targets: targets.items,
        name: this.word(site, call, 'name'),
        onDelete: this.columns.action(site, call.args, 'ondelete'),
        onUpdate: this.columns.action(site, call.args, 'onupdate'),
        place,
      },
    ];
  }

  private word(site: CodeSite, call: CallExpression, keyword: string): string | undefined {
    const given = keywordArgument(call.args, keyword);
    const value = given === undefined ? undefined : literalValue(this.resolver, site, given);
    return typeof value === 'string' ? value : undefined;
  }

  private place(site: CodeSite, expression: Expression): Place {
    return { path: site.module.path, line: this.project.lineOf(site.module.path, expression.start) };
  }
}

function hasStar(args: readonly Argument[]): boolean {
  return args.some((argument) => argument.value.kind === 'starred');
}
