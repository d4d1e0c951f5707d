"""The key for secrets that the embedded stack makes where the settings name none."""

import os

from dashnet.embedded.folders import StateFolders
from dashnet.errors import StackError
from dashnet.secret_key import make_secret_key
from dashnet.settings import Settings


def with_secret_key(folders: StateFolders, settings: Settings) -> Settings:
    """The settings with a key: their own, else that of the state folder, which is made at the first start.

    Call it while the state folder is ours alone.

    Raises:
        StackError: the file cannot be written.
    """
    if settings.secret_key is not None or settings.secret_key_file is not None:
        return settings
    if not folders.secret_key.exists():
        try:
            _write_key(folders)
        except OSError as error:
            raise StackError(
                f"The key for secrets cannot be written to {folders.secret_key}: {error.strerror}."
            ) from error
    return settings.model_copy(update={"secret_key_file": folders.secret_key})


def _write_key(folders: StateFolders) -> None:
    """Whole or not at all, and never readable by others."""
    unfinished = folders.secret_key.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(make_secret_key() + "\n")
        file.flush()
        os.fsync(descriptor)
    unfinished.replace(folders.secret_key)
