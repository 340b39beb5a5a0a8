"""A page in a real browser: the one that is installed, or else Debian's."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from helpers_debian import give_up, libraries, unpacked

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PACKAGES = ("chromium-headless-shell", "chromium-common", "fonts-dejavu-core")
PROGRAM = "usr/lib/chromium/chromium-headless-shell"
FONTS = "<fontconfig><dir>{folder}</dir></fontconfig>"
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
# Once all is loaded: pictures that cannot be drawn, links to no place of the page, links to files.
SOUND = """
onload = () => {
  const links = [...document.querySelectorAll("a[href]")].map((a) => a.getAttribute("href"));
  const images = [...document.images].filter((i) => i.hasAttribute("src"));
  document.body.dataset.answer = JSON.stringify({
    pictures: images.length,
    broken: images.filter((i) => !i.complete || !i.naturalWidth).map((i) => i.alt),
    astray: links.filter((to) => to.startsWith("#")).map((to) => decodeURIComponent(to.slice(1)))
      .filter((id) => !document.getElementById(id)),
    files: links.filter((to) => !to.startsWith("#") && !/^[a-z]+:/.test(to)),
  });
};
"""


class Browser:
    """Opens pages in a folder of its own.

    Attributes
    ----------
    console
        What the last page has left there: messages, errors, what could not be loaded.
    """

    def __init__(self, folder: Path):
        self._folder, self.console = folder, []
        self._program = next(filter(None, map(shutil.which, NAMES)), "")
        self._environment = os.environ | {"HOME": str(folder)}
        if not self._program or not self._starts():
            root = unpacked("chromium", *PACKAGES)
            self._program = str(root / PROGRAM)
            fonts = folder / "fonts.conf"
            fonts.write_text(FONTS.format(folder=root / "usr/share/fonts"))
            self._environment |= {"LD_LIBRARY_PATH": libraries(root), "FONTCONFIG_FILE": str(fonts)}
            if not self._starts():
                give_up(f"{self._program} does not start here:\n{self._said[-2000:]}")

    def _starts(self) -> bool:
        return "it runs" in self.open("<script>document.write('it' + ' runs')</script>")

    def open(self, page: str) -> str:
        """Return the document after its scripts have run."""
        path = self._folder / "page.html"
        path.write_text(page, encoding="utf-8")
        command = [self._program, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        command += [f"--user-data-dir={self._folder / 'profile'}", "--window-size=1280,900"]
        command += [
            "--disable-dev-shm-usage",
            "--enable-logging=stderr",
            "--log-level=0",
            path.as_uri(),
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=90, env=self._environment, check=False
        )
        self._said = done.stderr
        self.console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
        return done.stdout

    def ask(self, page: str, script: str) -> Any:
        """Run a script of the test in the page (without its policy, which forbids that)."""
        asked = f"document.body.dataset.answer = JSON.stringify((() => {{{script}}})())"
        page = POLICY.sub("", page).replace("</body>", f"<script>{asked}</script></body>")
        answer = re.search(r'<body data-answer="(.*?)"', self.open(page))[1]
        return json.loads(html.unescape(answer))

    def require_sound(self, page: str, folder: Path) -> None:
        """Ask for an empty console, pictures that can be drawn, and links that lead somewhere.

        Parameters
        ----------
        folder
            What links are relative to.
        """
        assert POLICY.search(self.open(page)) and not self.console
        found = self.ask(page, SOUND)
        assert found["pictures"] and not found["broken"] and not found["astray"]
        assert found["files"] and all((folder / unquote(name)).is_file() for name in found["files"])
