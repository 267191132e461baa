/* page.js - the picture as a list of clusters, the worst first. Times are written only of clusters that are on
 * the screen, and what a row opens is asked for when it is opened. */

(() => {
    const ORDER = ["red", "unknown", "yellow", "green"];
    const TICKS = 3; /* of the axis, and its end */
    const $ = (id) => document.getElementById(id);
    const views = new Map(); /* of clusters by name: {cluster, card, head, nodes: Map of rows} */
    const byCard = new Map();
    const onScreen = new Set(); /* views */
    const still = matchMedia("(prefers-reduced-motion: reduce)");

    /* ---- A cluster ---- */

    const rowsOf = (view) => [[view.head, view.cluster],
                              ...[...view.cluster.nodes].map(([name, node]) => [view.nodes.get(name), node])];

    function showTimes(view, strips) {
        for (const [row, home] of rowsOf(view)) {
            rows.showTime(row, home);
            if (strips)
                rows.showStrip(row, home);
        }
    }

    function showFaults(view) {
        const list = view.card.querySelector(".faults");
        const told = view.cluster.told.advice || [];
        const key = told.map((fault) => `${fault.fault} ${fault.explained_by}`).join();
        if (list.dataset.key === key)
            return;
        list.dataset.key = key;
        list.hidden = !told.length;
        list.replaceChildren(...told.map((fault) => {
            const item = document.createElement("li");
            const rest = fault.explained_by ? `, which ${fault.explained_by} explains` : `. ${fault.advice}`;
            item.append(timeline.make("b", fault.fault), `${fault.severity}: ${fault.meaning}${rest}`);
            return item;
        }));
    }

    function makeNode(view, name) {
        const row = rows.makeRow(rows.stamp("node"));
        row.name.textContent = name;
        row.element.addEventListener("toggle", () => openNode(view, name, row));
        return row;
    }

    function makeView(cluster) {
        const card = rows.stamp("cluster");
        const view = {cluster, card, head: rows.makeRow(card.querySelector(".head")), nodes: new Map()};
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
        rows.showState(view.head, told, told.colour);
        rows.write(view.head.quorum, `${told.states.green} of ${told.expected} green${rows.forecast(told)}`);
        view.head.quorum.classList.toggle("weak", told.can_lose === 0 && told.colour !== "green");
        for (const [name, node] of view.cluster.nodes)
            rows.showNode(view.nodes.get(name), node.told);
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

    function openCluster(view) {
        if (view.head.element.open)
            rows.open(view.head, rows.clusterBoxes(view.cluster));
    }

    async function openNode(view, name, row) {
        if (!row.element.open)
            return;
        const path = `v1/clusters/${encodeURIComponent(view.cluster.name)}/${encodeURIComponent(name)}`;
        const answer = await picture.ask(path).catch(() => null);
        const home = view.cluster.nodes.get(name);
        rows.open(row, answer && home ? rows.nodeBoxes(answer.node, home)
                                      : [timeline.make("p", "healthd does not say more about this node now.")]);
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
        rows.write($("empty"), views.size ? "No cluster fits the filter." : "No cluster is watched.");
    }

    function census() {
        const counts = ORDER.map((colour) => [colour, [...views.values()].filter(
            (view) => view.cluster.told.colour === colour).length]).filter(([, count]) => count);
        const words = counts.map(([colour, count]) => `${count} ${colour}`);
        if ($("census").dataset.words !== words.join()) {
            $("census").dataset.words = words.join();
            $("census").replaceChildren(...counts.map(([colour], i) => timeline.make("span", words[i], `state ${colour}`)));
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
            const began = performance.now();
            for (const [name, view] of views)
                if (!picture.clusters.has(name)) {
                    watcher.unobserve(view.card);
                    view.card.remove();
                    onScreen.delete(view);
                    byCard.delete(view.card);
                    views.delete(name);
                }
            for (const cluster of picture.clusters.values()) {
                const view = viewOf(cluster);
                show(view);
                renew(view);
            }
            arrange();
            filter();
            census();
            performance.measure("all", {start: began}); /* for who looks with the browser's tools */
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
            if (event.state === event.from && event.turned)
                rows.write($("news"), `${event.cluster} ${event.node} ${event.routable ? "routable" : "not routable"}`);
            if (event.state !== event.from) {
                rows.write($("news"), `${event.cluster} ${event.node || ""} ${event.state}: ${event.text}`);
                if (onScreen.has(view) && !still.matches)
                    row.element.animate({backgroundColor: ["var(--warning)", "transparent"]}, 3000);
            }
            plan();
        },
        past() {
            showAxis();
            for (const view of onScreen) {
                showTimes(view, true);
                renew(view);
            }
        },
        visible: () => [...onScreen].map((view) => view.cluster),
        link() {
            const good = picture.connected();
            const age = timeline.lasting(picture.silence(), 0);
            document.body.classList.toggle("cut", picture.heard() && !good);
            rows.write($("link"), good ? "live" : picture.heard() ? "not connected" : "connecting");
            $("stale").hidden = good || !picture.heard();
            rows.write($("stale"), good ? "" : `Not connected to healthd. This picture is ${age} old and may be wrong. Trying again.`);
            census();
        },
    };

    /* ---- People ---- */

    function showAxis() {
        const to = picture.now();
        const from = to - picture.window();
        const minute = (at) => new Date(at).toLocaleTimeString([], {hourCycle: "h23", hour: "2-digit", minute: "2-digit"});
        const ticks = [];
        for (let i = 0; i < TICKS; i++)
            ticks.push([from + (i * (to - from)) / TICKS, minute(from + (i * (to - from)) / TICKS)]);
        timeline.axis($("axis"), [...ticks, [to, "now"]], from, to);
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
