// Sets the theme before the first paint. A file of its own because the page allows no inline script.
(function () {
  var choice = "system";
  try {
    choice = JSON.parse(localStorage.getItem("hg-prefs") || "{}").theme || "system";
  } catch (_) {
    // Storage may be closed to us; the system's theme is right then.
  }
  var dark = choice === "dark" ||
    (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
