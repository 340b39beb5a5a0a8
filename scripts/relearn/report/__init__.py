"""Claims, figures, tables and provenance → one page that needs nothing else.

`page.build` puts it together; ``page.html``, ``page.css`` and ``page.js`` are how it looks.
"""
