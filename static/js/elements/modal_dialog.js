/**
 * `<modal-dialog><dialog>`: opens its dialog as soon as it is on the page, and leaves the page
 * when it is closed. The browser gives the focus back to where it was.
 */
class ModalDialog extends HTMLElement {
  connectedCallback() {
    const dialog = this.querySelector("dialog");
    dialog.addEventListener("close", () => this.remove());
    dialog.addEventListener("click", (event) => {
      const closer = event.target.closest("[data-close]");
      if (closer || event.target === dialog) {
        event.preventDefault();
        dialog.close();
      }
    });
    dialog.showModal();
  }
}

customElements.define("modal-dialog", ModalDialog);
