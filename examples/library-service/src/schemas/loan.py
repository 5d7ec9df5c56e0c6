"""What clients see of a loan."""

from datetime import date

from pydantic import BaseModel, ConfigDict


class LoanResponse(BaseModel):
    """A loan."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    due_on: date
    renewals: int
