"""Renewing loans."""

from datetime import date, timedelta

from core.errors import LoanNotFoundError, LoanNotRenewableError
from models.loan import Loan
from repositories.loans import LoanRepository
from repositories.reservations import ReservationRepository

PERIOD = timedelta(days=28)


class LoanService:
    """What members may do with their loans."""

    def __init__(self, loans: LoanRepository, reservations: ReservationRepository) -> None:
        self._loans = loans
        self._reservations = reservations

    async def renew(self, loan_id: int, today: date) -> Loan:
        """Renew a loan that is neither overdue, renewed before, nor reserved by another member."""
        loan = await self._loans.get(loan_id)
        if loan is None:
            raise LoanNotFoundError(loan_id)
        is_spent = loan.due_on < today or loan.renewals > 0
        if is_spent or await self._reservations.is_reserved(loan.book_id):
            raise LoanNotRenewableError(loan_id)
        return await self._loans.extend(loan, loan.due_on + PERIOD)
