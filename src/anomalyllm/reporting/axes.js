"use strict";
// Round ticks, short numbers and short times: the twin of `axes.py`, for the parts of the chart that change.
const axes = (() => {
  function decades(low, high) {
    const first = Math.ceil(low), last = Math.floor(high), ticks = [];
    const every = Math.max(1, Math.ceil((last - first + 1) / 4));
    for (let power = first; power <= last; power += every) ticks.push([power, number(10 ** power)]);
    return ticks;
  }

  function number(value, digits = 4) {
    if (!Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 10 ** Math.max(7, digits))) return value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
    const decimals = size === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
    return value.toLocaleString("en", { maximumFractionDigits: Math.min(20, decimals) });
  }

  function roundTicks(low, high, count, whole) {
    const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
    let step = power * ([1, 2, 2.5, 5].find((nice) => nice * power >= raw * (1 - 1e-9)) ?? 10);
    if (whole) step = Math.max(1, Math.ceil(step));
    const biggest = Math.max(Math.abs(low), Math.abs(high)), ticks = [];
    let decimals = 0;
    while (decimals < 20 && Math.abs(Number(step.toFixed(decimals)) - step) > 1e-6 * step) decimals += 1;
    for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) {
      const value = n * step;
      const plain = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
      const words = biggest >= 1e-3 && biggest < 1e7 ? (value + 0).toLocaleString("en", plain) : number(value);
      ticks.push([value, words.replace(/^-(?=[0.]+$)/, "")]); // no "-0.0"
    }
    if (new Set(ticks.map(([, words]) => words)).size < ticks.length) { // a counter at a billion, say
      const [first, words] = ticks[0];
      return ticks.map(([value], index) => [value, index ? `+${number(value - first)}` : `≈${words}`]);
    }
    return ticks;
  }

  const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const STEPS = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
    ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE), ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
    ...[1, 2, 3, 7, 14].map((n) => n * DAY),
  ];

  function timeTicks(origin, low, high, count) {
    const step = STEPS.find((size) => size >= (high - low) / count);
    if (step === undefined) return monthTicks(origin, low, high, count);
    const ticks = [];
    for (let n = Math.ceil((origin + low) / step); n * step <= origin + high; n++) {
      ticks.push([n * step - origin, timeWords(n * step, step)]);
    }
    return ticks;
  }

  function monthTicks(origin, low, high, count) {
    const raw = (high - low) / count / (30.4 * DAY), ticks = [];
    const step = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600].find((size) => size >= raw) ?? 1200;
    const start = new Date(origin + low);
    let month = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step;
    for (; ; month += step) {
      const at = Date.UTC(Math.floor(month / 12), month % 12) - origin;
      if (at > high) return ticks;
      if (at >= low) ticks.push([at, new Date(at + origin).toISOString().slice(0, step >= 12 ? 4 : 7)]);
    }
  }

  function timeWords(since1970, step) {
    const text = new Date(since1970).toISOString();
    if (step >= DAY) return text.slice(0, 10);
    if (step >= MINUTE) return `${text.slice(5, 10)} ${text.slice(11, 16)}`;
    return text.slice(11, step >= SECOND ? 19 : 23);
  }

  function exactTime(since1970) {
    return new Date(since1970).toISOString().replace("T", " ").replace("Z", "").replace(/\.?0+$/, (tail) => tail[0] === "." ? "" : tail);
  }

  return { decades, exactTime, number, roundTicks, timeTicks };
})();
