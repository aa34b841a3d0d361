// Lets a reader sort tables by their headings. Without it the tables are whole, only not sortable.
(function () {
  "use strict";
  function key(row, index) {
    var cell = row.cells[index];
    return cell.dataset.order === undefined ? cell.textContent.trim() : Number(cell.dataset.order);
  }
  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") { return a - b; }
    // Cells without a value come last in either direction: see sort().
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }
  function sort(table, index, rising) {
    var body = table.tBodies[0], rows = Array.from(body.rows);
    var number = rows.some(function (row) { return row.cells[index].dataset.order !== undefined; });
    var missing = rows.filter(function (row) {
      return number && row.cells[index].dataset.order === undefined;
    });
    var known = rows.filter(function (row) { return missing.indexOf(row) < 0; });
    known.sort(function (a, b) { return compare(key(a, index), key(b, index)) * (rising ? 1 : -1); });
    known.concat(missing).forEach(function (row) { body.appendChild(row); });
  }
  document.querySelectorAll("table.sortable").forEach(function (table) {
    var heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach(function (head, index) {
      var button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", function () {
        var rising = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", rising ? "ascending" : "descending");
        sort(table, index, rising);
      });
    });
  });
})();
