// What the modules share: translated texts, storage that may be missing, and parts that htmx brings in later.

export function text(name) {
  return document.getElementById("hd-texts")?.dataset[name] ?? document.getElementById("hd-desk-texts")?.dataset[name] ?? name;
}

/** Run `prepare` for each match now and whenever htmx adds more to the page. */
export function each(selector, prepare) {
  const within = (root) => {
    if (root.matches?.(selector)) prepare(root);
    root.querySelectorAll?.(selector).forEach(prepare);
  };
  within(document);
  document.addEventListener("htmx:load", (event) => event.target !== document.body && within(event.target));
}

export function typing(target) {
  return target.isContentEditable || (target.matches?.("input, textarea, select") && !target.matches("[type=checkbox], [type=radio], [type=button], [type=submit]"));
}

export const store = {
  get(key) {
    try { return localStorage.getItem(`hd.${key}`); } catch { return null; }
  },
  set(key, value) {
    try { value === null ? localStorage.removeItem(`hd.${key}`) : localStorage.setItem(`hd.${key}`, value); } catch { /* full or forbidden: the page works without */ }
  },
  keys(prefix) {
    try { return Object.keys(localStorage).filter((key) => key.startsWith(`hd.${prefix}`)).map((key) => key.slice(3)); } catch { return []; }
  },
};

export function cookie(name, value) {
  const age = value ? 31536000 : 0;
  document.cookie = `${name}=${value}; path=/; max-age=${age}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}

/** An element with attributes and children: make("p", { class: "x" }, "text"). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The words of a link, button or field, without its shortcut and count. */
export function label(element) {
  if (element.dataset.shortcutLabel) return element.dataset.shortcutLabel;
  const named = element.getAttribute("aria-label") ?? element.title;
  const own = [...element.childNodes].filter((node) => !(node instanceof Element && node.matches("kbd, .hd-count"))).map((node) => node.textContent).join("").trim();
  return own || named || element.placeholder || "";
}

/** Show a dialog that goes away when it is closed; one at a time. */
export function show(dialog) {
  document.querySelector("dialog[open]")?.close();
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** The first element of a piece of HTML that our own server sent; rows need a table around them. */
export function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}
