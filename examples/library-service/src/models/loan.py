"""The loan of a book."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, SmallInteger, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Base of all models."""


class Loan(Base):
    """A book that a member has taken home."""

    __tablename__ = "loans"
    __table_args__ = (CheckConstraint("renewals IN (0, 1)"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    book_id: Mapped[int] = mapped_column(BigInteger)
    member_id: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date]
    renewals: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
