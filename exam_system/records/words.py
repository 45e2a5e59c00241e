"""Words of the notices that go with every release."""

from __future__ import annotations

KEYS = "本次考试公布的名单、成绩和抽签结果由下列公钥签名，请妥善保存，供日后核验："
KEY = "{role}：{vkey}"
