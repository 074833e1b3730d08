/** `<trouble-banner role="alert">`: says that a part of the page did not load. */
class TroubleBanner extends HTMLElement {
  connectedCallback() {
    for (const event of ["htmx:responseError", "htmx:sendError"]) {
      document.body.addEventListener(event, () => {
        this.textContent = "This part did not load. Reload the page to try again.";
      });
    }
    document.body.addEventListener("htmx:afterSwap", () => this.replaceChildren());
  }
}

customElements.define("trouble-banner", TroubleBanner);
