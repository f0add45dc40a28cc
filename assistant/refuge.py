"""Where the store is while its place cannot be written: in memory, to go back when it can. Main thread."""

import os
import shutil
import tempfile
from contextlib import closing
from pathlib import Path

from assistant.spare import copy_into
from assistant.store import Store, StoreError, store_path

MEMORY = "/dev/shm"  # where there is no runtime folder


class Refuge:
    """A folder that lasts as long as the daemon, while one is needed."""

    def __init__(self) -> None:
        self.path: Path | None = None  # of the store in it
        self.whole = True  # it holds all that its place held, or more

    def take(self) -> None:
        """Goes on with a copy of the store, which must be closed. Raises StoreError."""
        try:
            runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
            folder = Path(tempfile.mkdtemp(prefix="store-", dir=runtime or MEMORY))
        except OSError as error:
            raise StoreError(f"{error.filename}: {error.strerror}; nothing can be kept anywhere") from error
        self.path = folder / store_path().name
        self.whole = copy_into(folder, store_path())
        try:
            Store(self.path).close()
        except StoreError:  # such as one of a newer version
            for file in folder.iterdir():
                file.unlink()
            self.whole = False

    def home_is_back(self) -> bool:
        """Whether its place can be written again; any thread."""
        try:
            with closing(Store(store_path())) as home:
                home.check_room()
        except StoreError:
            return False
        return True

    def leave(self) -> None:
        """Goes back with all that is kept now, once that is closed. Raises StoreError, and then stays."""
        if self.path is None:
            return
        with closing(Store(store_path())) as home, closing(Store(self.path)) as here:
            home.check_room()
            if self.whole:
                home.take_over(here)
        self.clear()

    def clear(self) -> None:
        """Whatever is still in it is gone."""
        if self.path:
            shutil.rmtree(self.path.parent, ignore_errors=True)
            self.path = None
