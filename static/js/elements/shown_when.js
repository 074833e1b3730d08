/** `<shown-when data-field="method" data-values="POST PUT">`: shown while that field has one of these values. */
class ShownWhen extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    if (!this.form) return;
    this.update = (event) => {
      if (!event || event.target.name === this.dataset.field) this.follow();
    };
    this.form.addEventListener("change", this.update);
    // Fields that stand further down are not there yet.
    queueMicrotask(() => this.follow());
    addEventListener("DOMContentLoaded", () => this.follow(), { once: true });
  }

  disconnectedCallback() {
    this.form?.removeEventListener("change", this.update);
  }

  follow() {
    const value = this.form?.elements[this.dataset.field]?.value;
    if (value !== undefined) this.hidden = !this.dataset.values.split(" ").includes(value);
  }
}

customElements.define("shown-when", ShownWhen);
