// Ticks of the user browser: counted at once, and kept by the server as they are made. It sends the form that a browser
// without script sends, and puts in the answer around the rows. Without this file the buttons do the same, page by page.
"use strict";

(() => {
  const boxes = () => [...document.querySelectorAll("#select input[name=row]")];
  const ticked = () => boxes().filter((box) => box.checked).length;

  let sending = false;
  let again = false;

  // The box of the whole page is of no use without script, so it is made here.
  const whole = () => {
    const cell = document.getElementById("tick-page");
    if (!cell || cell.querySelector("input")) return;
    const box = document.createElement("input");
    box.type = "checkbox";
    box.id = "page";
    box.autocomplete = "off";
    box.setAttribute("aria-label", "Select this page");
    cell.replaceChildren(box);
  };

  const count = () => {
    const told = document.getElementById("selected");
    if (!told) return;
    const now = ticked();
    told.textContent = (Number(told.dataset.elsewhere) + now).toLocaleString("en-US");
    const page = document.getElementById("page");
    if (!page) return;
    page.checked = now > 0 && now === boxes().length;
    page.indeterminate = now > 0 && !page.checked;
  };

  // The rows stay as they are, with ticks made meanwhile; everything around them is of the answer.
  const put = (text, address) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const [old, found] = [document.getElementById("found"), fresh.getElementById("found")];
    const rows = old?.querySelector("#select tbody");
    const place = found?.querySelector("#select tbody");
    if (!rows || !place) return;
    const focused = document.activeElement?.id;
    const open = [...old.querySelectorAll("details")].map((details) => details.open);
    const next = document.importNode(found, true);
    next.querySelector("#select tbody").replaceWith(rows);
    [...next.querySelectorAll("details")].forEach((details, n) => (details.open = open[n] ?? false));
    old.replaceWith(next);
    const carried = fresh.getElementById("carried");
    if (carried) document.getElementById("carried")?.replaceWith(document.importNode(carried, true));
    history.replaceState(null, "", address);
    whole();
    count();
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };

  const keep = async () => {
    again = true;
    if (sending) return;
    sending = true;
    try {
      while (again) {
        again = false;
        const form = document.getElementById("select");
        const body = new URLSearchParams(new FormData(form));
        body.set("do", "tick");
        const answer = await fetch(form.action, { method: "POST", body });
        if (answer.ok && !again) put(await answer.text(), answer.url);
      }
    } finally {
      sending = false;
    }
  };

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.id === "page") boxes().forEach((row) => (row.checked = box.checked));
    else if (!box.matches("#select input[name=row]")) return;
    count();
    keep();
  });

  // The filter box puts in other rows.
  new MutationObserver(() => {
    whole();
    count();
  }).observe(document.querySelector("main"), { childList: true });

  whole();
  count();
})();
