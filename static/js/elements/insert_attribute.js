/** `<insert-attribute>`: its buttons `[data-insert="email"]` put `{{ email }}` at the cursor of the field used last. */
class InsertAttribute extends HTMLElement {
  connectedCallback() {
    this.addEventListener("focusin", (event) => {
      if (event.target.matches("textarea, input.code")) this.field = event.target;
    });
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-insert]");
      if (button) this.insert(`{{ ${button.dataset.insert} }}`);
    });
  }

  insert(text) {
    const isThere = this.field?.isConnected && this.field.checkVisibility();
    const field = isThere ? this.field : this.firstVisible();
    if (!field) return;
    field.focus();
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  firstVisible() {
    const fields = [...this.querySelectorAll("textarea, [data-item] input.code[name$='.value']")];
    return fields.find((field) => field.checkVisibility());
  }
}

customElements.define("insert-attribute", InsertAttribute);
