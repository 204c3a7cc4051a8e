// Shows what an internal link points at (a figure, an equation, a term, a reference, a
// function) in a small window beside the link, while the pointer or the focus is on it.
(() => {
  const DELAY = 250; // ms, so that a pointer passing by opens nothing
  const pages = {};
  let box, timer, current;

  async function page(url) {
    if (url.pathname === location.pathname) return document;
    pages[url.pathname] ??= fetch(url.pathname).then((answer) => answer.text());
    return new DOMParser().parseFromString(await pages[url.pathname], "text/html");
  }

  // A copy of what to show for an anchor; nothing for a section of prose.
  function part(anchor) {
    const entry = anchor?.closest("dt") ?? anchor?.querySelector(":scope > dl.py > dt");
    if (!entry) return anchor?.closest("figure, div.math, div.citation")?.cloneNode(true);
    const list = document.createElement("dl");
    let text = entry.nextElementSibling;
    while (text?.matches("dt")) text = text.nextElementSibling; // terms may share a text
    if (entry.matches(".sig")) text = text?.querySelector(":scope > p"); // the equation
    list.append(entry.cloneNode(true), text?.cloneNode(true) ?? "");
    return list;
  }

  // Where a link is, once the page has scrolled to the link that has the focus.
  async function place(link) {
    let at, before;
    do {
      before = at;
      await new Promise((then) => setTimeout(then, 50));
      at = link.getBoundingClientRect();
    } while (at.top !== before?.top);
    return at;
  }

  function close() {
    clearTimeout(timer);
    current?.removeAttribute("aria-describedby");
    box?.remove();
    box = current = null;
  }

  async function show(link) {
    const url = new URL(link.href);
    const source = await page(url).catch(() => null); // a page opened as a file: no preview
    const content = part(source?.getElementById(decodeURIComponent(url.hash.slice(1))));
    const setMath = source !== document && content?.matches(":has(.math), .math");
    if (!content || link !== current || (setMath && !window.MathJax)) return;
    for (const image of content.querySelectorAll("img")) {
      image.loading = "eager"; // or it would wait for the window that waits for it
      image.src = new URL(image.getAttribute("src"), url);
    }
    const live = ".headerlink, .interactive-live, .arm-live";
    content.querySelectorAll(live).forEach((e) => e.remove());
    for (const drawn of content.querySelectorAll(".interactive-drawn, .arm-drawn"))
      drawn.classList.remove("interactive-drawn", "arm-drawn"); // the still, then
    content.querySelectorAll("a").forEach((inner) => inner.replaceWith(...inner.childNodes));
    [content, ...content.querySelectorAll("[id]")].forEach((e) => e.removeAttribute("id"));

    box = document.createElement("div");
    box.id = "link-preview";
    box.role = "tooltip";
    box.append(content);
    box.addEventListener("pointerenter", () => clearTimeout(timer));
    box.addEventListener("pointerleave", leave);
    document.body.append(box);
    link.setAttribute("aria-describedby", box.id);
    if (setMath) await MathJax.typesetPromise([content]);
    await Promise.all([...content.querySelectorAll("img")].map((i) => i.decode().catch(() => {})));
    const at = await place(link);
    if (link !== current) return;
    const [above, below] = [at.top - 64, innerHeight - at.bottom]; // 64: the bar at the top
    const under = below > box.offsetHeight + 16 || below > above;
    box.style.maxHeight = `${(under ? below : above) - 16}px`;
    const image = content.querySelector("img"); // smaller, so that its caption is in sight
    const over = box.scrollHeight - box.clientHeight;
    if (image && over > 0) image.style.maxHeight = `${Math.max(120, image.height - over)}px`;
    const right = document.documentElement.clientWidth - box.offsetWidth - 8;
    box.style.left = `${scrollX + Math.max(8, Math.min(at.left, right))}px`;
    box.style.top = `${scrollY + (under ? at.bottom + 6 : at.top - box.offsetHeight - 6)}px`;
    box.classList.add("is-shown");
  }

  function enter({ currentTarget: link, pointerType }) {
    clearTimeout(timer);
    if (pointerType === "touch" || link === current) return; // a tap follows the link
    timer = setTimeout(() => {
      close();
      current = link;
      show(link);
    }, DELAY);
  }

  function leave() {
    clearTimeout(timer);
    timer = setTimeout(close, DELAY);
  }

  addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll("article a.reference.internal[href*='#']")) {
      link.addEventListener("pointerenter", enter);
      link.addEventListener("pointerleave", leave);
      link.addEventListener("focus", enter);
      link.addEventListener("blur", close);
    }
  });
  addEventListener("keydown", ({ key }) => key === "Escape" && close());
})();
