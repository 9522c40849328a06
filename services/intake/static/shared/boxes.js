// Black boxes over a picture: drawn with a finger or a mouse, or put and moved with the keyboard; by ten-thousandths of its sides.

import { el } from "../../assets/dom.js";
import { t } from "../../assets/words.js";

const WHOLE = 10_000;
const LEAST = 150; // of a side: a tap is no box
const STEP = 200;
/** @type {Record<string, ["x" | "y", "width" | "height", number]>} */
const KEYS = { ArrowLeft: ["x", "width", -STEP], ArrowRight: ["x", "width", STEP], ArrowUp: ["y", "height", -STEP], ArrowDown: ["y", "height", STEP] };
/** @param {number} value @param {number} least @param {number} most */
const clamp = (value, least, most) => Math.round(Math.min(most, Math.max(least, value)));

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

export class Boxes {
  /** @param {string} source the picture's address @param {string} words what it is called @param {Box[]} boxes those that there are */
  constructor(source, words, boxes = []) {
    this.boxes = boxes.map((box) => ({ ...box }));
    this.picture = el("img", { src: source, alt: words, draggable: "false" });
    this.place = el("div", { class: "covering", onpointerdown: (event) => this.draw(event) });
    this.more = el("button", { type: "button", class: "quiet", onclick: () => this.add({ x: 3_500, y: 3_500, width: 3_000, height: 3_000 }).focus() }, t("Thêm ô che", "Add a box"));
    this.node = el("div", {}, el("p", { class: "hint" }, t("Kéo trên ảnh để vẽ ô đen, bấm ô để bỏ. Phím mũi tên dời ô, thêm Shift đổi cỡ.", "Drag to draw a black box, press a box to remove it. Arrows move it, with Shift they resize it.")), this.place, this.more);
    this.show();
  }

  show() {
    this.place.replaceChildren(this.picture, ...this.boxes.map((box, n) => {
      const node = /** @type {HTMLElement} */ (el("button", { type: "button", class: "cover", onclick: () => this.remove(box), onkeydown: (event) => this.key(event, box, node), onpointerdown: (event) => event.stopPropagation() }));
      return put(node, box, n);
    }));
  }

  /** @param {Box} box */
  add(box) {
    this.boxes.push(box);
    this.show();
    return /** @type {HTMLElement} */ (this.place.lastElementChild);
  }

  /** @param {Box} box */
  remove(box) {
    this.boxes = this.boxes.filter((each) => each !== box);
    this.show();
    this.more.focus();
  }

  /** A new box, from where the pointer went down to where it goes up, be it beside the picture. @param {PointerEvent} event */
  draw(event) {
    if (event.button) return;
    event.preventDefault();
    const { left, top, width, height } = this.picture.getBoundingClientRect();
    const at = (/** @type {PointerEvent} */ { clientX, clientY }) => [clamp((WHOLE * (clientX - left)) / width, 0, WHOLE), clamp((WHOLE * (clientY - top)) / height, 0, WHOLE)];
    const [x, y] = at(event);
    const box = { x, y, width: 1, height: 1 };
    const node = this.add(box);
    const over = new AbortController();
    const listen = (/** @type {"pointermove" | "pointerup" | "pointercancel"} */ kind, /** @type {(other: PointerEvent) => void} */ act) => addEventListener(kind, (other) => { if (other.pointerId === event.pointerId) act(other); }, { signal: over.signal });
    listen("pointermove", (other) => {
      const [right, down] = at(other);
      put(node, Object.assign(box, { x: Math.min(x, right), y: Math.min(y, down), width: Math.abs(right - x), height: Math.abs(down - y) }), this.boxes.length - 1);
    });
    for (const kind of /** @type {const} */ (["pointerup", "pointercancel"])) listen(kind, () => {
      over.abort();
      if (box.width < LEAST || box.height < LEAST) this.remove(box);
      else node.focus();
    });
  }

  /** @param {KeyboardEvent} event @param {Box} box @param {HTMLElement} node */
  key(event, box, node) {
    const [side, extent, step] = KEYS[event.key] ?? [];
    if (event.key === "Delete") this.remove(box);
    if (!step) return;
    event.preventDefault();
    if (event.shiftKey) box[extent] = clamp(box[extent] + step, LEAST, WHOLE - box[side]);
    else box[side] = clamp(box[side] + step, 0, WHOLE - box[extent]);
    put(node, box, this.boxes.indexOf(box));
  }
}

/** @param {HTMLElement} node @param {Box} box @param {number} n */
function put(node, box, n) {
  const [left, top, width, height] = [box.x, box.y, box.width, box.height].map((value) => `${value / 100}%`);
  Object.assign(node.style, { left, top, width, height });
  node.setAttribute("aria-label", t(`Ô che ${n + 1}: trái ${left}, trên ${top}, rộng ${width}, cao ${height}`, `Box ${n + 1}: left ${left}, top ${top}, width ${width}, height ${height}`));
  return node;
}

/** They become part of the picture: nothing of what is under them is left. @param {Box[]} boxes @param {OffscreenCanvas} canvas */
export function burn(boxes, canvas) {
  const { width, height } = canvas;
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d")); // null is for another kind of context
  context.fillStyle = "#000";
  for (const box of boxes) {
    const [left, top] = [Math.floor((box.x * width) / WHOLE), Math.floor((box.y * height) / WHOLE)];
    context.fillRect(left, top, Math.ceil(((box.x + box.width) * width) / WHOLE) - left, Math.ceil(((box.y + box.height) * height) / WHOLE) - top);
  }
}
