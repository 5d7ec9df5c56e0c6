"""What endpoints are given."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from core.config import Settings, get_settings
from repositories.loans import LoanRepository
from repositories.reservations import ReservationRepository
from services.loans import LoanService


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """A transaction for the request."""
    async with request.app.state.sessions.begin() as session:
        yield session


async def get_client(
    settings: Annotated[Settings, Depends(get_settings)],
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the branch system."""
    async with httpx.AsyncClient(base_url=settings.branch_url, timeout=5) as client:
        yield client


def get_loan_service(
    session: Annotated[AsyncSession, Depends(get_session)],
    client: Annotated[httpx.AsyncClient, Depends(get_client)],
) -> LoanService:
    """The loan service of the request."""
    return LoanService(LoanRepository(session), ReservationRepository(client))
