#!/usr/bin/env python3
"""page.py HEALTHD HEALTHCTL [SCENE...]: the page at / and a replay's report, in a real browser.

Pictures of both are left in the working folder as page-*.png."""
import datetime
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from browser import Browser, BrowserError
from ctl_stage import ctl
from daemon import HEALTHCTL
from page_stage import PageStage
from scenes import Failed, check, chosen

TRACES = Path(__file__).parent / "traces"
PICTURES = Path.cwd()
STRIP_S = 12  # what is too short to be drawn alone is, when the strip is drawn again
ODD = {"__proto__": {"constructor": "green", "toString": "green", "-x": "green", "a.b-c_D9": "green"}}


def greens(count):
    """So many nodes that are well."""
    return {f"n{i + 1}": "green" for i in range(count)}


def select(cluster, node=None):
    """JavaScript: the row of a node, or of a cluster."""
    row = f"[...document.querySelectorAll('.cluster')].find((c) => c.querySelector('h2').textContent === {cluster!r})"
    if node is None:
        return f"{row}.querySelector('.head')"
    return f"[...{row}.querySelectorAll('.nodes > .subject')].find((n) => n.querySelector('.name').textContent === {node!r})"


def shows(cluster, node, state):
    """JavaScript: does the page say so?"""
    return f"{select(cluster, node)}.querySelector('.state').textContent === {state!r}"


def begin(stage, browser, clusters, more=""):
    """healthd runs, and the page is open and live."""
    stage.write(clusters, more)
    stage.start()
    for cluster, words in clusters.items():
        stage.wait_states(cluster, {node: word for node, word in words.items() if word in ("green", "yellow")})
    browser.open(stage.url)
    browser.wait("document.querySelector('#link').textContent === 'live'")
    browser.wait(f"document.querySelectorAll('.cluster').length === {len(clusters)}")


def clean(browser, *origins):
    """No complaint of the browser's, and no question to anybody else."""
    check(not browser.complaints, f"the browser complains: {browser.complaints}")
    others = [url for url in browser.requests.values() if not url.startswith((*origins, "about:", "data:"))]
    check(not others, f"others were asked: {others}")


# ---- The page -----------------------------------------------------------------------------------------

def arrives(stage, browser):
    """A node that dies is shown without a reload, its cluster comes first; then it is back."""
    begin(stage, browser, {"alpha": greens(3), "beta": greens(3)})
    browser.run("window.here = true")
    stage.play("beta", {**greens(2), "n3": "killed"})
    took = browser.wait(shows("beta", "n3", "red-unclean"))
    print(f"  it took {took * 1e3:.0f} ms from the kill to the page")
    check(took < 2, "it did not come by the stream")
    browser.wait("document.querySelector('.cluster h2').textContent === 'beta'")
    browser.wait(f"{select('beta')}.querySelector('.quorum').textContent.startsWith('2 of 3 green')")
    check(browser.run("document.title").startswith("1 yellow, 1 green"), browser.run("document.title"))
    browser.wait(f"{select('beta', 'n3')}.querySelectorAll('.strip > .red-unclean').length === 1")
    check(browser.run("document.querySelector('#news').textContent").startswith("beta "), "nothing is announced")
    stage.play("beta", greens(3))
    browser.wait(shows("beta", "n3", "green"))
    browser.wait(shows("beta", None, "green"))
    check(browser.run("window.here"), "the page was loaded again")
    clean(browser, stage.url)


# How a strip shows two moments of a green node that are too short for one each: it is routable in the first only.
BRIEFLY_OFF = """(() => {
    const strip = document.createElement('div');
    const moment = (start, routable) => ({state: 'green', text: '', routable, start, end: start + 1, since: start,
                                          until: start + 1});
    timeline.draw(strip, [moment(0, true), moment(1, false)], 0, 1000, {clock: String});
    return [...strip.children].map((bar) => bar.className).join();
})()"""


def as_shown(time_text):
    """A time of healthd's, as the page writes it."""
    return f"{datetime.datetime.fromisoformat(time_text.replace('Z', '+00:00')):%b %-d, %Y, %H:%M:%S}"


def maintained(stage, browser):
    """Maintenance begins and ends on an open page, with its reason and how long; the node stays green."""
    begin(stage, browser, {"alpha": greens(3)})
    row = select("alpha", "n2")
    routable = f"{row}.querySelector('.routable')"
    told = (f"([...{row}.querySelectorAll('dt')].find((e) => e.textContent === 'maintenance') || {{}})"
            ".nextElementSibling?.textContent")
    bar = f"{row}.querySelector('.strip > :last-child')"
    weight = f"getComputedStyle({routable}).fontWeight"
    pattern = f"getComputedStyle({bar}).backgroundImage.split('(')[0]"

    def maint(*words):
        ctl("maint", *words, "--token-file", str(stage.token), server=stage.url.rstrip("/"))

    browser.run("window.here = true")
    browser.run(f"(window.said = 0, new MutationObserver(() => window.said++).observe({row}.querySelector('.state'),"
                " {childList: true, characterData: true, attributes: true, subtree: true}), true)")
    browser.run(f"{row}.querySelector('summary').click()")
    browser.wait(f"{row}.querySelectorAll('ol time').length > 0")  # the past is known too
    before = stage.node("alpha", "n2")
    check(browser.run(told) is None and browser.run(f"{routable}.textContent") == "routable", "before anything is said")
    browser.wait(f"{bar}?.className === 'green'", STRIP_S)
    check((browser.run(weight), browser.run(pattern)) == ("400", "none"),
          f"a node that serves stands out: {browser.run(weight)} {browser.run(pattern)}")

    maint("on", "n2", "--reason", "new <b>disk</b>", "--until", "2h")
    took = browser.wait(f"{routable}.textContent === 'not routable: maintenance'")
    print(f"  it took {took * 1e3:.0f} ms from the command to the page")
    check(took < 2, "it did not come by the stream")
    check(browser.run("document.getElementById('news').textContent") == "alpha n2 not routable",
          "who does not see it is not told")
    asked = browser.run(f"[...{row}.querySelectorAll('dt')].map((e) => e.textContent).filter((t) => t.endsWith('?'))")
    check(asked == ["running?", "member?"], f"of a node that runs it is told {asked}")
    word = stage.node("alpha", "n2")["maintenance"]
    expected = f"new <b>disk</b>, since {as_shown(word['since'])}, until {as_shown(word['until'])}"
    browser.wait(f"{told} === {expected!r}", 3)
    browser.wait(f"{bar}.className === 'green off'", STRIP_S)
    check((browser.run(weight), browser.run(pattern)) == ("600", "repeating-linear-gradient"),
          "without colours it is not seen")
    check(browser.run(f"getComputedStyle({row}.querySelector('.state'), '::before').borderRadius") == "50%",
          "its mark is no circle")
    listed = browser.run(f"[...{row}.querySelectorAll('ol > li')].map((e) => e.textContent.endsWith('; not routable: maintenance'))")
    check(listed[:2] == [True, False], f"of the changes these are told as not routable: {listed}")
    texts, pale = browser.run(PALE)
    check(texts > 30 and not pale, f"of {texts} texts these are pale: {pale}")
    browser.shoot(PICTURES / "page-maintenance.png")
    others = browser.run(f"[{select('alpha', 'n1')}, {select('alpha', 'n3')}]"
                         ".map((e) => e.querySelector('.routable').textContent).join()")
    check(others == "routable,routable", f"the others are {others}")
    browser.wait(f"{select('alpha')}.querySelector('.quorum').textContent.startsWith('3 of 3 green')")

    maint("off", "n2")
    browser.wait(f"{routable}.textContent === 'routable'", 2)
    browser.wait(f"{told} === undefined", 3)
    browser.wait(f"{bar}.className === 'green'", STRIP_S)
    check(browser.run(weight) == "400", "it still stands out")

    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)
    maint("on", "n2", "--reason", "again", "--until", soon.isoformat())
    browser.wait(f"{told}?.startsWith('again, since ')", 2)
    browser.wait(f"{routable}.textContent === 'routable' && {told} === undefined", 7)
    check(browser.run(BRIEFLY_OFF) == "green off", "a moment without clients is not seen beside a moment with")
    check(browser.run("window.here"), "the page was loaded again")
    check(browser.run("window.said") == 0, "the state's word was written anew")
    after = stage.node("alpha", "n2")
    check((after["state"], after["since"]) == ("green", before["since"]), after)
    check(browser.run(shows("alpha", "n2", "green")) and browser.run(shows("alpha", None, "green")), "not green")
    clean(browser, stage.url)


def renewed(stage, browser):
    """What is open is renewed with the rest, also when all is asked for at once."""
    begin(stage, browser, {"alpha": greens(3)})
    row = select("alpha", "n2")
    mark = f"{row}.querySelector('.more').append(Object.assign(document.createElement('p'), {{id: 'old'}}))"
    gone = f"!document.querySelector('#old') && {row}.innerText.includes('running?')"
    browser.run(f"{row}.querySelector('summary').click()")
    browser.wait(gone)
    browser.run(mark)
    browser.wait(gone)  # by the question that is asked every five seconds: the next is far away
    browser.run(mark)
    browser.send("EventSource", "reset")
    browser.wait(gone, 2.5)
    browser.wait(f"{row}.querySelectorAll('ol time').length > 0", 2.5)
    clean(browser, stage.url)


def disconnected(stage, browser):
    """That nobody speaks any more is said with the picture's age, and ends when somebody does."""
    begin(stage, browser, {"alpha": greens(3)})
    stage.process.send_signal(signal.SIGSTOP)
    took = browser.wait("!document.querySelector('#stale').hidden", 15)
    print(f"  a frozen healthd is noticed after {took:.1f} s")
    check(re.search(r"picture is \d+ s old", browser.run("document.querySelector('#stale').textContent")), "no age")
    stage.process.send_signal(signal.SIGCONT)
    browser.wait("document.querySelector('#stale').hidden", 15)
    stage.process.kill()
    stage.process.wait()
    browser.wait("document.body.classList.contains('cut') && document.title.startsWith('NOT CONNECTED')")
    browser.shoot(PICTURES / "page-cut.png")
    stage.play("alpha", {**greens(2), "n3": "yellow"})
    stage.start()
    browser.wait("document.querySelector('#link').textContent === 'live'", 15)
    browser.wait(shows("alpha", "n3", "yellow"))
    clean_but_connection(browser)


def clean_but_connection(browser):
    """That healthd was not there is no complaint about the page."""
    browser.complaints = [said for said in browser.complaints if "net::ERR_" not in said]
    clean(browser, "http://127.0.0.1:")


def keyboard(stage, browser):
    """Tab, Enter and the arrows are enough."""
    begin(stage, browser, {"alpha": greens(3), "beta": {**greens(2), "n3": "yellow"}})
    focus = "document.activeElement"
    order = []
    for _ in range(4):
        browser.press("Tab")
        order.append(browser.run(f"{focus}.id || {focus}.className || {focus}.tagName"))
    check(order == ["skip", "words", "ill", "grid"], f"the order of focus is {order}")
    check(browser.run(f"getComputedStyle({focus}).outlineStyle !== 'none'"), "the focus is not seen")
    browser.press("Tab")
    check(browser.run(f"{focus}.closest('details') === {select('beta', 'n1')}"), "Tab leads elsewhere")
    for key, node in (("ArrowDown", "n2"), ("ArrowUp", "n1")):
        browser.press(key)
        check(browser.run(f"{focus}.closest('details') === {select('beta', node)}"), f"{key} leads elsewhere")
    browser.press("Enter")
    browser.wait(f"{select('beta', 'n1')}.open && {select('beta', 'n1')}.innerText.includes('running?')", 1.5)
    text = browser.run(f"{select('beta', 'n1')}.innerText")
    check("Synced" in text and "(rule " in text and "What the witnesses say" in text, text)
    browser.press("Enter")
    check(not browser.run(f"{select('beta', 'n1')}.open"), "Enter does not close it")
    browser.press("/")
    for letter in "yellow":
        browser.press(letter)
    check(browser.run("[...document.querySelectorAll('.cluster:not([hidden]) h2')].map((h) => h.textContent).join()")
          == "beta", "the filter lets others through")
    clean(browser, stage.url)


def safe(stage, browser):
    """Odd names are words, the policy lets nothing else run, and nobody else is asked."""
    begin(stage, browser, ODD)
    headers = stage.ask()[1]
    policy = headers["Content-Security-Policy"]
    check("default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy, policy)
    check(headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY", str(headers))
    for node in ODD["__proto__"]:
        browser.wait(shows("__proto__", node, "green"))
    browser.run(f"{select('__proto__', 'constructor')}.querySelector('summary').click()")
    browser.wait(f"{select('__proto__', 'constructor')}.innerText.includes('running?')")
    clean(browser, stage.url)
    browser.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))")
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=http://192.0.2.1/x><p onclick=1 id=y></p>')")
    time.sleep(0.3)
    check(not browser.run("window.ran"), "a script of others ran")
    check(len(browser.complaints) >= 3, f"the policy is not enforced: {browser.complaints}")
    check(not any(url.startswith("http://192") for url in browser.requests.values()), "another host was asked")


# Each text on the page with the ground behind it, where they differ by less than 4.5.
PALE = """(() => {
    const luminance = (c) => { const [r, g, b] = c.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92
        : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
        if (c.length < 4 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
    const pale = []; let seen = 0;
    for (const e of document.querySelectorAll('body *')) {
        if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility()
            || e.closest('script, style, .hidden, noscript')) continue;
        const [a, b] = [parse(getComputedStyle(e).color).slice(0, 3), ground(e)].map(luminance);
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        seen++;
        if (contrast < 4.5) pale.push(`${e.className || e.tagName} "${e.textContent}" ${contrast.toFixed(2)}`);
    }
    return [seen, pale];
})()"""


def seen(stage, browser):
    """In light, dark and narrow, all text stands out from its ground, and nothing sticks out."""
    begin(stage, browser, {"billing": {**greens(3), "n3": "killed"}, "orders": greens(5), "archive": greens(3),
                           "search": {**greens(2), "n3": "read-only"}, "lost": {"n1": "frozen", "n2": "frozen"},
                           "stats": greens(3)})
    stage.play("stats", {"n1": "green", "n2": "killed", "n3": "killed"})
    browser.wait("[...document.querySelectorAll('.faults b')].some((b) => b.textContent === 'majority-at-risk')")
    stage.play("stats", {"n1": "yellow", "n2": "killed", "n3": "killed"})
    browser.wait(shows("stats", None, "red"))
    browser.wait(f"{select('search', 'n3')}.innerText.includes('not routable: read-only')")
    time.sleep(3)  # so that the strips have something to show
    for name, width, height, scheme in (("light", 1400, 900, "light"), ("dark", 1400, 900, "dark"),
                                        ("middle", 1000, 800, "light"), ("phone", 390, 844, "dark")):
        browser.look(width, height, scheme)
        browser.run(f"{select('stats', 'n3')}.open = true")
        browser.wait(f"{select('stats', 'n3')}.innerText.includes('Why')")
        browser.shoot(PICTURES / f"page-{name}.png")
        texts, pale = browser.run(PALE)
        check(texts > 100 and not pale, f"{name}: of {texts} texts these are pale: {pale}")
        over = browser.run("Math.max(...[document.documentElement, ...document.querySelectorAll('.cluster')]"
                           ".map((e) => e.scrollWidth - e.clientWidth))")
        check(over <= 0, f"{name}: {over} pixels stick out")
    clean(browser, stage.url)


# What a change of one node writes: the clusters that were touched, by name; "-" is the frame around them.
TOUCHED = """(window.touched = new Set(), new MutationObserver((all) => { for (const m of all) {
    const e = m.target.nodeType === 1 ? m.target : m.target.parentElement;
    const card = e && e.closest('.cluster');
    if (!e || e.closest('.since') || e.closest('.tip')) continue;
    window.touched.add(card ? card.querySelector('h2').textContent : '-'); } }).observe(document.body,
    {subtree: true, childList: true, attributes: true, characterData: true}), true)"""


def thousand(stage, browser):
    """A thousand nodes in 334 clusters come fast, and a change touches its own cluster alone."""
    clusters = {f"c{i:03}": {f"n{k}": "told" for k in range(3 if i < 333 else 1)} for i in range(334)}
    stage.write(clusters)
    stage.start()
    stage.wait_states("c333", {"n0": "green"})
    time.sleep(3)
    browser.open(stage.url)
    browser.wait("document.querySelectorAll('.nodes > .subject').length === 1000", 20)
    browser.wait("performance.getEntriesByName('all').length > 0")
    took = browser.run("performance.getEntriesByName('all')[0].duration")
    paint = browser.run("""(async () => { const c = document.querySelector('#clusters'); const began = performance.now();
        c.style.display = 'none'; c.getBoundingClientRect(); c.style.display = '';
        await new Promise((r) => requestAnimationFrame(() => setTimeout(r))); return performance.now() - began; })()""")
    print(f"  1000 nodes in 334 clusters: {took:.0f} ms of script, {paint:.0f} ms to lay out and paint anew")
    check(took < 2000 and paint < 1000, "that is too slow")
    check(browser.run("[...document.querySelectorAll('.strip')].filter((s) => s.children.length).length") < 200,
          "strips are drawn that nobody sees")
    browser.run("document.querySelector('#words').focus()")
    browser.wait("![...document.querySelectorAll('.cluster')].some((c) => c.dataset.state !== 'green')", 20)
    time.sleep(2)
    browser.run(TOUCHED)
    stage.play("c300", {"n0": "told", "n1": "told", "n2": "killed"})
    browser.wait(shows("c300", "n2", "red-unclean"))
    browser.wait("document.querySelector('.cluster h2').textContent === 'c300'")
    touched = set(browser.run("[...window.touched]"))
    far = {name for name in touched if name > "c040"} - {"c300"}
    check("c300" in touched and not far, f"a change of c300 wrote to {sorted(far)}")
    browser.run("(window.longest = 0, new PerformanceObserver((list) => { for (const task of list.getEntries())"
                " window.longest = Math.max(window.longest, task.duration); }).observe({type: 'longtask'}), 1)")
    for i in range(100):
        stage.play(f"c{i:03}", {"n0": "killed", "n1": "killed", "n2": "killed"})
    browser.wait("document.querySelectorAll('.cluster[data-state=red]').length === 100", 20)
    longest = browser.run("window.longest")
    print(f"  300 nodes die at once: the page is busy for at most {longest:.0f} ms at a stretch")
    check(longest < 1000, "that is too long")
    clean(browser, stage.url)


# ---- The report ---------------------------------------------------------------------------------------

def report(stage, *traces):
    """Write one; where it is."""
    path = stage.folder / "report.html"
    subprocess.run([HEALTHCTL, "replay", "--json", *map(str, traces), "--html", str(path)], check=True, timeout=60,
                   stdout=subprocess.DEVNULL)
    return path


def told(browser, number=0):
    """The cells of a table's rows, as text."""
    return browser.run(f"[...document.querySelectorAll('article')[{number}].querySelectorAll('tbody tr')]"
                       ".map((r) => [...r.children].map((c) => c.textContent))")


def reported(stage, browser):
    """Replays as a document: all changes and marks, by pointer, by keyboard and on paper, from a file alone."""
    traces = [TRACES / f"{name}.jsonl" for name in ("kill9_rejoin", "five_kill2", "monitor_paused")]
    path = report(stage, *traces)
    browser.open(path.as_uri())
    browser.wait("document.querySelectorAll('article').length === 3")
    browser.shoot(PICTURES / "page-report.png")
    for i, trace in enumerate(traces):
        said = subprocess.run([HEALTHCTL, "replay", "--json", str(trace)], capture_output=True, text=True, check=True)
        lines = [json.loads(line) for line in said.stdout.splitlines()]
        changes = [f"{line.get('node', 'lab')} {line['from']} {line['state']}" for line in lines
                   if line["from"] != line["state"]]
        rows = [" ".join(row[1:4]) for row in told(browser, i) if len(row) > 2 and row[2]]
        check(rows == changes, f"{trace.name}: other changes than replayed:\n{rows}\n{changes}")
        marks = sum('"mark":' in line for line in trace.read_text().splitlines())
        check(browser.run(f"document.querySelectorAll('article')[{i}].querySelectorAll('.mark').length") == marks,
              f"{trace.name}: {marks} marks are expected")
    browser.point(".rows > :nth-child(4) .red-unclean")
    browser.wait("!document.querySelector('.tip').hidden")
    tip = browser.run("document.querySelector('.tip').textContent")
    check(tip.startswith("red-unclean: ") and " to " in tip, tip)
    browser.run("document.querySelector('.rows > :nth-child(4) .strip > i').focus()")
    for _ in range(2):
        browser.press("ArrowRight")
    check(browser.run("document.querySelector('.tip').textContent === document.activeElement.getAttribute('aria-label')"),
          "the arrow keys do not tell")
    for scheme in ("light", "dark"):
        browser.look(1300, 900, scheme)
        texts, pale = browser.run(PALE)
        check(texts > 50 and not pale, f"{scheme}: of {texts} texts these are pale: {pale}")
    browser.print(PICTURES / "page-report.pdf")
    check((PICTURES / "page-report.pdf").read_bytes().startswith(b"%PDF"), "it does not print")
    clean(browser, "file:")


def hostile(stage, browser):
    """Whatever a recording holds is text."""
    evil = "</script><img src=x onerror=alert(1)><!--"
    head = {"trace": 1, "cluster": evil, "expected_size": 1, "nodes": ["<b>n1</b>"], "about": evil,
            "probe_interval_ms": 100, "probe_timeout_ms": 500}
    trace = stage.folder / "evil.jsonl"
    lines = [head, {"t_us": 1000000, "node": "<b>n1</b>", "probe": {"ok": False, "error": "refused"}},
             {"t_us": 1200000, "mark": {"fault": evil}}, {"t_us": 4000000, "node": "<b>n1</b>", "link": "eof"}]
    trace.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    browser.open(report(stage, trace).as_uri())
    browser.wait("document.querySelectorAll('article').length === 1")
    check(browser.run("document.querySelectorAll('img, b').length") == 0, "data became elements")
    check(browser.run("document.querySelector('.about').textContent") == evil, "the text is another")
    check(any(evil in cell for row in told(browser) for cell in row), "the mark is not told")
    clean(browser, "file:")


SCENES = [arrives, maintained, renewed, disconnected, keyboard, safe, seen, reported, hostile]
MEASURED = [thousand]  # alone on its machine, by its name


def play(scene, browser):
    """One scene on a stage of its own."""
    stage = PageStage()
    browser.complaints, browser.requests = [], {}
    try:
        browser.look()
        scene(stage, browser)
        print(f"passed {scene.__name__}: {scene.__doc__}", flush=True)
        return True
    except (Failed, BrowserError, subprocess.SubprocessError, OSError) as problem:
        print(f"FAILED {scene.__name__}: {problem}\n{stage.log.text()[-3000:] if stage.log else ''}", flush=True)
        return False
    finally:
        browser.open("about:blank")
        stage.close()


def main():
    """Play the scenes one after the other, in one browser."""
    wanted = chosen(SCENES + MEASURED) if sys.argv[3:] else SCENES
    browser = Browser()
    try:
        passed = sum(play(scene, browser) for scene in wanted)
    finally:
        browser.close()
    print(f"{passed} of {len(wanted)} scenes passed")
    return 0 if passed == len(wanted) > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
