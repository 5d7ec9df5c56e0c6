"""The application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from api.loans import router as loans
from core.config import get_settings
from core.errors import LibraryError


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Connect to the database while the application runs."""
    engine = create_async_engine(get_settings().database_url)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
app.include_router(loans, prefix="/api/v1")


@app.exception_handler(LibraryError)
async def on_library_error(_request: Request, error: LibraryError) -> JSONResponse:
    """Answer every error of the library."""
    return JSONResponse({"code": error.code, "message": error.message}, error.status_code)
