"""Entries of the cache where file systems know no locks, others write at the same time, or something stands in the way.

Nothing is compiled: what lies in an entry does not matter here.
"""

import errno
import fcntl
import os
import subprocess
import time
from types import SimpleNamespace

import pytest

from sbp_brian.errors import CompileError, CompilerMissing, StorageError
from sbp_brian.targets import build_cache, cache_entry, cache_place, cache_room, compiling
from sbp_brian.targets.cuda import build as cuda_build

NAME = f"{1:032x}"


def put(cache, name=NAME, kind="networks", content=b"content"):
    """An entry with one file; gives it, held."""
    folder = cache / kind / name
    with cache_entry.staging(folder.parent) as made:
        (made.path / "data").write_bytes(content)
        return cache_entry.publish(made, folder)


def fail(number):
    """A call of the system that fails."""

    def call(*_arguments, **_more):
        raise OSError(number, os.strerror(number))

    return call


# what is checked


def test_a_file_that_was_touched_is_read_again(tmp_path):
    entry = put(tmp_path)
    os.utime(entry.path / "data", (1e9, 1e9))
    assert entry.intact()
    (entry.path / "data").write_bytes(b"Content")
    assert not entry.intact()
    (entry.path / "data").unlink()
    assert not entry.intact()


def test_a_file_of_another_user_or_that_cannot_be_read_is_a_fault(tmp_path, monkeypatch):
    folder, look = put(tmp_path).path, os.lstat
    assert cache_entry.fault(folder) is None

    def of_another(path):
        state = list(look(path))
        state[4] = os.geteuid() + 12345
        return os.stat_result(state)

    with monkeypatch.context() as patch:
        patch.setattr(cache_entry.os, "lstat", of_another)
        assert cache_entry.fault(folder) == "data belongs to another user"
    monkeypatch.setattr(cache_entry, "file_digest", fail(errno.EIO))
    assert cache_entry.fault(folder) == "data cannot be read: Input/output error"


# locks


def test_where_there_are_no_locks_what_was_used_lately_counts_as_in_use(tmp_path, monkeypatch):
    folder = put(tmp_path).path
    monkeypatch.setattr(cache_entry, "_leases", {})
    monkeypatch.setattr(cache_entry.fcntl, "flock", fail(errno.ENOLCK))
    assert cache_entry.find(folder).intact()
    assert not cache_entry.remove_unused(folder)
    assert folder.is_dir()
    long_ago = time.time() - 2 * cache_entry._UNLOCKED
    os.utime(folder, (long_ago, long_ago))
    assert cache_entry.remove_unused(folder)
    assert not folder.exists()


def test_where_there_are_no_locks_an_entry_is_made_all_the_same(tmp_path, monkeypatch):
    class NoLock:
        def __init__(self, _path):
            """Of any file."""

        def acquire(self):
            raise NotImplementedError("no locks here")

    monkeypatch.setattr(cache_entry, "FileLock", NoLock)
    with cache_entry.making(tmp_path / "networks" / NAME):
        entry = put(tmp_path)
    assert entry.intact()


def test_without_a_descriptor_left_an_entry_is_used_unlocked(tmp_path, monkeypatch):
    folder, opened = put(tmp_path).path, os.open
    monkeypatch.setattr(cache_entry, "_leases", {})
    with monkeypatch.context() as patch:
        patch.setattr(cache_entry.os, "open", fail(errno.EMFILE))
        entry = cache_entry.find(folder)
    assert entry.intact()
    assert entry._lease.descriptor is None
    other = opened(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it
    os.close(other)


def test_a_folder_that_is_another_one_each_time_is_given_up(tmp_path, monkeypatch):
    folder, look, numbers = put(tmp_path).path, os.lstat, iter(range(1000, 2000))
    monkeypatch.setattr(cache_entry, "_leases", {})

    def another(path):
        state = list(look(path))
        state[1] = next(numbers)
        return os.stat_result(state)

    monkeypatch.setattr(cache_entry.os, "lstat", another)
    assert cache_entry.find(folder) is None
    assert next(numbers) == 1020, "ten times, before and after the lock"


def test_what_is_not_there_is_gone_and_what_is_no_folder_stays(tmp_path):
    assert cache_entry.remove_unused(tmp_path / "nothing")
    (tmp_path / "file").write_text("mine")
    assert not cache_entry.remove_unused(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


# several at a time


def test_a_folder_in_the_making_that_is_taken_for_a_leftover_is_made_again(tmp_path, monkeypatch):
    lock, places = cache_entry._locked, []

    def locked(folder, how):
        found = lock(folder, how)
        places.append(folder)
        if len(places) == 1:
            folder.rmdir()
        return found

    monkeypatch.setattr(cache_entry, "_locked", locked)
    with cache_entry.staging(tmp_path) as made:
        assert places == [places[0], made.path]
        assert made.path.is_dir()


def published_by_another(cache, content):
    """A rename that comes too late: another process has put its entry there."""
    rename, first = os.rename, [True]

    def late(source, target):
        if first:
            first.clear()
            if content is not None:
                put(cache, content=content)
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
        rename(source, target)

    return late


def test_of_two_that_are_published_at_once_the_first_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_entry.os, "rename", published_by_another(tmp_path, b"of another"))
    entry = put(tmp_path)
    assert (entry.path / "data").read_bytes() == b"of another"
    assert entry.intact()


@pytest.mark.parametrize("number", [errno.ENOTEMPTY, errno.EACCES])
def test_an_entry_that_cannot_be_put_in_its_place_is_an_error(number, tmp_path, monkeypatch):
    monkeypatch.setattr(cache_entry.os, "rename", fail(number))
    with pytest.raises(OSError, match=os.strerror(number)):
        put(tmp_path)
    assert list((tmp_path / "networks").iterdir()) == []


def test_without_room_for_a_rename_an_entry_is_removed_at_once(tmp_path, monkeypatch):
    folder = put(tmp_path).path
    file = tmp_path / "networks" / "file"
    file.write_text("in the way")
    monkeypatch.setattr(cache_entry.tempfile, "mkdtemp", fail(errno.ENOSPC))
    cache_entry.discard(folder)
    cache_entry.discard(file)
    assert list((tmp_path / "networks").iterdir()) == []


def test_a_program_that_another_process_has_just_made_is_taken(tmp_path):
    made = []

    def make(folder, place):
        made.append(folder)
        (folder / "main").write_text("program")

    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "main.cpp").write_text("int main() {}")
    first, second = (build_cache.kept_program(tmp_path / "cache", NAME, tmp_path / "sources", make) for _ in range(2))
    assert (first.cached, second.cached, len(made)) == (False, True, 1)
    assert first.path == second.path
    assert second.path.read_text() == "program"


# a temporary folder in the place of the cache


def test_the_folder_in_place_of_a_cache_goes_with_its_process(tmp_path, monkeypatch):
    at_end = []
    monkeypatch.setattr(cache_place, "_instead", {})
    monkeypatch.setattr(cache_place.atexit, "register", lambda *call: at_end.append(call))
    with pytest.warns(cache_place.CacheWarning, match="is not used: it is full"):
        place = cache_place.temporary_instead(tmp_path, "it is full")
    [(remove, *given)] = at_end
    assert given == [place, os.getpid()]
    remove(place, os.getpid() + 1)  # in a process that was forked off
    assert place.is_dir()
    remove(*given)
    assert not place.exists()


def test_no_temporary_folder_is_an_error_that_names_the_variable(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_place, "_instead", {})
    monkeypatch.setattr(cache_place.tempfile, "mkdtemp", fail(errno.ENOSPC))
    with pytest.raises(StorageError, match=r"no temporary folder can be made \(No space left on device\): set TMPDIR"):
        cache_place.temporary_instead(tmp_path, "it is full")


# room


def test_what_has_no_list_counts_with_all_that_is_in_it(tmp_path):
    folder = tmp_path / "networks" / NAME
    (folder / "static_arrays").mkdir(parents=True)
    (folder / "manifest.json").write_bytes(bytes(10))
    (folder / "static_arrays" / "weights").write_bytes(bytes(200))
    [kept] = cache_room.contents(tmp_path)
    assert (kept.name, kept.size) == (NAME, 210)
    assert cache_room.contents(tmp_path, usable=True) == []


def test_of_what_compilers_said_the_newest_is_kept(tmp_path):
    logs = tmp_path / "failed"
    logs.mkdir()
    for number in range(25):
        path = logs / f"{number:032x}.log"
        path.write_text("error")
        os.utime(path, (1e9 + number, 1e9 + number))
    (logs / f"{99:032x}.log").symlink_to("nowhere")
    (logs / "notes.txt").write_text("mine")
    cache_room.make_room(tmp_path)
    assert sorted(int(path.stem, 16) for path in logs.glob("*.log")) == list(range(5, 25))
    cache_room.clear(tmp_path)
    assert [path.name for path in logs.iterdir()] == ["notes.txt"]


def test_files_that_killed_processes_left_go_when_they_are_old(tmp_path):
    (tmp_path / "networks").mkdir()
    for name, age in ((".old", 1000), (".young", 0)):
        (tmp_path / "networks" / name).write_text("half")
        os.utime(tmp_path / "networks" / name, (time.time() - age,) * 2)
    cache_room.make_room(tmp_path)
    assert [path.name for path in (tmp_path / "networks").iterdir()] == [".young"]


# compilers


@pytest.fixture
def project(tmp_path):
    """A generated project of one file, whose makefile says nothing of optimisation."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "makefile").write_text("CXXFLAGS = -c\n")
    (folder / "main.cpp").write_text("int main() {}")
    return folder


def compiler(said, code=1, started=None):
    """In place of make: it says something and fails, or not."""

    def run(command, cwd, stdout, stderr, **_how):
        if started is not None:
            started.append(command)
        if stdout is subprocess.PIPE:
            return SimpleNamespace(returncode=code, stdout="", stderr=said)
        stdout.write(said.encode())
        return SimpleNamespace(returncode=code)

    return run


def test_make_is_needed_too(monkeypatch):
    monkeypatch.setattr(compiling.shutil, "which", lambda name: None if name == "make" else f"/usr/bin/{name}")
    with pytest.raises(CompilerMissing, match="'make' was not found: install it"):
        compiling.compiler_command()


def test_where_headers_cannot_be_compiled_before_they_are_included_as_they_are(project, tmp_path, monkeypatch):
    started = []

    def run(command, cwd, stdout, stderr):
        started.append(command)
        assert (cwd, stderr) == (project, subprocess.STDOUT)
        return SimpleNamespace(returncode=1 if f"{compiling.HEADER}.gch" in command else 0)

    monkeypatch.setattr(compiling.children, "run", run)
    compiling.compile_project(tmp_path / "cache", project, [])
    header, main = started
    assert header[-1] == f"{compiling.HEADER}.gch"
    assert main[-1] == "main"
    [flags] = [word for word in main if word.startswith("OPTIMISATIONS=")]
    assert flags.strip() == "OPTIMISATIONS="
    assert not list(project.glob(f"{compiling.HEADER}*"))


def test_one_file_that_does_not_compile_is_not_tried_again(project, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(compiling, "_precompiled_header", lambda *given: None)
    monkeypatch.setattr(compiling.children, "run", compiler("main.cpp:1: error: no", started=started))
    with pytest.raises(CompileError, match=r"the generated code does not compile: main.cpp:1: error: no \(whole"):
        compiling.compile_project(tmp_path / "cache", project, [])
    assert len(started) == 1


def test_a_compiler_that_finds_no_room_is_no_error_of_the_code(project, tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "_precompiled_header", lambda *given: None)
    monkeypatch.setattr(compiling.children, "run", compiler("cannot write: No space left on device"))
    with pytest.raises(StorageError) as caught:
        compiling.compile_project(tmp_path / "cache", project, [])
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(project))


def test_a_system_that_does_not_tell_its_processor(monkeypatch):
    class File:
        def __init__(self, _path):
            """Of any path."""

        def read_text(self):
            raise OSError("no such file")

    monkeypatch.setattr(compiling, "Path", File)
    told = compiling.processor_id.__wrapped__()
    assert told.startswith(f"{compiling.platform.system()} {compiling.platform.machine()}")


# CUDA


@pytest.fixture
def nvcc(tmp_path):
    """A compiler that writes what it was given into its output, and a project of two files."""
    script = tmp_path / "nvcc"
    script.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo release 13.0 && exit\n'
        'said="$*"\nwhile [ "$1" != -o ]; do shift; done\necho "$said" > "$2"\n'
    )
    script.chmod(0o755)
    folder = tmp_path / "cuda"
    folder.mkdir()
    for name in ("main.cu", "objects.cu"):
        (folder / name).write_text("// text")
    return folder, cuda_build.Recipe(str(script), str(script), ("90",), ("main.cu", "objects.cu"), ("-g",), ("-l",))


def test_files_of_a_cuda_program_are_compiled_once_with_progress(nvcc, tmp_path):
    folder, how = nvcc
    told = []

    def progress(fraction, elapsed_s):
        assert elapsed_s >= 0
        told.append(round(fraction, 3))

    cache = tmp_path / "cache"
    assert cuda_build.compile_project(folder, how, cache, progress) == 2
    assert told == [0.333, 0.667, 1.0]
    assert "sbp_unit_0.o sbp_unit_1.o -l -o main" in (folder / "main").read_text()
    (folder / "objects.cu").write_text("// other text")
    assert cuda_build.compile_project(folder, how, cache) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["main", "main.cu", "objects.cu"]


def test_a_cuda_compiler_that_finds_no_room_is_no_error_of_the_code(nvcc, tmp_path, monkeypatch):
    folder, how = nvcc
    monkeypatch.setattr(cuda_build.children, "run", compiler("nvcc: No space left on device"))
    with pytest.raises(StorageError) as caught:
        cuda_build.compile_project(folder, how, tmp_path / "cache")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(folder))
