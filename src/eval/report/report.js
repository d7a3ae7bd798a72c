"use strict";
// Draws the report from the JSON in #data: one section at a time as plot and table, and the table of questions.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const kPage = 200; // rows of the questions' table drawn at once

  const make = (tag, text, name) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (name) node.className = name;
    return node;
  };
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const mark = (index) => `--c${index % 8}`;

  // Numbers.
  const shown = (value, column) => {
    if (value === null || value === undefined) return "–";
    const percent = column.kind === "percent" || column.kind === "points";
    const text = (percent ? 100 * value : value).toLocaleString("en", {
      minimumFractionDigits: column.digits, maximumFractionDigits: column.digits });
    return column.kind === "points" && value > 0 ? "+" + text : text;
  };
  const value = (cell) => Array.isArray(cell) ? cell[0] : cell;
  const fill = (td, cell, column) => {
    if (column.kind === "text") { td.textContent = cell; td.className = "text"; return; }
    const [number, lo, hi, instead] = Array.isArray(cell) ? cell : [cell, null, null, ""];
    td.textContent = number === null && instead ? instead : shown(number, column);
    if (lo !== null || hi !== null)
      td.append(" ", make("span", `[${shown(lo, column)}, ${shown(hi, column)}]`, "interval"));
  };

  // Tables: a click on a heading sorts, another one turns the order round. Absent numbers stay last.
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b);
  };
  const table = (node, columns, draw) => {
    const order = { column: -1, sign: 1 };
    const head = node.createTHead().insertRow();
    const cells = columns.map((column, i) => {
      const th = head.appendChild(make("th", undefined, column.kind === "text" ? "text" : ""));
      const button = th.appendChild(make("button", column.title));
      button.type = "button";
      if (column.help) button.title = column.help;
      th.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        order.sign = order.column === i ? -order.sign : column.kind === "text" ? 1 : -1;
        order.column = i;
        cells.forEach((cell, j) =>
          cell.setAttribute("aria-sort", j !== i ? "none" : order.sign > 0 ? "ascending" : "descending"));
        draw();
      });
      return th;
    });
    const body = node.createTBody();
    return {
      sorted: (rows) => order.column < 0 ? rows
        : rows.map((row, i) => [row, i]).sort(([a, i], [b, j]) =>
            compare(value(a[order.column]), value(b[order.column]), order.sign) || i - j).map(([row]) => row),
      show: (rows, decorate) => {
        body.replaceChildren(...rows.map((row) => {
          const tr = make("tr");
          columns.forEach((column, i) => fill(tr.insertCell(), row[i], column));
          if (decorate) decorate(tr, row);
          return tr;
        }));
      },
    };
  };

  // The plot: curves as lines, points with whiskers and their number in the table.
  let chart = null;
  const whiskers = (plot) => (u) => {
    const ctx = u.ctx;
    ctx.save();
    ctx.textAlign = "left";
    ctx.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
    plot.points.forEach((point, i) => {
      if (point.x === null || point.y === null) return;
      const x = u.valToPos(point.x, "x", true), y = u.valToPos(point.y, "y", true);
      ctx.strokeStyle = ctx.fillStyle = color(mark(i));
      ctx.lineWidth = 1.5 * devicePixelRatio;
      if (point.lo !== null && point.hi !== null) {
        const lo = u.valToPos(point.lo, "y", true), hi = u.valToPos(point.hi, "y", true);
        const cap = 4 * devicePixelRatio;
        ctx.beginPath();
        ctx.moveTo(x, lo); ctx.lineTo(x, hi);
        ctx.moveTo(x - cap, lo); ctx.lineTo(x + cap, lo);
        ctx.moveTo(x - cap, hi); ctx.lineTo(x + cap, hi);
        ctx.stroke();
      }
      ctx.fillText(String(i + 1), x + 8 * devicePixelRatio, y - 6 * devicePixelRatio);
    });
    ctx.restore();
  };
  const aligned = (plot) => {
    const lines = [...plot.curves.map((c) => c.x.map((x, i) => [x, c.y[i]])), ...plot.points.map((p) => [[p.x, p.y]])]
      .map((pairs) => new Map(pairs.filter(([x, y]) => x !== null && x > 0 && y !== null)));
    const xs = [...new Set(lines.flatMap((line) => [...line.keys()]))].sort((a, b) => a - b);
    return [xs, ...lines.map((line) => xs.map((x) => line.has(x) ? line.get(x) : undefined))];
  };
  const range = (plot) => {
    const ys = [...plot.curves.flatMap((c) => c.y), ...plot.points.flatMap((p) => [p.y, p.lo, p.hi])]
      .filter((y) => y !== null && y !== undefined);
    if (!ys.length) return [0, 1];
    const lo = Math.min(...ys), hi = Math.max(...ys), room = Math.max(0.01, 0.08 * (hi - lo));
    return [Math.max(0, lo - room), Math.min(1.005, hi + room)];
  };
  const short = (n) => n >= 1e6 ? `${+(n / 1e6).toPrecision(3)}M` : n >= 1e3 ? `${+(n / 1e3).toPrecision(3)}k` : `${+n.toPrecision(3)}`;
  const draw = (plot) => {
    if (chart) chart.destroy();
    const width = $("plot").clientWidth, text = color("--soft"), grid = { stroke: color("--line"), width: 1 };
    const xs = aligned(plot);
    if (!xs[0].length) { chart = null; $("plot").textContent = "Nothing to draw."; return; }
    $("plot").textContent = "";
    const axis = (label, size, values) => ({ label, labelSize: 24, size, stroke: text, grid, ticks: grid, values,
      font: "12px system-ui, sans-serif", labelFont: "13px system-ui, sans-serif" });
    chart = new uPlot({
      width, height: Math.round(Math.min(460, Math.max(320, width * 0.55))),
      scales: { x: { time: false, distr: 3 }, y: { range: () => range(plot) } },
      axes: [axis(plot.x_label, 40, (u, ticks) => ticks.map((t) => t === null ? null : short(t))),
        axis(plot.y_label, 48, (u, ticks) => ticks.map((t) => `${+(100 * t).toFixed(1)}%`))],
      series: [{},
        ...plot.curves.map((c) => ({ label: c.name, stroke: color("--soft"), width: 2, spanGaps: true, points: { show: true, size: 4 } })),
        ...plot.points.map((p, i) => ({ label: p.name, stroke: color(mark(i)), paths: () => null,
          points: { show: true, size: 9, fill: color(mark(i)), stroke: color(mark(i)) } }))],
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      hooks: { draw: [whiskers(plot)] },
    }, xs, $("plot"));
    $("plot").setAttribute("aria-label", `${plot.y_label} against ${plot.x_label}; the table below has the numbers.`);
  };

  // Sections.
  let present = 0;
  const show = (index) => {
    present = index;
    const section = data.sections[index];
    $("section-title").textContent = section.title;
    $("subtitle").textContent = section.subtitle;
    $("caption").textContent = section.plot.caption;
    const rows = section.table.rows;
    $("summary").replaceChildren();
    const summary = table($("summary"), section.table.columns, () => refresh());
    const refresh = () => summary.show(summary.sorted(rows), (tr, row) => {
      const i = rows.indexOf(row);
      const badge = make("span", String(i + 1), "mark");
      badge.style.background = `var(${mark(i)})`;
      tr.cells[0].prepend(badge);
    });
    refresh();
    draw(section.plot);
  };

  // Questions.
  const details = () => {
    const { columns, rows } = data.details;
    let limit = kPage;
    const menus = data.detail_choices.map((column) => {
      const label = $("filters").appendChild(make("label", columns[column].title + " "));
      const menu = label.appendChild(make("select"));
      menu.dataset.column = columns[column].title;
      menu.append(make("option", "all"));
      menu.firstChild.value = "";
      for (const text of new Set(rows.map((row) => row[column]))) menu.append(make("option", text));
      menu.addEventListener("change", () => { limit = kPage; refresh(); });
      return { column, menu };
    });
    const texts = columns.map((c, i) => c.kind === "text" ? i : -1).filter((i) => i >= 0);
    const refresh = () => {
      const wanted = $("filter").value.trim().toLowerCase();
      const kept = rows.filter((row) => menus.every(({ column, menu }) => !menu.value || row[column] === menu.value)
        && (!wanted || texts.some((i) => row[i].toLowerCase().includes(wanted))));
      questions.show(questions.sorted(kept).slice(0, limit));
      $("count").textContent = `${kept.length} of ${rows.length} rows`;
      $("more").hidden = kept.length <= limit;
      $("more").textContent = `Show all ${kept.length} rows`;
    };
    const questions = table($("details"), columns, () => refresh());
    $("filter").addEventListener("input", () => { limit = kPage; refresh(); });
    $("more").addEventListener("click", () => { limit = Infinity; refresh(); });
    refresh();
  };

  $("title").textContent = data.title;
  $("command").textContent = data.command;
  for (const note of data.notes) $("notes").append(make("li", note));
  data.sections.forEach((section, i) => $("sections").append(new Option(section.title, i)));
  $("sections").addEventListener("change", () => show(Number($("sections").value)));
  if (data.sections.length) show(0);
  details();
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; draw(data.sections[present].plot); } });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(data.sections[present].plot));
})();
