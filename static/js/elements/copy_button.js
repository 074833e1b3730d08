/** `<copy-button for="id"><button hidden>`: copies the text of the element with that id. */
class CopyButton extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", () => this.copy(button.querySelector("[data-label]")));
  }

  async copy(label) {
    const before = label.textContent;
    const source = document.getElementById(this.getAttribute("for"));
    try {
      await navigator.clipboard.writeText(source.innerText.trim());
      label.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      label.textContent = "Selected: press Ctrl+C";
    }
    document.getElementById("announce").textContent = label.textContent;
    setTimeout(() => (label.textContent = before), 2000);
  }
}

customElements.define("copy-button", CopyButton);
