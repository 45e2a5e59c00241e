"""Imports every table, so that `Base.metadata` is complete."""

from exam_system.accounts import models as accounts
from exam_system.appointing import desk_models as rechecks
from exam_system.appointing import models as appointing
from exam_system.appointing import place_models as places
from exam_system.approvals import models as approvals
from exam_system.attendance import models as attendance
from exam_system.cases import models as cases
from exam_system.choosing import models as choosing
from exam_system.custody import models as custody
from exam_system.database import Base
from exam_system.draws import models as draws
from exam_system.duties import models as duties
from exam_system.examday import models as examday
from exam_system.exams import models as exams
from exam_system.fees import models as fees
from exam_system.fees import waiver_models as waivers
from exam_system.fees import way_models as ways
from exam_system.forensics import models as forensics
from exam_system.indicators import models as indicators
from exam_system.interviews import models as interviews
from exam_system.marking import blind_models as blind_marking
from exam_system.marking import models as marking
from exam_system.messages import models as messages
from exam_system.notices import models as notices
from exam_system.observing import models as observing
from exam_system.photos import models as photos
from exam_system.records import models as records
from exam_system.registration import models as registration
from exam_system.results import models as results
from exam_system.tips import models as tips
from exam_system.violations import models as violations

__all__ = [
    "Base",
    "accounts",
    "appointing",
    "approvals",
    "attendance",
    "blind_marking",
    "cases",
    "choosing",
    "custody",
    "draws",
    "duties",
    "examday",
    "exams",
    "fees",
    "forensics",
    "indicators",
    "interviews",
    "marking",
    "messages",
    "notices",
    "observing",
    "photos",
    "places",
    "rechecks",
    "records",
    "registration",
    "results",
    "tips",
    "violations",
    "waivers",
    "ways",
]
