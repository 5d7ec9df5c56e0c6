"""Loans in the database."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from models.loan import Loan


class LoanRepository:
    """Reads and writes loans."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, loan_id: int) -> Loan | None:
        """The loan, if there is one."""
        return await self._session.get(Loan, loan_id)

    async def extend(self, loan: Loan, due_on: date) -> Loan:
        """Give a loan a later date and count the renewal."""
        loan.due_on = due_on
        loan.renewals += 1
        await self._session.flush()
        return loan
