"""A real browser for the report page: Chromium, driven by Playwright; as a program it says what is lacking."""

import shutil
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: A browser that asks for nothing but what it is shown.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium():
    """The path of the browser, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def lack():
    """What is not there, with its remedy; empty where everything is."""
    if chromium() is None:
        return "there is no Chromium on the PATH; install it, on Debian by 'apt-get install chromium'"
    missing = [name for name in ("playwright", "axe_playwright_python") if find_spec(name) is None]
    if missing:
        return f"there is no {' and no '.join(missing)}; install them by 'pip install -e .[browser]'"
    return ""


@contextmanager
def browser():
    """The browser, until the end of the context."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium(), args=list(QUIET))
        try:
            yield started
        finally:
            started.close()


def axe():
    """The script that looks for what keeps people out (axe-core)."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


if __name__ == "__main__":
    if lack():
        sys.exit(f"The report page cannot be looked at in a browser: {lack()}.")
