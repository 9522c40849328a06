// Signatures drawn on the glass: strokes of whole numbers in a fixed box, few enough to travel.

import { el } from "../../assets/dom.js";
import { t } from "../../assets/words.js";

const WIDTH = 1000;
const HEIGHT = 360;
const MOST = 2000; // numbers a signature
const NEAR = 5; // a point closer than this to the last one tells nothing

/** Strokes without the points that lie nearly on a line between others (Ramer, Douglas, Peucker). @param {number[]} stroke @param {number} tolerance @returns {number[]} */
function simplified(stroke, tolerance) {
  const last = stroke.length - 2;
  if (last < 4) return stroke;
  const [x0, y0, x1, y1] = [stroke[0], stroke[1], stroke[last], stroke[last + 1]];
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  let far = 0;
  let worst = 0;
  for (let place = 2; place < last; place += 2) {
    const off = Math.abs((y1 - y0) * (stroke[place] - x0) - (x1 - x0) * (stroke[place + 1] - y0)) / length;
    const distance = x0 === x1 && y0 === y1 ? Math.hypot(stroke[place] - x0, stroke[place + 1] - y0) : off;
    if (distance > worst) [far, worst] = [place, distance];
  }
  if (worst <= tolerance) return [x0, y0, x1, y1];
  return [...simplified(stroke.slice(0, far + 2), tolerance).slice(0, -2), ...simplified(stroke.slice(far), tolerance)];
}

export class Pad {
  /** @param {string} title @param {() => void} drawn called after each stroke */
  constructor(title, drawn) {
    this.drawn = drawn;
    /** @type {number[][]} */
    this.strokes = [];
    this.canvas = el("canvas", { class: "pad", width: WIDTH, height: HEIGHT, role: "img", "aria-label": title });
    this.pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d")); // null is for another kind of context
    this.undo = el("button", { type: "button", class: "quiet", onclick: () => this.put(this.strokes.slice(0, -1)) }, t("Xóa nét cuối", "Undo stroke"));
    this.clear = el("button", { type: "button", class: "quiet", onclick: () => this.put([]) }, t("Ký lại", "Clear"));
    this.element = el("div", { class: "field" }, el("span", { class: "pad-title" }, title), this.canvas, el("div", { class: "actions" }, this.undo, this.clear));
    for (const [kind, act] of /** @type {const} */ ([["pointerdown", "begin"], ["pointermove", "go"], ["pointerup", "end"], ["pointercancel", "end"]])) {
      this.canvas.addEventListener(kind, (event) => this[act](event));
    }
    this.show([]);
  }

  get empty() {
    return this.strokes.length === 0;
  }

  /** As it travels; undefined where nothing was drawn. */
  get value() {
    return this.empty ? undefined : { w: WIDTH, h: HEIGHT, strokes: this.strokes };
  }

  /** @param {PointerEvent} pointerEvent */
  at({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const within = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(most, Math.max(0, Math.round(value)));
    return [within(((clientX - left) / width) * WIDTH, WIDTH), within(((clientY - top) / height) * HEIGHT, HEIGHT)];
  }

  /** @param {PointerEvent} event */
  begin(event) {
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.going = this.at(event);
  }

  /** @param {PointerEvent} event */
  go(event) {
    if (!this.going) return;
    const [x, y] = this.at(event);
    const [x0, y0] = this.going.slice(-2);
    if (Math.hypot(x - x0, y - y0) < NEAR) return;
    this.going.push(x, y);
    this.paint([this.going.slice(-4)]);
  }

  end() {
    if (!this.going) return;
    const stroke = this.going;
    this.going = null;
    this.put([...this.strokes, simplified(stroke, 2)]);
  }

  /** @param {number[][]} strokes */
  put(strokes) {
    let kept = strokes.slice(-300);
    for (let tolerance = 4; kept.flat().length > MOST && tolerance < 200; tolerance *= 2) kept = kept.map((stroke) => simplified(stroke, tolerance));
    this.show(kept.flat().length > MOST ? this.strokes : kept);
    this.drawn();
  }

  /** @param {number[][]} strokes */
  show(strokes) {
    this.strokes = strokes;
    this.undo.disabled = this.clear.disabled = this.empty;
    this.canvas.dataset.strokes = String(strokes.length);
    this.pen.clearRect(0, 0, WIDTH, HEIGHT);
    this.paint(strokes);
  }

  /** @param {number[][]} strokes */
  paint(strokes) {
    const { pen } = this;
    Object.assign(pen, { lineWidth: 6, lineCap: "round", lineJoin: "round", strokeStyle: "#1a237e" });
    for (const [x, y, ...rest] of strokes) {
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(x, y);
      for (let place = 0; place < rest.length; place += 2) pen.lineTo(rest[place], rest[place + 1]);
      pen.stroke();
    }
  }
}
