"""Reservations, which the branch system knows."""

import httpx


class ReservationRepository:
    """Asks the branch system."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def is_reserved(self, book_id: int) -> bool:
        """Tell whether another member waits for the book."""
        response = await self._client.get(f"/reservations/{book_id}")
        response.raise_for_status()
        return bool(response.json()["count"])
