/**
 * `<poll-visible data-milliseconds="700" hx-get="…" hx-trigger="poll">`: tells htmx to look
 * again, as long as somebody can see the page and the element itself is open to the eye.
 */
class PollVisible extends HTMLElement {
  connectedCallback() {
    const milliseconds = Number(this.dataset.milliseconds);
    this.timer = setInterval(() => {
      if (!document.hidden && this.checkVisibility()) this.dispatchEvent(new Event("poll"));
    }, milliseconds);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }
}

customElements.define("poll-visible", PollVisible);
