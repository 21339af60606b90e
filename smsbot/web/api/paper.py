"""Consents on paper: the sheet that `smsbot import` takes, piece by piece (contract §9)."""

from __future__ import annotations

import io

from smsbot.store.staff import Role
from smsbot.web import schemas
from smsbot.web.calls import Asked, Call, Told

EXAMPLE_CSV = (
    "number,topics,place,language,consented_on,collector,form,evidence\n"
    "+995555000001,budget;roads,,ka,2026-05-03,N. Beridze,v2,scan-0017\n"
)


async def take(asked: Asked[schemas.Nothing, schemas.FormsRequest]) -> Told:
    wanted = asked.body
    lines = list(io.StringIO(wanted.csv.removeprefix("\ufeff"), newline=""))
    report = await asked.service.take_forms(
        lines, asked.who.name, dry_run=wanted.dry_run, welcome=wanted.welcome
    )  # fmt: skip
    refused = [
        {"line": each.line, "column": each.column or None, "reason": each.reason, "mend": each.mend}
        for each in report.refused
    ]
    return Told(
        schemas.FormsReport.model_validate(
            {
                "rows": report.rows,
                "taken": report.taken,
                "repeated": report.repeated,
                "refused": refused,
                "welcomed": report.welcomed,
            }
        )
    )


CALLS = (
    Call(
        "POST", "/api/forms", take, "Take consents on paper", {200: schemas.FormsReport}, role=Role.APPROVER,
        body=schemas.FormsRequest, tag="Subscribers", example={"csv": EXAMPLE_CSV, "dry_run": True},
        detail="With `dry_run` every row is judged and nothing changes. A long sheet is sent in pieces, each with the "
        "header: what was taken before is not taken again.",
    ),
)  # fmt: skip
