// Runs inside the page; its value is a list of complaints, empty where all is well.
// Names: WCAG 2.2, 4.1.2 and 1.1.1. Contrast of text: 1.4.3, of controls: 1.4.11.
(() => {
  const complaints = [];
  const isShown = (element) => element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: false });
  const isUnder = (element) => {
    const dialog = document.querySelector('dialog[open]');
    return dialog !== null && !dialog.contains(element);
  };
  const tell = (element, what) =>
    complaints.push(`${what}: ${element.tagName.toLowerCase()}.${element.className} "${(element.textContent ?? '').trim().slice(0, 40)}"`);

  const nameOf = (element) => {
    const by = element.getAttribute('aria-labelledby');
    if (by) return by.split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ').trim();
    const own = element.getAttribute('aria-label');
    if (own) return own.trim();
    if (element.labels?.length) return [...element.labels].map((label) => label.textContent).join(' ').trim();
    return (element.textContent ?? '').trim() || (element.getAttribute('title') ?? '');
  };

  const colour = (text) => {
    const numbers = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    return { rgb: numbers.slice(0, 3), alpha: numbers[3] ?? 1 };
  };
  const over = (top, under) => top.rgb.map((value, i) => value * top.alpha + under[i] * (1 - top.alpha));
  const groundOf = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.unshift(colour(getComputedStyle(each).backgroundColor));
    return layers.reduce((ground, layer) => over(layer, ground), [255, 255, 255]);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, two) => {
    const [light, dark] = [luminance(one), luminance(two)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };

  for (const element of document.querySelectorAll('button, a, input, select, progress, dialog[open], [role="radiogroup"], [role="group"]')) {
    if ((!isShown(element) && element.type !== 'file') || isUnder(element)) continue;
    if (nameOf(element) === '') tell(element, 'no name');
  }
  for (const element of document.querySelectorAll('img')) {
    if (!element.hasAttribute('alt')) tell(element, 'no alt');
  }
  for (const element of document.querySelectorAll('[aria-labelledby], [aria-describedby], label[for]')) {
    for (const attribute of ['aria-labelledby', 'aria-describedby', 'for']) {
      for (const id of (element.getAttribute(attribute) ?? '').split(' ').filter(Boolean)) {
        if (!isUnder(element) && isShown(element) && !document.getElementById(id)) tell(element, `${attribute} names nothing`);
      }
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  ids.filter((id, i) => ids.indexOf(id) !== i).forEach((id) => complaints.push(`id twice: ${id}`));
  if (document.querySelectorAll('h1').length !== 1) complaints.push('not one h1');

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !isShown(element) || isUnder(element) || element.closest('.unseen, option, noscript')) continue;
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const ratio = contrast(over(colour(style.color), ground), ground);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) tell(element, `contrast ${ratio.toFixed(2)}`);
  }
  for (const element of document.querySelectorAll('input[type="password"], select, #drop')) {
    if (!isShown(element) || isUnder(element)) continue;
    const ratio = contrast(colour(getComputedStyle(element).borderTopColor).rgb, groundOf(element.parentElement));
    if (ratio < 3) tell(element, `border contrast ${ratio.toFixed(2)}`);
  }
  return complaints;
})()
