// Before anything is drawn: the theme and language chosen on this machine, so that nothing flashes at night.
(function () {
  try {
    var theme = localStorage.getItem('coloa.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.className = 'theme-' + theme;
    var lang = localStorage.getItem('coloa.lang');
    if (lang === 'en' || lang === 'vi') document.documentElement.lang = lang;
  } catch (e) {
    // Storage may be forbidden: then it is the system's theme, in Vietnamese.
  }
})();
