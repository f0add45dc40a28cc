"""A clock that goes only when told to."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")


class FakeClock:
    """Starts at 8 in the morning of Tuesday, 3 November 2026, in Berlin, five minutes after the boot."""

    def __init__(self, *, right: bool = True) -> None:
        self.utc = datetime(2026, 11, 3, 7, tzinfo=UTC)
        self.since_boot_s = 300.0
        self.boot = "first"
        self.right = right
        self.zone = BERLIN

    def now(self) -> datetime:
        return self.utc.astimezone(self.zone)

    def boot_s(self) -> float:
        return self.since_boot_s

    def boot_id(self) -> str:
        return self.boot

    def is_right(self) -> bool:
        return self.right

    def set_local(self, text: str) -> None:
        """Sets the system clock to a local time, as it really becomes that time: the boot clock goes on too."""
        wanted = datetime.fromisoformat(text).replace(tzinfo=self.zone).astimezone(UTC)
        self.pass_s((wanted - self.utc).total_seconds())

    def pass_s(self, seconds: float) -> None:
        self.utc += timedelta(seconds=seconds)
        self.since_boot_s += seconds

    def jump_s(self, seconds: float) -> None:
        """Somebody sets the system clock."""
        self.utc += timedelta(seconds=seconds)

    def reboot(self, off_s: float, *, right: bool = True, starts_at: datetime | None = None) -> None:
        """Off for some seconds; without a clock chip it then starts with a time of its own."""
        self.utc = starts_at or self.utc + timedelta(seconds=off_s)
        self.since_boot_s = 20.0
        self.boot += "+"
        self.right = right
