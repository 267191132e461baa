/* page.js - the picture as rows. Only what has changed is written to the document, times only of clusters that
 * are on the screen, and what a row opens is asked for when it is opened. All data goes in as text. */

(() => {
    const ORDER = ["red", "unknown", "yellow", "green"];
    const TICKS = [60, 50, 40, 30, 20, 10, 0]; /* minutes */
    const $ = (id) => document.getElementById(id);
    const views = new Map(); /* of clusters by name: {cluster, card, head, nodes: Map of rows, seen} */
    const byCard = new Map();
    const onScreen = new Set(); /* views */
    const place = new Intl.DateTimeFormat([], {dateStyle: "short", timeStyle: "medium"});
    const clock = (at) => new Date(at).toLocaleTimeString();

    /* ---- Writing ---- */

    function write(element, text) {
        if (element.textContent !== text)
            element.textContent = text;
    }

    function dress(element, name) {
        if (element.className !== name)
            element.className = name;
    }

    function make(tag, text, name) {
        const element = document.createElement(tag);
        element.textContent = text;
        if (name)
            element.className = name;
        return element;
    }

    const stamp = (id) => $(id).content.firstElementChild.cloneNode(true);
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
    }

    function showAge(cell, witness) {
        const age = witness.age_ms;
        const heard = age !== null && age !== undefined;
        const seconds = (ms) => (ms / 1000).toFixed(ms < 9950 ? 1 : 0);
        write(cell, heard ? `${witness.says} ${seconds(age)}/${seconds(witness.limit_ms)} s` : witness.says);
        cell.classList.toggle("late", heard && age > witness.limit_ms / 2);
        cell.style.setProperty("--part", heard ? `${Math.min(100, (100 * age) / witness.limit_ms)}%` : "0%");
    }

    function showNode(row, told) {
        const reason = told.routable_reason && told.routable_reason !== "routable" ? `: ${told.routable_reason}` : "";
        const words = {true: "routable", false: `not routable${told.state === "green" ? reason : ""}`};
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

    function showFaults(view) {
        const list = view.card.querySelector(".faults");
        const told = view.cluster.told.advice || [];
        const key = told.map((fault) => fault.fault).join();
        if (list.dataset.key === key)
            return;
        list.dataset.key = key;
        list.hidden = !told.length;
        list.replaceChildren(...told.map((fault) => {
            const item = document.createElement("li");
            item.append(make("b", fault.fault), `${fault.meaning} ${fault.advice}`);
            return item;
        }));
    }

    /* ---- Times: only of what is on the screen ---- */

    function showTime(row, home) {
        const since = Date.parse(home.told.since);
        write(row.since, timeline.lasting(Math.floor((picture.now() - since) / 1000) * 1000).replace(".0 s", " s"));
        timeline.tell(row.since, `since ${place.format(since)}`);
    }

    function showStrip(row, home) {
        const to = picture.now();
        const from = to - picture.window;
        const spans = picture.spans(home, from, to);
        timeline.draw(row.strip, spans, from, to, {clock});
        row.strip.setAttribute("aria-label", `the last hour: ${timeline.inWords(spans)}`);
    }

    const rowsOf = (view) => [[view.head, view.cluster],
                              ...[...view.cluster.nodes].map(([name, node]) => [view.nodes.get(name), node])];

    function showTimes(view, strips) {
        for (const [row, home] of rowsOf(view)) {
            showTime(row, home);
            if (strips)
                showStrip(row, home);
        }
    }

    /* ---- A cluster ---- */

    function makeNode(view, name) {
        const row = makeRow(stamp("node"));
        row.name.textContent = name;
        row.element.addEventListener("toggle", () => openNode(view, name, row));
        return row;
    }

    function makeView(cluster) {
        const card = stamp("cluster");
        const view = {cluster, card, head: makeRow(card.querySelector(".head")), nodes: new Map()};
        view.head.name.textContent = cluster.name;
        view.head.element.addEventListener("toggle", () => openCluster(view));
        views.set(cluster.name, view);
        byCard.set(card, view);
        watcher.observe(card);
        return view;
    }

    /* Rows as there are nodes, in their order. */
    function fitNodes(view) {
        const names = [...view.cluster.nodes.keys()];
        for (const [name, row] of view.nodes)
            if (!view.cluster.nodes.has(name)) {
                row.element.remove();
                view.nodes.delete(name);
            }
        const list = view.card.querySelector(".nodes");
        names.forEach((name, i) => {
            if (!view.nodes.has(name))
                view.nodes.set(name, makeNode(view, name));
            const element = view.nodes.get(name).element;
            if (list.children[i] !== element)
                list.insertBefore(element, list.children[i] || null);
        });
    }

    function show(view) {
        const told = view.cluster.told;
        if (view.card.dataset.state !== told.colour)
            view.card.dataset.state = told.colour;
        fitNodes(view);
        showState(view.head, told, told.colour);
        write(view.head.quorum, `${told.states.green} of ${told.expected} green${forecast(told)}`);
        view.head.quorum.classList.toggle("weak", told.can_lose === 0 && told.colour !== "green");
        for (const [name, node] of view.cluster.nodes)
            showNode(view.nodes.get(name), node.told);
        showFaults(view);
        if (onScreen.has(view))
            showTimes(view, true);
    }

    /* Ask again for what is open. */
    function renew(view) {
        if (view.head.element.open)
            openCluster(view);
        for (const [name, row] of view.nodes)
            if (row.element.open)
                openNode(view, name, row);
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
        for (const change of home.changes.filter((c) => c.at > picture.now() - picture.window).reverse()) {
            const item = document.createElement("li");
            item.append(make("time", clock(change.at)), make("span", change.state, `state ${change.state}`),
                        `  ${change.text}`);
            list.append(item);
        }
        if (!list.children.length)
            list.append(make("li", "none"));
        box.append(make("h3", "Changes in the last hour, the latest first"), list);
        return box;
    }

    function openCluster(view) {
        const told = view.cluster.told;
        if (!view.head.element.open)
            return;
        view.head.more.replaceChildren(
            pairs("The cluster", [
                ["since", place.format(Date.parse(told.since))],
                ["nodes", Object.entries(told.states).map(([state, count]) => `${count} ${state}`).join(", ")],
                ["last Primary view", `size ${told.primary_size || "not known"}, configuration ${told.conf_id ?? "not known"}`],
                ["arbitrators", String(told.arbitrators)],
                ["state UUID", `${told.state_uuid_head}…`],
            ]),
            changesBox(view.cluster));
    }

    function nodePairs(node) {
        const view = node.view;
        const failure = node.probe.error ? `, ${node.probe.error}${node.probe.code ? ` (${node.probe.code})` : ""}` : "";
        const trip = node.probe.rtt_us === null ? "" : `, ${(node.probe.rtt_us / 1000).toFixed(1)} ms`;
        const exit = node.agent.exit_code === undefined ? "" : `, exit code ${node.agent.exit_code}`;
        const kill = node.agent.exit_signal === undefined ? "" : `, killed by signal ${node.agent.exit_signal}`;
        return [
            ["address", node.address ? `${node.address}:${node.port}` : "not known"],
            ["since", place.format(Date.parse(node.since))],
            ["probe", `${node.probe.says}${failure}${trip}`],
            ["link", node.link.says],
            ["agent", `${node.agent.says}${node.agent.mysqld ? `, mysqld ${node.agent.mysqld}` : ""}${exit}${kill}`],
            ["peers", node.peers.says],
            ["view", `${view.says}, size ${view.size ?? "not known"}, configuration ${view.conf_id ?? "not known"}, from the ${view.from}`],
            ["routable", `${yesNo(node.routable)}: ${node.routable_reason}`],
        ];
    }

    async function openNode(view, name, row) {
        if (!row.element.open)
            return;
        let node = null;
        try {
            const path = `v1/clusters/${encodeURIComponent(view.cluster.name)}/${encodeURIComponent(name)}`;
            const answer = await picture.ask(path);
            node = answer && answer.node;
        } catch (problem) {
            node = null;
        }
        const home = view.cluster.nodes.get(name);
        if (!node || !home) {
            row.more.replaceChildren(make("p", "healthd does not say more about this node now."));
            return;
        }
        row.more.replaceChildren(
            pairs("Why", [...node.answers.map((a) => [a.question, `${yesNo(a.answer)}: ${a.text} (rule ${a.rule})`]),
                          ...node.changes.slice(0, 6).map((c) => [`if ${c.fact} = ${c.value}`, `it were ${c.state}`])]),
            pairs("What the witnesses say", nodePairs(node)),
            changesBox(home));
    }

    /* ---- The list: the worst first, filtered ---- */

    function before(a, b) {
        const rank = (view) => ORDER.indexOf(view.cluster.told.colour);
        return rank(a) - rank(b) || a.cluster.name.localeCompare(b.cluster.name, [], {numeric: true});
    }

    /* Cards at their places; only those that leave their neighbours are moved. */
    function arrange() {
        const main = $("clusters");
        const focused = document.activeElement;
        let at = main.firstElementChild;
        for (const view of [...views.values()].sort(before)) {
            while (at && !byCard.has(at))
                at = at.nextElementSibling;
            if (at && (at === view.card || at.nextElementSibling === view.card))
                at = view.card.nextElementSibling;
            else
                main.insertBefore(view.card, at);
        }
        if (focused && focused !== document.activeElement && focused.isConnected)
            focused.focus({preventScroll: true});
    }

    function fits(view, words) {
        const told = view.cluster.told;
        const text = [view.cluster.name, told.colour, told.text,
                      ...[...view.cluster.nodes.values()].map((n) => `${n.name} ${n.told.state} ${n.told.text}`)]
            .join("\n").toLowerCase();
        return words.every((word) => text.includes(word));
    }

    function filter() {
        const words = $("words").value.toLowerCase().split(/\s+/).filter((word) => word);
        const ill = $("ill").checked;
        let shown = 0;
        for (const view of views.values()) {
            const fit = (!ill || view.cluster.told.colour !== "green") && fits(view, words);
            if (view.card.hidden === fit)
                view.card.hidden = !fit;
            shown += fit;
        }
        $("empty").hidden = shown > 0;
        write($("empty"), views.size ? "No cluster fits the filter." : "No cluster is watched.");
    }

    function census() {
        const counts = ORDER.map((colour) => [colour, [...views.values()].filter(
            (view) => view.cluster.told.colour === colour).length]).filter(([, count]) => count);
        const words = counts.map(([colour, count]) => `${count} ${colour}`);
        if ($("census").dataset.words !== words.join()) {
            $("census").dataset.words = words.join();
            $("census").replaceChildren(...counts.map(([colour], i) => make("span", words[i], `state ${colour}`)));
        }
        document.title = `${picture.connected() ? "" : "NOT CONNECTED "}${words.join(", ")} - healthd`;
    }

    let planned = false;

    /* Once for all that changes in a moment. */
    function plan() {
        if (planned)
            return;
        planned = true;
        setTimeout(() => {
            planned = false;
            arrange();
            filter();
            census();
        }, 100);
    }

    /* ---- What is told ---- */

    function viewOf(cluster) {
        const view = views.get(cluster.name) || makeView(cluster);
        view.cluster = cluster;
        return view;
    }

    const listener = {
        all() {
            for (const [name, view] of views)
                if (!picture.clusters.has(name)) {
                    watcher.unobserve(view.card);
                    view.card.remove();
                    onScreen.delete(view);
                    byCard.delete(view.card);
                    views.delete(name);
                }
            for (const cluster of picture.clusters.values())
                show(viewOf(cluster));
            arrange();
            filter();
            census();
        },
        one(cluster) {
            const view = viewOf(cluster);
            show(view);
            renew(view);
            plan();
        },
        change(cluster, event) {
            const view = viewOf(cluster);
            const row = event.node === undefined ? view.head : view.nodes.get(event.node);
            show(view);
            if (event.state !== event.from) {
                write($("news"), `${event.cluster} ${event.node || ""} ${event.state}: ${event.text}`);
                row.element.classList.remove("changed");
                row.element.getBoundingClientRect(); /* so that it begins anew */
                row.element.classList.add("changed");
            }
            plan();
        },
        past() {
            for (const view of onScreen)
                showTimes(view, true);
        },
        visible: () => [...onScreen].map((view) => view.cluster),
        link() {
            const good = picture.connected();
            const age = timeline.lasting(Math.floor(picture.silence() / 1000) * 1000).replace(".0 s", " s");
            document.body.classList.toggle("cut", picture.heard() && !good);
            write($("link"), good ? "live" : picture.heard() ? "not connected" : "connecting");
            $("stale").hidden = good || !picture.heard();
            write($("stale"), good ? "" : `Not connected to healthd. This picture is ${age} old and may be wrong. Trying again.`);
            census();
        },
    };

    /* ---- People ---- */

    function showAxis() {
        const to = picture.now();
        const from = to - picture.window;
        const minutes = (at) => new Date(at).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});
        timeline.axis($("axis"), TICKS.map((ago) => [to - ago * 60e3, ago ? minutes(to - ago * 60e3) : "now"]), from, to);
    }

    function walk(event) {
        const typing = event.target instanceof HTMLInputElement;
        if (event.key === "/" && !typing) {
            event.preventDefault();
            $("words").focus();
        }
        if ((event.key !== "ArrowDown" && event.key !== "ArrowUp") || !event.target.matches("summary"))
            return;
        const all = [...document.querySelectorAll(".cluster:not([hidden]) summary")];
        const next = all[all.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
        event.preventDefault();
        if (next)
            next.focus();
    }

    const watcher = new IntersectionObserver((entries) => {
        for (const entry of entries) {
            const view = byCard.get(entry.target);
            if (view && entry.isIntersecting && !onScreen.has(view)) {
                onScreen.add(view);
                showTimes(view, true);
            } else if (view && !entry.isIntersecting) {
                onScreen.delete(view);
            }
        }
    }, {rootMargin: "200px"});

    let beats = 0;

    function beat() {
        const strips = ++beats % 10 === 0;
        if (document.hidden)
            return;
        for (const view of onScreen)
            showTimes(view, strips);
        if (strips)
            showAxis();
        if (!picture.connected())
            listener.link();
    }

    timeline.begin();
    $("words").addEventListener("input", filter);
    $("ill").addEventListener("input", filter);
    $("filter").addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("keydown", walk);
    picture.begin(listener);
    showAxis();
    setInterval(beat, 1000);
})();
