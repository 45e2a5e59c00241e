"""The inspector's own machine: a folder with a key and a memory, on paper, stick or network.

The private key and the memory of what was signed never lie on the exam server: a server that
forks its log, cuts it, or shows two lists under one number finds nobody to sign the second.
"""

from exam_system.inspector.folder import InspectorFolder
from exam_system.inspector.reading import Declined

__all__ = ["Declined", "InspectorFolder"]
