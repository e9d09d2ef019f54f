// What the browser does: sends, completes, opens the drawer, and takes in what arrives.
// All HTML comes from the server, which escaped it; nothing typed or received is ever made into markup here.
"use strict";

const by = (id) => document.getElementById(id);
const page = document.body.dataset;
const log = by("log");
const drawer = by("drawer");
const desk = by("desk");
const seen = new Set([...document.querySelectorAll("#log [data-id]")].map((m) => m.dataset.id));

// Talking to the server. Every failure becomes one sentence that a person can act on.
async function ask(path, body, signal) {
  let answer;
  try {
    answer = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: { "X-Requested-With": "hammerdesk", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    throw new Error("The server did not answer. Try again: it will not be said twice.");
  }
  if (!answer.ok) {
    const text = await answer.text();
    throw new Error(text.length && text.length < 400 ? text : `The server refused (${answer.status}).`);
  }
  return answer;
}

const parsed = (html) => document.createRange().createContextualFragment(html);
const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// Seats

document.addEventListener("click", async (event) => {
  const seat = event.target.closest("[data-person]");
  if (!seat) return;
  try {
    await ask("/console/person", { person: seat.dataset.person });
    sessionStorage.setItem("seat-taken", "1");
    location.assign(page.channel ? `/console/c/${page.channel}` : "/console");
  } catch (fault) {
    const failed = by("chooser-failed") || by("state");
    failed.textContent = fault.message;
    failed.hidden = false;
  }
});

// The log: where it is, and where it goes when something arrives

const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 56;
const toEnd = (box) => { box.scrollTop = box.scrollHeight; };
const logOf = (thread) => thread ? document.querySelector(`#thread-log[data-thread-of="${CSS.escape(thread)}"]`) : log;

function show(box, article) {
  // Only the box itself may move: scrollIntoView would push the whole page on a small screen.
  const top = article.getBoundingClientRect().top - box.getBoundingClientRect().top;
  if (article.offsetHeight > box.clientHeight - 24) box.scrollTop += top - 8;
  else toEnd(box);
}

// A card whose facts changed says so where it stands; how many replied below it stays.
function replace(arrived) {
  for (const old of document.querySelectorAll(`article[data-id="${CSS.escape(arrived.id)}"]`)) {
    const box = old.closest(".log");
    const follow = box && atEnd(box);
    const article = parsed(arrived.html).querySelector("article");
    for (const name of ["first", "more", "new"]) article.classList.toggle(name, old.classList.contains(name));
    const tools = old.querySelector(":scope > .tools");
    article.querySelector(":scope > .tools")?.remove();
    if (tools) article.append(tools);
    article.classList.add("changed");
    old.replaceWith(article);
    if (box) group(box);
    if (follow) toEnd(box);
  }
}

function put(arrived, mine) {
  if (arrived.revised) return replace(arrived);
  const known = seen.has(arrived.id);
  seen.add(arrived.id);
  if (arrived.thread && !known) countAnswer(arrived.thread);
  if (arrived.channel !== page.channel) return refreshPlaces();
  const box = logOf(arrived.thread);
  if (!box) return refreshPlaces();
  if (box.querySelector(`[data-id="${CSS.escape(arrived.id)}"]`)) return;
  const follow = mine || atEnd(box);
  const article = parsed(arrived.html).querySelector("article");
  box.querySelector(".empty")?.remove();
  const days = box.querySelectorAll(".day");
  const last = days.length ? days[days.length - 1].dataset.day : null;
  if (!arrived.thread && last !== article.dataset.day) {
    const day = element("p", { className: "day", textContent: article.dataset.day });
    day.dataset.day = article.dataset.day;
    day.setAttribute("role", "separator");
    box.append(day);
  }
  article.classList.add("new");
  const waiting = [...box.querySelectorAll(".pending, .message.unsent")];
  box.append(article, ...waiting.filter((one) => one.isConnected && !mine));
  group(box);
  if (follow) show(box, article);
  else if (box === log) by("pill").hidden = false;
  if (arrived.thread) refreshPlaces();
  markRead(arrived.thread || null);
}

function countAnswer(thread) {
  const button = log?.querySelector(`[data-id="${CSS.escape(thread)}"] [data-thread]`);
  if (!button) return;
  const count = 1 + (parseInt(button.textContent, 10) || 0);
  button.textContent = count === 1 ? "1 reply" : `${count} replies`;
  button.parentElement.classList.remove("resting");
}

// Words that follow somebody's own words closely need no second name above them.
const CLOSE = 5 * 60 * 1000;
function group(box) {
  let before = null;
  for (const message of box.children) {
    const words = message.matches(".message:not(.private)") && message.querySelector(":scope > .words");
    const at = words ? Date.parse(message.querySelector("time").dateTime) : 0;
    const follows = words && before && before.author === message.dataset.author && at - before.at < CLOSE;
    message.classList.toggle("follows", Boolean(follows));
    before = words ? { author: message.dataset.author, at } : null;
  }
}

let marking;
function markRead(thread) {
  const box = logOf(thread);
  if (!box || document.hidden || !atEnd(box)) return;
  const articles = box.querySelectorAll("[data-id]");
  const last = articles.length ? articles[articles.length - 1].dataset.id : null;
  if (!last || box.dataset.read === last) return;
  box.dataset.read = last;
  clearTimeout(marking);
  marking = setTimeout(() => ask("/console/read", { channel: page.channel, thread, up_to: last }).then(refreshPlaces, () => {}), 150);
}

let refreshing;
function refreshPlaces() {
  clearTimeout(refreshing);
  refreshing = setTimeout(async () => {
    try {
      const thread = by("thread-log")?.dataset.threadOf;
      const answer = await ask(`/console/places/${page.channel}${thread ? `?thread=${thread}` : ""}`);
      const fresh = parsed(await answer.text()).querySelector("nav");
      const nav = by("places").querySelector("nav");
      const focused = nav.contains(document.activeElement) && document.activeElement.dataset.place;
      nav.replaceWith(fresh);
      tellUnread();
      if (focused) fresh.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
    } catch { /* the next arrival tries again */ }
  }, 120);
}

// Folded places cannot show their counts: the title and the button that unfolds them do.
const name = document.title;
function tellUnread() {
  const counts = [...document.querySelectorAll("#places .unread .count")].map((count) => parseInt(count.textContent, 10) || 0);
  const sum = counts.reduce((all, count) => all + count, 0);
  document.title = sum ? `(${sum}) ${name}` : name;
  const button = by("menu-of-places");
  button.classList.toggle("unread", sum > 0);
  button.setAttribute("aria-label", sum ? `Places, ${sum} unread` : "Places");
}

// Sending

function waiting(asked) {
  const bones = [1, 2, 3].map(() => element("span", { className: "bone" }));
  const article = element("article", { className: "message pending" },
    element("p", { className: "asked", textContent: asked }), ...bones,
    element("span", { className: "hidden", textContent: "Waiting for the answer" }));
  article.setAttribute("aria-busy", "true");
  return article;
}

function unsent(article, asked, sentence, again) {
  const retry = element("button", { type: "button", className: "link", textContent: "Try again" });
  const drop = element("button", { type: "button", className: "link", textContent: "Dismiss" });
  const line = element("p", { className: "failed" }, element("span", { textContent: sentence }), retry, drop);
  line.setAttribute("role", "alert");
  article.className = "message unsent";
  article.removeAttribute("aria-busy");
  article.replaceChildren(element("p", { className: "asked", textContent: asked }), line);
  retry.addEventListener("click", () => { article.remove(); again(); });
  drop.addEventListener("click", () => article.remove());
}

function token() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// The same token goes with every try, so that a message that did arrive is not said twice.
async function send(path, body, asked, thread) {
  body.token ??= token();
  const box = logOf(thread) || log;
  const article = waiting(asked);
  box.querySelector(".empty")?.remove();
  box.append(article);
  toEnd(box);
  try {
    const arrived = await (await ask(path, body)).json();
    article.remove();
    put(arrived, true);
    const drawn = logOf(arrived.thread)?.querySelector(`[data-id="${CSS.escape(arrived.id)}"]`);
    if (drawn) show(logOf(arrived.thread), drawn);
  } catch (fault) {
    unsent(article, asked, fault.message, () => send(path, body, asked, thread));
    toEnd(box);
  }
}

// The composer: a combobox whose list is what the server says may come next

function compose(form) {
  const line = form.querySelector("textarea");
  const list = by(`${line.id}-suggestions`);
  const hint = by(`${line.id}-hint`);
  const resting = hint.textContent;
  let items = [];
  let active = -1;
  let asking = null;
  let recalled = 0;

  const close = () => {
    asking?.abort();
    items = [];
    active = -1;
    list.hidden = true;
    list.replaceChildren();
    line.setAttribute("aria-expanded", "false");
    line.removeAttribute("aria-activedescendant");
  };

  const mark = (n) => {
    active = n;
    [...list.children].forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === n));
      if (at === n) {
        const over = option.offsetTop + option.offsetHeight - list.clientHeight;
        list.scrollTop = Math.min(Math.max(list.scrollTop, over + 4), option.offsetTop - 4);
        line.setAttribute("aria-activedescendant", option.id);
      }
    });
    if (n < 0) line.removeAttribute("aria-activedescendant");
  };

  const draw = (suggestions, typed) => {
    items = suggestions;
    const commands = items.length ? items.every((item) => item.label.startsWith("/")) : !/\s/.test(typed);
    list.classList.toggle("commands", commands);
    list.replaceChildren(...items.map((item, n) => {
      const label = element("span", { className: "label", textContent: item.label, dir: "auto" });
      const detail = element("span", { className: "detail", textContent: item.detail, dir: "auto" });
      const option = element("li", { id: `${line.id}-option-${n}` }, label, detail);
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.addEventListener("mousedown", (event) => { event.preventDefault(); take(n); });
      return option;
    }));
    list.hidden = items.length === 0;
    line.setAttribute("aria-expanded", String(items.length > 0));
    mark(commands && items.length ? 0 : -1);
    hint.textContent = items.length === 0 && commands ? "No such command. Type / alone to see yours." : resting;
  };

  const complete = async () => {
    asking?.abort();
    const typed = line.value.slice(0, line.selectionStart ?? line.value.length);
    if (!typed.startsWith("/") || typed.includes("\n")) { close(); hint.textContent = resting; return; }
    asking = new AbortController();
    try {
      const answer = await ask("/console/complete", { line: typed }, asking.signal);
      const suggestions = await answer.json();
      if (line.value.startsWith(typed) && document.activeElement === line) draw(suggestions, typed);
    } catch (fault) {
      if (fault.name === "AbortError") return;
      close();
      hint.textContent = "Completion is not available just now; you can still send.";
    }
  };

  const take = (n) => {
    const chosen = items[n];
    if (!chosen) return;
    const ends = /[\s:]$/.test(chosen.line);
    line.value = ends ? chosen.line : `${chosen.line} `;
    line.setSelectionRange(line.value.length, line.value.length);
    line.focus();
    complete();
  };

  const submit = () => {
    const text = line.value.trim();
    if (!text) return;
    const thread = form.dataset.thread || null;
    if (text.startsWith("/")) sessionStorage.setItem("last-asked", text);
    remember(text);
    recalled = 0;
    line.value = "";
    hint.textContent = resting;
    close();
    send("/console/say", { channel: page.channel, thread, text }, text, thread);
  };

  const recall = (step) => {
    const said = remembered();
    recalled = Math.min(Math.max(recalled + step, 0), said.length);
    line.value = recalled ? said[said.length - recalled] : "";
    line.setSelectionRange(line.value.length, line.value.length);
    close();
  };

  line.addEventListener("input", () => {
    recalled = 0;
    const left = line.maxLength - line.value.length;
    complete();
    if (left < 200) hint.textContent = `${left} characters left`;
  });
  line.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== line) close(); }, 100));

  line.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const open = !list.hidden;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (open && move) {
      event.preventDefault();
      const from = active < 0 && move < 0 ? 0 : active;
      mark((from + move + items.length) % items.length);
    } else if (move && (line.value === "" || recalled)) {
      event.preventDefault();
      recall(-move);
    } else if (event.key === "Tab" && open && !event.shiftKey) {
      event.preventDefault();
      take(Math.max(active, 0));
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const same = open && active >= 0 && items[active].line.trim() === line.value.trim();
      if (open && active >= 0 && !same) take(active);
      else submit();
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "?" && line.value === "") {
      event.preventDefault();
      by("keys").showModal();
    }
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); line.focus(); });
}

const remembered = () => JSON.parse(sessionStorage.getItem("said") || "[]");
const remember = (text) => sessionStorage.setItem("said", JSON.stringify([...remembered().filter((t) => t !== text), text].slice(-30)));

// The drawer

let opener = null;

async function openDrawer(path, from, address) {
  opener = from;
  drawer.hidden = false;
  desk.classList.add("drawn");
  drawer.setAttribute("aria-busy", "true");
  try {
    drawer.replaceChildren(parsed(await (await ask(path)).text()));
  } catch (fault) {
    const close = element("button", { type: "button", className: "link", textContent: "Close" });
    close.dataset.closeDrawer = "";
    drawer.replaceChildren(element("p", { className: "failed", textContent: fault.message }), close);
  }
  drawer.removeAttribute("aria-busy");
  if (address) history.replaceState(null, "", address);
  settleDrawer(true);
}

function settleDrawer(focus) {
  const form = drawer.querySelector(".composer form");
  const box = by("thread-log");
  if (box) {
    box.querySelectorAll("[data-id]").forEach((message) => seen.add(message.dataset.id));
    group(box);
    toEnd(box);
    box.addEventListener("scroll", () => markRead(box.dataset.threadOf), { passive: true });
    markRead(box.dataset.threadOf);
  }
  if (form) compose(form);
  if (focus) (form?.querySelector("textarea") || by("drawer-title"))?.focus();
}

function closeDrawer() {
  if (drawer.hidden) return false;
  drawer.hidden = true;
  drawer.replaceChildren();
  desk.classList.remove("drawn");
  history.replaceState(null, "", `/console/c/${page.channel}`);
  (opener?.isConnected ? opener : by("line")).focus();
  opener = null;
  refreshPlaces();
  return true;
}

// One listener for every button that the server draws

function press(button, id, message, asked, fields) {
  const thread = button.closest("[data-thread-of]")?.dataset.threadOf || null;
  send("/console/press", { channel: page.channel, thread, message, action: id, fields }, asked, thread);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const data = button.dataset;
  if ("press" in data) press(button, data.press, data.message, button.textContent, []);
  else if ("form" in data) button.nextElementSibling.showModal();
  else if ("close" in data) button.closest("dialog").close();
  else if ("thread" in data) openDrawer(`/console/t/${data.thread}`, button, `/console/c/${page.channel}?thread=${data.thread}`);
  else if ("explain" in data) openDrawer(data.explain, button);
  else if ("closeDrawer" in data) closeDrawer();
  else if ("copy" in data) copy(button);
  else if (button.id === "earlier") earlier(button);
  else if (button.id === "pill") { button.hidden = true; toEnd(log); by("line").focus(); }
  else if (button.id === "show-keys") by("keys").showModal();
  else if (button.id === "menu-of-places") unfold(!desk.classList.contains("choosing"));
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-submit]");
  if (!form) return;
  event.preventDefault();
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  const asked = form.querySelector("[type=submit]").textContent;
  form.closest("dialog").close();
  press(form, form.dataset.submit, form.dataset.message, asked, fields);
});

async function copy(button) {
  const sentence = button.parentElement.querySelector("blockquote");
  try {
    await navigator.clipboard.writeText(sentence.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(sentence);
    button.textContent = "Selected: press Ctrl C";
  }
}

async function earlier(button) {
  const first = log.querySelector("[data-id]");
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await ask(`/console/c/${page.channel}/before/${first.dataset.id}`);
    const height = log.scrollHeight - log.scrollTop;
    const older = parsed(await answer.text());
    const nextDay = log.querySelector(".day");
    const lastDay = [...older.querySelectorAll(".day")].pop();
    if (nextDay && lastDay && nextDay.dataset.day === lastDay.dataset.day) nextDay.remove();
    const more = older.querySelector("#earlier");
    more?.remove();
    button.after(older);
    group(log);
    if (!more) button.remove();
    log.scrollTop = log.scrollHeight - height;
  } catch (fault) {
    by("state").textContent = fault.message;
  }
  button.removeAttribute("aria-busy");
}

function unfold(open) {
  desk.classList.toggle("choosing", open);
  by("menu-of-places").setAttribute("aria-expanded", String(open));
  if (open) by("places").querySelector("a")?.focus();
}

document.addEventListener("click", (event) => {
  if (desk?.classList.contains("choosing") && !event.target.closest("#places, #menu-of-places")) unfold(false);
});

document.addEventListener("keydown", (event) => {
  if (!desk || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const typing = event.target.closest("input, textarea, select");
  const option = event.target.closest(".menu li button");
  if (event.key === "Escape" && !document.querySelector(":popover-open")) {
    if (desk.classList.contains("choosing")) { unfold(false); by("menu-of-places").focus(); }
    else if (!closeDrawer()) by("line").focus();
  } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    const places = [...document.querySelectorAll("#places nav ul:first-of-type a")];
    const here = places.findIndex((place) => place.dataset.place === page.channel);
    const next = places[here + (event.key === "ArrowUp" ? -1 : 1)];
    if (next) { event.preventDefault(); location.assign(next.href); }
  } else if (option && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    const item = option.parentElement;
    const next = event.key === "ArrowUp" ? item.previousElementSibling : item.nextElementSibling;
    if (next) { event.preventDefault(); next.querySelector("button").focus(); }
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (event.key === "?") { event.preventDefault(); by("keys").showModal(); }
    if (event.key === "/") {
      event.preventDefault();
      const line = by("line");
      line.focus();
      if (line.value === "") { line.value = "/"; line.dispatchEvent(new Event("input")); }
    }
  }
});

// Live: the server sends what this person may see, from where this page stands

function listen(after) {
  const source = new EventSource(`/console/live${after ? `?after=${after}` : ""}`);
  let last = after;
  source.addEventListener("open", () => { by("state").textContent = ""; document.body.dataset.live = "yes"; });
  source.addEventListener("message", (event) => {
    last = event.lastEventId || last;
    put(JSON.parse(event.data), false);
  });
  source.addEventListener("error", () => {
    document.body.dataset.live = "no";
    by("state").textContent = "Not connected; trying again";
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(last), 3000);
  });
}

if (log) {
  document.querySelectorAll("main .composer form").forEach(compose);
  group(log);
  toEnd(log);
  tellUnread();
  settleDrawer(false);
  log.addEventListener("scroll", () => { if (atEnd(log)) { by("pill").hidden = true; markRead(null); } }, { passive: true });
  document.addEventListener("visibilitychange", () => markRead(null));
  markRead(null);
  listen(page.upTo || "");
  const line = by("line");
  if (sessionStorage.getItem("seat-taken")) {
    sessionStorage.removeItem("seat-taken");
    const asked = sessionStorage.getItem("last-asked");
    if (asked) {
      line.value = asked;
      by("line-hint").textContent = "Your last question, ready for this seat: press Enter to ask it.";
    }
  }
  // On a small screen the focus would open the keyboard over the conversation.
  if (matchMedia("(min-width: 46rem)").matches) { line.focus(); line.select(); }
}
