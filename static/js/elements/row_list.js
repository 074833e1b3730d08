/**
 * `<row-list data-rows="headers">` with `[data-items]`, a `<template>` of an empty row and the
 * buttons add:, remove:, up: and down: of a form that works without it: does here at once what
 * those ask the server for. The template's rows bear the index `__headers__`.
 */
class RowList extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => this.act(event));
  }

  act(event) {
    const button = event.target.closest('button[name="then"]');
    if (!button || button.closest("row-list") !== this) return;
    const action = button.value.split(":")[0];
    const row = button.closest("[data-item]");
    if (action === "add") this.add();
    else if (action === "remove") this.remove_(row);
    else if (action === "up") row.previousElementSibling?.before(row);
    else if (action === "down") row.nextElementSibling?.after(row);
    else return;
    event.preventDefault();
    if (action === "up" || action === "down") this.say(button, row);
    this.dispatchEvent(new Event("rows-changed", { bubbles: true }));
  }

  get items() {
    return this.querySelector("[data-items]");
  }

  add() {
    const name = this.dataset.rows.split(".").at(-1);
    // Above any index that the server gives; the server counts by order, not by number.
    RowList.next = (RowList.next ?? 100000) + 1;
    const template = document.createElement("template");
    const own = [...this.children].find((child) => child.localName === "template");
    template.innerHTML = own.innerHTML.replaceAll(`__${name}__`, String(RowList.next));
    const row = template.content.firstElementChild;
    this.items.append(template.content);
    row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  }

  remove_(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    const again = next?.querySelector('button[value^="remove:"]') ?? [...this.children].at(-1);
    again.focus();
    document.getElementById("announce").textContent = "Removed. It is not saved yet.";
  }

  say(button, row) {
    const rows = [...this.items.children];
    button.focus();
    document.getElementById("announce").textContent =
      `Moved to position ${rows.indexOf(row) + 1} of ${rows.length}`;
  }
}

customElements.define("row-list", RowList);
