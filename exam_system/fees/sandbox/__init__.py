"""A payment gateway to rehearse with: WeChat Pay's and Alipay's wires on loopback, no money.

It is a process of its own (`python -m exam_system.fees.sandbox --port P --merchant gateway.json`)
and shares no code with the SDKs that our drivers use, so that both sides check each other.
"""

from exam_system.fees.sandbox.merchant import make_alipay, make_merchant

__all__ = ["make_alipay", "make_merchant"]
