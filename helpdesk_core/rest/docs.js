// Lets people try the operations of the page, as signed in to this browser or with a token they paste.
const access = document.getElementById("access");
const shown = 200_000;
let proof = "";

access.hidden = false;
for (const form of document.querySelectorAll("form.try")) form.hidden = false;
document.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.matches("form.try")) send(event.target);
});
access.elements.token.addEventListener("input", () => {
  access.elements.access.value = access.elements.token.value ? "token" : "";
});
recognise();

async function recognise() {
  const answer = await fetch("docs/session");
  const known = answer.ok ? await answer.json() : {};
  if (!known.name) return;
  proof = known.proof;
  const line = document.getElementById("signed-in");
  line.querySelector("span").textContent = known.name;
  line.hidden = false;
  document.getElementById("signed-out").hidden = true;
  access.elements.access.value = "session";
}

function request(form) {
  const headers = {};
  const query = new URLSearchParams();
  const parts = new FormData();
  let path = form.dataset.path;
  for (const field of form.querySelectorAll("[data-in]")) {
    if (field.type === "file") {
      for (const file of field.files) parts.append(field.name, file);
      continue;
    }
    const value = field.value.trim();
    if (!value) continue;
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(value));
    if (field.dataset.in === "query") query.append(field.name, value);
    if (field.dataset.in === "header") headers[field.name] = value;
    if (field.dataset.in === "form") parts.append(field.name, value);
  }
  if (access.elements.access.value === "session") headers["X-CSRFToken"] = proof;
  if (access.elements.access.value === "token") headers.Authorization = `Bearer ${access.elements.token.value.trim()}`;
  const options = { method: form.dataset.method, headers };
  if (form.dataset.type === "application/json") {
    headers["Content-Type"] = "application/json";
    options.body = form.elements.body.value;
  } else if (form.dataset.type) {
    options.body = parts;
  }
  return { address: query.size ? `${path}?${query}` : path, options };
}

async function send(form) {
  const result = form.querySelector(".result");
  const button = form.querySelector("button");
  if (form.elements.body) {
    const problem = unreadable(form.elements.body);
    if (problem) {
      result.replaceChildren(element("p", `The body is not JSON, so nothing was sent: ${problem}`));
      form.elements.body.focus();
      return;
    }
  }
  const { address, options } = request(form);
  button.disabled = true;
  result.replaceChildren(element("p", "Waiting for the answer …"));
  try {
    const begun = performance.now();
    const answer = await fetch(address, options);
    const content = await answer.blob();
    const took = Math.round(performance.now() - begun);
    await show(result, `${options.method} ${address}`, answer, content, took);
  } catch {
    result.replaceChildren(element("p", "The site did not answer. Check the connection and send again."));
  } finally {
    button.disabled = false;
    button.focus();
  }
}

async function show(result, asked, answer, content, took) {
  const type = answer.headers.get("Content-Type") ?? "";
  const lines = ["Content-Type", "ETag", "Location", "Retry-After", "Idempotency-Replayed"]
    .filter((name) => answer.headers.has(name))
    .map((name) => `${name}: ${answer.headers.get(name)}`);
  const parts = [
    element("p", asked),
    element("p", `${answer.status} ${answer.statusText} in ${took} ms`, answer.ok ? "good" : "bad"),
  ];
  if (lines.length) parts.push(block(lines.join("\n"), "Headers of the answer"));
  if (/json/.test(type)) {
    const text = JSON.stringify(JSON.parse(await content.text()), null, 2);
    parts.push(block(text.length > shown ? `${text.slice(0, shown)}\n… (shortened)` : text, "Body of the answer"));
  } else if (content.size) {
    const link = element("a", `Save the answer (${content.size} bytes)`);
    link.href = URL.createObjectURL(content);
    link.download = "answer";
    parts.push(link);
  }
  result.replaceChildren(...parts);
}

function unreadable(field) {
  try {
    JSON.parse(field.value);
    return "";
  } catch (error) {
    return error.message;
  }
}

function block(text, label) {
  const pre = element("pre", text);
  pre.tabIndex = 0;
  pre.setAttribute("role", "group");
  pre.setAttribute("aria-label", label);
  return pre;
}

function element(name, text, kind = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = kind;
  return made;
}
