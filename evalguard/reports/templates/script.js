"use strict";
// Filters and expanding; the page is complete without it.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);

  for (const tools of all(".tools")) tools.hidden = false;

  byId("hide-passed")?.addEventListener("change", (event) => {
    for (const gate of all("details.gate")) {
      gate.hidden = event.target.checked && gate.dataset.verdict === "PASS";
    }
  });

  byId("find-samples")?.addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    let found = 0;
    for (const group of all("details.lost")) {
      let shown = 0;
      for (const sample of all(".sample", group)) {
        sample.hidden = !sample.textContent.toLowerCase().includes(wanted);
        shown += sample.hidden ? 0 : 1;
      }
      group.hidden = shown === 0;
      if (wanted) group.open = shown > 0;
      found += shown;
    }
    byId("found-samples").textContent = wanted ? `${found} found` : "";
  });

  const openTarget = () => {
    const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  };
  addEventListener("hashchange", openTarget);
  openTarget();

  addEventListener("beforeprint", () => {
    for (const details of all("details")) details.open = true;
  });
})();
