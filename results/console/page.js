/* What the page does in the browser alone: pictures as files, explained words, the tour. */
(() => {
  const SVG = 'http://www.w3.org/2000/svg';
  const LOOK = ['fill', 'stroke', 'stroke-width', 'stroke-linejoin', 'paint-order', 'font-size',
    'font-weight', 'font-family', 'text-anchor', 'opacity'];
  const PAD = 12, HEAD = 30, FOOT = 22, SHARP = 2;

  const make = (name, attributes, text) => {
    const e = document.createElementNS(SVG, name);
    for (const key in attributes) e.setAttribute(key, attributes[key]);
    if (text) e.textContent = text;
    return e;
  };

  /* A picture with its title above and what it rests on below. */
  function picture(svg, title, source) {
    const box = svg.getBoundingClientRect(), copy = svg.cloneNode(true);
    const from = [svg, ...svg.querySelectorAll('*')], to = [copy, ...copy.querySelectorAll('*')];
    from.forEach((e, i) => {
      const style = getComputedStyle(e);
      for (const name of LOOK) to[i].style.setProperty(name, style.getPropertyValue(name));
    });
    const face = getComputedStyle(document.body).fontFamily;
    const width = box.width + 2 * PAD, height = box.height + HEAD + FOOT;
    const out = make('svg', {xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}`});
    out.append(make('rect', {width, height, fill: '#ffffff'}));
    out.append(make('text', {x: PAD, y: 20, 'font-size': 14, 'font-weight': 700,
      'font-family': face, fill: '#14222e'}, title));
    for (const [key, value] of Object.entries({x: PAD, y: HEAD, width: box.width,
      height: box.height})) copy.setAttribute(key, value);
    copy.style.removeProperty('position');
    out.append(copy);
    out.append(make('text', {x: PAD, y: height - 7, 'font-size': 10, 'font-family': face,
      fill: '#44525e'}, source));
    return {text: new XMLSerializer().serializeToString(out), width, height};
  }

  function save(href, name) {
    const link = document.createElement('a');
    link.href = href;
    link.download = name;
    link.click();
  }

  function download(button) {
    const frame = button.closest('.with-tools'), svg = frame.querySelector('svg');
    if (!svg) return;
    const heading = frame.querySelector('h2, figcaption');
    const title = (frame.dataset.title || (heading ? heading.textContent : document.title)).trim();
    const head = document.querySelector('.print-head');
    const drawn = picture(svg, title, head ? head.dataset.source : '');
    const name = `${title.replace(/[<>:"/\\|?*\s]+/g, '_').slice(0, 60)}.${button.dataset.picture}`;
    const href = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(drawn.text);
    if (button.dataset.picture === 'svg') {
      save(URL.createObjectURL(new Blob([drawn.text], {type: 'image/svg+xml'})), name);
      return;
    }
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement('canvas');
      canvas.width = drawn.width * SHARP;
      canvas.height = drawn.height * SHARP;
      const pen = canvas.getContext('2d');
      pen.scale(SHARP, SHARP);
      pen.drawImage(image, 0, 0);
      save(canvas.toDataURL('image/png'), name);
    };
    image.src = href;
  }

  /* Explained words: on hover, focus and tap; Escape hides the explanation. */
  let note = null;
  function explain(term) {
    if (!note) {
      note = document.createElement('div');
      note.id = 'gloss';
      note.className = 'gloss';
      note.setAttribute('role', 'tooltip');
      document.body.append(note);
    }
    note.textContent = term.dataset.gloss;
    note.hidden = false;
    term.setAttribute('aria-describedby', 'gloss');
    const at = term.getBoundingClientRect(), own = note.getBoundingClientRect();
    const below = at.bottom + own.height + 8 < innerHeight;
    note.style.left = Math.max(8, Math.min(at.left, innerWidth - own.width - 8)) + 'px';
    note.style.top = (below ? at.bottom + 5 : at.top - own.height - 5) + 'px';
  }
  function hush() {
    if (!note || note.hidden) return;
    note.hidden = true;
    document.querySelectorAll('[aria-describedby=gloss]').forEach(
      e => e.removeAttribute('aria-describedby'));
  }

  /* The tour: steps are [selector, title, text], as the page gives them. */
  const SEEN = 'xiancheng-tour';
  let steps = [], words = {}, card = null, lit = null, before = null;
  const known = () => { try { return localStorage.getItem(SEEN); } catch { return 'none'; } };
  function settle() { try { localStorage.setItem(SEEN, '1'); } catch { /* not remembered */ } }
  function end() {
    if (lit) lit.classList.remove('lit');
    if (card) card.remove();
    lit = card = null;
    settle();
    const invited = document.getElementById('invitation');
    if (invited) invited.hidden = true;
    if (before) before.focus();
  }
  function step(number) {
    const found = steps.filter(each => document.querySelector(each[0]));
    if (number < 0 || number >= found.length) return end();
    const [selector, title, text] = found[number];
    if (lit) lit.classList.remove('lit');
    lit = document.querySelector(selector);
    lit.classList.add('lit');
    lit.scrollIntoView({block: 'center'});
    if (card) card.remove();
    card = document.createElement('div');
    card.className = 'tour console';
    card.setAttribute('role', 'dialog');
    card.setAttribute('aria-label', words.name);
    const add = (name, content, parent = card) => {
      const e = document.createElement(name);
      e.textContent = content;
      parent.append(e);
      return e;
    };
    add('h2', `${number + 1}/${found.length} ${title}`);
    add('p', text);
    const row = add('div', '');
    row.className = 'actions';
    const button = (label, act, main) => {
      const e = add('button', label, row);
      e.type = 'button';
      e.className = main ? 'button main-action' : 'button';
      e.addEventListener('click', act);
      return e;
    };
    const last = number === found.length - 1;
    const next = button(last ? words.end : words.next, () => step(number + 1), true);
    if (number) button(words.back, () => step(number - 1));
    if (!last) button(words.end, end);
    document.body.append(card);
    const at = lit.getBoundingClientRect(), own = card.getBoundingClientRect();
    const right = at.right + own.width + 16 < innerWidth;
    card.style.left = (right ? at.right + 10 : Math.max(8, Math.min(at.left,
      innerWidth - own.width - 8))) + 'px';
    const top = right ? at.top : at.bottom + own.height + 12 < innerHeight ? at.bottom + 8
      : at.top - own.height - 8;
    card.style.top = Math.max(8, Math.min(top, innerHeight - own.height - 8)) + 'px';
    next.focus({preventScroll: true});
  }
  window.xianchengTour = (given, texts) => {
    [steps, words] = [given, texts];
    const invited = document.getElementById('invitation');
    if (invited && known() === null) invited.hidden = false;
  };

  /* The presentation: one slide at a time; a click or an arrow turns, Escape ends. */
  let shown = -1, opener = null;
  const stage = () => document.querySelector('.slides');
  function turn(to) {
    const all = [...stage().querySelectorAll('.slide')];
    if (!all.length) return;
    shown = Math.max(0, Math.min(to, all.length - 1));
    all.forEach((each, i) => { each.hidden = i !== shown; });
  }
  function present(button) {
    opener = button;
    stage().hidden = false;
    turn(0);
    stage().focus();
  }
  function leave() {
    shown = -1;
    stage().hidden = true;
    if (opener) opener.focus();
  }
  const TURNS = {ArrowRight: 1, ArrowDown: 1, PageDown: 1, ' ': 1, ArrowLeft: -1, ArrowUp: -1,
    PageUp: -1};
  document.addEventListener('keydown', e => {
    if (shown < 0) return;
    if (e.key === 'Escape') leave();
    else if (e.key in TURNS) turn(shown + TURNS[e.key]);
    else if (e.key === 'Home') turn(0);
    else if (e.key === 'End') turn(Infinity);
    else if (e.key !== 'Tab') return;
    e.preventDefault();
  });

  document.addEventListener('click', e => {
    if (shown >= 0) return turn(shown + 1);
    const at = e.target.closest(
      '[data-picture], [data-print], [data-present], [data-tour], [data-enlarge], .term');
    if (!at) return hush();
    if (at.dataset.picture) download(at);
    else if (at.dataset.print !== undefined) print();
    else if (at.dataset.present !== undefined) present(at);
    else if (at.dataset.enlarge !== undefined) at.closest('.pictures').classList.toggle('large');
    else if (at.dataset.tour === 'start') { before = at; step(0); }
    else if (at.dataset.tour === 'end') { before = null; end(); }
    else explain(at);
  });
  document.addEventListener('mouseover', e => {
    const at = e.target.closest('.term');
    if (at) explain(at);
    else if (!e.target.closest('#gloss')) hush();
  });
  document.addEventListener('focusin', e => { if (e.target.matches('.term')) explain(e.target); });
  document.addEventListener('focusout', hush);
  document.addEventListener('scroll', hush, true);
  /* The find box: lists open, and rows without the words are left out. */
  function find(box) {
    const words = box.value.trim().toLowerCase();
    let kept = 0;
    for (const part of document.querySelectorAll('.findable')) {
      const rows = part.querySelectorAll('tbody tr, li');
      let own = 0;
      for (const row of rows) {
        row.hidden = words !== '' && !row.textContent.toLowerCase().includes(words);
        if (!row.hidden) own++;
      }
      part.open = words !== '' && own > 0;
      part.hidden = words !== '' && own === 0;
      kept += own;
    }
    const status = box.closest('p').querySelector('[data-none]');
    status.textContent = words === '' ? '' : kept ? ` ${kept}` : ` ${status.dataset.none}`;
  }
  document.addEventListener('input', e => {
    if (e.target.dataset.find !== undefined) find(e.target);
  });
  document.addEventListener('keydown', e => {
    if (e.key !== 'Escape') return;
    hush();
    if (card) end();
  });
})();
