import { describe, expect, it } from 'vitest';
import { type ModelReading, readModels } from '../../src/database/models/reader.ts';
import { type Column, isUnknown, typeText } from '../../src/database/schema.ts';
import { loadSqlParser } from '../../src/database/script/postgresql/parser.ts';
import { openProject } from '../../src/python/open-project.ts';
import { loadParser } from '../../src/python/parser.ts';
import { Resolver } from '../../src/python/resolver.ts';
import { workspaceWith } from '../support/client.ts';

const python = await loadParser();
const sql = await loadSqlParser();
const HEAD = `from __future__ import annotations
import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional
import sqlalchemy as sa
from sqlalchemy import CHAR, BigInteger, Column, DateTime, Enum, ForeignKey, Index, MetaData, Numeric, SmallInteger
from sqlalchemy import String, Table, Text, TypeDecorator, UniqueConstraint, func, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship


class Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSONB}


`;

async function models(source: string | Record<string, string>, expected: readonly string[] = []): Promise<ModelReading> {
  const files = typeof source === 'string' ? { 'src/app/models.py': HEAD + source } : source;
  const project = openProject(python, await workspaceWith(files));
  return readModels(project, new Resolver(project), sql, new Set(expected));
}

/** `type NOT NULL DEFAULT x`, or why it is not known. */
function shown(column: Column | undefined): string {
  if (column === undefined) return 'no column';
  const { type, isNullable, default: value, isAutoincrement } = column;
  const parts = [
    type === undefined ? 'no type' : isUnknown(type) ? '?' : typeText(type),
    isNullable === undefined || isUnknown(isNullable) ? '?' : isNullable ? '' : 'NOT NULL',
    value === undefined || isUnknown(value) ? 'DEFAULT ?' : value === 'none' ? '' : `DEFAULT ${value.canonical}`,
    isAutoincrement ? 'counted' : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

async function columns(source: string, table = 't'): Promise<Record<string, string>> {
  const { tables } = await models(source);
  return Object.fromEntries((tables.get(table)?.columns ?? []).map((column) => [column.name, shown(column)]));
}

const row = (lines: string): string => `class T(Base):\n    __tablename__ = "t"\n${lines.replace(/^/gm, '    ')}\n`;

describe('types and nullability', () => {
  it('come from annotations, and arguments win', async () => {
    const source = row(
      `id: Mapped[int] = mapped_column(primary_key=True)
a: Mapped[str]
b: Mapped[Optional[str]]
c: Mapped["datetime | None"]
d: Mapped[str | None] = mapped_column(nullable=False)
e: Mapped[dict[str, Any]]
f: Mapped[Decimal] = mapped_column(Numeric(18, 4))
g: Mapped[Literal["aa", "b"]]
h: Mapped[uuid.UUID] = mapped_column("other_name", server_default=text("gen_random_uuid()"))
i = Column(Text)
j: Mapped[list[str]] = mapped_column(ARRAY(String(8)))
k: Mapped[dict] = mapped_column(sa.JSON().with_variant(JSONB(), "postgresql"))`,
    );
    expect(await columns(source)).toEqual({
      id: 'integer NOT NULL counted',
      a: 'character varying NOT NULL',
      b: 'character varying',
      c: 'timestamp without time zone',
      d: 'character varying NOT NULL',
      e: 'jsonb NOT NULL',
      f: 'numeric(18, 4) NOT NULL',
      g: 'character varying(2) NOT NULL',
      other_name: 'uuid NOT NULL DEFAULT gen_random_uuid()',
      i: 'text',
      j: 'character varying(8)[] NOT NULL',
      k: 'jsonb NOT NULL',
    });
  });

  it('come from Annotated aliases, mixins, declared_attr and functions', async () => {
    const source = `intpk = Annotated[int, mapped_column(BigInteger, primary_key=True)]
name_50 = Annotated[str, mapped_column(String(50), nullable=True)]

def money(precision: int, **options) -> Any:
    return mapped_column(Numeric(precision, 2), **options)

class Stamped:
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    @declared_attr
    def owner_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("owners.id", ondelete="CASCADE"))

class Owner(Base):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)

class T(Stamped, Base):
    __tablename__ = "t"
    id: Mapped[intpk]
    name: Mapped[name_50]
    price: Mapped[Decimal] = money(9, server_default="0", nullable=False)
`;
    expect(await columns(source)).toEqual({
      id: 'bigint NOT NULL counted',
      name: 'character varying(50)',
      price: "numeric(9, 2) NOT NULL DEFAULT '0'",
      created_at: 'timestamp with time zone NOT NULL DEFAULT now()',
      owner_id: 'smallint NOT NULL',
    });
  });

  it('of enumerations are their names, or their values where that is said', async () => {
    const source = `class State(enum.Enum):
    OPEN = "open"
    DONE = enum.auto()

class Kind(str, enum.Enum):
    BOOK = "book"
    MAP = "map"

${row(`id: Mapped[int] = mapped_column(primary_key=True)
a: Mapped[State]
b: Mapped[Kind] = mapped_column(Enum(Kind, name="kind_type", values_callable=lambda kind: [each.value for each in kind]))
c: Mapped[str] = mapped_column(Enum("x", "y", name="letters", native_enum=False))
d: Mapped[Kind] = mapped_column(Enum(Kind), server_default=Kind.BOOK.name)`)}`;
    expect(await columns(source)).toEqual({
      id: 'integer NOT NULL counted',
      a: 'state (OPEN, DONE) NOT NULL',
      b: 'kind_type (book, map) NOT NULL',
      c: 'character varying(1) NOT NULL',
      d: "kind (BOOK, MAP) NOT NULL DEFAULT 'BOOK'",
    });
  });

  it('of decorated types are those of PostgreSQL', async () => {
    const source = `class Guid(TypeDecorator):
    impl = CHAR

    def load_dialect_impl(self, dialect):
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID())
        return dialect.type_descriptor(CHAR(32))

class Utc(TypeDecorator):
    impl = DateTime(timezone=True)

class Short(TypeDecorator):
    impl = String

class Odd(TypeDecorator):
    impl = String

    def load_dialect_impl(self, dialect):
        return choose(dialect)

${row(`id: Mapped[int] = mapped_column(primary_key=True)
a: Mapped[str] = mapped_column(Guid)
b: Mapped[datetime] = mapped_column(Utc())
c: Mapped[str] = mapped_column(Short(7))
d: Mapped[str] = mapped_column(Odd)`)}`;
    expect(await columns(source)).toEqual({
      id: 'integer NOT NULL counted',
      a: 'uuid NOT NULL',
      b: 'timestamp with time zone NOT NULL',
      c: 'character varying(7) NOT NULL',
      d: '? NOT NULL',
    });
  });
});

describe('what cannot be known', () => {
  it('is said column by column', async () => {
    const { tables, undecided } = await models(
      row(`id: Mapped[int] = mapped_column(primary_key=True)
if sa.inspect:
    vector: Mapped[str] = mapped_column(Text)
else:
    vector: Mapped[str] = mapped_column(JSONB)
made: Mapped[str] = anything(3)
value: Mapped[int] = mapped_column(server_default=compute())`),
    );
    expect(tables.get('t')?.columns.map(shown)).toEqual([
      'integer NOT NULL counted',
      '? ? DEFAULT ?',
      '? ? DEFAULT ?',
      'integer NOT NULL DEFAULT ?',
    ]);
    expect(undecided.map(({ text: sentence }) => sentence)).toEqual([
      'T.vector: what it is depends on a condition.',
      'T.made: what `made` is made of is not written here.',
    ]);
  });

  it('is said of bases of libraries', async () => {
    const { tables, undecided } = await models(
      `from elsewhere import UserBase\n\nclass User(UserBase, Base):\n    __tablename__ = "users"\n`,
    );
    expect(tables.get('users')?.isOpen).toBe(true);
    expect(undecided[0]?.text).toBe('users: `elsewhere.UserBase` may add columns that are not written here.');
  });

  it('is decided by the tables that there should be where a name is computed', async () => {
    const source = `def name_of(name):
    return "_".join(split(name))

class Named(Base):
    __abstract__ = True

    @declared_attr.directive
    def __tablename__(cls):
        return name_of(cls.__name__)

class LoanFine(Named):
    id: Mapped[int] = mapped_column(primary_key=True)
`;
    expect([...(await models(source, ['loan_fines', 'loans'])).tables.keys()]).toEqual(['loan_fines']);
    const unknown = await models(source, ['fines']);
    expect(unknown.tables.size).toBe(0);
    expect(unknown.unnamed).toEqual(['LoanFine']);
  });
});

describe('tables', () => {
  it('take schemas, constraints and indexes from all places', async () => {
    const { tables } = await models(`metadata = MetaData(schema="app")

class AppBase(DeclarativeBase):
    metadata = metadata

class A(AppBase):
    __tablename__ = "a"
    __table_args__ = (
        UniqueConstraint("x", "y"),
        Index("ix_a_lower", func.lower(text("x")), postgresql_where=text("y IS NOT NULL")),
        {"comment": "letters"},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    x: Mapped[str] = mapped_column(index=True)
    y: Mapped[str | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("a.id", ondelete="SET NULL"))

Index("ix_a_y", A.y.desc())

links = Table(
    "links",
    metadata,
    Column("a_id", ForeignKey(A.id), primary_key=True),
    Column("tag", String(20), primary_key=True),
    schema="other",
)
`);
    const a = tables.get('app.a');
    expect(a?.foreignKeys.map(({ table, targets, onDelete }) => [table, targets, onDelete])).toEqual([['app.a', ['id'], 'SET NULL']]);
    expect(a?.indexes.map(({ keys, isUnique, where }) => [keys, isUnique, where?.canonical])).toEqual([
      [['x', 'y'], true, undefined],
      [['lower(x)'], false, 'y is not null'],
      [['y desc'], false, undefined],
      [['x'], false, undefined],
    ]);
    const links = tables.get('other.links');
    expect(links?.primaryKey?.columns).toEqual(['a_id', 'tag']);
    expect(links?.columns.map(shown)).toEqual(['integer NOT NULL', 'character varying(20) NOT NULL']);
  });

  it('of classes without one of their own are those above', async () => {
    const { tables } = await models(`class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]

class Member(Person):
    card: Mapped[str | None]

class Worker(Person):
    __tablename__ = "workers"
    id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    pay: Mapped[int]
`);
    expect(tables.get('people')?.columns.map((column) => column.name)).toEqual(['id', 'kind', 'card']);
    expect(tables.get('workers')?.columns.map(shown)).toEqual(['integer NOT NULL', 'integer NOT NULL']);
  });

  it('of SQLModel have its rules', async () => {
    const { tables } = await models({
      'app/models.py': `from decimal import Decimal
from sqlalchemy import Column, DateTime, func
from sqlmodel import Field, Relationship, SQLModel


class HeroBase(SQLModel):
    name: str = Field(index=True, max_length=40)


class Hero(HeroBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    age: int | None = None
    power: Decimal = Field(max_digits=9, decimal_places=2)
    team_id: int = Field(foreign_key="team.id", ondelete="CASCADE")
    seen_at: str = Field(sa_column=Column(DateTime(timezone=True), server_default=func.now(), nullable=False))
    team: "Team" = Relationship()


class HeroCreate(HeroBase):
    age: int


class Team(SQLModel, table=True):
    id: int = Field(primary_key=True)
`,
    });
    expect([...tables.keys()].sort()).toEqual(['hero', 'team']);
    expect(Object.fromEntries((tables.get('hero')?.columns ?? []).map((column) => [column.name, shown(column)]))).toEqual({
      id: 'integer NOT NULL counted',
      age: 'integer',
      power: 'numeric(9, 2) NOT NULL',
      team_id: 'integer NOT NULL',
      seen_at: 'timestamp with time zone NOT NULL DEFAULT now()',
      name: 'character varying(40) NOT NULL',
    });
    expect(tables.get('hero')?.foreignKeys[0]?.onDelete).toBe('CASCADE');
  });

  it('are read although modules and classes go in circles', async () => {
    const { tables } = await models({
      'app/a.py':
        'from app.b import B\nfrom sqlalchemy.orm import Mapped, mapped_column\nclass A(B):\n    __tablename__ = "a"\n    id: Mapped[int] = mapped_column(primary_key=True)\n',
      'app/b.py': 'from app.a import A\nclass B(A):\n    pass\nclass C(C):\n    __tablename__ = "c"\n',
      'app/__init__.py': '',
    });
    expect([...tables.keys()]).toContain('a');
  });
});

describe('what a library decides', () => {
  it('is not guessed: types and table names below its bases', async () => {
    const source = `from advanced_alchemy.base import BigIntBase

class UserRole(BigIntBase):
    at: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(20))

class Group(BigIntBase):
    name: Mapped[str]
`;
    const { tables, unnamed } = await models(source, ['user_role']);
    expect(tables.get('user_role')?.columns.map(shown)).toEqual(['? NOT NULL', 'character varying(20) NOT NULL']);
    expect(tables.get('user_role')?.isOpen).toBe(true);
    expect(unnamed).toEqual(['Group']);
  });

  it('is seen where __init_subclass__ changes names', async () => {
    const source = `class Prefixed(DeclarativeBase):
    def __init_subclass__(cls):
        cls.__tablename__ = f"{settings.prefix}{cls.__tablename__}"
        super().__init_subclass__()

class User(Prefixed):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
`;
    expect([...(await models(source, ['shop_users'])).tables.keys()]).toEqual(['shop_users']);
    expect((await models(source, ['other'])).unnamed).toEqual(['User']);
  });

  it('is known of star imports and of pydantic', async () => {
    const { tables } = await models({
      'app/models.py': `from sqlalchemy import *
from sqlalchemy.orm import *
from sqlmodel import Field, SQLModel


class Base(DeclarativeBase):
    pass


class T(Base):
    __tablename__ = "t"
    __table_args__ = (UniqueConstraint("name"), dict(schema="app"))
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(9))


class Hero(SQLModel, table=True):
    id: int = Field(primary_key=True)
    note: str = None
    level: int = Field(default=1, sa_column_args=(CheckConstraint("level > 0"),))
    _cache: list = PrivateAttr(default_factory=list)
`,
    });
    expect(tables.get('app.t')?.columns.map(shown)).toEqual(['bigint NOT NULL counted', 'character varying(9) NOT NULL']);
    expect(tables.get('app.t')?.indexes).toHaveLength(1);
    expect(tables.get('hero')?.columns.map(shown)).toEqual(['integer NOT NULL counted', 'character varying ?', 'integer NOT NULL']);
    expect(tables.get('hero')?.checks).toHaveLength(1);
  });
});
