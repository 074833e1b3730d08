/** `<secret-header>`: a row whose value is covered while its tick Secret is set. */
class SecretHeader extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", (event) => {
      if (event.target.type !== "checkbox") return;
      const value = this.querySelector("input[name$='.value']");
      value.type = event.target.checked ? "password" : "text";
    });
  }
}

customElements.define("secret-header", SecretHeader);
