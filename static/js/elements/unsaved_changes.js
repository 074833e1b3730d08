/**
 * `<unsaved-changes>` in a form, with `[data-state]`: says that something was changed, asks before
 * the page is left, and lets Ctrl+S save and Ctrl+Enter test. `data-unsaved`: the server changed
 * something already.
 */
class UnsavedChanges extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.isDirty =
      "unsaved" in this.dataset ||
      Boolean(document.querySelector(".error-summary, .banner-warning .button-danger"));
    for (const event of ["input", "rows-changed"]) {
      this.form.addEventListener(event, (changed) => this.notice(changed));
    }
    this.form.addEventListener("submit", () => (this.isDirty = false));
    this.ask = (event) => this.isDirty && event.preventDefault();
    this.press = (event) => this.shortcut(event);
    addEventListener("beforeunload", this.ask);
    addEventListener("keydown", this.press);
  }

  disconnectedCallback() {
    removeEventListener("beforeunload", this.ask);
    removeEventListener("keydown", this.press);
  }

  notice(event) {
    if (event.target.name?.startsWith("try.")) return;
    this.isDirty = true;
    this.querySelector("[data-state]").textContent = "Changes are not saved yet.";
  }

  shortcut(event) {
    const then = { s: "save", Enter: "test" }[event.key];
    if (!then || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.form.requestSubmit(this.querySelector(`button[value="${then}"]`));
  }
}

customElements.define("unsaved-changes", UnsavedChanges);
