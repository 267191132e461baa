/* timeline.js - strips of time, drawn alike on the page and in the report: which state held how long, and why.
 *
 * A change is {at, from, state, text, routable, why}, with `at` in milliseconds of any clock. */
"use strict";

const timeline = (() => {
    /* From the calmest to the worst, for where there is room for one only. */
    const RANKS = ["green", "unknown", "yellow", "red-clean", "red-unclean", "red"];
    /* So many spans at most for short ones: a strip is some hundred pixels wide. */
    const FINEST = 400;
    const tips = new WeakMap();

    /* It runs as it should, and takes no clients. */
    const isOff = (held) => held.state === "green" && held.routable === false;
    const tellOff = (held) => (isOff(held) ? `; not routable${held.why ? `: ${held.why}` : ""}` : "");
    const rank = (held) => RANKS.indexOf(held.state) + (isOff(held) ? 0.5 : 0);
    const worse = (a, b) => (rank(b) > rank(a) ? b : a);

    function make(tag, text, name) {
        const element = document.createElement(tag);
        element.textContent = text;
        if (name)
            element.className = name;
        return element;
    }

    const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

    /* "2 h 05 min", "3 min 20 s", "4.2 s" */
    function lasting(ms, digits = 1) {
        const s = Math.max(0, ms) / 1000;
        const two = (n) => String(Math.floor(n)).padStart(2, "0");
        if (s < 10)
            return `${(Math.floor(s * 10 ** digits) / 10 ** digits).toFixed(digits)} s`;
        if (s < 60)
            return `${Math.floor(s)} s`;
        if (s < 3600)
            return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
        if (s < 86400)
            return `${Math.floor(s / 3600)} h ${two((s % 3600) / 60)} min`;
        return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
    }

    /* The spans between `from` and `to`. What held before the first change is in its `from`, and is known
     * back to `known`; without any change `now` holds, since now.at. */
    function spans(changes, now, known, from, to) {
        const list = [];
        const add = (start, end, held) => {
            if (end > from && start < to && end > start)
                list.push({...held, start: Math.max(start, from), end: Math.min(end, to), since: start, until: end});
        };
        if (!changes.length) {
            add(now.at, to, now);
            return list;
        }
        add(known, changes[0].at, {state: changes[0].from, text: ""});
        changes.forEach((change, i) => add(change.at, i + 1 < changes.length ? changes[i + 1].at : to, change));
        return list;
    }

    /* Neighbours that are too short to be seen become one, which looks like the worst of them. */
    function thin(list, length) {
        const thinned = [];
        for (const span of list) {
            const last = thinned[thinned.length - 1];
            const short = span.end - span.start < length / FINEST;
            if (short && last && last.short) {
                const many = last.many + 1;
                thinned[thinned.length - 1] = {...worse(last, span), text: `the worst of ${many} in a row`, many,
                                               since: last.since, until: span.until, start: last.start,
                                               end: span.end, short: span.end - last.start < length / FINEST};
            } else {
                thinned.push({...span, short, many: 1});
            }
        }
        return thinned;
    }

    /* Draw spans into a strip. `clock` writes a time; with `keys` each span can be reached by the arrow keys. */
    function draw(strip, list, from, to, {clock, keys = false}) {
        const drawn = thin(list, to - from).map((span, i) => {
            const bar = document.createElement("i");
            const off = isOff(span);
            bar.className = `${span.state}${off ? " off" : ""}`;
            bar.style.left = `min(${(100 * (span.start - from)) / (to - from)}%, 100% - 3px)`;
            bar.style.width = `${(100 * (span.end - span.start)) / (to - from)}%`;
            const text = `${span.state}${span.text ? `: ${span.text}` : ""}${tellOff(span)}\n` +
                `${clock(span.since)} to ${span.until === to ? "the end" : clock(span.until)}, ` +
                `${lasting(span.until - span.since)}`;
            tips.set(bar, text);
            if (keys) {
                bar.tabIndex = i ? -1 : 0;
                bar.setAttribute("role", "img");
                bar.setAttribute("aria-label", text);
            }
            return bar;
        });
        strip.replaceChildren(...drawn);
    }

    /* "green 58 min 02 s, unknown 2.0 s": for those who do not see the strip. */
    function inWords(list) {
        const sums = new Map();
        for (const span of list)
            sums.set(span.state, (sums.get(span.state) || 0) + span.end - span.start);
        return [...sums].map(([state, ms]) => `${state} ${lasting(ms)}`).join(", ") || "nothing is known";
    }

    /* Ticks of an axis: [[at, text], ...]. */
    function axis(place, ticks, from, to) {
        place.replaceChildren(...ticks.map(([at, text]) => {
            const tick = document.createElement("span");
            tick.textContent = text;
            if (at === to) {
                tick.className = "last";
                tick.style.right = "0";
            } else {
                tick.style.left = `${(100 * (at - from)) / (to - from)}%`;
            }
            return tick;
        }));
    }

    /* What is told of an element that the pointer or the keyboard is at. */
    function tell(element, text) {
        tips.set(element, text);
    }

    function place(tip, element) {
        const at = element.getBoundingClientRect();
        const own = tip.getBoundingClientRect();
        const left = Math.min(Math.max(4, at.left), document.documentElement.clientWidth - own.width - 4);
        const below = at.bottom + 4 + own.height < window.innerHeight;
        tip.style.left = `${Math.max(4, left)}px`;
        tip.style.top = `${below ? at.bottom + 4 : at.top - own.height - 4}px`;
    }

    function step(event) {
        const moves = {ArrowLeft: "previousElementSibling", ArrowRight: "nextElementSibling"};
        const bar = event.target;
        if (!(bar instanceof Element) || !bar.matches(".strip > i"))
            return;
        const all = bar.parentElement.children;
        const next = event.key === "Home" ? all[0] : event.key === "End" ? all[all.length - 1] : bar[moves[event.key]];
        if (!next)
            return;
        event.preventDefault();
        bar.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
    }

    /* Tell of what the pointer or the keyboard is at, anywhere in the document. */
    function begin() {
        const tip = document.createElement("div");
        tip.className = "tip";
        tip.setAttribute("role", "tooltip");
        tip.hidden = true;
        document.body.append(tip);
        const show = (event) => {
            const text = tips.get(event.target);
            tip.hidden = !text;
            if (!text)
                return;
            tip.textContent = text;
            place(tip, event.target);
        };
        const hide = () => {
            tip.hidden = true;
        };
        document.addEventListener("pointerover", show);
        document.addEventListener("focusin", show);
        document.addEventListener("focusout", hide);
        document.addEventListener("scroll", hide, {passive: true});
        document.addEventListener("keydown", (event) => (event.key === "Escape" ? hide() : step(event)));
    }

    return {make, spans, isOff, tellOff, draw, inWords, axis, tell, lasting, counted, begin};
})();
