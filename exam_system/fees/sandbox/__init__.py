"""A payment gateway to rehearse with: WeChat Pay v3's wire protocol on loopback, no money.

It is a process of its own (`python -m exam_system.fees.sandbox --port P --merchant gateway.json`)
and shares no code with the SDK that our driver uses, so that both sides check each other.
"""

from exam_system.fees.sandbox.merchant import make_merchant

__all__ = ["make_merchant"]
