"""What the routes answer alike: problems, which roll-out is meant, its verdict."""

from typing import Any

from ragguard.canary.service import shapes
from ragguard.canary.service.problems import Refused
from ragguard.canary.service.verdict import result, why
from ragguard.records.canary import Standing

DESCRIPTIONS = {
    400: "Not readable",
    401: "No token, or an unknown one",
    404: "There is no such roll-out",
    408: "The body came too slowly",
    409: "No roll-out runs; of a webhook: not now",
    413: "Too long, or too many events",
    415: "Another media type",
    421: "Another name of this machine, without a token",
    422: "Not valid",
    429: "No room: send it again after Retry-After seconds",
    503: "The history cannot be used now: send it again after Retry-After seconds",
}
ALWAYS = (401, 421)


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Problems for OpenAPI."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {code: {"description": DESCRIPTIONS[code], "content": {"application/problem+json": schema}} for code in codes}


def of(standing: Standing | None, asked: shapes.Which | None = None) -> Standing:
    """The roll-out that was asked about. A former one's verdict must not open the way for another."""
    if standing is None:
        raise Refused(404, "this plan has no roll-out: ragguard canary start CANDIDATE --from REPORT")
    canary = standing.canary
    if asked is not None and not (asked.canary in (None, canary.id) and asked.candidate in (None, canary.candidate)):
        raise Refused(404, f"the last roll-out is number {canary.id}, of {canary.candidate!r}: not the one that is asked about")
    return standing


def verdict_of(standing: Standing, asked: shapes.Share | None = None) -> shapes.Verdict:
    """A roll-out's verdict, on what was asked."""
    canary, look = standing.canary, standing.look
    return shapes.Verdict(
        result=result(standing, asked.percent, asked.stage) if asked else result(standing),
        state=canary.state,
        action=look.action if look else "",
        canary=canary.id,
        candidate=canary.candidate,
        stage=canary.stage,
        percent=standing.percent,
        reasons=list(why(standing)),
        hints=list(look.hints) if look else [],
        person=look.person if look else False,
        at=look.at if look else None,
    )
