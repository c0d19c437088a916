"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const element = (name, properties = {}, ...inside) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...inside);
    return made;
  };
  const sides = {};
  for (const block of all("script[data-side]")) {
    const side = JSON.parse(block.textContent);
    const records = (name) => {
      const { columns, rows } = side.tables[name];
      return rows.map((row) => Object.fromEntries(columns.map((key, at) => [key, row[at]])));
    };
    side.projects = records("projects");
    side.payments = records("payments");
    side.paid = {};
    for (const one of side.payments) {
      (side.paid[one.project] ??= {})[one.funder] = (side.paid[one.project]?.[one.funder] ?? 0) + one.usd_m;
    }
    sides[block.dataset.side] = side;
  }

  // Download of tables and of the data behind charts.
  const cell = (value) => {
    let text = value === null || value === undefined ? "" : String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const save = (name, rows) => {
    const text = rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
    const link = element("a", { download: `${name}.csv` });
    link.href = URL.createObjectURL(new Blob(["\ufeff" + text], { type: "text/csv" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const button = (words, work) => {
    const made = element("button", { type: "button", textContent: words, className: "tool" });
    made.addEventListener("click", work);
    return made;
  };
  for (const figure of all("[data-chart]")) {
    const { side, chart } = figure.dataset;
    figure.after(button("Data of this chart as CSV", () => {
      const { columns, rows } = sides[side].tables[chart];
      save(chart, [columns, ...rows]);
    }));
  }

  // Tables: sort by a column, filter by words, download.
  const words = (one) => one.dataset.text ?? one.textContent.trim();
  const amount = (text) => {
    const plain = text.replace(/[,\s%▾<]/g, "");
    return plain !== "" && !Number.isNaN(Number(plain)) ? Number(plain) : null;
  };
  const compare = (a, b) => {
    const [x, y] = [amount(a), amount(b)];
    if (x !== null && y !== null) return x - y;
    if (x !== null || y !== null) return x === null ? 1 : -1;
    return a.localeCompare(b);
  };
  const sort = (table, at, down) => {
    const heads = all("thead th", table);
    heads.forEach((head, index) => {
      if (index === at) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const rows = all("tbody tr", table);
    rows.sort((a, b) => (down ? -1 : 1) * compare(words(a.cells[at]), words(b.cells[at])));
    table.tBodies[0].append(...rows);
  };
  for (const table of all("table.explore")) {
    all("thead th", table).forEach((head, at) => {
      const name = words(head);
      if (!name) return;
      const press = button(name, () => sort(table, at, head.getAttribute("aria-sort") === "ascending"));
      press.className = "sort";
      head.replaceChildren(press);
    });
    const tools = element("div", { className: "tools" });
    if (table.tBodies[0].rows.length > 6) {
      const box = element("input", { type: "search" });
      box.addEventListener("input", () => {
        const wanted = box.value.toLowerCase();
        for (const row of all("tbody tr", table)) {
          row.classList.toggle("no-match", !row.textContent.toLowerCase().includes(wanted));
        }
      });
      tools.append(element("label", {}, "Filter ", box));
    }
    tools.append(button("Table as CSV", () => {
      const shown = all("tr", table).filter((row) => row.offsetParent !== null || row.parentElement.tagName === "THEAD");
      save(table.id || "table", shown.map((row) => [...row.cells].map((one) => {
        const text = one.dataset.text ?? words(one);
        return one.classList.contains("n") && amount(text) !== null && !text.includes("%") ? amount(text) : text;
      })));
    }));
    (table.closest(".scroll") ?? table).before(tools);
  }

  // The view: stage, year, country and funder, also in the address.
  const form = document.getElementById("explore");
  if (form) {
    const keys = ["stage", "year", "region", "funder"];
    const chosen = () => Object.fromEntries(keys.map((key) => [key, form.elements[key]?.value ?? ""]));
    const fits = (side, project, view) =>
      (!view.stage || project.stage === view.stage) &&
      (!view.region || project.region === view.region) &&
      (!view.year || project.committed_year <= Number(view.year)) &&
      (!view.funder || (side.paid[project.project]?.[view.funder] ?? 0) > 0);
    const share = (value) => `${Math.min(100, 100 * value)}%`;
    const ladder = (key, side, view) => {
      const years = Object.keys(Object.values(side.coverage)[0] ?? {});
      const table = document.getElementById(`${key}-ladder`);
      if (!table) return;
      const year = view.year && years.includes(view.year) ? view.year : table.dataset.year;
      table.querySelector("[data-year-label]").textContent = year;
      for (const row of all("tbody tr", table)) {
        const one = side.coverage[row.dataset.stage]?.[year];
        row.classList.toggle("off", !one || (view.stage !== "" && row.dataset.stage !== view.stage));
        if (!one) continue;
        const [without, plan, required] = all(".track i", row);
        without.style.width = share(one.shares[0]);
        plan.style.width = share(one.shares[1]);
        plan.classList.toggle("lacking", one.short);
        required.style.left = share(one.shares[2]);
        const cells = all("td.n", row);
        one.words.forEach((text, at) => { cells[at].textContent = text + (at === 1 && one.short ? " ▾" : ""); });
        row.querySelector(".limits").textContent = one.limits;
      }
      const tab = all(`input[name="${key}-year"]`);
      const near = tab.reduce((best, one) => {
        const off = (input) => Math.abs(Number(input.id.split("-").pop()) - Number(year));
        return best === null || off(one) < off(best) ? one : best;
      }, null);
      if (near && view.year) near.checked = true;
    };
    const drawMap = (key, kept) => {
      const sums = {};
      for (const one of kept) {
        const found = (sums[one.region] ??= { capital: 0, projects: 0 });
        found.capital += one.capex_usd_m;
        found.projects += 1;
      }
      for (const circle of all(`.${key} .map circle[data-region]`)) {
        const found = sums[circle.dataset.region];
        circle.classList.toggle("off", !found);
        if (found) circle.setAttribute("r", Math.max(4, Number(circle.dataset.scale) * Math.sqrt(found.capital)));
      }
      for (const label of all(`.${key} .map text[data-region]`)) {
        const found = sums[label.dataset.region];
        label.classList.toggle("off", !found);
        if (found) label.querySelector("tspan").textContent = found.projects;
      }
    };
    const drawCash = (key, side, kept, view) => {
      const names = new Set(kept.map((one) => one.project));
      const sums = {};
      for (const one of side.payments) {
        if (!names.has(one.project) || (view.funder && one.funder !== view.funder)) continue;
        const kind = one.funder === "sponsor" ? "owners" : "public";
        sums[`${kind} ${one.year}`] = (sums[`${kind} ${one.year}`] ?? 0) + one.usd_m;
      }
      for (const figure of all(`.${key} svg.cash`)) {
        const base = Number(figure.dataset.base);
        const unit = Number(figure.dataset.unit);
        const tops = {};
        for (const kind of ["public", "owners"]) {
          for (const bar of all(`rect.${kind}`, figure)) {
            const year = bar.dataset.year;
            const height = unit * (sums[`${kind} ${year}`] ?? 0);
            tops[year] = (tops[year] ?? base) - height;
            bar.setAttribute("height", height);
            bar.setAttribute("y", tops[year]);
          }
        }
        const narrowed = keys.some((one) => view[one]);
        for (const label of all("text.strong", figure)) label.classList.toggle("off", narrowed);
      }
    };
    const show = () => {
      const view = chosen();
      const says = [];
      for (const [key, side] of Object.entries(sides)) {
        const kept = side.projects.filter((one) => fits(side, one, view));
        const names = new Set(kept.map((one) => one.project));
        const regions = new Set(kept.map((one) => one.region));
        const funders = new Set(kept.flatMap((one) => Object.keys(side.paid[one.project] ?? {})));
        const root = `.${key}`;
        for (const row of all(`${root} tr[data-project]`)) row.classList.toggle("off", !names.has(row.dataset.project));
        for (const bar of all(`${root} g[data-project]`)) bar.classList.toggle("faint", !names.has(bar.dataset.project));
        for (const row of all(`${root} tr[data-region]`)) row.classList.toggle("off", !regions.has(row.dataset.region));
        for (const row of all(`${root} tr[data-funder]`)) {
          const own = row.dataset.funder;
          row.classList.toggle("off", view.funder ? own !== view.funder : keys.some((one) => view[one]) && !funders.has(own));
        }
        for (const one of all(`${root} li[data-stage], ${root} .heat tr[data-stage]`)) {
          one.classList.toggle("off", view.stage !== "" && one.dataset.stage !== view.stage);
        }
        ladder(key, side, view);
        drawMap(key, kept);
        drawCash(key, side, kept, view);
        const capital = kept.reduce((sum, one) => sum + one.capex_usd_m, 0);
        const lead = Object.keys(sides).length > 1 ? `Plan ${key.toUpperCase()}: ` : "";
        says.push(`${lead}${kept.length} of ${side.projects.length} projects, USD ${Math.round(capital).toLocaleString("en")} million of capital`);
      }
      form.querySelector("output").textContent = says.join("; ");
      return view;
    };
    const place = () => (location.hash.slice(1).split("?")[0] || "explore");
    const link = (view) => {
      const wanted = new URLSearchParams(Object.entries(view).filter(([, value]) => value));
      const query = wanted.toString();
      history.replaceState(null, "", `#${place()}${query ? `?${query}` : ""}`);
    };
    const follow = () => {
      const [name, query] = location.hash.slice(1).split("?");
      if (query === undefined) return;
      const wanted = new URLSearchParams(query);
      for (const key of keys) {
        const box = form.elements[key];
        if (!box) continue;
        box.value = wanted.get(key) ?? "";
        if (box.selectedIndex < 0) box.value = "";
      }
      show();
      document.getElementById(name)?.scrollIntoView();
    };
    for (const figure of all("svg.cash")) {
      const bar = all("rect[data-usd_m], rect[data-usd-m]", figure).reduce((best, one) =>
        Number(one.dataset.usdM) > Number(best?.dataset.usdM ?? 0) ? one : best, null);
      const lowest = Math.max(...all("rect.public, rect.owners", figure).map((one) => Number(one.getAttribute("y")) + Number(one.getAttribute("height"))));
      figure.dataset.base = lowest;
      figure.dataset.unit = bar ? Number(bar.getAttribute("height")) / Number(bar.dataset.usdM) : 0;
    }
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => link(show()));
    form.querySelector(".reset").addEventListener("click", () => { form.reset(); link(show()); });
    form.querySelector(".copy").addEventListener("click", async () => {
      link(chosen());
      const says = form.querySelector("output");
      try {
        await navigator.clipboard.writeText(location.href);
        says.textContent = "The link is copied.";
      } catch {
        says.textContent = location.href;
      }
    });
    addEventListener("hashchange", follow);
    if (location.hash.includes("?")) follow();
    else show();
  }

  // Details of a mark, on tap and from the keyboard; the mouse has the title of the mark.
  const tip = element("div", { id: "tip", hidden: true });
  tip.setAttribute("role", "status");
  document.body.append(tip);
  const titled = (start) => {
    for (let at = start; at && at !== document.body; at = at.parentElement) {
      if (at.tagName === "svg") return "";
      const title = [...at.children].find((child) => child.tagName === "title");
      if (title) return title.textContent;
      if (at.tagName === "TD" && at.title) return at.title;
    }
    return "";
  };
  const reveal = (start, x, y) => {
    tip.textContent = titled(start);
    tip.hidden = !tip.textContent;
    tip.style.left = `${Math.max(8, Math.min(x, innerWidth - 290))}px`;
    tip.style.top = `${Math.min(y + 14, innerHeight - 70)}px`;
  };
  document.addEventListener("click", (event) => reveal(event.target, event.clientX, event.clientY));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
  for (const mark of all("circle.spot, g[data-project]")) {
    mark.setAttribute("tabindex", "0");
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", titled(mark));
    mark.addEventListener("focus", () => {
      const box = mark.getBoundingClientRect();
      reveal(mark, box.left, box.bottom);
    });
    mark.addEventListener("blur", () => { tip.hidden = true; });
  }
})();
