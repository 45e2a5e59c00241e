"""Who plays in the demonstration: staff accounts, the inspector's own folder, the office."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyotp

from exam_system.access import CEREMONY, Role
from exam_system.accounts.factors import (
    STEP,
    Typed,
    add_second_factor,
    confirm_second_factor,
    factors_of,
    prove,
    prove_password,
    step_at,
)
from exam_system.accounts.service import create_account
from exam_system.approvals import service as approvals
from exam_system.approvals.lookup import Wanted, find
from exam_system.chance import SeededChance
from exam_system.clock import RehearsalClock
from exam_system.context import SYSTEM, Actor, Context
from exam_system.demo.duties import sign_in
from exam_system.errors import Fault
from exam_system.inspector import InspectorFolder
from exam_system.instance import DEMONSTRATION_PASSWORD, demonstration_secret
from exam_system.office import Office, open_office
from exam_system.oversight.service import cosign_notes, register_inspector, register_server_keys
from exam_system.oversight.waiting import to_cosign

CENTRE, INSPECTION, PERSONNEL = "考试中心考务科", "派驻纪检监察组", "人事局综合科"
STAFF = (
    (Role.ADMIN, "admin", "系统管理员", "局信息中心"),
    (Role.AUDITOR, "auditor", "审计管理员吴清", "局审计科"),
    (Role.OFFICER, "officer", "考务员周敏", CENTRE),
    (Role.REVIEWER, "reviewer", "审查员陈立", "资格审查组"),
    (Role.REVIEWER, "reviewer2", "审查员赵琳", "资格审查组"),
    (Role.MARKER, "marker", "登分员何苗", "考试中心阅卷组"),
    (Role.INSPECTOR, "inspector", "监督员罗正", INSPECTION),
    (Role.OFFICER, "officer2", "综合科干部孙宁", PERSONNEL),
)
"""Role, login name, name, office; of two with one role the first acts."""


@dataclass(frozen=True, slots=True)
class Cast:
    """The office on stage, its staff and the inspector's folder, which lies apart from it."""

    office: Office
    clock: RehearsalClock
    chance: SeededChance
    staff: dict[Role, Actor]
    inspector: InspectorFolder

    @contextmanager
    def acting(self, who: Role | Actor) -> Iterator[Context]:
        """A transaction as somebody, committed at its end."""
        actor = self.staff[who] if isinstance(who, Role) else who
        ctx = self.office.context(actor, write=True)
        with ctx.session:
            yield ctx
            ctx.session.commit()

    def cosign(self) -> None:
        """The inspector signs everything that waits, on a machine of their own."""
        self.office.seal()
        with self.acting(Role.INSPECTOR) as ctx:
            data = to_cosign(ctx.session, ctx.config.published / "log")
        at = int(self.clock.now().timestamp())
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            signed = [self.inspector.cosign(archive.read(name), at) for name in archive.namelist()]
        if not signed:
            raise Fault("the demonstration expected something to cosign")
        with self.acting(Role.INSPECTOR) as ctx:
            cosign_notes(ctx, files=signed)

    def approve(
        self, want: Callable[[Context], Wanted], asker: Role | Actor = Role.OFFICER
    ) -> None:
        """Somebody asks for approval, and the inspector gives it with the authenticator's code."""
        with self.acting(asker) as ctx:
            ref = approvals.ask_approval(ctx, wanted=want(ctx)).ref
        code = self.code()
        with self.acting(Role.INSPECTOR) as ctx:
            if not prove(ctx, approvals.about(find(ctx.session, ref)), Typed(code)):
                raise Fault("the code of the demonstration's inspector does not hold")
            approvals.approve(ctx, ref=ref)

    def code(self) -> str:
        """What the inspector's authenticator shows; waits for the next where one is used up."""
        with self.office.context(self.staff[Role.INSPECTOR], write=False).session as db:
            (factor,) = factors_of(db, self.staff[Role.INSPECTOR].account_id)
        if step_at(self.clock.now()) <= (factor.last_step or 0):
            self.clock.advance(seconds=STEP)
        return pyotp.TOTP(demonstration_secret("inspector")).at(self.clock.now())


def assemble(folder: Path, clock: RehearsalClock, chance: SeededChance) -> Cast:
    """Create the staff and the inspector's key in a fresh demonstration instance."""
    office = open_office(folder, clock, chance)
    inspector = InspectorFolder.create(
        folder / "demo-inspector",
        "anshun.example/inspector",
        DEMONSTRATION_PASSWORD.encode(),
        seed=chance.take(32),
    )
    server = (office.keys.log, office.keys.publisher, office.keys.officer)
    inspector.trust([signer.verifier.vkey for signer in server])
    ctx = office.context(SYSTEM, write=True)
    with ctx.session:
        register_server_keys(ctx)
        register_inspector(ctx, vkey=inspector.verifier.vkey)
        staff: dict[Role, Actor] = {}
        for role, username, name, unit in STAFF:
            staff.setdefault(role, _hire(ctx, role, username, name, unit))
        ctx.session.commit()
    office.seal()
    return Cast(office, clock, chance, staff, inspector)


def _hire(ctx: Context, role: Role, username: str, name: str, unit: str) -> Actor:
    """A member of staff; who approves gets an authenticator with a secret everybody may know."""
    password = DEMONSTRATION_PASSWORD
    account = create_account(
        ctx, username=username, name=name, role=role, password=password, office=unit
    )
    actor = sign_in(ctx, account, password)
    if role in CEREMONY:
        mine, secret = ctx.as_actor(actor), demonstration_secret(username)
        prove_password(mine, password)
        factor = add_second_factor(mine, kind="totp", label="demonstration", secret=secret)
        code = pyotp.TOTP(secret).at(ctx.clock.now())
        confirm_second_factor(mine, factor=factor.id, answer=code)
    return actor
