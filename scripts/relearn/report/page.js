"use strict";
document.documentElement.classList.add("scripted");

// Claims: one verdict at a time.
const buttons = [...document.querySelectorAll(".filters button")];
const show = (verdict) => {
  for (const button of buttons) {
    button.setAttribute("aria-pressed", String(button.dataset.show === verdict));
  }
  for (const claim of document.querySelectorAll(".claim")) {
    claim.hidden = verdict !== "" && claim.dataset.verdict !== verdict;
  }
  for (const talk of document.querySelectorAll(".talk")) {
    talk.hidden = !talk.querySelector(".claim:not([hidden])");
  }
};
for (const button of buttons) {
  button.addEventListener("click", () => show(button.dataset.show));
}
// A link to a claim that is filtered away brings all of them back.
const reveal = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.closest("[hidden]")) {
    show("");
    target.scrollIntoView();
  }
};
addEventListener("hashchange", reveal);

// Figures: enlarged, the same picture again.
const large = document.getElementById("large");
for (const zoom of document.querySelectorAll(".zoom")) {
  zoom.addEventListener("click", () => {
    const picture = large.querySelector("img");
    picture.src = zoom.firstElementChild.src;
    picture.alt = zoom.firstElementChild.alt;
    large.showModal();
  });
}
large.addEventListener("click", (event) => {
  if (event.target.tagName !== "BUTTON") large.close();
});

// Contents: where the reader is.
const places = new Map();
for (const link of document.querySelectorAll(".contents a[href^='#']")) {
  const place = document.getElementById(link.getAttribute("href").slice(1));
  if (place && place.id !== "top") places.set(place, link);
}
const mark = () => {
  let here = null;
  for (const place of places.keys()) {
    if (place.getBoundingClientRect().top < innerHeight / 3) here = place;
  }
  for (const [place, link] of places) {
    if (place === here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
};
let waiting = false;
addEventListener("scroll", () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    mark();
  });
}, { passive: true });
mark();

// Networks: all rows are here, some at a time are in the page.
const source = document.getElementById("data");
if (source) {
  const { keys, heads, numeric, rows } = JSON.parse(source.textContent);
  const STEP = 100;
  const box = document.getElementById("box");
  const table = document.getElementById("runs");
  const query = document.getElementById("query");
  const texts = rows.map((row) => row.join(" ").toLowerCase());
  const studies = keys.indexOf("studies");
  const status = keys.indexOf("status");
  let order = rows.map((_, place) => place);
  let found = order;
  let drawn = 0;
  let sorted = { column: -1, up: true };

  const shown = (value, isNumber) => {
    if (value === null) return "–";
    if (!isNumber || Number.isInteger(value)) return String(value).replace("-", isNumber ? "−" : "-");
    const size = Math.abs(value);
    let text = value.toPrecision(4);
    if (size < 1e-4 || size >= 1e6) text = value.toExponential(2);
    // Correlations near 1 differ in what they lack of it.
    else if (size > 0.99 && size < 1) text = value.toFixed(5);
    return text.replace(/-/g, "−");
  };
  const element = (name, parent, text) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  };
  const studyLinks = (cell, names) => {
    for (const name of names.split(" ")) {
      if (cell.childNodes.length) cell.append(" ");
      const link = element("a", cell, name);
      link.href = "#" + encodeURIComponent(name);
    }
  };

  const head = element("tr", element("thead", table));
  const body = element("tbody", table);
  const sorters = heads.map((text, column) => {
    const cell = element("th", head);
    cell.scope = "col";
    cell.title = keys[column];
    if (numeric[column]) cell.className = "number";
    const button = element("button", cell, text);
    button.type = "button";
    button.addEventListener("click", () => {
      // Numbers begin with the largest: the best, for most of them.
      const first = !numeric[column];
      sorted = { column, up: sorted.column === column ? !sorted.up : first };
      sort();
      update();
    });
    return cell;
  });

  const more = () => {
    const part = document.createDocumentFragment();
    for (const place of found.slice(drawn, drawn + STEP)) {
      const line = element("tr", part);
      if (rows[place][status] === "diverged") line.className = "diverged";
      rows[place].forEach((value, column) => {
        const cell = element(column ? "td" : "th", line);
        if (!column) cell.scope = "row";
        if (numeric[column]) cell.className = "number";
        if (column === studies) studyLinks(cell, value);
        else cell.textContent = shown(value, numeric[column]);
        if (numeric[column] && value !== null) cell.title = value;
      });
    }
    drawn += STEP;
    body.append(part);
  };

  const collator = new Intl.Collator("en", { numeric: true });
  const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));
  const sort = () => {
    const { column, up } = sorted;
    const empty = (value) => value === null || value === "";
    order = rows.map((_, place) => place);
    order.sort((i, j) => {
      const a = rows[i][column];
      const b = rows[j][column];
      // What has no value stays last, whichever way.
      if (empty(a) || empty(b)) return empty(a) - empty(b) || i - j;
      return (up ? compare(a, b) : compare(b, a)) || i - j;
    });
    sorters.forEach((cell, place) => {
      if (place === column) cell.setAttribute("aria-sort", up ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    });
  };

  const TESTS = {
    ">": (a, b) => a > b,
    ">=": (a, b) => a >= b,
    "<": (a, b) => a < b,
    "<=": (a, b) => a <= b,
    "=": (a, b) => a === b,
    "!=": (a, b) => a !== b,
  };
  const condition = (word) => {
    const parts = word.match(/^(\w+)(>=|<=|!=|=|>|<)(.+)$/);
    const column = parts ? keys.indexOf(parts[1]) : -1;
    if (column < 0) return (place) => texts[place].includes(word);
    const [, , sign, text] = parts;
    const limit = numeric[column] ? Number(text) : text;
    return (place) => {
      const value = rows[place][column];
      if (value === null) return false;
      return TESTS[sign](numeric[column] ? value : value.toLowerCase(), limit);
    };
  };
  const update = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean).map(condition);
    found = order.filter((place) => words.every((holds) => holds(place)));
    drawn = 0;
    body.replaceChildren();
    box.scrollTop = 0;
    more();
    document.getElementById("count").textContent = `${found.length} of ${rows.length}`;
  };
  query.addEventListener("input", update);
  box.addEventListener("scroll", () => {
    const left = box.scrollHeight - box.scrollTop - box.clientHeight;
    if (left < 600 && drawn < found.length) more();
  }, { passive: true });
  update();
}

// On paper: everything that can be unfolded.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
reveal();
