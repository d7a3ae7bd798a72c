"""The page of `reckon replay --html` in a real browser: it draws, sorts, filters, and fits a phone."""
import json
import re
import shutil
import subprocess
import unittest

from command import HANGS, SOURCE, CommandTest

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--hide-scrollbars"]
# Runs after the page's own script and leaves what it saw in the page.
PROBE = """
<script>
const errors = [];
const column = (n) => [...document.querySelectorAll(`#details tbody tr td:nth-child(${n})`)].map((td) => td.textContent);
const click = (n) => document.querySelector(`#details th:nth-child(${n}) button`).click();
const seen = { wide: document.documentElement.scrollWidth > innerWidth, canvas: !!document.querySelector("#plot canvas"),
  dark: matchMedia("(prefers-color-scheme: dark)").matches, back: getComputedStyle(document.body).backgroundColor,
  front: getComputedStyle(document.body).color, title: document.getElementById("section-title").textContent, command: document.getElementById("command").textContent };
click(5); seen.descending = column(5);
click(5); seen.ascending = column(5); seen.sort = document.querySelector("#details th:nth-child(5)").getAttribute("aria-sort");
const filter = document.getElementById("filter");
filter.value = "FIXED"; filter.dispatchEvent(new Event("input")); seen.filtered = column(3);
filter.value = "nothing like it"; filter.dispatchEvent(new Event("input")); seen.none = column(3);
const result = document.createElement("pre");
result.id = "probe"; result.textContent = JSON.stringify(seen); document.body.append(result);
</script></body>"""


@unittest.skipUnless(BROWSER, "Chromium is not installed, so the page was not tried in a browser")
class ReportPage(CommandTest):
    def seen(self, size, *flags):
        page = self.folder / "page.html"
        fixture = SOURCE / "tests/data/recordings/qwen-rm8.jsonl.zst"
        self.text("replay", fixture, "--cost", "text", "--policy", "lead:m=2,cap=8", "--policy", "fixed:n=4",
                  "--orders", "10", "--resamples", "50", "--html", page)
        text = page.read_text()
        self.assertNotRegex(text.split("<script>")[0], r"(src|href)=")  # nothing is fetched from elsewhere
        page.write_text(text.replace("</body>", PROBE))
        done = subprocess.run([BROWSER, *QUIET, *flags, f"--window-size={size}", f"--user-data-dir={self.folder / size}",
                               "--dump-dom", page.as_uri()], capture_output=True, timeout=HANGS)
        found = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout.decode(), re.S)
        self.assertTrue(found, done.stderr.decode()[-2000:])
        return json.loads(found.group(1).replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))

    def test_the_page_draws_sorts_and_filters(self):
        seen = self.seen("1280,900")
        self.assertTrue(seen["canvas"])
        self.assertIn("estimated", seen["title"])
        self.assertIn("--policy fixed:n=4", seen["command"])
        numbers = [float(text.replace(",", "")) for text in seen["descending"]]
        self.assertEqual(len(numbers), 6)
        self.assertEqual(numbers, sorted(numbers, reverse=True))
        self.assertEqual([float(text.replace(",", "")) for text in seen["ascending"]], sorted(numbers))
        self.assertEqual(seen["sort"], "ascending")
        self.assertEqual(seen["filtered"], ["fixed:n=4"] * 3)
        self.assertEqual(seen["none"], [])

    def test_it_follows_the_readers_light_or_dark_setting(self):
        for setting, dark in ((1, False), (0, True)):
            seen = self.seen("1280,900", f"--blink-settings=preferredColorScheme={setting}")
            self.assertEqual(seen["dark"], dark)
            back, front = (sum(map(int, re.findall(r"\d+", seen[name])[:3])) for name in ("back", "front"))
            self.assertEqual(back < front, dark, seen)
            self.assertGreater(abs(back - front), 400)  # of 765

    def test_it_fits_a_phone(self):
        self.assertFalse(self.seen("390,844")["wide"])


if __name__ == "__main__":
    unittest.main()
