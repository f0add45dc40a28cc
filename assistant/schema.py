"""The tables of the store, as the steps that lead to them. Constant.

Step n leads from version n to n + 1 of the file (`PRAGMA user_version`). A step that was released is never changed:
what comes later is a step of its own. Times of the system clock are seconds since 1970 (`_utc_s`), those of the boot
clock are seconds since the boot (`_boot_s`).
"""

_FIRST = (
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    # A boot's clock as last noted; offset_s is system time less boot clock, NULL while the time was never known.
    "CREATE TABLE boots (boot_id TEXT PRIMARY KEY, noted_boot_s REAL NOT NULL, offset_s REAL) WITHOUT ROWID",
    # Timers, alarms and reminders (assistant.doing.entries says what the columns mean). AUTOINCREMENT, as a number
    # that came back could let an old "cancel number 7" hit another entry.
    """CREATE TABLE entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, length_s REAL NOT NULL,
        due_local TEXT, fold INTEGER NOT NULL, every TEXT NOT NULL, done_utc_s REAL NOT NULL,
        boot_id TEXT REFERENCES boots, due_boot_s REAL, due_utc_s REAL, paused_s REAL, rang_boot_s REAL
    )""",
    """CREATE TABLE list_items (
        id INTEGER PRIMARY KEY AUTOINCREMENT, list TEXT NOT NULL, item TEXT NOT NULL, key TEXT NOT NULL,
        UNIQUE (list, key)
    )""",
    "CREATE TABLE facts (id INTEGER PRIMARY KEY AUTOINCREMENT, fact TEXT NOT NULL, noted_utc_s REAL NOT NULL)",
)

_SECOND = (
    """CREATE TABLE exchanges (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, question TEXT NOT NULL, reply TEXT NOT NULL
    )""",
)

MIGRATIONS = (_FIRST, _SECOND)
