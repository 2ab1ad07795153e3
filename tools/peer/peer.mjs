// Scores items with @citolab/qti-components, in a DOM without a browser.
//
// One line in is one item: {"id", "html", "cases": [{"RESPONSE": "A", …}, …], "seconds"}.
// One line out is what became of it: {"id", "results": [{outcomes} | {"error"}], "rate"}.
// With "seconds", the cases are scored over and over for that long; "rate" is how many
// a second (an item's rules alone: it was put into the DOM before).

import { createInterface } from "node:readline";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html><body></body>", {
  url: "http://localhost/",
  pretendToBeVisual: true,
});
for (const name of Object.getOwnPropertyNames(window)) {
  if (!(name in globalThis)) globalThis[name] = window[name];
}
Object.assign(globalThis, { window, Event: window.Event, CustomEvent: window.CustomEvent });
const quiet = () => {};
Object.assign(console, { warn: quiet, error: quiet, info: quiet, debug: quiet });
const write = (value) => process.stdout.write(JSON.stringify(value) + "\n");
console.log = quiet;

await import("@citolab/qti-components/qti-elements");
await import("@citolab/qti-components/qti-processing");

// Custom elements settle in a few turns of the event loop.
const settle = async () => {
  for (let turn = 0; turn < 4; turn++) await new Promise((done) => setTimeout(done, 0));
};

function plain(value) {
  return value === undefined ? null : value;
}

function score(item, start, responses) {
  item.variables = start.map((one) => ({ ...one }));
  for (const [name, value] of Object.entries(responses)) item.updateResponseVariable(name, value);
  item.processResponse(false, false);
}

for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line);
  const answer = { id: task.id, results: [] };
  try {
    // Built apart and put in whole: its elements look at their children when they get in.
    const holder = document.createElement("div");
    holder.innerHTML = task.html;
    document.body.replaceChildren(holder);
    await settle();
    const item = document.querySelector("qti-assessment-item");
    const start = item._context.variables.map(({ identifier, value, type }) => ({
      identifier,
      value: plain(value),
      type,
    }));
    for (const responses of task.cases) {
      try {
        score(item, start, responses);
        const outcomes = item.variables.filter((one) => one.type === "outcome");
        answer.results.push(
          Object.fromEntries(outcomes.map((one) => [one.identifier, plain(one.value)])),
        );
      } catch (problem) {
        answer.results.push({ error: String(problem) });
      }
    }
    if (task.seconds) {
      let runs = 0;
      const begin = performance.now();
      while (performance.now() - begin < task.seconds * 1000) {
        for (const responses of task.cases) score(item, start, responses);
        runs += task.cases.length;
      }
      answer.rate = (runs * 1000) / (performance.now() - begin);
    }
  } catch (problem) {
    answer.error = String(problem);
  }
  write(answer);
}
