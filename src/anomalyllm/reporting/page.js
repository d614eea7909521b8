"use strict";
// The chart that `chart.py` drew still stands without this script; here it learns to answer the pointer and to zoom.
(() => {
  const WIDTH = 1000, HEIGHT = 100, COLUMNS = 1200, LEAST_BAND = 2.5;
  const data = JSON.parse(document.getElementById("data").textContent);
  const chart = document.getElementById("chart");
  const stack = chart.querySelector(".stack");
  const ruler = chart.querySelector(".panel .plot");
  const find = (name) => chart.querySelector(name);
  const HINT = "Drag to zoom, double click for the whole series.";

  function decode(text, Kind) {
    const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    return new Kind(bytes.buffer);
  }

  // Rows to places on the axis (milliseconds after the first row, or rows) and back, along straight pieces.
  function between(value, from, to) {
    const knots = data.knots;
    let low = 0, high = knots.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (knots[middle][from] <= value) low = middle; else high = middle;
    }
    const a = knots[low], b = knots[high];
    return b[from] === a[from] ? a[to] : a[to] + (value - a[from]) / (b[from] - a[from]) * (b[to] - a[to]);
  }

  const curves = data.curves.map((packed, index) => {
    const rows = decode(packed.rows, Uint32Array), small = decode(packed.values, Float32Array);
    const values = Float64Array.from(small, (value) => packed.offset + packed.factor * value);
    const panel = chart.querySelector(`[data-curve="${index}"]`);
    return {
      rows, values, panel, places: Float64Array.from(rows, (row) => between(row, 0, 1)),
      score: index === data.curves.length - 1,
      steps: panel.classList.contains("tall") ? 6 : 4,
    };
  });

  let view = [...data.limits];

  function lower(array, value) { // the first index whose entry is at least `value`
    let low = 0, high = array.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (array[middle] < value) low = middle + 1; else high = middle;
    }
    return low;
  }

  // The points of a curve to draw: all in view, or the lowest and highest of each column where there are too many.
  function visible(curve) {
    const first = Math.max(0, lower(curve.places, view[0]) - 1);
    const last = Math.min(curve.places.length, lower(curve.places, view[1]) + 2);
    const indices = [];
    if (last - first <= 3 * COLUMNS) {
      for (let index = first; index < last; index++) indices.push(index);
      return indices;
    }
    const wide = (view[1] - view[0]) / COLUMNS;
    for (let index = first; index < last;) {
      const end = curve.places[index] + wide;
      let low = -1, high = -1, lifted = -1;
      for (const start = index; index < last && (index === start || curve.places[index] < end); index++) {
        const value = curve.values[index];
        if (Number.isNaN(value)) { lifted = index; continue; }
        if (low < 0 || value < curve.values[low]) low = index;
        if (high < 0 || value > curve.values[high]) high = index;
      }
      if (low < 0) indices.push(lifted);
      else if (low === high) indices.push(low);
      else indices.push(Math.min(low, high), Math.max(low, high));
    }
    return indices;
  }

  const shown = (curve, value) => curve.score && data.floor ? Math.log10(Math.max(value, data.floor)) : value;

  function limitsOf(curve, indices) {
    let low = Infinity, high = -Infinity;
    const include = (value) => { if (value < low) low = value; if (value > high) high = value; };
    for (const index of indices) if (!Number.isNaN(curve.values[index])) include(shown(curve, curve.values[index]));
    if (curve.score) {
      if (data.threshold !== null) include(shown(curve, data.threshold));
      include(data.floor ? Math.log10(data.floor) : 0);
    }
    if (low > high) return [0, 1];
    const flat = high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high));
    const air = flat ? 0.5 * Math.abs(high) || 0.5 : 0.06 * (high - low);
    return [low - air, high + air];
  }

  const short = (value) => String(Math.round(value * 10) / 10);
  const across = (place) => (place - view[0]) / (view[1] - view[0]);

  function drawCurve(curve) {
    const indices = visible(curve);
    const [low, high] = limitsOf(curve, indices);
    curve.span = high - low;
    const up = (value) => HEIGHT * (1 - (value - low) / (high - low));
    let line = "", area = "", open = 0, x = "", y = "";
    for (const index of indices) {
      const value = curve.values[index];
      if (Number.isNaN(value)) {
        if (open === 1) line += "h0";
        if (open) area += `L${x} ${HEIGHT}Z`;
        open = 0;
        continue;
      }
      x = short(across(curve.places[index]) * WIDTH);
      y = short(up(shown(curve, value)));
      line += `${open ? "L" : "M"}${x} ${y}`;
      area += open ? `L${x} ${y}` : `M${x} ${HEIGHT}L${x} ${y}`;
      open += 1;
    }
    if (open === 1) line += "h0";
    if (open) area += `L${x} ${HEIGHT}Z`;
    curve.panel.querySelector(".line").setAttribute("d", line);
    if (curve.score && data.threshold !== null) {
      const top = up(shown(curve, data.threshold));
      curve.panel.querySelector(".flagged").setAttribute("d", area);
      curve.panel.querySelector(".threshold").setAttribute("d", `M0 ${short(top)}H${WIDTH}`);
      curve.panel.querySelector("clipPath rect").setAttribute("height", String(Math.max(0, top + 5)));
    }
    drawHeights(curve, low, high, up);
  }

  function drawHeights(curve, low, high, up) {
    const ticks = curve.score && data.floor ? axes.decades(low, high) : axes.roundTicks(low, high, curve.steps, false);
    const box = curve.panel.querySelector(".heights");
    box.replaceChildren(...ticks.map(([value, words]) => {
      const mark = document.createElement("span");
      mark.className = "y";
      mark.style.top = `${up(value)}%`;
      mark.textContent = words;
      return mark;
    }));
    const grid = ticks.map(([value]) => `M0 ${short(up(value))}H${WIDTH}`).join("");
    curve.panel.querySelector(".grid").setAttribute("d", grid);
  }

  function bandPath(spans) {
    return spans.filter(([start, stop]) => stop >= view[0] && start <= view[1]).map(([start, stop]) => {
      const exact = (across(stop) - across(start)) * WIDTH, width = Math.max(exact, LEAST_BAND);
      const left = across(start) * WIDTH - (width - exact) / 2;
      const from = Math.max(-1, left), to = Math.min(WIDTH + 1, left + width);
      return `M${short(from)} 0H${short(to)}V${HEIGHT}H${short(from)}z`;
    }).join("");
  }

  function drawNumbers(pixels) {
    let taken = -Infinity;
    const marks = [];
    for (const [index, start, stop] of data.events) {
      if (stop < view[0] || start > view[1]) continue;
      const share = (across(Math.max(start, view[0])) + across(Math.min(stop, view[1]))) / 2;
      const room = 5 + 7 * String(index).length;
      if ((share - taken) * pixels < room) continue;
      taken = share;
      const mark = document.createElement("span");
      mark.style.left = `${share * 100}%`;
      mark.textContent = index;
      marks.push(mark);
    }
    find(".numbers").replaceChildren(...marks);
  }

  function drawPlaces(pixels) {
    const count = Math.max(2, Math.floor(pixels / 105));
    const ticks = data.origin === null ? axes.roundTicks(...view, count, true) : axes.timeTicks(data.origin, ...view, count);
    find(".places").replaceChildren(...ticks.map(([place, words]) => {
      const mark = document.createElement("span"), share = across(place);
      const edge = 40 / pixels;
      mark.className = share > 1 - edge ? "x last" : "x";
      mark.style.left = `${share * 100}%`;
      mark.textContent = words;
      return mark;
    }));
  }

  function draw() {
    const pixels = Math.max(200, ruler.clientWidth);
    curves.forEach(drawCurve);
    find(".bands .event").setAttribute("d", bandPath(data.events.map(([, start, stop]) => [start, stop])));
    const strip = find(".labelled");
    if (strip) strip.setAttribute("d", bandPath(data.labels));
    drawNumbers(pixels);
    drawPlaces(pixels);
    find(".reset").hidden = view[0] === data.limits[0] && view[1] === data.limits[1];
  }

  function zoom(start, stop) {
    const whole = data.limits[1] - data.limits[0];
    const rows = data.knots[data.knots.length - 1][0] || 1;
    const least = Math.min(whole, 4 * whole / rows); // never fewer than a few rows
    const middle = (start + stop) / 2, half = Math.max(stop - start, least) / 2;
    view = [Math.max(data.limits[0], middle - half), Math.min(data.limits[1], middle + half)];
    leave();
    draw();
  }

  const reset = () => zoom(...data.limits);

  function zoomToEvent(index) {
    const event = data.events.find(([number]) => number === index);
    if (!event) return;
    const whole = data.limits[1] - data.limits[0];
    const around = Math.max(2 * (event[2] - event[1]), Math.min(whole / 50, 150 * whole / (data.knots[data.knots.length - 1][0] || 1)));
    zoom(event[1] - around, event[2] + around);
  }

  // Pointer: hover reads values, a drag chooses a stretch.
  const cursor = find(".cursor"), brush = find(".brush"), readout = find(".readout");
  let pressed = null;

  function shareAt(event) {
    const box = ruler.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  }
  const leftOf = (share) => ruler.getBoundingClientRect().left - stack.getBoundingClientRect().left + share * ruler.clientWidth;

  function nearest(curve, place) {
    const at = lower(curve.places, place);
    let best = -1;
    for (let index = Math.max(0, at - 3); index < Math.min(curve.places.length, at + 3); index++) {
      const closer = best < 0 || Math.abs(curve.places[index] - place) <= Math.abs(curve.places[best] - place);
      if (closer && (best < 0 || !Number.isNaN(curve.values[index]) || curve.places[index] !== curve.places[best])) best = index;
    }
    return best;
  }

  // Enough digits to tell values in view apart: a counter near a billion needs more than four.
  function digits(curve, value) {
    const needed = Math.ceil(Math.log10(Math.abs(value) / curve.span || 1)) + 3;
    return Math.min(15, Math.max(4, needed));
  }

  function hover(share) {
    const place = view[0] + share * (view[1] - view[0]);
    const score = curves[curves.length - 1];
    const row = score.rows[nearest(score, place)];
    const exact = between(row, 0, 1);
    cursor.hidden = false;
    cursor.style.left = `${leftOf(Math.min(1, Math.max(0, across(exact))))}px`;
    readout.textContent = `row ${(row + data.firstRow).toLocaleString("en")}` + (data.origin === null ? "" : `, ${axes.exactTime(data.origin + exact)}`);
    for (const curve of curves) {
      const value = curve.values[nearest(curve, exact)];
      curve.panel.querySelector("output").textContent = Number.isNaN(value) ? "missing" : axes.number(value, digits(curve, value));
    }
  }

  function leave() {
    cursor.hidden = brush.hidden = true;
    readout.textContent = HINT;
    for (const curve of curves) curve.panel.querySelector("output").textContent = "";
  }

  stack.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pressed = shareAt(event);
    stack.setPointerCapture(event.pointerId);
  });
  stack.addEventListener("pointermove", (event) => {
    const share = shareAt(event);
    hover(share);
    if (pressed === null) return;
    brush.hidden = Math.abs(share - pressed) * ruler.clientWidth < 4;
    brush.style.left = `${leftOf(Math.min(share, pressed))}px`;
    brush.style.width = `${Math.abs(share - pressed) * ruler.clientWidth}px`;
  });
  stack.addEventListener("pointerup", (event) => {
    const start = pressed, stop = shareAt(event);
    pressed = null;
    if (start === null || Math.abs(stop - start) * ruler.clientWidth < 6) return;
    const at = (share) => view[0] + share * (view[1] - view[0]);
    zoom(at(Math.min(start, stop)), at(Math.max(start, stop)));
  });
  stack.addEventListener("pointercancel", () => { pressed = null; leave(); });
  stack.addEventListener("pointerleave", () => { if (pressed === null) leave(); });
  stack.addEventListener("dblclick", reset);
  find(".reset").addEventListener("click", reset);

  for (const row of document.querySelectorAll("tr[data-event]")) {
    row.closest(".table").classList.add("live-table");
    row.addEventListener("click", (event) => {
      event.preventDefault();
      document.querySelectorAll("tr.chosen").forEach((other) => other.classList.remove("chosen"));
      row.classList.add("chosen");
      zoomToEvent(Number(row.dataset.event));
      chart.scrollIntoView({ block: "nearest" });
    });
  }
  let width = ruler.clientWidth;
  addEventListener("resize", () => { if (ruler.clientWidth !== width) { width = ruler.clientWidth; draw(); } });
  chart.classList.add("live");
  leave();
  draw();
})();
