"use strict";
// Without this script the page has all its tables and sentences; here the list of cases is filtered and sorted, and a
// case that is opened is drawn. Heights, ticks and scales come from `page_drawings.py`: nothing is computed from scores.
(() => {
  const WIDTH = 1000, HEIGHT = 100, LEAST_BAND = 3;
  const data = JSON.parse(document.getElementById("data").textContent);
  const template = document.getElementById("panel");
  const short = (value) => String(Math.round(value * 10) / 10);
  const across = (share) => short(share * WIDTH);
  const down = (share) => short((1 - share) * HEIGHT);

  function element(kind, words, style) {
    const made = document.createElement("span");
    made.className = kind;
    made.textContent = words;
    Object.assign(made.style, style);
    return made;
  }

  // Each stretch is a stroke from its lowest to its highest value; a stretch without values lifts the pen.
  function linePath(panel) {
    const bytes = Uint8Array.from(atob(panel.heights), (sign) => sign.charCodeAt(0));
    const count = bytes.length / 2, pieces = [];
    const up = (byte) => down((byte - 1) / 254);
    let open = false;
    for (let index = 0; index < count; index++) {
      const low = bytes[index], high = bytes[count + index];
      if (low === 0) { open = false; continue; }
      const x = across(Math.min(1, (index + 0.5) * panel.width));
      pieces.push(`${open ? "L" : "M"}${x} ${up(low)}${high === low ? (open ? "" : "h0") : `V${up(high)}`}`);
      open = true;
    }
    return pieces.join("");
  }

  function bandPath(bands) {
    return bands.map(([start, stop]) => {
      const wide = Math.max((stop - start) * WIDTH, LEAST_BAND);
      return `M${short((start + stop) / 2 * WIDTH - wide / 2)} 0h${short(wide)}v${HEIGHT}h${short(-wide)}z`;
    }).join("");
  }

  function drawPanel(panel, drawing, several) {
    const made = template.content.firstElementChild.cloneNode(true);
    const set = (name, d) => made.querySelector(name).setAttribute("d", d);
    const series = panel.kind === "series";
    made.classList.add(panel.kind);
    if (several) made.classList.add("several");
    if (panel.hit === false) made.classList.add("wrong");
    made.querySelector(".name span").textContent = panel.name;
    set(".labelled-band", bandPath(drawing.bands));
    set(".grid", panel.ticks.map(([up]) => `M0 ${down(up)}H${WIDTH}`).join(""));
    set(".line", linePath(panel));
    const looked = series ? drawing.panels.map((each) => each.mark) : [panel.mark];
    const marks = looked.filter((share) => typeof share === "number");
    set(".mark", marks.map((share) => `M${across(share)} 0V${HEIGHT}`).join(""));
    if (!series) {
      set(".threshold", panel.threshold === null ? "" : `M0 ${down(panel.threshold)}H${WIDTH}`);
      const key = made.querySelector(".key");
      key.textContent = panel.note;
      if (panel.threshold === null) key.classList.add("far");
      made.querySelector(".verdict").textContent =
        panel.mark === null ? "no location" : panel.hit === null ? "" : panel.hit ? "right" : "wrong";
    }
    made.querySelector(".heights").append(...panel.ticks.map(([up, words]) => element("y", words, { top: `${(1 - up) * 100}%` })));
    return made;
  }

  function draw(details) {
    const drawing = data[details.dataset.case], box = details.querySelector(".drawing");
    if (!drawing || box.firstChild) return;
    const stack = document.createElement("div"), marks = document.createElement("div"), places = document.createElement("div");
    stack.className = "stack";
    marks.className = "marks";
    places.className = "places";
    marks.append(...drawing.marks.map(([share, words]) => element(share < 0.05 ? "first" : "", words, { left: `${share * 100}%` })));
    places.append(...drawing.ticks.map(([share, words]) => element(share > 0.96 ? "x last" : "x", words, { left: `${share * 100}%` })));
    const series = drawing.panels.filter((panel) => panel.kind === "series");
    const scores = drawing.panels.filter((panel) => panel.kind === "score");
    stack.append(marks, ...series.map((panel) => drawPanel(panel, drawing, series.length > 1)));
    stack.append(...scores.map((panel) => drawPanel(panel, drawing, false)), places);
    box.append(stack);
  }

  function prepare(box) {
    const list = box.querySelector(".list"), controls = box.querySelector(".controls");
    const cases = [...list.children], find = (name) => controls.querySelector(name);
    const filter = find(".filter"), family = find(".family-of"), order = find(".order"), count = find("output");
    const right = (details) => Number(details.dataset.right);

    function select() {
      const word = filter.value.trim().toLowerCase(), wanted = family ? family.value : "";
      let shown = 0;
      for (const details of cases) {
        details.hidden = !details.dataset.case.toLowerCase().includes(word) || (wanted !== "" && details.dataset.family !== wanted);
        if (!details.hidden) shown += 1;
      }
      count.textContent = `${shown} of ${cases.length} cases`;
    }

    function sort() {
      const ways = { name: () => 0, hardest: (a, b) => right(a) - right(b), easiest: (a, b) => right(b) - right(a) };
      list.append(...[...cases].sort(ways[order.value])); // a stable sort: equals stay by name
    }

    for (const details of cases) details.addEventListener("toggle", () => { if (details.open) draw(details); });
    filter.addEventListener("input", select);
    if (family) family.addEventListener("change", select);
    order.addEventListener("change", sort);
    controls.hidden = false;
    select();
  }

  // `#case=UCR/name`, or the name alone, opens a case.
  function openNamed() {
    if (!location.hash.startsWith("#case=")) return;
    let name = location.hash.slice(6);
    try { name = decodeURIComponent(name); } catch { /* a name with a lone percent sign stands as it is */ }
    const all = [...document.querySelectorAll(".case")];
    const found = all.find((details) => details.dataset.case === name) ?? all.find((details) => details.dataset.case.endsWith(`/${name}`));
    if (!found) return;
    found.hidden = false;
    found.open = true;
    draw(found);
    found.scrollIntoView();
  }

  document.querySelectorAll(".cases").forEach(prepare);
  addEventListener("hashchange", openNamed);
  openNamed();
})();
