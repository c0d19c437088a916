"""Writes files and folders whole or not at all.

Output is written under a temporary name that begins with ``.paxsilica-`` and ends with the number
of the process, in the same folder, and then renamed. A program that is killed leaves the temporary
name behind; the next program that writes to the same place removes it. A folder that exists is
replaced entry by entry once its new content is complete; a replacement that was cut short is
finished by the next program that reads or writes the folder.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".paxsilica-"
READY = f"{PREFIX}ready-"
"""A folder inside another that holds its complete new content."""

DAY = 86_400.0
"""Age in seconds at which a temporary name is taken as left behind, where the system cannot tell
whether a process runs."""


def temporary(path: Path) -> Path:
    """The temporary name of ``path`` for this process."""
    return path.with_name(f"{PREFIX}{path.name}-{os.getpid()}")


@contextmanager
def writing(path: Path, shown: Path | None = None) -> Iterator[None]:
    """Gives errors of the system the name of the file, also where the system does not tell it (a
    full disk).

    Raises:
        OSError: with ``shown`` (by default ``path``) as its file.
    """
    shown = path if shown is None else shown
    try:
        yield
    except Exception as error:
        # a writer of workbooks hands the error of the system on inside one of its own
        inside = error if isinstance(error, OSError) else error.args[0] if error.args else None
        if not isinstance(inside, OSError) or isinstance(inside, BrokenPipeError):
            raise
        named = inside.filename if isinstance(inside.filename, str) else ""
        if named and not _is_under(named, path):
            raise
        rest = os.path.relpath(named, path) if named else "."
        place = shown if rest == "." else shown / rest
        raise OSError(inside.errno, inside.strerror or str(inside), str(place)) from error


def _is_under(name: str, path: Path) -> bool:
    return os.path.abspath(name) == os.path.abspath(path) or os.path.abspath(name).startswith(
        os.path.abspath(path) + os.sep
    )


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary file to write, which takes the place of ``path`` when the block ends well.

    Raises:
        OSError: with ``path`` as its file.
    """
    remove_leftovers(path)
    draft = temporary(path)
    try:
        with writing(draft, path):
            yield draft
            draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


@contextmanager
def new_folder(path: Path, mark: str) -> Iterator[Path]:
    """A temporary folder to fill, whose entries take the place of those of ``path`` when the block
    ends well; other entries of ``path`` stay.

    Args:
        path: the folder to write.
        mark: name of the entry without which the folder counts as unfinished; it is put in place
            last.

    Raises:
        OSError: with a file under ``path`` as its file.
    """
    exists = path.is_dir()
    if exists:
        finish(path, mark)
    remove_leftovers(path)
    draft = path / f"{PREFIX}draft-{os.getpid()}" if exists else temporary(path)
    draft.mkdir(parents=True)
    try:
        with writing(draft, path):
            yield draft
        _put_in_place(draft, path, mark)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _put_in_place(draft: Path, path: Path, mark: str) -> None:
    if draft.parent == path.parent:
        try:
            draft.rename(path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            moved = path / f"{PREFIX}draft-{os.getpid()}"  # it has been made in the meantime
            draft.rename(moved)
            draft = moved
        else:
            return
    draft.rename(path / f"{READY}{os.getpid()}")
    finish(path, mark)


def finish(path: Path, mark: str) -> None:
    """Finishes a replacement of the content of ``path`` that was cut short; nothing if there is
    none."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for ready in sorted(path.glob(f"{READY}*")):
            names = sorted(os.listdir(ready), key=lambda name: (name == mark, name))
            for name in names:
                _replace(ready / name, path / name)
            ready.rmdir()


def _replace(source: Path, target: Path) -> None:
    """Renames, also onto a folder that holds something."""
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    source.replace(target)


def is_unfinished(path: Path) -> bool:
    """Whether a folder holds what a program that was cut short has left behind."""
    return any(path.glob(f"{PREFIX}*"))


def remove_leftovers(path: Path) -> None:
    """Removes temporary files and folders for ``path`` of processes that have ended."""
    found = [
        *path.parent.glob(f"{PREFIX}{_literal(path.name)}-*"),
        *(path.glob(f"{PREFIX}draft-*") if path.is_dir() else ()),
    ]
    for one in found:
        number = one.name.rpartition("-")[2]
        if number.isdigit() and not _runs(int(number), one):
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one, ignore_errors=True)
            else:
                with suppress(OSError):
                    one.unlink()


def _literal(name: str) -> str:
    """The name as a pattern that matches it alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _runs(process: int, left: Path) -> bool:
    """Whether the process that wrote ``left`` still runs."""
    if process == os.getpid():
        return False  # an earlier process with the number of this one
    if os.name != "posix":
        with suppress(OSError):
            return time.time() - left.stat().st_mtime < DAY
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def reserved(path: Path) -> Iterator[bool]:
    """Reserves a place for output until the block ends; gives whether it was free.

    The reservation is a lock of the system on a hidden file beside ``path``: it ends with the
    process, however that ends. Where the system has no such locks, every place counts as free.

    Raises:
        OSError: if the folder of ``path`` cannot be written to.
    """
    place = path.parent if os.access(path.parent, os.W_OK) or not path.is_dir() else path
    file = place / f"{PREFIX}{path.name}.lock"
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            free = _lock(handle)
            if free and not _same(handle, file):
                os.close(handle)  # its owner has just removed it
                continue
        except BaseException:
            os.close(handle)
            raise
        break
    try:
        yield free
    finally:
        if free:
            with suppress(OSError):
                file.unlink()
        os.close(handle)


def _same(handle: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), file.stat())
    except FileNotFoundError:
        return False


def _lock(handle: int) -> bool:
    """Whether this process now holds the lock; it does not wait."""
    try:
        import fcntl
    except ImportError:
        return _lock_of_windows(handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True


def _lock_of_windows(handle: int) -> bool:
    import msvcrt

    try:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True
