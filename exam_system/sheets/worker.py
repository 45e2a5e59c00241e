"""Reads one workbook in a process of its own: .xlsx on stdin, one JSON value a line on stdout.

The parser lays a worksheet out as a full rectangle, so five kilobytes with a cell in XFD1048576
ask for 512 GB and end the process; here that process is this one. Run as a file, not imported:
it needs the standard library and python-calamine only.

Lines: {"sheet": name, "read": bool} and after it [row number from 1, [cell, …]] for every row
that is not empty. A cell is text, number, true/false, or an ISO date as text.
"""

import datetime
import io
import json
import resource
import sys

MEMORY = 300 * 1024 * 1024
SECONDS = 20
MAX_CELLS = 3_000_000
MAX_CHARACTERS = 40_000_000
TOO_MANY = 3


def limit() -> None:
    """Bounds memory and processor time; no core file, for it would hold personal data."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def plain(cell: object) -> object:
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, datetime.timedelta) else cell


def main() -> int:
    limit()
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    cells = characters = 0
    for about in workbook.sheets_metadata:
        read = about.typ == SheetTypeEnum.WorkSheet and about.visible == SheetVisibleEnum.Visible
        print(json.dumps({"sheet": about.name, "read": read}))
        if not read:
            continue
        sheet = workbook.get_sheet_by_name(about.name)
        if not sheet.start:
            continue
        left = [""] * sheet.start[1]
        for number, row in enumerate(sheet.iter_rows(), 1):
            if all(cell == "" for cell in row):
                continue
            line = json.dumps([number, left + [plain(cell) for cell in row]])
            cells += len(left) + len(row)
            characters += len(line)
            if cells > MAX_CELLS or characters > MAX_CHARACTERS:
                return TOO_MANY
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
