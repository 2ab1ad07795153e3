// Keeps a page current from a stream of what changed, and the focus where it is.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);

  // What has the focus is found again by its id after its surroundings were made anew.
  const keepingFocus = (change) => {
    const id = document.activeElement && document.activeElement.id;
    change();
    const now = id && byId(id);
    if (now && now !== document.activeElement) now.focus({ preventScroll: true });
  };

  const waiting = new Map();

  const put = (id, [name, html]) => {
    const element = byId(id);
    if (!element) return;
    const typing = document.activeElement;
    if (element.contains(typing) && typing.matches("input, select, textarea")) {
      waiting.set(id, [name, html]);
      return;
    }
    waiting.delete(id);
    if (name) element.className = name;
    element.innerHTML = html;
    if (window.htmx) window.htmx.process(element);
  };

  const arrange = (container, order) => {
    order.forEach((id, place) => {
      const row = byId(id);
      if (row && container.children[place] !== row) {
        container.insertBefore(row, container.children[place] || null);
      }
    });
  };

  const filter = () => {
    const container = document.querySelector("[data-order]");
    const text = document.querySelector("[data-filter=text]");
    const kinds = document.querySelector("[data-filter=class]");
    const told = document.querySelector("[data-shown]");
    if (!container || !text || !kinds) return;
    const words = text.value.trim().toLocaleLowerCase();
    const wanted = kinds.value ? kinds.value.split(" ") : null;
    let shown = 0;
    for (const row of container.children) {
      const fits =
        (!words || row.textContent.toLocaleLowerCase().includes(words)) &&
        (!wanted || wanted.includes(row.className));
      row.hidden = !fits;
      if (fits) shown += 1;
    }
    told.textContent = told.dataset.shown
      .replace("{shown}", shown)
      .replace("{all}", container.children.length);
  };

  const take = (message) => {
    const told = JSON.parse(message.data);
    if (told.evacuated && location.pathname !== "/roll-call") location.assign("/roll-call");
    keepingFocus(() => {
      for (const [id, part] of Object.entries(told.parts)) put(id, part);
      const container = document.querySelector("[data-order]");
      if (told.order && container) arrange(container, told.order);
    });
    filter();
    if (told.news) byId("news").textContent = told.news;
    document.body.dataset.updated = Date.now();
  };

  const page = document.querySelector("[data-live]");
  if (page) new EventSource(page.dataset.live).addEventListener("message", take);

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter]")) filter();
  });
  document.addEventListener("focusout", () => {
    setTimeout(() => keepingFocus(() => [...waiting].forEach(([id, part]) => put(id, part))));
  });
  document.addEventListener("click", (event) => {
    const clear = event.target.closest("[data-clear]");
    if (clear) byId(clear.dataset.clear).replaceChildren();
  });
  // A part that htmx made anew loses the focus as well.
  let focused = "";
  document.addEventListener("htmx:beforeSwap", () => {
    focused = document.activeElement ? document.activeElement.id : "";
  });
  document.addEventListener("htmx:afterSettle", () => {
    const now = focused && byId(focused);
    if (now && document.activeElement === document.body) now.focus({ preventScroll: true });
  });
  // An act that was done closes the form that asked whether it should be.
  document.addEventListener("acted", () => {
    const touches = byId("touches");
    if (touches) touches.replaceChildren();
  });
  // A link may name an act: it opens.
  const name = new URLSearchParams(location.search).get("act");
  const act = name && byId(`act-${name}`);
  if (act) {
    act.open = true;
    const field = act.querySelector("input:not([type=hidden]), select, textarea");
    if (field) field.focus();
  }
  filter();
})();
