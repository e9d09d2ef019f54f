"use strict";
// The pane of the simulated helpdesk: sends what one does, and draws anew what has changed.

const desk = document.getElementById("desk");
const failed = document.getElementById("failed");
const opened = desk.dataset.ticket;

async function refresh() {
  const answer = await fetch(`/console/helpdesk/desk${opened ? `?ticket=${opened}` : ""}`);
  if (!answer.ok) return;
  const end = window.innerHeight + window.scrollY >= document.body.scrollHeight - 40;
  desk.replaceChildren(document.createRange().createContextualFragment(await answer.text()));
  if (end && opened) window.scrollTo(0, document.body.scrollHeight);
}

async function act(what) {
  failed.hidden = true;
  const answer = await fetch("/console/helpdesk/act", {
    method: "POST",
    headers: { "content-type": "application/json", "x-requested-with": "hammerdesk" },
    body: JSON.stringify(what),
  });
  if (answer.ok) return true;
  failed.textContent = await answer.text();
  failed.hidden = false;
  return false;
}

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const what = { act: event.submitter?.value || form.dataset.act };
  for (const [name, value] of new FormData(form)) what[name] = name === "contact" ? Number(value) : value;
  if (form.dataset.ticket) what.ticket = Number(form.dataset.ticket);
  if (await act(what)) form.querySelector("textarea").value = "";
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-status]");
  if (button) act({ act: "status", ticket: Number(button.parentElement.dataset.ticket), status: Number(button.dataset.status) });
});

// The clock goes on by itself between two looks at the real one.
const clock = document.getElementById("clock");
const shown = document.getElementById("now");
let since = performance.now();

function tell() {
  const at = new Date(Date.parse(clock.dataset.at) + (performance.now() - since) * Number(clock.dataset.speed));
  shown.dateTime = at.toISOString();
  const parts = { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "UTC" };
  shown.textContent = `${at.toLocaleString("en-GB", parts)} UTC`;
}

async function wind(how) {
  const answer = await fetch("/console/helpdesk/clock", how && {
    method: "POST",
    headers: { "content-type": "application/json", "x-requested-with": "hammerdesk" },
    body: JSON.stringify(how),
  });
  if (!answer.ok) {
    failed.textContent = await answer.text();
    failed.hidden = false;
    return;
  }
  const shows = await answer.json();
  since = performance.now();
  clock.dataset.at = shows.at;
  clock.dataset.speed = shows.speed;
  for (const button of clock.querySelectorAll("[data-pace]"))
    button.setAttribute("aria-pressed", String(Number(button.dataset.pace) === shows.speed));
  tell();
}

if (clock) {
  clock.addEventListener("click", (event) => {
    const { pace, forward } = event.target.dataset;
    if (pace !== undefined) wind({ speed: Number(pace) });
    if (forward !== undefined) wind({ forward: Number(forward) });
  });
  setInterval(tell, 1000);
  // Another page may have wound it.
  addEventListener("focus", () => wind());
}

new EventSource("/console/helpdesk/live").addEventListener("message", refresh);
