/** The API of a library as an engineer would define it, sixteen endpoints; texts in the language of the contract. */

type Language = 'zh' | 'en';

const TEXTS = {
  member: { zh: 'Bearer JWT（读者）', en: 'Bearer JWT (member)' },
  staff: { zh: 'Bearer JWT（馆员）', en: 'Bearer JWT (librarian)' },
  open: { zh: '无', en: 'none' },
  noBook: { zh: '图书不存在', en: 'there is no such book' },
  noMember: { zh: '读者不存在', en: 'there is no such member' },
  noLoan: { zh: '借阅记录不存在', en: 'there is no such loan' },
  noReservation: { zh: '预约不存在', en: 'there is no such reservation' },
  isbn: { zh: 'ISBN 已存在', en: 'the ISBN is taken' },
  lent: { zh: '没有可借副本', en: 'no copy is left' },
  onLoan: { zh: '仍有副本在借', en: 'copies are on loan' },
  renewed: { zh: '续借次数已用完', en: 'it was renewed before' },
  returned: { zh: '已归还', en: 'it was returned before' },
  reserved: { zh: '已预约过', en: 'it is reserved already' },
  email: { zh: '邮箱已登记', en: 'the email address is taken' },
  page: { zh: '页码', en: 'page, from 1' },
  keyword: { zh: '书名或作者', en: 'part of title or author' },
  invalid: { zh: '参数不合法', en: 'a parameter is invalid' },
} as const;

export const LIBRARY_MODELS = `from datetime import date
from enum import StrEnum
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, EmailStr, Field

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: Annotated[int, Field(ge=0)]


class Category(StrEnum):
    NOVEL = "novel"
    SCIENCE = "science"


class BookCreate(BaseModel):
    isbn: Annotated[str, Field(pattern=r"^\\d{13}$")]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    category: Category
    copies: Annotated[int, Field(ge=1, le=100)] = 1


class BookUpdate(BaseModel):
    title: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    copies: Annotated[int, Field(ge=1, le=100)] | None = None


class BookResponse(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    isbn: str
    title: str
    category: Category
    available: int


class MemberCreate(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=50)]
    email: EmailStr


class MemberUpdate(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=50)]


class MemberResponse(BaseModel):
    id: int
    name: str
    email: EmailStr


class LoanCreate(BaseModel):
    book_id: int
    days: Annotated[int, Field(ge=1, le=30)] = 14


class LoanRenew(BaseModel):
    days: Annotated[int, Field(ge=1, le=14)]


class LoanResponse(BaseModel):
    id: int
    book: BookResponse
    due_on: date
    returned_on: date | None = None


class ReservationCreate(BaseModel):
    book_id: int


class ReservationResponse(BaseModel):
    id: int
    place: Annotated[int, Field(ge=1)]


class Overview(BaseModel):
    books: int
    loans: int
    by_category: list["CategoryCount"]


class CategoryCount(BaseModel):
    category: Category
    loans: int
`;

/** The sixteen endpoints, in the order of the skeletons. */
export const LIBRARY_ENDPOINTS = [
  'GET /api/v1/books',
  'POST /api/v1/books',
  'GET /api/v1/books/{book_id}',
  'PATCH /api/v1/books/{book_id}',
  'DELETE /api/v1/books/{book_id}',
  'POST /api/v1/members',
  'GET /api/v1/members/{member_id}',
  'PATCH /api/v1/members/{member_id}',
  'GET /api/v1/loans',
  'POST /api/v1/loans',
  'GET /api/v1/loans/{loan_id}',
  'POST /api/v1/loans/{loan_id}/renew',
  'POST /api/v1/loans/{loan_id}/return',
  'POST /api/v1/reservations',
  'DELETE /api/v1/reservations/{reservation_id}',
  'GET /api/v1/stats/overview',
] as const;

/** The definitions of all endpoints, for define_contract. */
export function libraryDefinitions(language: Language): Record<string, unknown>[] {
  const text = (key: keyof typeof TEXTS): string => TEXTS[key][language];
  const id = (name: string) => ({ name, in: 'path', type: 'int' });
  const page = { name: 'page', in: 'query', type: 'Annotated[int, Field(ge=1)]', description: text('page') };
  const error = (status: number, code: string, key: keyof typeof TEXTS) => ({ status, code, when: text(key) });
  const noBook = error(404, 'BOOK_NOT_FOUND', 'noBook');
  const noMember = error(404, 'MEMBER_NOT_FOUND', 'noMember');
  const noLoan = error(404, 'LOAN_NOT_FOUND', 'noLoan');
  const [list, create, get, patch, remove, enrol, member, rename, loans, borrow, loan, renew, giveBack, reserve, cancel, stats] =
    LIBRARY_ENDPOINTS;
  return [
    {
      endpoint: list,
      auth: text('open'),
      parameters: [
        page,
        { name: 'keyword', in: 'query', type: 'Annotated[str, Field(min_length=1, max_length=50)]', description: text('keyword') },
        { name: 'category', in: 'query', type: 'Category' },
      ],
      responses: [{ status: 200, model: 'Page[BookResponse]' }],
      errors: [error(422, 'INVALID', 'invalid')],
    },
    {
      endpoint: create,
      auth: text('staff'),
      request: 'BookCreate',
      responses: [{ status: 201, model: 'BookResponse' }],
      errors: [error(409, 'ISBN_EXISTS', 'isbn')],
    },
    {
      endpoint: get,
      auth: text('open'),
      parameters: [id('book_id')],
      responses: [{ status: 200, model: 'BookResponse' }],
      errors: [noBook],
    },
    {
      endpoint: patch,
      auth: text('staff'),
      parameters: [id('book_id')],
      request: 'BookUpdate',
      responses: [{ status: 200, model: 'BookResponse' }],
      errors: [noBook, error(409, 'BOOK_ON_LOAN', 'onLoan')],
    },
    {
      endpoint: remove,
      auth: text('staff'),
      parameters: [id('book_id')],
      responses: [{ status: 204 }],
      errors: [noBook, error(409, 'BOOK_ON_LOAN', 'onLoan')],
    },
    {
      endpoint: enrol,
      auth: text('staff'),
      request: 'MemberCreate',
      responses: [{ status: 201, model: 'MemberResponse' }],
      errors: [error(409, 'EMAIL_EXISTS', 'email')],
    },
    {
      endpoint: member,
      auth: text('staff'),
      parameters: [id('member_id')],
      responses: [{ status: 200, model: 'MemberResponse' }],
      errors: [noMember],
    },
    {
      endpoint: rename,
      auth: text('staff'),
      parameters: [id('member_id')],
      request: 'MemberUpdate',
      responses: [{ status: 200, model: 'MemberResponse' }],
      errors: [noMember],
    },
    {
      endpoint: loans,
      auth: text('member'),
      parameters: [page],
      responses: [{ status: 200, model: 'Page[LoanResponse]' }],
      errors: [error(422, 'INVALID', 'invalid')],
    },
    {
      endpoint: borrow,
      auth: text('member'),
      parameters: [{ name: 'Idempotency-Key', in: 'header', type: 'UUID', required: true }],
      request: 'LoanCreate',
      responses: [{ status: 201, model: 'LoanResponse' }],
      errors: [noBook, error(409, 'NO_COPY', 'lent')],
      validation: ['`days`: 1-30'],
    },
    {
      endpoint: loan,
      auth: text('member'),
      parameters: [id('loan_id')],
      responses: [{ status: 200, model: 'LoanResponse' }],
      errors: [noLoan],
    },
    {
      endpoint: renew,
      auth: text('member'),
      parameters: [id('loan_id')],
      request: 'LoanRenew',
      responses: [{ status: 200, model: 'LoanResponse' }],
      errors: [noLoan, error(409, 'RENEWED_BEFORE', 'renewed')],
    },
    {
      endpoint: giveBack,
      auth: text('staff'),
      parameters: [id('loan_id')],
      responses: [{ status: 200, model: 'LoanResponse' }],
      errors: [noLoan, error(409, 'RETURNED_BEFORE', 'returned')],
    },
    {
      endpoint: reserve,
      auth: text('member'),
      request: 'ReservationCreate',
      responses: [{ status: 201, model: 'ReservationResponse' }],
      errors: [noBook, error(409, 'RESERVED_BEFORE', 'reserved')],
    },
    {
      endpoint: cancel,
      auth: text('member'),
      parameters: [id('reservation_id')],
      responses: [{ status: 204 }],
      errors: [error(404, 'RESERVATION_NOT_FOUND', 'noReservation')],
    },
    { endpoint: stats, auth: text('staff'), responses: [{ status: 200, model: 'Overview' }], errors: [error(403, 'NOT_STAFF', 'staff')] },
  ];
}

/** An architect's skeleton in Chinese: a numbered list, everything `[TBD]`. */
export function chineseSkeleton(): string {
  const items = LIBRARY_ENDPOINTS.map((endpoint, index) => {
    const input = endpoint.startsWith('GET') ? '请求参数' : '请求 Schema';
    return [
      `${index + 1}. \`${endpoint}\``,
      `   - ${input}：\`[TBD]\``,
      '   - 成功响应 Schema：`[TBD]`',
      '   - 错误响应 Schema：`[TBD]`',
    ].join('\n');
  });
  return `# API 契约\n\n> 由架构师起草\n\n- 协议：HTTP/JSON\n- 命名：字段使用 snake_case\n- 错误体：\`{code, message}\`\n\n## 接口清单\n\n${items.join('\n')}\n\n## 评审\n\n━━━━━━━━\n☐ 前端　☐ 后端\n`;
}

/** An architect's skeleton in English: a heading an endpoint, grouped by resource. */
export function englishSkeleton(): string {
  const groups = new Map<string, string[]>();
  for (const endpoint of LIBRARY_ENDPOINTS) {
    const resource = endpoint.split('/')[3] ?? '';
    groups.set(resource, [...(groups.get(resource) ?? []), endpoint]);
  }
  const sections = [...groups].map(([resource, endpoints], index) => {
    const entries = endpoints.map((endpoint, place) => `### ${index + 1}.${place + 1} ${endpoint}\n\n[TBD]\n`);
    return `## ${index + 1}. ${resource}\n\n${entries.join('\n')}`;
  });
  return `# Library API\n\nAll errors are \`{code, message}\`.\n\n${sections.join('\n')}\n---\n\nApproved by: …\n`;
}
