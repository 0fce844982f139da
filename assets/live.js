// Live pages: the server's stream says what has moved, the page fetches itself again and takes over the parts that
// show it. A part is an element with an id and `data-live`, a list of what it shows: `run` is every run, `run:ID` one of
// them, `operation` operations, `generation` the data. No part is ever taken from under somebody's hands. Without this file pages load
// themselves again as a whole.
"use strict";

(() => {
  const STREAM = "/live";
  // After a refusal the stream is asked for again, and the page is fetched, this often.
  const AGAIN_MS = 15000;
  // A part in use is tried again this often.
  const HELD_MS = 1000;

  let stream = null;
  let timer = 0;
  let fetching = false;
  // Something moved while a fetch was under way.
  let again = false;
  // The parts of the newest page that could not be put in yet, by id.
  const held = new Map();
  let trying = 0;

  const parts = (page) => [...page.querySelectorAll("[data-live][id]")];

  // Whether a hint is about something that a part of this page shows.
  const concerns = (hint) =>
    parts(document).some((part) =>
      part.dataset.live.split(" ").some((word) => {
        const [noun, id] = word.split(":");
        return noun === hint.noun && (!id || !hint.id || id === hint.id);
      }),
    );

  // Somebody types, tabs or presses in it, has opened something in it, or has marked text in it.
  const inUse = (part) => {
    const active = document.activeElement;
    if (active && active !== document.body && part.contains(active)) return true;
    if (part.querySelector(":active, details[open], dialog[open]")) return true;
    const marked = document.getSelection();
    return Boolean(marked && !marked.isCollapsed && marked.anchorNode && part.contains(marked.anchorNode));
  };

  const put = (part, fresh) => {
    if (part.isEqualNode(fresh)) return held.delete(part.id);
    if (inUse(part)) return hold(part.id, fresh);
    held.delete(part.id);
    part.replaceWith(fresh);
  };

  const hold = (id, fresh) => {
    held.set(id, fresh);
    clearTimeout(trying);
    trying = setTimeout(putHeld, HELD_MS);
  };

  const putHeld = () => {
    for (const [id, fresh] of [...held]) {
      const part = document.getElementById(id);
      if (part) put(part, fresh);
      else held.delete(id);
    }
    settle();
  };

  const take = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const part of parts(document)) {
      const fresh = page.getElementById(part.id);
      if (fresh) put(part, document.importNode(fresh, true));
    }
    document.title = page.title;
    settle();
  };

  // A page on which nothing moves any more needs no stream.
  const settle = () => {
    if (!parts(document).length) close();
  };

  const refresh = async () => {
    if (fetching) {
      again = true;
      return;
    }
    fetching = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", headers: { accept: "text/html" } });
      // Another page is meant now: the first sync is done, or the session is over.
      if (answer.redirected) return location.assign(answer.url);
      if (answer.ok) take(await answer.text());
    } catch {
      // The server is not there; the stream finds it again, and then the page is fetched.
    } finally {
      fetching = false;
    }
    if (again) {
      again = false;
      refresh();
    }
  };

  const hear = (event) => {
    let hint;
    try {
      hint = JSON.parse(event.data);
    } catch {
      return;
    }
    if (concerns(hint)) refresh();
  };

  const close = () => {
    clearTimeout(timer);
    if (stream) stream.close();
    stream = null;
  };

  const open = () => {
    if (stream || document.hidden || !parts(document).length) return;
    clearTimeout(timer);
    stream = new EventSource(STREAM);
    // What moved before the stream was there, or while it was away, is on the page that is fetched now.
    stream.addEventListener("open", refresh);
    stream.addEventListener("message", hear);
    stream.addEventListener("error", () => {
      // A broken stream is taken up by the browser itself; a refused one is not.
      if (!stream || stream.readyState !== EventSource.CLOSED) return;
      close();
      timer = setTimeout(() => {
        refresh();
        open();
      }, AGAIN_MS);
    });
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
})();
