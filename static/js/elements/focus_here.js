/**
 * `<focus-here>`: takes the focus when it comes onto the page; with `data-inside`, the first
 * link, button or field inside it does.
 */
class FocusHere extends HTMLElement {
  connectedCallback() {
    // A script at the end of the body may see the children only after this call.
    queueMicrotask(() => {
      const inside = "inside" in this.dataset && this.querySelector("a, button, input");
      (inside || this).focus({ preventScroll: Boolean(inside) });
    });
  }
}

customElements.define("focus-here", FocusHere);
