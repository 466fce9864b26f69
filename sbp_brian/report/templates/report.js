"use strict";

// Sorting: each heading becomes a button. Numbers by what they are, texts as read; what is absent stays last.
const collator = new Intl.Collator("en", { numeric: true });

function keyOf(row, column) {
  const cell = row.cells[column];
  const told = cell.dataset.key ?? cell.textContent.trim();
  const absent = told === "" || told === "\u2013";
  const number = Number(told);
  return absent ? null : Number.isFinite(number) ? number : told;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return collator.compare(a, b);
}

function sortBy(table, column) {
  const heading = table.tHead.rows[0].cells[column];
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const keyed = [...body.rows].map((row) => [keyOf(row, column), row]);
  const known = keyed.filter(([key]) => key !== null);
  known.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
  body.append(...[...known, ...keyed.filter(([key]) => key === null)].map(([, row]) => row));
}

for (const table of document.querySelectorAll("table.sorts")) {
  if (table.tBodies[0].rows.length < 2) continue;
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sortBy(table, column));
    heading.append(button);
  });
}

// Folding: all at once; what a link leads to is unfolded, and so is everything on paper.
const contents = document.querySelector("nav details");
const folds = [...document.querySelectorAll("main details")];
const wide = window.matchMedia("(min-width: 60rem)");

for (const [words, open] of [["Fold all", false], ["Unfold all", true]]) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words;
  button.addEventListener("click", () => folds.forEach((fold) => (fold.open = open)));
  contents.append(button);
}

function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  target.scrollIntoView();
}

contents.open = wide.matches;
wide.addEventListener("change", () => (contents.open = wide.matches));
contents.addEventListener("click", (event) => {
  if (event.target.closest("a") && !wide.matches) contents.open = false;
});
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link && link.hash === location.hash) reveal();
});
window.addEventListener("hashchange", reveal);
if (location.hash) reveal();

let folded = [];
window.addEventListener("beforeprint", () => {
  folded = folds.filter((fold) => !fold.open && !fold.classList.contains("not-run"));
  folded.forEach((fold) => (fold.open = true));
});
window.addEventListener("afterprint", () => folded.forEach((fold) => (fold.open = false)));

// Where the reader is: the last heading above the middle of the upper half.
const places = [...document.querySelectorAll("nav a")].map((link) => [link, document.querySelector(link.hash)]);

function tellPlace() {
  const above = places.filter(([, heading]) => heading.getClientRects().length > 0)
    .filter(([, heading]) => heading.getBoundingClientRect().top < window.innerHeight / 4);
  const here = above.length ? above[above.length - 1][0] : places[0][0];
  for (const [link] of places) {
    if (link === here) link.setAttribute("aria-current", "location");
    else link.removeAttribute("aria-current");
  }
}

let asked = false;
window.addEventListener("scroll", () => {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    tellPlace();
  });
}, { passive: true });
tellPlace();

// The keyboard stops at what can be scrolled sideways, and at nothing else.
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth + 1) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const part of document.querySelectorAll(".scroll, .picture")) watcher.observe(part);
