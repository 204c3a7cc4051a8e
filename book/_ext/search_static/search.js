// The search page: the sections that have the words, the best first. The index comes from
// book/_ext/search_by_section.py: page, address, heading, prose and code of each section.
(() => {
  const SHOWN = 40;
  const list = document.getElementById("search-results");
  const input = document.querySelector(".bd-search-container input");

  const count = (text, pattern, most) => Math.min(most, text.match(pattern)?.length ?? 0);

  // A heading says more than the text, the text more than code, the very word more than one
  // with the same beginning. Nothing where one of the words is missing; half for what draws
  // the figures of the book, which is seldom meant.
  function score([, address, heading, prose, code], words) {
    let sum = 0;
    for (const { exact, alike } of words) {
      const points = 8 * count(heading, alike, 1) + 12 * count(heading, exact, 1)
        + count(prose, alike, 3) + 2 * count(prose, exact, 3) + count(code, alike, 2) / 2;
      if (points === 0) return 0;
      sum += points;
    }
    return address.startsWith("reference/book") ? sum / 2 : sum;
  }

  function find(query) {
    const split = query.split(/\s+/);
    // Several words count once more where they stand together.
    const words = split.map((word) => ({ exact: wordPattern(word, false), alike: wordPattern(word) }));
    const phrase = wordPattern(query, false);
    return SEARCH_INDEX
      .map((entry) => [score(entry, words), entry])
      .filter(([points]) => points > 0)
      .map(([points, entry]) => [
        points + (split.length > 1) * (20 * count(entry[2], phrase, 1) + 8 * count(entry[3], phrase, 2)),
        entry,
      ])
      .sort(([a], [b]) => b - a)
      .map(([, entry]) => entry);
  }

  const element = (tag, name, text = "") =>
    Object.assign(document.createElement(tag), { className: name, textContent: text });

  function marked(tag, name, text, pattern) {
    const box = element(tag, name);
    let end = 0;
    for (const found of text.matchAll(pattern)) {
      box.append(text.slice(end, found.index), element("mark", "", found[0]));
      end = found.index + found[0].length;
    }
    box.append(text.slice(end));
    return box;
  }

  // The sentence with the most of the words, and the one after it; or else a line of code
  function excerpt([, , , prose, code], query, pattern) {
    const words = query.split(/\s+/).map((word) => wordPattern(word));
    const best = (texts) => {
      const points = texts.map((t) => words.filter((w) => t.search(w) >= 0).length);
      const most = Math.max(0, ...points);
      return { most, at: points.indexOf(most) };
    };
    const paragraphs = prose.split("\n");
    const there = paragraphs[best(paragraphs).at] ?? "";
    const sentences = there.split(/(?<=[.!?]) +(?=["“(]?[\p{Lu}\d])/u);
    const { most, at } = best(sentences);
    const lines = code.split("\n");
    if (most === 0 && best(lines).most > 0)
      return marked("code", "excerpt", lines[best(lines).at].trim(), pattern);
    return marked("p", "excerpt", sentences.slice(at, at + 2).join(" "), pattern);
  }

  function show() {
    const query = input.value.trim();
    const found = query ? find(query) : [];
    const results = element("ol", "");
    const pattern = wordPattern(query);
    for (const entry of found.slice(0, SHOWN)) {
      const [page, address, heading] = entry;
      const [path, anchor = ""] = address.split("#");
      const link = marked("a", "", heading, pattern);
      link.href = `${path}?highlight=${encodeURIComponent(query)}#${anchor}`;
      const result = element("li", "");
      result.append(link, element("span", "page", page), excerpt(entry, query, pattern));
      results.append(result);
    }
    const number = `${found.length} section${found.length === 1 ? "" : "s"} found`;
    const said = element("p", "", query && (found.length ? number : "Nothing found"));
    said.role = "status";
    list.replaceChildren(said, results);
  }

  input.value = new URLSearchParams(location.search).get("q") ?? "";
  input.addEventListener("input", show);
  show();
})();
