"""For machines: is the office able to work, and its numbers. No sign-in; no post, name or secret is shown."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from bot.web.auth.guard import hands_of

router = APIRouter()


@router.get("/healthz")
def healthz(request: Request) -> JSONResponse:
    """200 when ready, else 503 with the reasons."""
    health = hands_of(request).health()
    content = {"ready": health.ready, "reasons": list(health.reasons)}
    return JSONResponse(content, status_code=200 if health.ready else 503)


@router.get("/metrics")
def metrics(request: Request) -> PlainTextResponse:
    """Prometheus text."""
    return PlainTextResponse(hands_of(request).metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")
