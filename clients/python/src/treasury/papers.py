"""The papers that can be filed with the finance office: number, name, and who files them.

Made from the table of docs/office.md: `UPDATE_GOLDEN=1 python -m unittest tests.test_documents`.
"""

from __future__ import annotations

from typing import Dict, Tuple

from .names import Named, Role


class Paper(Named):
    """A kind of paper."""

    BASE_PUT = 1
    BASE_REMOVE = 2


#: Who files which.
PAPER_ROLES: Dict[Paper, Tuple[Role, ...]] = {
    Paper.BASE_PUT: (Role.FINANCE,),
    Paper.BASE_REMOVE: (Role.FINANCE,),
}
