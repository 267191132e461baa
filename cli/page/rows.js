/* rows.js - a row of the page: what stands in it, and what it opens. Only what has changed is written, and all
 * data goes in as text. */

const rows = (() => {
    const {make} = timeline;
    const DAY = {hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit"};
    const date = new Intl.DateTimeFormat([], {...DAY, year: "numeric", month: "short", day: "numeric"});
    const clock = (at) => new Date(at).toLocaleTimeString([], DAY);

    /* ---- Writing ---- */

    function write(element, text) {
        if (element.textContent !== text)
            element.textContent = text;
    }

    function dress(element, name) {
        if (element.className !== name)
            element.className = name;
    }

    const stamp = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
    const part = (row, name) => row.querySelector(`:scope > summary > .${name}`);

    function makeRow(element) {
        const row = {element, more: element.querySelector(".more")};
        for (const name of ["state", "name", "reason", "since", "routable", "probe", "agent", "quorum", "strip"])
            row[name] = part(element, name);
        return row;
    }

    const yesNo = (value) => (value === null ? "not known" : value ? "yes" : "no");

    /* ---- One row ---- */

    function showState(row, told, state) {
        dress(row.state, `state ${state}`);
        write(row.state, state);
        write(row.reason, told.text);
        timeline.tell(row.reason, told.text);
    }

    function showAge(cell, witness) {
        const age = witness.age_ms;
        const heard = age !== null && age !== undefined;
        const seconds = (ms) => (ms / 1000).toFixed(ms < 9950 ? 1 : 0);
        const says = heard && witness.says === "none" ? "silent" : witness.says;
        write(cell, heard ? `${says} ${seconds(age)}/${seconds(witness.limit_ms)} s` : says);
        cell.classList.toggle("late", heard && age > witness.limit_ms / 2);
        cell.style.setProperty("--part", heard ? `${Math.min(100, (100 * age) / witness.limit_ms)}%` : "0%");
    }

    function showNode(row, told) {
        const reason = told.routable_reason && told.routable_reason !== "routable" ? `: ${told.routable_reason}` : "";
        const why = told.maintenance ? ": maintenance" : told.state === "green" ? reason : "";
        const words = {true: "routable", false: `not routable${why}`};
        showState(row, told, told.state);
        write(row.routable, words[told.routable] || "not known");
        dress(row.routable, told.state === "green" && told.routable === false ? "routable" : "routable calm");
        showAge(row.probe, told.probe);
        showAge(row.agent, told.agent);
    }

    function forecast(told) {
        if (told.colour !== "green" && told.colour !== "yellow")
            return "";
        if (told.can_lose === null)
            return "; forecast not known";
        return told.can_lose ? `; can lose ${told.can_lose} more` : "; can lose no more";
    }

    /* ---- Times: only of what is on the screen ---- */

    function showTime(row, home) {
        const since = Date.parse(home.told.since);
        write(row.since, timeline.lasting(picture.now() - since, 0));
        timeline.tell(row.since, `since ${date.format(since)}`);
    }

    function showStrip(row, home) {
        const to = picture.now();
        const from = to - picture.window();
        const spans = picture.spans(home, from, to);
        timeline.draw(row.strip, spans, from, to, {clock});
        row.strip.setAttribute("aria-label", `until now: ${timeline.inWords(spans)}`);
    }

    /* ---- What a row opens ---- */

    function pairs(title, list) {
        const box = document.createElement("div");
        const dl = document.createElement("dl");
        for (const [term, text] of list)
            dl.append(make("dt", term), make("dd", text));
        box.append(make("h3", title), dl);
        return box;
    }

    function changesBox(home) {
        const box = document.createElement("div");
        const list = document.createElement("ol");
        list.tabIndex = 0;
        for (const change of home.changes.filter((c) => c.at > picture.now() - picture.window()).reverse()) {
            const item = document.createElement("li");
            item.append(make("time", clock(change.at)), make("span", change.state, `state ${change.state}`),
                        `  ${change.text}${timeline.tellOff(change)}`);
            list.append(item);
        }
        if (!list.children.length)
            list.append(make("li", "none"));
        box.append(make("h3", "Changes, the latest first"), list);
        return box;
    }

    function clusterBoxes(cluster) {
        const told = cluster.told;
        const facts = [
            ["since", date.format(Date.parse(told.since))],
            ["nodes", Object.entries(told.states).filter(([, count]) => count)
                .map(([state, count]) => `${count} ${state}`).join(", ")],
            ["last Primary view", `size ${told.primary_size ?? "not known"}, configuration ${told.conf_id ?? "not known"}`],
            ["arbitrators", String(told.arbitrators)],
            ["state UUID", told.state_uuid_head === null ? "not known" : `${told.state_uuid_head}…`],
        ];
        return [pairs("The cluster", facts), changesBox(cluster)];
    }

    function maintenancePairs(told) {
        if (!told)
            return [];
        const until = told.until ? `until ${date.format(Date.parse(told.until))}` : "until it is ended";
        return [["maintenance", `${told.reason}, since ${date.format(Date.parse(told.since))}, ${until}`]];
    }

    function nodePairs(node) {
        const view = node.view;
        const error = node.probe.error && node.probe.error !== node.probe.says ? `, ${node.probe.error}` : "";
        const failure = `${error}${node.probe.code ? ` (${node.probe.code})` : ""}`;
        const trip = node.probe.rtt_us === null ? "" : `, ${(node.probe.rtt_us / 1000).toFixed(1)} ms`;
        const exit = node.agent.exit_code === undefined ? "" : `, exit code ${node.agent.exit_code}`;
        const kill = node.agent.exit_signal === undefined ? "" : `, killed by signal ${node.agent.exit_signal}`;
        return [
            ["address", node.address ? `${node.address}:${node.port}` : "not known"],
            ["since", date.format(Date.parse(node.since))],
            ["probe", `${node.probe.says}${failure}${trip}`],
            ["link", node.link.says],
            ["agent", `${node.agent.says}${node.agent.mysqld ? `, mysqld ${node.agent.mysqld}` : ""}${exit}${kill}`],
            ["peers", node.peers.says],
            ["view", view.says === "none" ? "none" : `${view.says}, size ${view.size ?? "not known"}, configuration ` +
                `${view.conf_id ?? "not known"}, from the ${view.from}`],
            ["routable", `${yesNo(node.routable)}: ${node.routable_reason}`],
            ...maintenancePairs(node.maintenance),
        ];
    }

    function nodeBoxes(node, home) {
        const gone = node.answers.some((a) => a.question === "running" && a.answer === false);
        const idle = gone ? "member" : "clean"; /* the question does not arise */
        const answers = node.answers.filter((a) => a.question !== idle)
            .map((a) => [`${a.question}?`, `${yesNo(a.answer)}: ${a.text} (rule ${a.rule})`]);
        const changes = node.changes.map((c) => [`${c.fact} = ${c.value}`, c.state]);
        return [pairs("Why", answers), pairs("What the witnesses say", nodePairs(node)), changesBox(home),
                pairs("What alone would change it", changes.length ? changes : [["nothing", ""]])];
    }

    /* Fill what a row has opened; who reads there keeps his place, and who copies from there his selection. */
    function open(row, boxes) {
        const selection = getSelection();
        if (!selection.isCollapsed && row.more.contains(selection.anchorNode))
            return;
        const list = row.more.querySelector("ol");
        const top = list ? list.scrollTop : 0;
        const focused = list && list === document.activeElement;
        row.more.replaceChildren(...boxes);
        const renewed = row.more.querySelector("ol");
        if (renewed)
            renewed.scrollTop = top;
        if (renewed && focused)
            renewed.focus({preventScroll: true});
    }

    return {stamp, write, makeRow, showState, showNode, showTime, showStrip, forecast, clusterBoxes, nodeBoxes, open};
})();
