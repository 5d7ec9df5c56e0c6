"""Tests of renewing loans."""

from datetime import date
from unittest.mock import AsyncMock

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import LoanNotFoundError, LoanNotRenewableError
from models.loan import Loan
from repositories.loans import LoanRepository
from repositories.reservations import ReservationRepository
from services.loans import LoanService

TODAY = date(2026, 3, 2)


def service_with(loan: Loan | None, reserved: int) -> LoanService:
    """A service whose session and branch system answer as told."""
    session = AsyncMock(spec=AsyncSession)
    session.get.return_value = loan
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"count": reserved}))
    client = httpx.AsyncClient(transport=transport, base_url="http://branch")
    return LoanService(LoanRepository(session), ReservationRepository(client))


def loan_due(due_on: date, renewals: int = 0) -> Loan:
    """A loan."""
    return Loan(id=7, book_id=1, member_id=2, due_on=due_on, renewals=renewals)


@pytest.mark.anyio
async def test_renew_should_move_the_date_when_nobody_waits() -> None:
    """Four weeks more, once."""
    renewed = await service_with(loan_due(date(2026, 3, 9)), 0).renew(7, TODAY)
    assert renewed.due_on == date(2026, 4, 6)
    assert renewed.renewals == 1


@pytest.mark.anyio
async def test_renew_should_fail_when_there_is_no_loan() -> None:
    """Nothing to renew."""
    with pytest.raises(LoanNotFoundError):
        await service_with(None, 0).renew(7, TODAY)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("loan", "reserved"),
    [
        (loan_due(date(2026, 3, 1)), 0),
        (loan_due(date(2026, 3, 9), renewals=1), 0),
        (loan_due(date(2026, 3, 9)), 1),
    ],
)
async def test_renew_should_fail_when_not_renewable(loan: Loan, reserved: int) -> None:
    """Overdue, renewed before, or reserved."""
    with pytest.raises(LoanNotRenewableError):
        await service_with(loan, reserved).renew(7, TODAY)
