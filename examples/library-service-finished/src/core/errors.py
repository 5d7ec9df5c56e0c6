"""What can go wrong, as clients are told."""


class LibraryError(Exception):
    """An answer that is no success."""

    status_code = 500
    code = "INTERNAL"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class LoanNotFoundError(LibraryError):
    """There is no such loan."""

    status_code = 404
    code = "LOAN_NOT_FOUND"

    def __init__(self, loan_id: int) -> None:
        super().__init__(f"There is no loan {loan_id}.")


class LoanNotRenewableError(LibraryError):
    """The loan is overdue, was renewed before, or the book is reserved."""

    status_code = 409
    code = "LOAN_NOT_RENEWABLE"

    def __init__(self, loan_id: int) -> None:
        super().__init__(f"Loan {loan_id} cannot be renewed.")
