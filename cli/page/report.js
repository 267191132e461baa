/* report.js - draws each recording of a report: rows of time, what was done, and a table of all changes. */

(() => {
    const {make} = timeline;
    const seconds = (at) => (at / 1000).toFixed(3);
    const clock = (at) => `${seconds(at)} s`;

    /* About ten ticks, at round seconds. */
    function ticks(end) {
        const rough = end / 10;
        const power = 10 ** Math.floor(Math.log10(rough));
        const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
        const list = [];
        for (let at = 0; at < end - step / 2; at += step)
            list.push([at, String(+(at / 1000).toFixed(6))]);
        return [...list, [end, String(+(end / 1000).toFixed(1))]];
    }

    /* ---- Rows ---- */

    function row(recording, node, end) {
        const name = node === undefined ? recording.cluster : recording.nodes[node];
        const element = make("div", "", node === undefined ? "row cluster" : "row");
        const strip = make("div", "", "strip");
        const changes = recording.changes.filter((change) => change.node === node);
        const spans = timeline.spans(changes, {at: 0, state: "unknown", text: "nothing was seen"}, 0, 0, end);
        strip.setAttribute("role", "group");
        strip.setAttribute("aria-label", `${name}: ${timeline.inWords(spans)}`);
        timeline.draw(strip, spans, 0, end, {clock, keys: true});
        element.append(make("span", name, "name"), strip);
        return element;
    }

    /* ---- What was done ---- */

    /* The label at a level where it touches no other, and a line down through the rows. */
    function place(lane, marks, end) {
        const width = lane.clientWidth;
        const taken = [];
        for (const mark of marks) {
            const at = (mark.at / end) * width;
            const own = mark.label.offsetWidth + 6;
            const left = at + own > width;
            const [from, to] = left ? [at - own, at] : [at, at + own];
            let level = 0;
            while ((taken[level] || []).some(([a, b]) => from < b && to > a))
                level++;
            (taken[level] = taken[level] || []).push([from, to]);
            mark.label.classList.toggle("left", left);
            mark.label.style.setProperty("--level", String(level));
        }
        lane.style.setProperty("--levels", String(taken.length || 1));
    }

    function drop(figure, lane) {
        const last = figure.querySelector(".axis").getBoundingClientRect().top;
        lane.style.setProperty("--drop", `${last - lane.getBoundingClientRect().top}px`);
    }

    function drawMarks(figure, recording, end) {
        const lane = figure.querySelector(".lane");
        const marks = recording.marks.map((mark) => {
            const label = make("span", mark.text, "mark");
            const line = make("span", "", "line");
            label.style.left = line.style.left = `${(100 * mark.at) / end}%`;
            timeline.tell(label, `${clock(mark.at)}: ${mark.text}`);
            lane.append(line, label);
            return {...mark, label};
        });
        const fit = () => {
            place(lane, marks, end);
            drop(figure, lane);
        };
        new ResizeObserver(fit).observe(lane);
        window.addEventListener("beforeprint", fit);
        figure.querySelector(".marks").hidden = !marks.length;
    }

    /* ---- The table ---- */

    function changeRow(recording, change) {
        const line = document.createElement("tr");
        const cluster = change.node === undefined;
        const routable = {true: "yes", false: "no"}[change.routable] || "";
        const cell = (text, name) => {
            const td = document.createElement("td");
            td.append(make("span", text, name));
            return td;
        };
        line.append(cell(seconds(change.at)), cell(cluster ? recording.cluster : recording.nodes[change.node],
                                                   cluster ? "who cluster" : "who"),
                    change.from === change.state ? cell("") : cell(change.from, `state ${change.from}`), cell(change.state, `state ${change.state}`),
                    cell(change.text), cell(routable));
        return line;
    }

    function markRow(mark) {
        const line = make("tr", "", "done");
        const text = make("td", `what was done: ${mark.text}`);
        text.colSpan = 5;
        line.append(make("td", seconds(mark.at)), text);
        return line;
    }

    function fillTable(body, recording) {
        const lines = [...recording.marks.map((mark) => [mark.at, markRow(mark)]),
                       ...recording.changes.map((change) => [change.at, changeRow(recording, change)])];
        lines.sort((a, b) => a[0] - b[0]);
        body.append(...lines.map(([, line]) => line));
    }

    /* ---- All of it ---- */

    function draw(recording) {
        const article = document.getElementById("recording").content.firstElementChild.cloneNode(true);
        const figure = article.querySelector("figure");
        const end = Math.max(recording.end, 1);
        const about = article.querySelector(".about");
        article.querySelector("h1").textContent = recording.path;
        about.textContent = recording.about;
        about.hidden = !recording.about;
        article.querySelector(".facts").textContent =
            `Cluster ${recording.cluster}, ${timeline.counted(recording.expected, "node")} expected. ${clock(end)} from t_us ` +
            `${recording.start_us}; ${timeline.counted(recording.changes.length, "change")}.`;
        for (const node of [undefined, ...recording.nodes.keys()])
            figure.querySelector(".rows").append(row(recording, node, end));
        timeline.axis(figure.querySelector(".axis"), ticks(end), 0, end);
        fillTable(article.querySelector("tbody"), recording);
        document.getElementById("recordings").append(article);
        drawMarks(figure, recording, end);
    }

    document.addEventListener("DOMContentLoaded", () => {
        const recordings = [...document.querySelectorAll("script.recording")].map((data) => JSON.parse(data.textContent));
        timeline.begin();
        recordings.forEach(draw);
        document.title = `${recordings.map((recording) => recording.path).join(", ")} - healthctl replay`;
    });
})();
