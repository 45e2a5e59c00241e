"""Who plays in the demonstration: staff accounts, the inspector's own folder, the office."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exam_system.access import Role
from exam_system.accounts.service import create_account
from exam_system.accounts.sessions import actor_for
from exam_system.chance import SeededChance
from exam_system.clock import RehearsalClock
from exam_system.context import SYSTEM, Actor, Context
from exam_system.errors import Fault
from exam_system.inspector import InspectorFolder
from exam_system.instance import DEMONSTRATION_PASSWORD
from exam_system.office import Office, open_office
from exam_system.oversight.service import cosign_notes, register_inspector, register_server_keys
from exam_system.oversight.waiting import to_cosign

STAFF = (
    (Role.ADMIN, "admin", "系统管理员"),
    (Role.OFFICER, "officer", "考务员周敏"),
    (Role.REVIEWER, "reviewer", "审查员陈立"),
    (Role.MARKER, "marker", "登分员何苗"),
    (Role.INSPECTOR, "inspector", "监督员罗正"),
)


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
        staff = {
            role: actor_for(
                create_account(
                    ctx, username=username, name=name, role=role, password=DEMONSTRATION_PASSWORD
                )
            )
            for role, username, name in STAFF
        }
        ctx.session.commit()
    office.seal()
    return Cast(office, clock, chance, staff, inspector)
