"""The exam day: its staff, sign-in room by room, the live board, statements of attendance."""
