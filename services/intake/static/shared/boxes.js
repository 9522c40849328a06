// Black boxes over a picture: drawn with a finger or a mouse, or put and moved with the keyboard; by ten-thousandths of its sides.

import { el } from "../../assets/dom.js";
import { number, t } from "../../assets/words.js";

const WHOLE = 10_000;
const LEAST = 150; // of a side: a tap is no box
const STEP = 200;
const MOST = 40;
const FIRST = { x: 3_500, y: 3_500, width: 3_000, height: 3_000 };
const clamp = (value, least, most) => Math.round(Math.min(most, Math.max(least, value)));

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

export class Boxes {
  /** @param {string} source the picture's address @param {string} words what it is called @param {Box[]} boxes those that there are */
  constructor(source, words, boxes = []) {
    this.boxes = boxes.map((box) => ({ ...box }));
    this.picture = el("img", { src: source, alt: words, draggable: "false" });
    this.place = el("div", { class: "covering", onpointerdown: (event) => this.draw(event) }, this.picture);
    this.more = el("button", { type: "button", class: "quiet", onclick: () => this.add() }, t("Thêm ô che", "Add a box"));
    this.node = el("div", {},
      el("p", { class: "hint" }, t("Kéo trên ảnh để vẽ ô đen. Bằng bàn phím: Thêm ô che, phím mũi tên để dời, Shift + mũi tên để đổi cỡ, Delete để bỏ.", "Drag on the picture to draw a black box. By keyboard: Add a box, arrows move it, Shift + arrows resize it, Delete removes it.")),
      this.place, this.more);
    this.show();
  }

  show() {
    this.place.replaceChildren(this.picture, ...this.boxes.map((box, n) => this.shown(box, n)));
    this.more.disabled = this.boxes.length >= MOST;
  }

  /** @param {Box} box @param {number} n */
  shown(box, n) {
    const node = el("button", { type: "button", class: "cover", "aria-describedby": null, onkeydown: (event) => this.key(event, box, node), onpointerdown: (event) => this.drag(event, box, node) });
    put(node, box, n);
    return node;
  }

  add() {
    const box = { ...FIRST };
    this.boxes.push(box);
    this.show();
    this.last().focus();
  }

  last = () => /** @type {HTMLElement} */ (this.place.lastElementChild);

  /** Where on the picture a pointer is. @param {PointerEvent} event */
  at({ clientX, clientY }) {
    const { left, top, width, height } = this.picture.getBoundingClientRect();
    return { x: clamp((WHOLE * (clientX - left)) / width, 0, WHOLE), y: clamp((WHOLE * (clientY - top)) / height, 0, WHOLE) };
  }

  /** A new box, from where the pointer went down to where it goes up. @param {PointerEvent} event */
  draw(event) {
    if (event.button !== 0 || this.boxes.length >= MOST) return;
    const from = this.at(event);
    const box = { ...from, width: 1, height: 1 };
    this.boxes.push(box);
    this.show();
    const node = this.last();
    this.follow(event, (to) => {
      const [left, top] = [Math.min(from.x, to.x, WHOLE - 1), Math.min(from.y, to.y, WHOLE - 1)];
      Object.assign(box, { x: left, y: top, width: Math.max(1, Math.abs(to.x - from.x)), height: Math.max(1, Math.abs(to.y - from.y)) });
      put(node, box, this.boxes.length - 1);
    }, () => {
      if (box.width < LEAST || box.height < LEAST) this.remove(box);
      else node.focus();
    });
  }

  /** A box goes with the pointer. @param {PointerEvent} event @param {Box} box @param {HTMLElement} node */
  drag(event, box, node) {
    event.stopPropagation();
    if (event.button !== 0) return;
    const from = this.at(event);
    const { x, y } = box;
    this.follow(event, (to) => this.move(box, node, x + to.x - from.x, y + to.y - from.y), () => node.focus());
  }

  /** Until the pointer is up, also where it has left the picture. */
  follow(event, moved, ended) {
    event.preventDefault();
    const over = new AbortController();
    const { pointerId } = event;
    const listen = (kind, act) => addEventListener(kind, (other) => { if (other.pointerId === pointerId) act(other); }, { signal: over.signal });
    listen("pointermove", (other) => moved(this.at(other)));
    for (const kind of ["pointerup", "pointercancel"]) listen(kind, () => { over.abort(); ended(); });
  }

  move(box, node, x, y) {
    Object.assign(box, { x: clamp(x, 0, WHOLE - box.width), y: clamp(y, 0, WHOLE - box.height) });
    put(node, box, this.boxes.indexOf(box));
  }

  resize(box, node, width, height) {
    Object.assign(box, { width: clamp(width, LEAST, WHOLE - box.x), height: clamp(height, LEAST, WHOLE - box.y) });
    put(node, box, this.boxes.indexOf(box));
  }

  /** @param {KeyboardEvent} event @param {Box} box @param {HTMLElement} node */
  key(event, box, node) {
    const [right, down] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key] ?? [0, 0];
    const gone = event.key === "Delete" || event.key === "Backspace";
    if (!right && !down && !gone) return;
    event.preventDefault();
    if (gone) return this.remove(box, true);
    if (event.shiftKey) this.resize(box, node, box.width + right, box.height + down);
    else this.move(box, node, box.x + right, box.y + down);
  }

  remove(box, focus = false) {
    this.boxes = this.boxes.filter((each) => each !== box);
    this.show();
    if (focus) (this.boxes.length ? this.last() : this.more).focus();
  }
}

/** @param {HTMLElement} node @param {Box} box @param {number} n */
function put(node, box, n) {
  for (const [name, side] of [["left", "x"], ["top", "y"], ["width", "width"], ["height", "height"]]) node.style[name] = `${box[side] / 100}%`;
  const share = (value) => number(Math.round(value / 100));
  node.setAttribute("aria-label", t(`Ô che ${n + 1}: cách trái ${share(box.x)}%, cách trên ${share(box.y)}%, rộng ${share(box.width)}%, cao ${share(box.height)}%`,
    `Box ${n + 1}: ${share(box.x)}% from the left, ${share(box.y)}% from the top, ${share(box.width)}% wide, ${share(box.height)}% high`));
}

/** The picture with its boxes black, as a canvas of the picture's own size. @param {Box[]} boxes @param {{width: number, height: number}} picture @param {OffscreenCanvasRenderingContext2D} context */
export function burn(boxes, { width, height }, context) {
  context.fillStyle = "#000";
  for (const box of boxes) {
    const [left, top] = [Math.floor((box.x * width) / WHOLE), Math.floor((box.y * height) / WHOLE)];
    context.fillRect(left, top, Math.ceil(((box.x + box.width) * width) / WHOLE) - left, Math.ceil(((box.y + box.height) * height) / WHOLE) - top);
  }
}
