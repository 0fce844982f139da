// The filter box: what could be written at the cursor, and results while typing. It asks the server for both and knows
// nothing of the language. Without this file the box is a plain search field.
"use strict";

(() => {
  const box = document.querySelector("input[data-complete]");
  if (!box) return;
  const WAIT_MS = 120;
  const form = box.form;

  let timer = 0;
  let asked = 0;
  let list = null;
  let completion = null;
  let chosen = -1;

  const close = () => {
    list?.remove();
    list = completion = null;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };

  const mark = (place) => {
    if (!list) return;
    const items = [...list.children];
    chosen = (place + items.length) % items.length;
    items.forEach((item, n) => item.setAttribute("aria-selected", String(n === chosen)));
    items[chosen].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", items[chosen].id);
  };

  const take = (place) => {
    const item = completion.items[place];
    const before = box.value.slice(0, completion.start);
    const after = box.value.slice(completion.end);
    const gap = after.startsWith(" ") || item.text.endsWith("(") ? "" : " ";
    box.value = before + item.text + gap + after;
    const at = before.length + item.text.length + gap.length;
    box.setSelectionRange(at, at);
    close();
    look();
  };

  const show = (found) => {
    close();
    if (!found.items.length || document.activeElement !== box) return;
    completion = found;
    list = document.createElement("ul");
    list.className = "suggest";
    list.id = "suggestions";
    list.setAttribute("role", "listbox");
    found.items.forEach((item, n) => {
      const line = document.createElement("li");
      line.id = `suggestion-${n}`;
      line.setAttribute("role", "option");
      line.append(item.label);
      if (item.detail) {
        const detail = document.createElement("span");
        detail.className = "sub";
        detail.textContent = item.detail;
        line.append(detail);
      }
      line.addEventListener("mousedown", (event) => {
        event.preventDefault();
        take(n);
      });
      list.append(line);
    });
    box.insertAdjacentElement("afterend", list);
    list.style.top = `${box.offsetTop + box.offsetHeight}px`;
    list.style.left = `${box.offsetLeft}px`;
    box.setAttribute("aria-expanded", "true");
  };

  const look = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const turn = (asked += 1);
      const text = box.value;
      const parameters = new URLSearchParams({ q: text, at: String(box.selectionStart ?? text.length) });
      const results = new URL(location.href);
      results.search = String(new URLSearchParams(new FormData(form)));
      const [found, page] = await Promise.all([
        fetch(`${box.dataset.complete}?${parameters}`).then((answer) => (answer.ok ? answer.json() : null)),
        fetch(results).then((answer) => (answer.ok ? answer.text() : null)),
      ]).catch(() => [null, null]);
      if (turn !== asked) return;
      if (found) show(found);
      if (page) swap(page, results);
    }, WAIT_MS);
  };

  // The results take the place of those before; the box itself stays as it is.
  const swap = (text, address) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const id of ["found", "matched", "site"]) {
      const fresh = page.getElementById(id);
      const old = document.getElementById(id);
      if (fresh && old) old.replaceWith(document.importNode(fresh, true));
    }
    history.replaceState(null, "", address);
  };

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", "suggestions");
  box.setAttribute("aria-expanded", "false");
  box.addEventListener("input", look);
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && !list) look();
    else if (event.key === "ArrowDown") mark(chosen + 1);
    else if (event.key === "ArrowUp" && list) mark(chosen - 1);
    else if (event.key === "Escape" && list) close();
    else if ((event.key === "Enter" || event.key === "Tab") && list && chosen >= 0) take(chosen);
    else return;
    event.preventDefault();
  });
})();
