"""Endpoints of loans."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from api.dependencies import get_loan_service
from models.loan import Loan
from schemas.loan import LoanResponse
from services.loans import LoanService

router = APIRouter(prefix="/loans", tags=["loans"])


@router.post("/{loan_id}/renew", response_model=LoanResponse)
async def renew_loan(
    loan_id: int, service: Annotated[LoanService, Depends(get_loan_service)]
) -> Loan:
    """Renew a loan."""
    return await service.renew(loan_id, datetime.now(UTC).date())
