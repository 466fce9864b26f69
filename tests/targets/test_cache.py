"""The cache: damage in any file is found and mended, what is used stays, paths hold anything, trouble is a warning.

One small program is compiled once, in a folder whose name a shell would run; the tests damage copies of it.
"""

import errno
import gc
import json
import os
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from sbp_brian.errors import SettingError, StorageError
from sbp_brian.targets import Simulation, build_cache, cache_arrays, cache_entry, cache_place, cache_room, compiling
from sbp_brian.targets.cache_place import CacheWarning
from tests.helpers.compiling import ODD, shared_cache
from tests.helpers.targets_network import DURATION, make

ROOT = Path(__file__).parents[2]
DAMAGE = {
    "cut": lambda content: content[: len(content) - 1 - len(content) // 10],
    "empty": lambda content: b"",
    "longer": lambda content: content + b"\0",
    "one bit": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "other": lambda content: bytes(len(content)),
    "deleted": lambda content: None,
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A cache with the program, and the sum of what it computes with seed 5."""
    cache = shared_cache(tmp_path_factory)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(elsewhere)
        result = Simulation(make, DURATION, key="small", cache=cache).run(seed=5)
    assert not list(elsewhere.iterdir())
    return cache, _computed(result)


@pytest.fixture
def cache(built, tmp_path, monkeypatch):
    """A copy of that cache, without a compiler: a program is made anew from the one that there is."""
    whole, _ = built
    place = tmp_path / "cache"
    place.mkdir(mode=0o700)
    simulation = Simulation(make, DURATION, key="small", cache=whole).build()
    program, network = (entry.path for entry in simulation._backend.latest.held[::-1])
    for entry in (program, network):
        shutil.copytree(entry, place / entry.parent.name / entry.name)
    compiled = []

    def instead(cache, folder, flags):
        compiled.append(folder)
        shutil.copy2(program / "main", folder / "main")

    monkeypatch.setattr(build_cache, "compile_project", instead)
    monkeypatch.setattr(cache_entry, "_checked", {})
    return place, {kind: next((place / kind).iterdir()) for kind in ("programs", "networks")}, compiled


def _computed(result):
    return {name: np.array(result[name]).tobytes() for name in ("cells.v", "AB.w", "recorder.v", "spikes.t")}


def _damage(path, how):
    content = DAMAGE[how](path.read_bytes())
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


def _files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def _run(cache, **arguments):
    return Simulation(make, DURATION, key="small", cache=cache, **arguments).run(seed=5)


def test_nothing_in_the_path_is_executed(built):
    cache, computed = built
    assert cache.name == ODD
    assert computed["cells.v"]
    assert [path.name for path in cache.parent.iterdir()] == [ODD]
    assert not list(cache.rglob("executed"))


# --------------------------------------------------------------------------------------------------------------- damage
@pytest.mark.parametrize("kind", ["programs", "networks"])
def test_damage_in_any_file_is_found(cache, kind):
    folder = cache[1][kind]
    assert cache_entry.fault(folder) is None
    files = _files(folder)
    assert len(files) > 4
    for name in files:
        content = (folder / name).read_bytes()
        mode = (folder / name).stat().st_mode
        for how in DAMAGE:
            if not content and how not in ("longer", "deleted"):
                continue  # an empty file cannot be damaged otherwise
            _damage(folder / name, how)
            said = cache_entry.fault(folder)
            assert said is not None, (name, how)
            assert str(name) in said, (name, how)
            (folder / name).write_bytes(content)
            (folder / name).chmod(mode)
            assert cache_entry.fault(folder) is None, name


@pytest.mark.parametrize(
    ("kind", "file", "how"),
    [
        ("networks", "static_arrays/stimulus_values", "cut"),
        ("networks", "manifest.json", "one bit"),
        ("networks", "entry.json", "deleted"),
        ("programs", "main", "cut"),
        ("programs", "main", "one bit"),
        ("programs", "entry.json", "empty"),
    ],
)
def test_a_damaged_entry_is_made_anew_with_a_line(built, cache, kind, file, how):
    place, folders, compiled = cache
    _damage(folders[kind] / file, how)
    with pytest.warns(CacheWarning, match=rf"entry {kind}/.*{Path(file).name}.* made anew") as said:
        result = _run(place)
    assert all("\n" not in str(one.message) for one in said)
    assert _computed(result) == built[1]
    assert len(compiled) == (kind == "programs")
    with warnings.catch_warnings():
        warnings.simplefilter("error", CacheWarning)
        again = _run(place)
    assert again.cached
    assert len(compiled) == (kind == "programs"), "the second time it is there"
    assert _computed(again) == built[1]


def test_damage_between_two_runs_of_a_training_is_found(built, cache):
    place, folders, _ = cache
    simulation = Simulation(make, DURATION, key="small", cache=place)
    simulation.run(seed=1)
    array = folders["networks"] / "static_arrays" / "stimulus_values"
    before = array.stat()
    array.write_bytes(array.read_bytes()[::-1][:-1] + b"\x01")
    os.utime(array, ns=(before.st_atime_ns, before.st_mtime_ns))  # time and size tell nothing
    assert array.stat().st_size == before.st_size
    with pytest.warns(CacheWarning, match="stimulus_values has changed"):
        result = simulation.run(seed=5)
    assert _computed(result) == built[1]


def test_an_entry_of_another_name_version_or_owner_is_refused(cache, monkeypatch):
    folder = cache[1]["networks"]
    other = folder.with_name("0" * 32)
    shutil.copytree(folder, other)
    assert cache_entry.fault(other) == "it is another entry's"
    about = json.loads((folder / "entry.json").read_text())
    about["files"]["manifest.json"][0] += 1
    (folder / "entry.json").write_text(json.dumps(about))
    assert cache_entry.fault(folder) == "entry.json has changed"
    program = cache[1]["programs"]
    (program / "main").chmod(0o600)
    assert cache_entry.fault(program) == "main cannot be executed"
    (program / "main").unlink()
    (program / "main").symlink_to("/bin/true")
    assert cache_entry.fault(program) == "main is no file"
    monkeypatch.setattr(cache_entry, "FORMAT", cache_entry.FORMAT + 1)
    assert cache_entry.fault(program) == "it is of another version"


def test_what_stands_in_the_place_of_an_entry_is_removed(built, cache):
    place, folders, compiled = cache
    for folder in folders.values():
        shutil.rmtree(folder)
        folder.write_text("no folder")
    assert _computed(_run(place)) == built[1]
    assert len(compiled) == 1
    assert all(folder.is_dir() for folder in folders.values())


@pytest.mark.parametrize("how", ["cut", "one bit"])
def test_damaged_precompiled_headers_are_compiled_anew(tmp_path, monkeypatch, how):
    monkeypatch.setattr(compiling, "STANDARD_HEADERS", ("cstddef",))
    monkeypatch.setattr(cache_entry, "_checked", {})
    project = tmp_path / "project"

    def compiled():
        shutil.rmtree(project, ignore_errors=True)
        project.mkdir()
        rules = "OPTIMISATIONS =\nCXXFLAGS = -c $(OPTIMISATIONS)\nmain: a.o ; $(CXX) a.o -o main\n"
        rules += "%.o : %.cpp ; $(CXX) $(CXXFLAGS) $< -o $@\n"
        (project / "makefile").write_text(rules)
        (project / "a.cpp").write_text("int main() { std::size_t n = 7; return n; }\n")
        compiling.compile_project(tmp_path / "cache", project, ["-O0"])
        assert subprocess.run([project / "main"], check=False).returncode == 7
        return (project / "compile.log").read_text()

    assert "-x c++-header" in compiled()
    assert "-x c++-header" not in compiled(), "kept"
    (entry,) = (tmp_path / "cache" / "headers").iterdir()
    _damage(entry / "sbp_standard.h.gch", how)
    with pytest.warns(CacheWarning, match="entry headers/.*gch.* made anew"):
        assert "-x c++-header" in compiled()
    assert cache_entry.fault(entry) is None
    assert not list(project.glob("sbp_standard*")), "the project keeps no link to it"


# --------------------------------------------------------------------------------------------------------------- in use
def test_what_is_used_is_not_removed(built, cache):
    place, folders, _ = cache
    simulation = Simulation(make, DURATION, key="small", cache=place).build()
    cache_room.make_room(place, limit=0)
    assert {kept.path for kept in cache_room.clear(place)} == set(folders.values())
    assert _computed(simulation.run(seed=5)) == built[1]
    del simulation
    gc.collect()
    cache_room.make_room(place, limit=0)
    assert not cache_room.contents(place)


def test_another_process_that_uses_an_entry_keeps_it(cache):
    place, folders, _ = cache
    code = (
        "import sys; from pathlib import Path; from sbp_brian.targets import cache_entry\n"
        "entry = cache_entry.find(Path(sys.argv[1])); print(entry is not None, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(folders["programs"])]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as user:
        assert user.stdout.readline() == "True\n"
        assert [kept.kind for kept in cache_room.clear(place)] == ["programs"]
        user.kill()
    assert cache_room.clear(place) == []


# ----------------------------------------------------------------------------------------------------------------- room
def _entry(cache, number, size, used, kind="networks", shared=None):
    folder = cache / kind / f"{number:032x}"
    with cache_entry.staging(folder.parent) as made:
        (made.path / "own").write_bytes(bytes([number]) * size)
        if shared is not None:
            cache_arrays.link_arrays(cache, shared, made.path / "static_arrays")
        cache_entry.publish(made, folder)
    os.utime(folder, (used, used))
    return folder


def test_what_was_used_longest_ago_makes_room(tmp_path):
    folders = [_entry(tmp_path, k, 10_000, used=1e9 + k) for k in (3, 1, 2)]
    cache_entry.find(folders[1])  # used now
    gc.collect()
    size = cache_room.total(cache_room.contents(tmp_path))
    cache_room.make_room(tmp_path, limit=size)
    assert all(folder.exists() for folder in folders)
    cache_room.make_room(tmp_path, limit=size - 1)
    assert [folder.exists() for folder in folders] == [True, True, False]
    cache_room.make_room(tmp_path, limit=12_000)
    assert [folder.exists() for folder in folders] == [False, True, False]


def test_arrays_are_kept_once_and_go_with_their_last_network(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "images").write_bytes(os.urandom(200_000))
    (data / "few").write_bytes(b"12345678")
    cache = tmp_path / "cache"
    folders = [_entry(cache, k, 10, used=1e9 + k, shared=data) for k in range(3)]
    assert len({(folder / "static_arrays/images").stat().st_ino for folder in folders}) == 1
    assert 200_000 < cache_room.total(cache_room.contents(cache)) < 210_000
    assert all(kept.size > 200_000 for kept in cache_room.contents(cache))
    shared = next((cache / "arrays").iterdir())
    shared.write_bytes(bytes(200_000))
    assert all(cache_entry.fault(folder) == "static_arrays/images has changed" for folder in folders)
    fourth = _entry(cache, 4, 10, used=2e9, shared=data)
    assert cache_entry.fault(fourth) is None, "a shared array that was damaged is replaced"
    assert (fourth / "static_arrays/images").stat().st_ino == next((cache / "arrays").iterdir()).stat().st_ino
    cache_room.make_room(cache, limit=205_000)
    assert [kept.path for kept in cache_room.contents(cache)] == [fourth]
    assert cache_room.clear(cache) == []
    assert not list((cache / "arrays").iterdir())


def test_without_links_arrays_are_copied(tmp_path, monkeypatch):
    def refuse(*names):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    data = tmp_path / "data"
    data.mkdir()
    (data / "images").write_bytes(b"x" * 100_000)
    folder = _entry(tmp_path / "cache", 1, 10, used=1e9, shared=data)
    assert (folder / "static_arrays/images").read_bytes() == b"x" * 100_000
    assert cache_entry.fault(folder) is None
    assert not list((tmp_path / "cache/arrays").iterdir())


def test_what_killed_builds_left_goes_and_what_is_being_built_stays(tmp_path):
    long_ago = time.time() - 3600
    for name in (".new-left", ".gone-left", ".1234abcd-left"):
        (tmp_path / "programs" / name / "code_objects").mkdir(parents=True)
        os.utime(tmp_path / "programs" / name, (long_ago, long_ago))
    for kind, name in [("programs", "a" * 32), ("objects", "a" * 32 + ".o"), ("headers", "a" * 24 + ".lock")]:
        for age, letter in ((0, "a"), (2, "b")):  # of an earlier form of the cache, used today and not for two days
            earlier = tmp_path / kind / name.replace("a", letter)
            earlier.parent.mkdir(exist_ok=True)
            earlier.write_bytes(b"") if "." in name else earlier.mkdir()
            os.utime(earlier, (time.time() - age * 86400,) * 2)
    (tmp_path / "programs" / ".new-just-made").mkdir()
    (tmp_path / "programs" / "somebody's own").mkdir()
    with cache_entry.staging(tmp_path / "programs") as made:
        os.utime(made.path, (long_ago, long_ago))
        cache_room.make_room(tmp_path, limit=0)
        assert {path.name for path in (tmp_path / "programs").iterdir()} == {
            made.path.name,
            ".new-just-made",
            "somebody's own",
            "a" * 32,
        }
        assert [path.name for path in (tmp_path / "objects").iterdir()] == ["a" * 32 + ".o"]
        assert [path.name for path in (tmp_path / "headers").iterdir()] == ["a" * 24 + ".lock"]


def test_an_entry_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    seen = []

    def failing(path):
        seen.append(path)
        if path.name == cache_entry.SEAL:
            raise OSError(errno.EIO, "the disk failed")

    monkeypatch.setattr(cache_entry, "_sync", failing)
    with pytest.raises(OSError, match="the disk failed"):
        _entry(tmp_path, 1, 10, used=1e9)
    assert any(path.name == "own" for path in seen), "files are brought to the disk before the list of them"
    assert not list((tmp_path / "networks").iterdir())


# -------------------------------------------------------------------------------------------------------------- trouble
def _file_in_its_place(folder):
    folder.write_text("a file")


def _writable_by_others(folder):
    folder.mkdir()
    folder.chmod(0o777)


def _of_another_user(folder):
    folder.mkdir()
    os.chown(folder, 12345, 12345)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (_file_in_its_place, "File exists|Not a directory"),
        (_writable_by_others, "others may write to it.*chmod go-w"),
        pytest.param(
            _of_another_user,
            "belongs to another user.*folder of your own",
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder away"),
        ),
    ],
)
def test_a_cache_that_cannot_be_used_is_a_warning(tmp_path, monkeypatch, trouble, why):
    monkeypatch.setattr(cache_place, "_instead", {})
    named = tmp_path / "line\nbreak"
    trouble(named)
    with pytest.warns(CacheWarning, match=why) as said:
        place = cache_place.usable_cache(named)
    assert "\n" not in str(said[0].message)
    assert place != named
    assert cache_place.trouble_with(place) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cache_place.usable_cache(named) == place, "told once, and one folder for the whole process"


def test_no_home_is_a_warning(monkeypatch):
    monkeypatch.setattr(cache_place, "_instead", {})
    for name in ("SBP_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/proc/nowhere")
    with pytest.warns(CacheWarning, match="/proc/nowhere"):
        cache_place.usable_cache()
    assert cache_place.cache_folder("~no-such-user/x").name == "x"


def test_a_full_disk_lets_the_run_go_on(built, cache, monkeypatch):
    place, folders, _ = cache
    for folder in folders.values():
        shutil.rmtree(folder)
    monkeypatch.setattr(cache_place, "_instead", {})
    sync = cache_entry._sync

    def full(path):
        if path.is_relative_to(place):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        sync(path)

    monkeypatch.setattr(cache_entry, "_sync", full)
    with pytest.warns(CacheWarning) as said:
        result = _run(place)
    texts = [str(one.message) for one in said]
    assert any("is not used: No space left on device" in text for text in texts), texts
    assert any("takes no more (No space left on device)" in text for text in texts), texts
    assert _computed(result) == built[1]
    assert cache_room.contents(place) == []
    instead = cache_place.temporary_instead(place, "told before")
    with pytest.raises(StorageError, match=r"temporary folder .* cannot be used: No space left"):
        cache_place.temporary_instead(instead, "No space left on device")


# --------------------------------------------------------------------------------------------------- names and settings
def test_nothing_in_the_name_of_a_compiler_is_executed(tmp_path, monkeypatch):
    (tmp_path / "makefile").write_text("OPTIMISATIONS =\nmain: ; $(CXX) $(OPTIMISATIONS) > said\n")
    monkeypatch.setenv("CXX", "/bin/echo '$(shell touch executed)' '$(touch executed)' ';touch executed' '`x`'")
    compiling._make(tmp_path / "cache", tmp_path, ["-D'$(shell touch executed)'", "a;b"], ["main"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compile.log", "makefile", "said"]
    said = (tmp_path / "said").read_text()
    assert said.startswith("$(shell touch executed) $(touch executed) ;touch executed `x`")
    assert said.endswith("-D'$(shell touch executed)' a;b\n")


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("2GB", 2 * 10**9), ("1.5 GiB", 3 * 2**29), (" 500mb ", 5 * 10**8), ("17", 17), (".5kB", 500)],
)
def test_sizes(text, size):
    assert cache_room.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "2 GBs", "1e9", "inf", "2GB 3"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(SettingError, match="must be a number of bytes such as 2GB"):
        cache_room.parse_size(text)


def test_the_limit(tmp_path, monkeypatch):
    monkeypatch.delenv("SBP_CACHE_LIMIT", raising=False)
    assert cache_room.limit_of(tmp_path) == 2 * 10**9
    cache_room.set_limit(tmp_path, 12345)
    assert cache_room.limit_of(tmp_path) == 12345
    (tmp_path / "limit").write_text("damaged")
    assert cache_room.limit_of(tmp_path) == 2 * 10**9
    monkeypatch.setenv("SBP_CACHE_LIMIT", "3 MB")
    assert cache_room.limit_of(tmp_path) == 3 * 10**6
    monkeypatch.setenv("SBP_CACHE_LIMIT", "lots")
    with pytest.raises(SettingError, match=r"SBP_CACHE_LIMIT must be .* got 'lots'"):
        Simulation(make, DURATION, cache=tmp_path)
