"""Imports every table, so that `Base.metadata` is complete."""

from exam_system.accounts import models as accounts
from exam_system.approvals import models as approvals
from exam_system.database import Base
from exam_system.draws import models as draws
from exam_system.examday import models as examday
from exam_system.exams import models as exams
from exam_system.fees import models as fees
from exam_system.fees import waiver_models as waivers
from exam_system.fees import way_models as ways
from exam_system.interviews import models as interviews
from exam_system.marking import models as marking
from exam_system.messages import models as messages
from exam_system.photos import models as photos
from exam_system.records import models as records
from exam_system.registration import models as registration
from exam_system.results import models as results
from exam_system.tips import models as tips

__all__ = [
    "Base",
    "accounts",
    "approvals",
    "draws",
    "examday",
    "exams",
    "fees",
    "interviews",
    "marking",
    "messages",
    "photos",
    "records",
    "registration",
    "results",
    "tips",
    "waivers",
    "ways",
]
