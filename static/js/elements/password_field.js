/** `<password-field><input type="password"><button hidden>`: shows and hides what is typed. */
class PasswordField extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    const button = this.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", () => {
      const isShown = input.type === "password";
      input.type = isShown ? "text" : "password";
      button.textContent = isShown ? "Hide" : "Show";
      button.setAttribute("aria-pressed", String(isShown));
      document.getElementById("announce").textContent = isShown
        ? "Password is shown"
        : "Password is hidden";
    });
    // What a browser remembers of a form is then a password, not a text.
    input.form?.addEventListener("submit", () => (input.type = "password"));
  }
}

customElements.define("password-field", PasswordField);
