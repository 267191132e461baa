/* picture.js - what is known of the clusters, kept as healthd tells it.
 *
 * Changes come by the event stream and count at once. What no event tells (ages, faults, the forecast) is asked
 * for, one question at a time: clusters that have just changed, then those that are looked at. Names are any
 * word, so they are keys of Maps and never of objects. */

const picture = (() => {
    const HOUR = 3600e3;
    const WINDOWS = [HOUR / 10, HOUR / 4, HOUR / 2, HOUR]; /* as much time as there is to show */
    const ASK_AGAIN = 5000; /* a cluster that is looked at */
    const ALL_AGAIN = 60000;
    const PATIENCE = 5000;
    const JUST_NOW = 10000;
    const MANY = 24; /* so many questions are one for all */

    const clusters = new Map(); /* name: {name, told, asked, moved, changes, nodes: Map of {name, told, changes}} */
    const dirty = new Set();
    let epoch = 0; /* of the healthd that speaks: when it began, in milliseconds */
    let known = 0; /* since when history is kept */
    let last = 0; /* the number of the last event in the history */
    let skew = 0; /* its clock minus ours */
    let heard = 0; /* when it was heard last, by our clock */
    let whole = 0; /* when all was asked for last */
    let wantAll = true;
    let wantPast = true;
    let meanwhile = null; /* events that came while the history is asked for */
    let open = false;
    let failing = false;
    let asking = false;
    let listener = null;

    const now = () => Date.now() + skew;
    const asChange = (event) => ({at: Date.parse(event.time), from: event.from, state: event.state,
                                  text: event.text, routable: event.routable, why: event.routable_reason});

    /* ---- Taking in what is told ---- */

    function subject(event) {
        const cluster = clusters.get(event.cluster);
        return event.node === undefined ? cluster : cluster && cluster.nodes.get(event.node);
    }

    function keep(event) {
        const home = subject(event);
        last = Math.max(last, event.number);
        if (!home)
            return;
        home.changes.push(asChange(event));
        while (home.changes.length > 1 && home.changes[0].at < now() - 2 * HOUR)
            home.changes.shift();
    }

    /* Is this older than an event that came just now? They come over another connection. Versions of a node
     * that was taken out and put in again may begin anew. */
    function outdated(cluster, told) {
        if (Date.now() - cluster.moved > JUST_NOW)
            return false;
        return told.version < cluster.told.version || told.nodes.some((node) => {
            const mine = cluster.nodes.get(node.name);
            return mine && node.version < mine.told.version;
        });
    }

    function takeCluster(told) {
        let cluster = clusters.get(told.name);
        if (!cluster) {
            cluster = {name: told.name, told, asked: 0, moved: 0, changes: [], nodes: new Map()};
            clusters.set(told.name, cluster);
        }
        if (outdated(cluster, told))
            return;
        cluster.told = told;
        cluster.asked = Date.now();
        const nodes = new Map();
        for (const node of told.nodes) {
            const mine = cluster.nodes.get(node.name) || {name: node.name, changes: []};
            mine.told = node;
            nodes.set(node.name, mine);
        }
        cluster.nodes = nodes;
    }

    function takeHead(answer) {
        skew = Date.parse(answer.time) - Date.now();
    }

    /* The past is told anew: nothing is missing, and nothing is there twice. */
    function takeHistory(history) {
        for (const cluster of clusters.values())
            for (const home of [cluster, ...cluster.nodes.values()])
                home.changes = [];
        const first = history.events[0];
        known = first && first.number > 1 ? Date.parse(first.time) : epoch;
        last = 0;
        for (const event of [...history.events, ...meanwhile])
            if (event.number > last)
                keep(event);
    }

    /* ---- Asking ---- */

    /* healthd gave no answer, or none that is of use. */
    class Silence extends Error {}

    /* An answer; null: there is no such thing (any more). */
    async function ask(path) {
        try {
            const answer = await fetch(path, {signal: AbortSignal.timeout(PATIENCE), cache: "no-store"});
            if (!answer.ok && answer.status !== 404)
                throw new Silence(`${path}: ${answer.status}`);
            const json = await answer.json();
            heard = Date.now();
            return answer.ok ? json : null;
        } catch (problem) {
            throw new Silence(problem.message);
        }
    }

    async function askPast() {
        meanwhile = [];
        wantPast = false;
        try {
            takeHistory(await ask("v1/history"));
        } catch (problem) {
            wantPast = true;
            throw problem;
        } finally {
            meanwhile = null;
        }
        listener.past();
    }

    function takeAll(answer) {
        takeHead(answer);
        if (answer.epoch !== epoch) {
            clusters.clear();
            wantPast = true;
            epoch = answer.epoch;
        }
        const names = new Set(answer.clusters.map((cluster) => cluster.name));
        for (const name of clusters.keys())
            if (!names.has(name))
                clusters.delete(name);
        answer.clusters.forEach(takeCluster);
        whole = Date.now();
        listener.all(answer);
    }

    async function askAll() {
        wantAll = false;
        dirty.clear();
        takeAll(await ask("v1/clusters"));
    }

    async function askOne(name) {
        dirty.delete(name);
        const answer = await ask(`v1/clusters/${encodeURIComponent(name)}`);
        if (!answer || answer.epoch !== epoch) {
            wantAll = true;
            return;
        }
        takeHead(answer);
        takeCluster(answer.cluster);
        listener.one(clusters.get(name));
    }

    /* All that is to be asked for now. */
    function wanted() {
        const old = Date.now() - ASK_AGAIN;
        const names = [...dirty].filter((name) => clusters.has(name));
        for (const cluster of listener.visible())
            if (cluster.asked < old && !dirty.has(cluster.name))
                names.push(cluster.name);
        return names;
    }

    async function askWhatIsWanted() {
        const names = wanted();
        if (wantAll || names.length > MANY || Date.now() - whole > ALL_AGAIN)
            await askAll();
        else
            for (const name of names)
                await askOne(name);
        if (wantPast)
            await askPast();
        if (Date.now() - heard > ASK_AGAIN)
            wantAll = true;
    }

    /* One round of questions; a second call while one is under way does nothing. */
    async function round() {
        if (asking || document.hidden)
            return;
        asking = true;
        try {
            await askWhatIsWanted();
            failing = false;
        } catch (problem) {
            failing = true;
            wantAll = true;
            if (!(problem instanceof Silence))
                throw problem;
        } finally {
            asking = false;
            listener.link();
        }
    }

    /* ---- The stream ---- */

    function takeChange(told, event) {
        const since = event.state === event.from ? told.since : event.time;
        const word = event.node === undefined ? "colour" : "state";
        Object.assign(told, {[word]: event.state, routable: event.routable,
                             routable_reason: event.routable_reason, reason: event.reason,
                             text: event.text, since, version: event.version});
    }

    function onChange(message) {
        const event = JSON.parse(message.data);
        const home = subject(event);
        heard = Date.now();
        if (meanwhile)
            meanwhile.push(event);
        dirty.add(event.cluster);
        if (!home) {
            wantAll = true;
        } else if (event.number > last) {
            keep(event);
            if (event.version > home.told.version) {
                event.turned = event.node !== undefined && event.routable !== home.told.routable;
                takeChange(home.told, event);
                clusters.get(event.cluster).moved = heard;
            }
            listener.change(clusters.get(event.cluster), event);
        }
        setTimeout(round, 150);
    }

    function follow() {
        const stream = new EventSource("v1/events");
        const set = (isOpen) => {
            open = isOpen;
            listener.link();
        };
        stream.addEventListener("open", () => set(true));
        stream.addEventListener("change", onChange);
        stream.addEventListener("reset", () => {
            wantAll = true;
            wantPast = true;
            round();
        });
        stream.addEventListener("error", () => {
            set(false);
            if (stream.readyState === EventSource.CLOSED)
                setTimeout(follow, 2000);
        });
    }

    /* `heed`: all(), one(cluster), change(cluster, event), past(), link() are called, visible() is asked. */
    function begin(heed) {
        listener = heed;
        follow();
        round();
        setInterval(round, 1000);
        document.addEventListener("visibilitychange", round);
    }

    return {
        begin, now, ask, clusters,
        window: () => WINDOWS.find((length) => length >= now() - known) || HOUR,
        connected: () => open && !failing,
        silence: () => Date.now() - heard,
        heard: () => heard > 0,
        spans: (home, from, to) => timeline.spans(
            home.changes,
            {at: Date.parse(home.told.since), state: home.told.state || home.told.colour, text: home.told.text,
             routable: home.told.routable, why: home.told.routable_reason},
            known, from, to),
    };
})();
