"""One table from errors to HTTP statuses, and the one shape in which they are answered."""

from __future__ import annotations

import logging

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.refusals import refused
from geo.errors import (
    CancelledError,
    CheckError,
    ConflictError,
    ForbiddenError,
    InfeasibleError,
    InputError,
    LimitError,
    NotFoundError,
    UnavailableError,
    XungeError,
)

STATUS: tuple[tuple[type[XungeError], int], ...] = (
    (LimitError, 413),
    (InputError, 422),
    (NotFoundError, 404),
    (ConflictError, 409),
    (InfeasibleError, 422),
    (ForbiddenError, 403),
    (UnavailableError, 503),
    (CancelledError, 409),
    (CheckError, 500),
    (XungeError, 500),
)
"""The first class that fits decides."""

TITLES = {
    403: ("不允许", "Forbidden"),
    404: ("没有找到", "Not found"),
    405: ("方法不支持", "Method not allowed"),
    409: ("已被他人更改", "Conflict"),
    413: ("超过限制", "Too large"),
    421: ("主机名不允许", "Misdirected request"),
    422: ("输入有误", "Input cannot be used"),
    500: ("内部错误", "Internal error"),
    503: ("暂不可用", "Unavailable"),
}

log = logging.getLogger("xunge")


def status_of(error: XungeError) -> int:
    """Return the HTTP status of an expected error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def language_of(request: Request) -> str:
    """Return ``"zh"`` or ``"en"`` by ``?lang=`` or the Accept-Language header; Chinese by default."""
    asked = request.query_params.get("lang") or request.headers.get("accept-language", "zh")
    return "en" if asked.lower().startswith("en") else "zh"


def problem_body(error: XungeError, language: str = "zh") -> dict[str, object]:
    """Return the problem document (RFC 9457) of an expected error."""
    status = status_of(error)
    title_zh, title_en = TITLES.get(status, TITLES[500])
    return {
        "type": f"urn:xunge:problem:{error.code}",
        "title": title_zh if language == "zh" else title_en,
        "status": status,
        "detail": error.sentence(language),
        "detail_zh": error.zh,
        "detail_en": error.en,
        "code": error.code,
        "rows": list(error.rows[:100]),
    }


def problem_response(error: XungeError, language: str) -> Response:
    """Answer an expected error as ``application/problem+json``."""
    return Response(
        orjson.dumps(problem_body(error, language)), status_of(error), media_type="application/problem+json"
    )


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` in the one shape."""

    @app.exception_handler(XungeError)
    async def _expected(request: Request, error: XungeError) -> Response:
        if status_of(error) >= 500:
            log.error("%s: %s", error.code, error.en)
        return problem_response(error, language_of(request))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        return problem_response(refused(error.errors()), language_of(request))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        language = language_of(request)
        title_zh, title_en = TITLES.get(error.status_code, TITLES[500])
        body = {
            "type": "about:blank",
            "title": title_zh if language == "zh" else title_en,
            "status": error.status_code,
            "detail": str(error.detail),
            "detail_zh": title_zh,
            "detail_en": str(error.detail),
            "code": "http",
            "rows": [],
        }
        return Response(
            orjson.dumps(body), error.status_code, media_type="application/problem+json", headers=error.headers
        )

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        log.error("unexpected error on %s", request.url.path, exc_info=error)
        return problem_response(
            XungeError(
                "Something unexpected went wrong; the server's log has the details",
                "发生意外错误，详情见服务器日志",
            ),
            language_of(request),
        )
