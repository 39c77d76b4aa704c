// What was written and not sent is kept per form (data-draft-key), until the form is sent or emptied.
// With data-draft-href the server keeps it, for every device; here it stays only while the server cannot be reached.
import { each, store, text } from "./shared.js";

const MONTH = 30 * 86400 * 1000;

function fields(form) {
  return [...form.elements].filter((field) => field.name && field.name !== "csrf_token" && field.matches("textarea, select, input:not([type=hidden], [type=file], [type=password], [type=submit], [type=checkbox])"));
}

function read(form) {
  const values = {};
  for (const field of fields(form)) if (field.type !== "radio" || field.checked) values[field.name] = field.value;
  return values;
}

function restore(form, values) {
  let changed = false;
  for (const field of fields(form)) {
    const value = values[field.name];
    if (value === undefined) continue;
    if (field.type === "radio") field.checked = field.value === value;
    else if (field.value !== value) { field.value = value; changed = true; }
  }
  return changed;
}

/**
 * The draft that was sent from the page before is done, unless this page says that it failed or was come back to. Nor is it
 * done if the page before was none of ours: then the server did not answer, and somebody typed the address anew.
 */
function settleSent() {
  let sent = null;
  try {
    sent = sessionStorage.getItem("hd.sent");
    sessionStorage.removeItem("hd.sent");
  } catch { /* no storage, no drafts */ }
  const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const answered = document.referrer.startsWith(`${location.origin}/`);
  if (sent && answered && !back && !document.querySelector(".hd-error, .hd-errors, [aria-invalid=true]")) store.set(sent, null);
}

export function start() {
  settleSent();
  each("form[data-draft-key]", (form) => {
    const key = `draft.${form.dataset.draftKey}`;
    const state = form.querySelector("[data-draft-state]");
    const empty = JSON.stringify(read(form));
    const kept = JSON.parse(store.get(key) ?? "null");
    if (kept && restore(form, kept.values)) {
      if (state) state.textContent = text("restored");
      form.dispatchEvent(new Event("hd:restored", { bubbles: true }));
    }
    const href = form.dataset.draftHref;
    let timer;
    const keepThere = async (values, worth) => {
      const body = new FormData(form);
      for (const name of ["files", "file"]) body.delete(name);
      if (!worth && !form.querySelector("[name=attachments]")) for (const name of Object.keys(values)) body.delete(name);
      try {
        const answer = await fetch(href, { method: "POST", body: new URLSearchParams(body), redirect: "error" });
        if (!answer.ok) throw new Error(answer.status);
        store.set(key, null);
      } catch {
        store.set(key, worth ? JSON.stringify({ at: Date.now(), values }) : null);
      }
    };
    form.addEventListener("input", (event) => {
      if (event.target.type === "file") return;
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const values = read(form);
        const worth = (href || JSON.stringify(values) !== empty) && [...form.querySelectorAll("textarea, input[type=text]")].some((field) => field.value.trim());
        if (href && !form.dataset.sending) await keepThere(values, worth);
        else if (!href) store.set(key, worth ? JSON.stringify({ at: Date.now(), values }) : null);
        if (state) state.textContent = worth ? text("draft") : "";
      }, href ? 1000 : 400);
    });
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      store.set(key, JSON.stringify({ at: Date.now(), values: read(form) }));
      try { sessionStorage.setItem("hd.sent", key); } catch { /* the draft is offered once more; nothing is lost */ }
    });
    form.addEventListener("htmx:afterRequest", (event) => event.detail.elt === form && event.detail.successful && store.set(key, null));
  });
  for (const key of store.keys("draft.")) {
    const kept = JSON.parse(store.get(key) ?? "null");
    if (!kept || Date.now() - kept.at > MONTH) store.set(key, null);
  }
}
