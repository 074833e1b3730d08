/** `<focus-here tabindex="-1">`: takes the focus when it comes onto the page. */
class FocusHere extends HTMLElement {
  connectedCallback() {
    this.focus();
  }
}

customElements.define("focus-here", FocusHere);
