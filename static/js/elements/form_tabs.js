/**
 * `<form-tabs>`: of the parts `[data-section]` shows the one that the address names after `#`,
 * with what stands beside it (`[data-beside="headers body"]`). A `#` of a field opens its part.
 */
class FormTabs extends HTMLElement {
  connectedCallback() {
    this.show = () => this.open(location.hash.slice(1));
    addEventListener("hashchange", this.show);
    this.addEventListener("click", (event) => this.follow(event));
    // The parser may not have come to the end of this element yet.
    if (document.readyState === "loading") addEventListener("DOMContentLoaded", this.show);
    else this.show();
    // Going to the address's `#` takes the focus from the summary of errors: give it back.
    addEventListener("load", () => document.querySelector(".error-summary")?.focus());
  }

  disconnectedCallback() {
    removeEventListener("hashchange", this.show);
  }

  follow(event) {
    const link = event.target.closest("nav.tabs a");
    if (!link) return;
    event.preventDefault();
    history.replaceState(null, "", link.hash);
    this.show();
  }

  open(id) {
    const target = id ? document.getElementById(id) : null;
    const sections = [...this.querySelectorAll("[data-section]")];
    const withProblem = this.querySelector(".tab-problem")?.hash.slice(1);
    const current =
      target?.closest("[data-section]") ??
      sections.find((section) => section.id === withProblem) ??
      sections[0];
    for (const section of sections) section.hidden = section !== current;
    for (const link of this.querySelectorAll("nav.tabs a")) {
      if (link.hash === `#${current.id}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    for (const side of this.querySelectorAll("[data-beside]")) {
      side.hidden = !side.dataset.beside.split(" ").includes(current.id);
    }
    // The page that comes after Save opens at the same part.
    this.closest("form").action = `#${current.id}`;
    if (target && target !== current) this.reveal(target);
  }

  reveal(target) {
    for (let parent = target.closest("details"); parent; parent = parent.parentElement.closest("details")) {
      parent.open = true;
    }
    target.focus();
  }
}

customElements.define("form-tabs", FormTabs);
