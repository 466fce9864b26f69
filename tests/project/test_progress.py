"""One display of progress, for single runs, for several at once, and for a sweep."""

from io import StringIO

from rich.console import Console

from sbp_brian.progress import bars


def shown(**how):
    screen = Console(file=StringIO(), width=100)
    with bars(screen, **how) as show:
        show("tao-2000", "pairing", 0.5)
        show("mnist", "[training]", 0.2)
        show("tao-2000", "done", 1.0)
    return screen.file.getvalue()


def test_each_run_has_a_bar():
    text = shown()
    assert "tao-2000: done" in text
    assert "mnist: [training]" in text, "a description is no markup"
    assert "100%" in text
    assert "20%" in text


def test_of_many_runs_those_that_have_ended_go_and_are_counted():
    text = shown(count=4)
    assert "1 of 4 runs" in text
    assert "25%" in text
    assert "tao-2000" not in text
    assert "mnist: [training]" in text


def test_a_run_that_ends_before_it_had_a_bar_is_counted():
    screen = Console(file=StringIO(), width=100)
    with bars(screen, count=2) as show:
        show("quick", "failed", 1.0)
    assert "1 of 2 runs" in screen.file.getvalue()
    assert "quick" not in screen.file.getvalue()
