// Shows all queries of a report: searches, sorts, and opens them. What it reads is packed by pack.py; what it makes are clones of the
// page's own <template>s, filled with text: nothing that anybody wrote is ever read as HTML.
"use strict";

const FIRST = 30, FURTHER = 50;
const byId = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en-US");

async function unpack(id) {
  const packed = byId(id).textContent.trim();
  if (!packed || !("DecompressionStream" in window)) return null;
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

function once(make) {
  let made;
  return () => (made ??= make());
}
const readDetails = once(() => unpack("details"));

function clone(name, slots = {}) {
  const made = byId(`t-${name}`).content.cloneNode(true);
  for (const [slot, text] of Object.entries(slots)) made.querySelector(`[data-slot="${slot}"]`).textContent = text;
  return made;
}

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Numbers as Python's figures.py writes them; they come rounded.
function mean(value, unit) {
  if (value === null || value === undefined) return "n/a";
  const size = Math.abs(value);
  return `${value.toFixed(size < 10 ? 3 : size < 1000 ? 1 : 0)} ${unit}`.trimEnd();
}
function signed(value) {
  if (value === null) return "n/a";
  const text = Math.abs(value).toFixed(3);
  return Number(text) === 0 ? text : (value < 0 ? "-" : "+") + text;
}

// Places in the order of queries.py: errors, then by what was lost, then by stage.
function worstFirst(index, mine) {
  const change = (place) => (index.stages[mine.now[place]] === "error" ? -Infinity : mine.change[place] ?? 0);
  const less = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
  const suite = (place) => index.suites[index.suite[place]];
  return index.ids.map((_, place) => place).sort((a, b) =>
    less(change(a), change(b)) || less(mine.now[a], mine.now[b]) || less(suite(a), suite(b)) || less(index.ids[a], index.ids[b]));
}

// One candidate's table of queries.
class Queries {
  constructor(section, index) {
    this.index = index;
    this.mine = index.candidates[Number(section.dataset.candidate)];
    this.table = section.querySelector("table.queries");
    this.form = section.querySelector(".controls");
    this.counted = section.querySelector(".counted");
    this.further = section.querySelector(".further");
    this.sort = { key: "change", way: 1 };
    this.size = FIRST;
    this.order = worstFirst(index, this.mine);
    this.ranks = new Map(this.order.map((place, rank) => [place, rank]));
    this.heads();
    this.form.hidden = false;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", () => { this.size = FIRST; this.show(); });
    this.further.addEventListener("click", () => this.more());
    this.table.addEventListener("toggle", (event) => this.opened(event.target), true);
    this.count(this.found());
  }

  heads() {
    for (const head of this.table.querySelectorAll("thead th")) {
      const button = element("button", head.textContent);
      button.type = "button";
      button.addEventListener("click", () => this.by(head.dataset.key));
      head.replaceChildren(button);
    }
  }

  by(key) {
    this.sort = { key, way: this.sort.key === key ? -this.sort.way : 1 };
    for (const head of this.table.querySelectorAll("thead th")) {
      if (head.dataset.key === key) head.setAttribute("aria-sort", this.sort.way > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
    this.size = FIRST;
    this.show();
  }

  more() {
    const first = this.table.tBodies.length;
    this.size += FURTHER;
    this.show();
    this.table.tBodies[first]?.querySelector("summary")?.focus();
  }

  // The places of the queries that are asked for, in the order that is asked for.
  found() {
    const { index, mine } = this, asked = new FormData(this.form);
    const words = asked.get("text").toLowerCase().split(/\s+/).filter(Boolean);
    const suite = index.suites.indexOf(asked.get("suite")), stage = index.stages.indexOf(asked.get("stage")), moved = asked.get("moved");
    const whole = index.stages.length - 1;
    const wanted = (place) =>
      (suite < 0 || index.suite[place] === suite) && (stage < 0 || mine.now[place] === stage) &&
      (!moved || (moved === "worse" && mine.change[place] < 0) || (moved === "better" && mine.change[place] > 0) ||
        (moved === "newly" && mine.was[place] === whole && mine.now[place] !== whole)) &&
      words.every((word) => this.text(place).includes(word));
    const value = {
      text: (place) => index.texts[place], suite: (place) => index.suites[index.suite[place]], stage: (place) => mine.now[place],
      before: (place) => mine.before[place], after: (place) => mine.after[place],
    }[this.sort.key];
    const places = this.order.filter(wanted), { way } = this.sort;
    if (!value) return way > 0 ? places : places.reverse();
    const order = (a, b) => {
      const [one, other] = [value(a), value(b)];
      if (one === other) return this.ranks.get(a) - this.ranks.get(b);
      if (one === null || other === null) return one === null ? 1 : -1;
      return way * (typeof one === "string" ? one.localeCompare(other) : one - other);
    };
    return places.sort(order);
  }

  text(place) {
    const { index } = this;
    this.texts ??= [];
    return (this.texts[place] ??= [
      index.ids[place], index.texts[place], ...index.slices[place].map((slice) => index.sliceNames[slice]),
      this.mine.why[place],
    ].join(" ").toLowerCase());
  }

  show() {
    const places = this.found();
    const lines = document.createDocumentFragment();
    for (const place of places.slice(0, this.size)) lines.append(this.line(place));
    for (const body of [...this.table.tBodies]) body.remove();
    this.table.append(lines);
    this.size = Math.max(this.size, FIRST);
    this.count(places);
  }

  count(places) {
    const all = this.order.length, shown = Math.min(this.table.tBodies.length, places.length);
    this.counted.textContent = `${number.format(places.length)} of ${number.format(all)} queries; ${number.format(shown)} shown.`;
    this.further.hidden = shown >= places.length;
    this.further.textContent = `Show ${number.format(Math.min(FURTHER, places.length - shown))} more`;
  }

  line(place) {
    const { index, mine } = this, suite = index.suites[index.suite[place]], unit = mine.unit[suite] ?? "";
    const [was, now] = [index.stages[mine.was[place]], index.stages[mine.now[place]]];
    const made = clone("line", {
      text: index.texts[place], id: index.ids[place], suite, stage: was === now ? now : `${was} → ${now}`,
      before: mean(mine.before[place], unit), after: mean(mine.after[place], unit), change: signed(mine.change[place]),
      why: mine.why[place] || "What both did",
    });
    const body = made.querySelector("tbody");
    body.classList.toggle("worse", mine.change[place] < 0);
    body.classList.toggle("better", mine.change[place] > 0);
    body.dataset.place = place;
    return made;
  }

  async opened(fold) {
    const line = fold.closest("tbody"), body = fold.querySelector(":scope > .body");
    if (!fold.open || !body || body.childElementCount || line.dataset.place === undefined) return;
    const details = await readDetails();
    if (!body.childElementCount) body.append(detail(details, this.index, this.mine, Number(line.dataset.place)));
  }
}

// All about one query, of what pack.py's _Details holds of it.
function detail(details, index, mine, place) {
  const made = details.cases[place], id = index.ids[place], suite = index.suites[index.suite[place]];
  if (!made) return element("p", `Not in this page, to keep it small: ragguard show ${id}`, "soft");
  const [full, intended, tags, judged, rankings, scores, errors, long] = made;
  const text = full || index.texts[place], intent = intended || id;
  const labels = [...new Set([...index.slices[place].map((slice) => index.sliceNames[slice]), ...tags])].join(", ");
  const root = clone("detail", { full: text, about: `intent ${intent}${labels ? `; ${labels}` : ""}` });
  root.querySelector('[data-slot="full"]').hidden = !full;
  const list = (name) => root.querySelector(`[data-list="${name}"]`);
  const part = (name, there) => { root.querySelector(`[data-part="${name}"]`).hidden = !there; };
  const arms = mine.arms.map((arm) => ({
    name: index.arms[arm], ranked: ranked(rankings, arm), scores: scores[arm] || scores[0], error: errors && errors[arm],
    answer: long && long !== 1 && long[1][arm], told: (long && long !== 1 && long[2][arm]) || [], number: arm,
  }));
  const grades = new Map();
  for (let i = 0; i < judged.length; i += 2) grades.set(judged[i], judged[i + 1]);

  const ranks = arms.some((arm) => arm.ranked.length || arm.error);
  const wanted = [...grades].filter(([, grade]) => grade > 0)
    .sort(([one, grade], [other, second]) => second - grade || (details.docs[one][0] < details.docs[other][0] ? -1 : 1));
  list("wanted").replaceChildren(...wanted.map(([doc, grade]) =>
    element("li", `${details.docs[doc][0]} (grade ${grade}): ${arms.map((arm) => rank(arm, doc)).join(" → ")}`)));
  part("wanted", ranks && wanted.length);
  const alike = ranks && arms.every((arm) => !arm.error && arm.ranked.join() === arms[0].ranked.join());
  const sides = alike ? [{ ...arms[0], name: `all alike: ${arms.map((arm) => arm.name).join(", ")}` }] : arms;
  list("rankings").replaceChildren(...(ranks ? sides.map((arm) => ranking(details, arm, grades)) : []));
  part("ranks", ranks);

  const expected = long && long !== 1 ? long[0] : "";
  root.querySelector('[data-slot="expected"]').textContent = expected;
  part("expected", expected);
  const answers = arms.filter((arm) => arm.answer);
  list("answers").replaceChildren(...answers.map((arm) => answer(details, arm, arms)));
  part("answers", answers.length);
  const told = arms.flatMap((arm) => arm.told);
  list("told").replaceChildren(...told.flatMap(([who, what]) => [element("dt", details.texts[who]), element("dd", what)]));
  part("told", told.length);
  const missing = root.querySelector('[data-slot="missing"]');
  missing.hidden = long !== 1;
  missing.textContent = long === 1 ? `Its answers are not in this page, to keep it small: ragguard show ${id}` : "";

  list("heads").replaceChildren(...["score", ...arms.map((arm) => arm.name)].map((name, i) => head(name, "col", i ? "number" : "")));
  const rows = details.metrics[suite].map(([metric, unit], i) => [metric, arms.map((arm) => arm.scores[i]), unit])
    .filter(([, values]) => values.some((value) => value !== undefined && value !== null));
  list("scores").replaceChildren(...rows.map(([metric, values, unit]) => {
    const row = element("tr");
    row.append(head(metric, "row"), ...values.map((value) => element("td", score(details, value, unit), "number")));
    return row;
  }));
  part("scores", rows.length);
  return root;
}

// A ranking is told by the first one: by places in it, and by -1 - number where a document is not there.
const ranked = (rankings, arm) =>
  arm && rankings[arm] ? rankings[arm].map((code) => (code < 0 ? -1 - code : rankings[0][code])) : rankings[0];
const head = (text, scope, className = "") => Object.assign(element("th", text, className), { scope });
const score = (details, value, unit) => (Array.isArray(value) ? details.texts[value[0]] : mean(value, unit));

function rank(arm, doc) {
  if (!arm.ranked.length) return "nothing ranked";
  const at = arm.ranked.indexOf(doc);
  return at < 0 ? `not in top ${arm.ranked.length}` : String(at + 1);
}

function ranking(details, arm, grades) {
  const none = arm.ranked.length ? "" : arm.error || "nothing ranked";
  const made = clone("ranking", { arm: arm.name, none });
  made.querySelector('[data-slot="none"]').hidden = !none;
  made.querySelector('[data-list="ranked"]').replaceChildren(...arm.ranked.map((doc) => {
    const [id, title, marks, stale] = details.docs[doc], grade = grades.get(doc);
    const item = clone("ranked", { id, title, marks, grade: grade === undefined ? "not judged" : `grade ${grade}` });
    item.querySelector("li").classList.toggle("wanted", grade > 0);
    item.querySelector("li").classList.toggle("stale", stale);
    return item;
  }));
  return made;
}

// An answer in pieces: steps lead from the baseline's text to the candidate's, see diff.py.
function answer(details, arm, arms) {
  const [said, cites, given, [abstains, cut, drawn]] = arm.answer;
  const ids = (docs) => docs.map((doc) => details.docs[doc][0]).join(", ") || "nothing";
  const about = [abstains ? "abstains" : `cites ${ids(cites)}`];
  if (given) about.push(`was given ${ids(given)}`);
  if (cut) about.push("the prompt did not hold all of these documents");
  if (drawn > 1) about.push(`one of ${drawn} that were drawn`);
  const made = clone("answer", { arm: arm.name, about: about.join("; ") });
  made.querySelector('[data-list="pieces"]').replaceChildren(...pieces(said, arm, arms));
  return made;
}

function pieces(said, arm, arms) {
  const [first, last] = [arms[0], arms[arms.length - 1]];
  if (arm === first) {
    const steps = last.answer && last !== first ? last.answer[0] : null;
    return Array.isArray(steps) ? walk(said, steps, "old") : [new Text(said)];
  }
  if (!Array.isArray(said)) return [new Text(said)];
  return walk(first.answer[0], said, arm === last ? "new" : "plain");
}

function walk(before, steps, side) {
  const words = before.match(/[^ \t\n\r]+[ \t\n\r]*|[ \t\n\r]+/g) ?? [], made = [];
  let at = 0;
  for (const step of steps) {
    if (typeof step === "string") {
      if (side !== "old") made.push(side === "new" ? element("ins", step) : new Text(step));
      continue;
    }
    const text = words.slice(at, (at += Math.abs(step))).join("");
    if (step > 0) made.push(new Text(text));
    else if (side === "old") made.push(element("del", text));
  }
  return made;
}

// Of several candidates, one is shown at a time; paper has all.
function pick() {
  const sections = [...document.querySelectorAll(".candidate")];
  const target = byId(decodeURIComponent(location.hash.slice(1)));
  const wanted = sections.find((section) => section.contains(target));
  if (sections.length < 2 || (!wanted && sections.some((section) => section.hidden))) return;
  for (const section of sections) section.hidden = section !== (wanted ?? sections[0]);
  for (const link of document.querySelectorAll(".contents .pick")) {
    if (link.hash === `#${(wanted ?? sections[0]).id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (wanted) target.scrollIntoView();
}

async function start() {
  pick();
  addEventListener("hashchange", pick);
  const index = await unpack("index");
  if (!index) return;
  for (const section of document.querySelectorAll(".candidate:has(.queries)")) new Queries(section, index);
  document.documentElement.dataset.ready = "";
}
start();
