/* Arrow keys through pictures; regions drawn on one; the timeline's kinds; all or none. The
   pages work without this: everything here is a shorter way to something that is there. */
"use strict";

document.addEventListener("keydown", (event) => {
  const busy = event.target.closest("input, select, textarea, [role=region]");
  if (busy || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const names = { ArrowLeft: "previous", ArrowRight: "next" };
  const link = document.getElementById(names[event.key] || "");
  if (link) { event.preventDefault(); link.click(); }
});

document.addEventListener("change", (event) => {
  const kind = event.target.dataset.shows;
  if (!kind) return;
  for (const row of document.querySelectorAll(`#timeline [data-kind="${kind}"]`)) {
    row.hidden = !event.target.checked;
  }
});

document.addEventListener("click", (event) => {
  const { all, none } = event.target.dataset;
  const place = document.getElementById(all || none || "");
  if (!place) return;
  for (const box of place.querySelectorAll("input[type=checkbox]")) box.checked = Boolean(all);
});

/* A refusal is said beside the form, and leaves the form as it is. */
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status < 400) return;
  const around = event.detail.elt.closest("article, #keeping");
  const problem = around && around.querySelector(".problem");
  if (problem) { event.detail.target = problem; event.detail.swapOverride = "innerHTML"; }
});

/* Regions: drawn by mouse or finger, kept as text in thousandths. */
const stage = document.getElementById("stage");
if (stage) {
  const words = document.getElementById("regions");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  stage.append(canvas);
  const pencil = canvas.getContext("2d");
  let from = null;

  const regions = () => words.value.split(/[\n;]/).map((line) => line.trim().split(/\s+/).map(Number))
    .filter((each) => each.length === 4 && each.every(Number.isFinite));
  const draw = (extra) => {
    canvas.width = stage.clientWidth;
    canvas.height = stage.clientHeight;
    pencil.fillStyle = "rgb(96 96 96)";
    pencil.strokeStyle = "white";
    for (const [x, y, w, h] of extra ? [...regions(), extra] : regions()) {
      const box = [x * canvas.width, y * canvas.height, w * canvas.width, h * canvas.height];
      pencil.fillRect(...box.map((each) => each / 1000));
      pencil.strokeRect(...box.map((each) => each / 1000));
    }
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const part = (value, size) => Math.round(1000 * Math.min(Math.max(value / size, 0), 1));
    return [part(event.clientX - box.left, box.width), part(event.clientY - box.top, box.height)];
  };
  const between = ([x, y], [u, v]) => [
    Math.min(x, u, 999), Math.min(y, v, 999), Math.abs(u - x), Math.abs(v - y)];
  canvas.addEventListener("pointerdown", (event) => {
    from = at(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => { if (from) draw(between(from, at(event))); });
  canvas.addEventListener("pointerup", (event) => {
    if (!from) return;
    const made = between(from, at(event));
    from = null;
    if (made[2] > 4 && made[3] > 4) {
      words.value = `${words.value.trim()}\n${made.join(" ")}`.trim();
      document.querySelector("[name=what][value=covered]").checked = true;
    }
    draw();
  });
  words.addEventListener("input", () => draw());
  window.addEventListener("resize", () => draw());
  document.getElementById("picture").addEventListener("load", () => draw());
  draw();
}
