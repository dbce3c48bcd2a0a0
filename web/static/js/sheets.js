// Links to a task on paper: a page to print, and a file.
import { t } from './context.js';
import { h } from './dom.js';

export const papers = (words, page, file) => h('p.files.papers', null, t(words), h('a', { href: page, target: '_blank', rel: 'noopener', 'data-print': '' }, t('sweeps.print')), ' ', h('a', { href: file, download: '' }, 'PDF'));
